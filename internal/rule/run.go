package rule

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"applylens/internal/action"
	"applylens/internal/db"
	"applylens/internal/search"
)

// Mail is what just came in.
type Mail struct {
	UserID    int64
	Me        []string // the owner's addresses
	Segment   search.Segment
	Corrected map[int64]time.Time // mails whose category a correction gave, and when the person made it
}

// A met is a rule with the mail that it met and that is still open for it.
type met struct {
	rule db.Rule
	ids  []int64
}

// Run lets new mail meet the rules, in the transaction that stores it: its rows, labels and segment are there. Every
// rule looks at the mail as it came in, not at what rules above have made of it; where two speak of the same part of
// its state, the upper one has the say. What the person taught about a category outranks a rule that is older. The
// caller has refreshed the threads.
func Run(ctx context.Context, tx pgx.Tx, q *db.Queries, words *search.Analyzer, m Mail, now time.Time) error {
	rules, err := q.RuleEnabled(ctx, m.UserID)
	if err != nil || len(rules) == 0 {
		return err
	}
	meetings, err := meet(ctx, tx, q, words, m, rules, now)
	if err != nil {
		return err
	}
	decided := map[string]map[int64]bool{}
	for _, meeting := range meetings {
		for _, in := range Intents(meeting.rule) {
			ids := undecided(decided, in, meeting.ids)
			if in.Kind == action.Categorise {
				ids = outranked(ids, m.Corrected, meeting.rule.ChangedAt)
			}
			if _, err := carryOut(ctx, q, m.UserID, in, ids, now); err != nil {
				return err
			}
		}
		if err := note(ctx, q, meeting.rule, meeting.ids, now, false); err != nil {
			return err
		}
	}
	return nil
}

// meet finds the mail of each rule before any of them changes it.
func meet(ctx context.Context, tx pgx.Tx, q *db.Queries, words *search.Analyzer, m Mail, rules []db.Rule, now time.Time) ([]met, error) {
	stopped := map[int64]bool{}
	var all []met
	for _, r := range rules {
		query, faults := Faults(words, r.Query, m.Me, now)
		if len(faults) > 0 { // it was sound when it was written: the grammar has changed since
			if err := q.RuleFault(ctx, db.RuleFaultParams{UserID: m.UserID, ID: r.ID, Fault: faults[0].Msg}); err != nil {
				return nil, err
			}
			continue
		}
		found, err := words.Among(ctx, tx, m.Segment, query, search.Request{UserID: m.UserID, Me: m.Me})
		if err != nil {
			return nil, err
		}
		var ids []int64
		for _, id := range found {
			if !stopped[id] {
				ids = append(ids, id)
			}
			stopped[id] = stopped[id] || r.Stop
		}
		if len(ids) > 0 {
			all = append(all, met{r, ids})
		}
	}
	return all, nil
}

// undecided returns the mails of which no rule above has decided the same part, and notes that this one does.
func undecided(decided map[string]map[int64]bool, in action.Intent, ids []int64) (open []int64) {
	taken := decided[aspect(in)]
	if taken == nil {
		taken = map[int64]bool{}
		decided[aspect(in)] = taken
	}
	for _, id := range ids {
		if !taken[id] {
			taken[id] = true
			open = append(open, id)
		}
	}
	return open
}

// outranked leaves out mails whose category was taught after the rule was written.
func outranked(ids []int64, corrected map[int64]time.Time, written time.Time) (left []int64) {
	for _, id := range ids {
		if !corrected[id].After(written) {
			left = append(left, id)
		}
	}
	return left
}

// carryOut makes and runs one action, if it changes anything.
func carryOut(ctx context.Context, q *db.Queries, userID int64, in action.Intent, ids []int64, now time.Time) (int64, error) {
	ids, err := changing(ctx, q, userID, in, ids)
	if err != nil || len(ids) == 0 {
		return 0, err
	}
	made, err := action.Make(ctx, q, userID, in, action.Target{Emails: ids}, now)
	for done := false; err == nil && !done; {
		done, err = action.RunStep(ctx, q, userID, made.ID)
	}
	return made.Count, err
}

// changing returns the emails that an intent would change.
func changing(ctx context.Context, q *db.Queries, userID int64, in action.Intent, ids []int64) (changed []int64, err error) {
	const step = 2000 // rows of RuleStates
	for at := 0; at < len(ids); at += step {
		rows, err := q.RuleStates(ctx, db.RuleStatesParams{UserID: userID, Ids: ids[at:min(at+step, len(ids))], Label: in.Label})
		if err != nil {
			return nil, err
		}
		for i := range rows {
			if in.Changes(stateOf(&rows[i])) {
				changed = append(changed, rows[i].ID)
			}
		}
	}
	return changed, nil
}

func stateOf(r *db.RuleStatesRow) action.State {
	return action.State{Place: r.Place, Category: r.Category, CategoryBy: r.CategoryBy, Priority: r.Priority, Unread: r.Unread,
		Starred: r.Starred, NeedsReply: r.NeedsReply, NeedsReview: r.NeedsReview, Own: r.Own, Labelled: r.Labelled}
}

// note writes down whom a rule met, and denies what it forbids to propose.
func note(ctx context.Context, q *db.Queries, r db.Rule, ids []int64, now time.Time, past bool) error {
	if r.NoQuarantine {
		if _, err := q.RuleDeny(ctx, db.RuleDenyParams{UserID: r.UserID, RuleID: r.ID, EmailIds: ids}); err != nil {
			return err
		}
	}
	return q.RuleHitInsert(ctx, db.RuleHitInsertParams{UserID: r.UserID, RuleID: r.ID, EmailIds: ids, At: now, Past: past})
}
