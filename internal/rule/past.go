package rule

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"applylens/internal/action"
	"applylens/internal/db"
	"applylens/internal/search"
)

// Bounds of the look at past mail.
const (
	PastDays = 90
	MostSeen = 2_000  // mails that a dry run looks at
	MostPast = 20_000 // mails that a rule is applied to at once
	shown    = 20
)

// A Trial is what a rule would have done to the mail of the last PastDays days.
type Trial struct {
	Query   string // finds the mail that it would have met
	Met     int    // mails
	More    bool   // there are more than Met
	Changes int    // of Met, mails that it would change as they are now
	Mails   []Tried
}

// A Tried mail is one that a rule would have met, newest first.
type Tried struct {
	db.RuleStatesRow
	Would []action.Intent // what would change
}

// past is the query of a rule, for the mail of the last days.
func past(q *search.Query) *search.Query {
	source := q.String()
	if q.Root != nil && q.Root.Kind == search.Or {
		source = "(" + source + ")"
	}
	return search.Parse(strings.TrimSpace(source+" newer_than:90d"), q.Now)
}

// Try tells what a rule would have done. It changes nothing. The query is sound: Faults found none.
func Try(ctx context.Context, d *db.DB, engine *search.Postgres, r db.Rule, q *search.Query, me []string) (Trial, error) {
	find := past(q)
	t := Trial{Query: find.String()}
	ids, _, err := engine.IDs(ctx, d.Owner(r.UserID), find, search.Request{UserID: r.UserID, Me: me}, MostSeen+1)
	if err != nil {
		return t, err
	}
	if t.More = len(ids) > MostSeen; t.More {
		ids = ids[:MostSeen]
	}
	rows, err := d.As(r.UserID).RuleStates(ctx, db.RuleStatesParams{UserID: r.UserID, Ids: ids, Label: r.Label})
	if err != nil {
		return t, err
	}
	t.Met = len(rows)
	intents := Intents(r)
	for i := range rows {
		tried := Tried{RuleStatesRow: rows[i]}
		for _, in := range intents {
			if in.Changes(stateOf(&rows[i])) {
				tried.Would = append(tried.Would, in)
			}
		}
		if len(tried.Would) > 0 {
			t.Changes++
		}
		if i < shown {
			t.Mails = append(t.Mails, tried)
		}
	}
	return t, nil
}

// A Past is what a rule was told to do to past mail: actions that are still to be run when they are large.
type Past struct {
	Mails   int
	Waiting []int64 // actions
}

// ApplyPast makes a rule do to the mail of the last PastDays days what it does to new mail, in the caller's
// transaction: one action for each thing it does, carried out at once or, when it is large, by the caller afterwards.
// Every mail counts by itself: what other rules did to it is not looked at.
func ApplyPast(ctx context.Context, tx pgx.Tx, q *db.Queries, engine *search.Postgres, r db.Rule, query *search.Query, me []string, now time.Time) (Past, error) {
	var p Past
	ids, warnings, err := engine.IDs(ctx, tx, past(query), search.Request{UserID: r.UserID, Me: me}, MostPast)
	if err == nil && len(warnings) > 0 {
		err = errors.New("rule: a query that was found sound is not: " + warnings[0].Msg)
	}
	if err != nil || len(ids) == 0 {
		return p, err
	}
	p.Mails = len(ids)
	for _, in := range Intents(r) {
		changed, err := changing(ctx, q, r.UserID, in, ids)
		if err != nil {
			return p, err
		}
		if len(changed) <= action.Inline {
			if _, err := carryOut(ctx, q, r.UserID, in, changed, now); err != nil {
				return p, err
			}
			continue
		}
		made, err := action.Make(ctx, q, r.UserID, in, action.Target{Emails: changed}, now)
		if err != nil {
			return p, err
		}
		p.Waiting = append(p.Waiting, made.ID)
	}
	return p, note(ctx, q, r, ids, now, true)
}
