package ingest

import (
	"fmt"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"applylens/internal/action"
	"applylens/internal/db"
	"applylens/internal/db/dbtest"
	"applylens/internal/rule"
	"applylens/internal/search"
)

// A ruled mailbox is one with rules.
type ruled struct {
	*testing.T
	db   *db.DB
	in   *Ingest
	user int64
}

func newRuled(t *testing.T) ruled {
	d := dbtest.New(t)
	return ruled{t, d, newIngest(t, d), dbtest.User(t, d, "rules@example.com")}
}

// rule stores a rule and switches it on.
func (r ruled) rule(p db.RuleCreateParams) int64 {
	r.Helper()
	p.UserID, p.Most = r.user, rule.Most
	if p.Name == "" {
		p.Name = p.Query
	}
	q := r.db.As(r.user)
	id, err := q.RuleCreate(r.Context(), p)
	if err == nil {
		_, err = q.RuleEnable(r.Context(), db.RuleEnableParams{UserID: r.user, ID: id, Enabled: true})
	}
	if err != nil {
		r.Fatal(err)
	}
	return id
}

func (r ruled) come(letters ...string) {
	r.Helper()
	run(r.T, r.in, r.user, mails(letters...))
}

// is checks the mails for which a condition holds.
func (r ruled) is(what, where string, want int) {
	r.Helper()
	var n int
	if err := r.db.Owner(r.user).QueryRow(r.Context(), fmt.Sprintf("select count(*) from emails e where e.user_id = $1 and %s", where), r.user).Scan(&n); err != nil {
		r.Fatal(err)
	}
	if n != want {
		r.Errorf("%s: %d, want %d", what, n, want)
	}
}

func (r ruled) categorise(where, category string) {
	r.Helper()
	r.act(where, action.Intent{Kind: action.Categorise, Category: category, Actor: "person"})
}

// act carries an intent out on the mails for which a condition holds.
func (r ruled) act(where string, in action.Intent) {
	r.Helper()
	err := r.db.Tx(r.Context(), r.user, func(q *db.Queries, tx pgx.Tx) error {
		rows, err := tx.Query(r.Context(), "select id from emails where user_id = $1 and "+where, r.user)
		if err != nil {
			return err
		}
		ids, err := pgx.CollectRows(rows, pgx.RowTo[int64])
		if err != nil || len(ids) == 0 {
			return fmt.Errorf("no mail where %s: %w", where, err)
		}
		made, err := action.Make(r.Context(), q, r.user, in, action.Target{Emails: ids}, time.Now())
		if err == nil {
			_, err = action.RunStep(r.Context(), q, r.user, made.ID)
		}
		return err
	})
	if err != nil {
		r.Fatal(err)
	}
}

func ptr[T any](v T) *T { return &v }

// TestRulesMeetNewMail: effects, order and stop, and the undo of one rule that leaves the other's work alone.
func TestRulesMeetNewMail(t *testing.T) {
	r := newRuled(t)
	upper := r.rule(db.RuleCreateParams{Name: "Reports", Query: "subject:report", Place: ptr("archive"), Category: ptr("promotion"), Priority: ptr("low"),
		NeedsReply: ptr(false), MarkRead: true, Star: true, Label: "Reports"})
	lower := r.rule(db.RuleCreateParams{Name: "Ann", Query: "from:ann", Place: ptr("trash"), Priority: ptr("urgent"), Label: "Ann"})
	r.come(letter("1@x", "Weekly report", "", "Numbers"), letter("2@x", "Hello", "", "Could you call me tomorrow?"))
	r.is("archived by the upper rule", "message_id = '1@x' and place = 'archive' and category = 'promotion' and category_by = 'rule' and priority = 'low' and starred", 1)
	r.is("binned by the lower rule", "message_id = '2@x' and place = 'trash' and priority = 'urgent' and not starred", 1)
	labelled := "exists (select from email_labels x join labels l on l.id = x.label_id where x.email_id = e.id and l.name = '%s')"
	r.is("both have the label of the lower rule", fmt.Sprintf(labelled, "Ann"), 2)
	r.is("one has the label of the upper", fmt.Sprintf(labelled, "Reports"), 1)
	r.is("met by the lower rule", fmt.Sprintf("exists (select from rule_hits h where h.email_id = e.id and h.rule_id = %d and not h.past)", lower), 2)

	n, err := action.UndoRule(t.Context(), r.db, r.user, lower, time.Time{})
	if err != nil || n != 3 {
		t.Errorf("undone %d actions of the lower rule (%v), want 3: place, priority, label", n, err)
	}
	r.is("back in the inbox", "message_id = '2@x' and place = 'inbox' and priority <> 'urgent'", 1)
	r.is("the upper rule's work stands", "message_id = '1@x' and place = 'archive' and starred", 1)
	r.is("no label of the lower rule is left", fmt.Sprintf(labelled, "Ann"), 0)
	if n, err := action.UndoRule(t.Context(), r.db, r.user, upper, time.Now().Add(time.Hour)); err != nil || n != 0 {
		t.Errorf("undone %d of the upper rule since a time to come (%v)", n, err)
	}
	if _, err := action.UndoRule(t.Context(), r.db, r.user, upper, time.Time{}); err != nil {
		t.Fatal(err)
	}
	r.is("as it came in", "message_id = '1@x' and place = 'inbox' and category_by = 'triage' and not starred", 1)
}

func TestRuleStops(t *testing.T) {
	r := newRuled(t)
	r.rule(db.RuleCreateParams{Query: "subject:report", Stop: true})
	r.rule(db.RuleCreateParams{Query: "from:ann", Place: ptr("archive")})
	off := r.rule(db.RuleCreateParams{Query: "from:ann", Star: true})
	if _, err := r.db.As(r.user).RuleEnable(t.Context(), db.RuleEnableParams{UserID: r.user, ID: off}); err != nil {
		t.Fatal(err)
	}
	r.come(letter("1@x", "A report", "", "x"), letter("2@x", "Hello", "", "x"))
	r.is("kept by the rule that stops", "message_id = '1@x' and place = 'inbox'", 1)
	r.is("archived", "message_id = '2@x' and place = 'archive'", 1)
	r.is("a rule that is off did nothing", "starred", 0)
}

// TestRuleAndCorrection: what the person says of a mail outranks a rule, and what they taught outranks an older rule.
func TestRuleAndCorrection(t *testing.T) {
	r := newRuled(t)
	id := r.rule(db.RuleCreateParams{Query: "from:ann", Category: ptr("promotion")})
	if _, err := r.db.Owner(r.user).Exec(t.Context(), "update rules set changed_at = now() - interval '1 hour' where user_id = $1", r.user); err != nil {
		t.Fatal(err)
	}
	r.come(letter("1@x", "Minutes 1", "", "The minutes of our meeting"))
	r.is("by the rule", "category = 'promotion' and category_by = 'rule'", 1)
	r.categorise("message_id = '1@x'", "personal")
	r.come(letter("2@x", "Minutes 2", "", "The minutes of our meeting"))
	r.is("the next of its kind follows the correction", "message_id = '2@x' and category = 'personal'", 1)

	saved, err := r.db.As(r.user).RuleGet(t.Context(), db.RuleGetParams{UserID: r.user, ID: id})
	if err != nil {
		t.Fatal(err)
	}
	applyPast(r, saved)
	r.is("applied to past mail, the corrected mail stays", "message_id = '1@x' and category = 'personal' and category_by = 'user'", 1)

	if _, err := r.db.Owner(r.user).Exec(t.Context(), "update rules set changed_at = now() + interval '1 second' where user_id = $1", r.user); err != nil {
		t.Fatal(err)
	}
	r.come(letter("3@x", "Minutes 3", "", "The minutes of our meeting"))
	r.is("a rule written later has the say", "message_id = '3@x' and category = 'promotion'", 1)
}

func applyPast(r ruled, saved db.Rule) rule.Past {
	r.Helper()
	var past rule.Past
	query, faults := rule.Faults(&r.in.Words, saved.Query, nil, r.in.Now())
	if len(faults) > 0 {
		r.Fatal(faults)
	}
	err := r.db.Tx(r.Context(), r.user, func(q *db.Queries, tx pgx.Tx) (err error) {
		past, err = rule.ApplyPast(r.Context(), tx, q, &search.Postgres{}, saved, query, nil, r.in.Now())
		return err
	})
	if err != nil {
		r.Fatal(err)
	}
	return past
}

// TestRuleOnPastMail: the dry run says what applying then does, and undoing takes it all back.
func TestRuleOnPastMail(t *testing.T) {
	r := newRuled(t)
	r.in.Now = func() time.Time { return time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC) }
	r.come(letter("1@x", "A report", "", "x"), letter("2@x", "Hello", "", "x"), letter("3@x", "Another report", "", "x"),
		"From: ann@example.org\nMessage-ID: <old@x>\nDate: Mon, 2 Feb 2026 10:00:00 +0000\nSubject: Old report\n\nx\n")
	id := r.rule(db.RuleCreateParams{Query: "report OR bericht", Place: ptr("archive"), Star: true})
	saved, err := r.db.As(r.user).RuleGet(t.Context(), db.RuleGetParams{UserID: r.user, ID: id})
	if err != nil {
		t.Fatal(err)
	}
	query, _ := rule.Faults(&r.in.Words, saved.Query, nil, r.in.Now())
	trial, err := rule.Try(t.Context(), r.db, &search.Postgres{}, saved, query, nil)
	if err != nil {
		t.Fatal(err)
	}
	if trial.Met != 2 || trial.Changes != 2 || len(trial.Mails) != 2 || len(trial.Mails[0].Would) != 2 || trial.More {
		t.Errorf("the dry run says %+v, want 2 mails, each changed in two ways; the old one is too old", trial)
	}
	r.is("nothing was changed by the dry run", "place = 'inbox' and not starred", 4)
	if past := applyPast(r, saved); past.Mails != 2 || len(past.Waiting) != 0 {
		t.Errorf("applied to %+v, want 2 mails", past)
	}
	r.is("applied", "place = 'archive' and starred", 2)
	if trial, err = rule.Try(t.Context(), r.db, &search.Postgres{}, saved, query, nil); err != nil || trial.Met != 2 || trial.Changes != 0 {
		t.Errorf("a second dry run says %+v (%v), want nothing to change", trial, err)
	}
	if n, err := action.UndoRule(t.Context(), r.db, r.user, id, time.Time{}); err != nil || n != 2 {
		t.Errorf("undone %d (%v), want 2 actions", n, err)
	}
	r.is("as it was", "place = 'inbox' and not starred", 4)
}

// TestRuleForbidsQuarantine: the proposal is denied in the name of the rule, and comes back with its undo.
func TestRuleForbidsQuarantine(t *testing.T) {
	r := newRuled(t)
	id := r.rule(db.RuleCreateParams{Query: "subject:hello", NoQuarantine: true})
	r.come(letter("1@x", "Hello", "", "x"), letter("2@x", "Other", "", "x"))
	rows := map[string]int64{}
	for _, m := range []string{"1@x", "2@x"} {
		var email int64
		if err := r.db.Owner(r.user).QueryRow(t.Context(), "select id from emails where user_id = $1 and message_id = $2", r.user, m).Scan(&email); err != nil {
			t.Fatal(err)
		}
		rows[m] = email
	}
	err := r.db.As(r.user).ActionPropose(t.Context(), db.ActionProposeParams{UserID: r.user, Kind: "quarantine", Actor: "inbox.triage",
		EmailIds: []int64{rows["1@x"], rows["2@x"]}, Reasons: []string{"a", "b"}, Keys: []string{"a", "b"}})
	if err != nil {
		t.Fatal(err)
	}
	saved, err := r.db.As(r.user).RuleGet(t.Context(), db.RuleGetParams{UserID: r.user, ID: id})
	if err != nil {
		t.Fatal(err)
	}
	r.in.Now = func() time.Time { return time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC) }
	applyPast(r, saved)
	states := func() (proposed, denied int) {
		if err := r.db.Owner(r.user).QueryRow(t.Context(), "select count(*) filter (where state = 'proposed'), count(*) filter (where state = 'denied') from actions where user_id = $1", r.user).Scan(&proposed, &denied); err != nil {
			t.Fatal(err)
		}
		return
	}
	if p, d := states(); p != 1 || d != 1 {
		t.Errorf("%d proposed, %d denied, want one each", p, d)
	}
	if _, err := action.UndoRule(t.Context(), r.db, r.user, id, time.Time{}); err != nil {
		t.Fatal(err)
	}
	if p, d := states(); p != 2 || d != 0 {
		t.Errorf("after the undo %d proposed, %d denied, want two and none", p, d)
	}
}

// TestBrokenRuleIsSkipped: a rule that no longer makes sense does nothing and says why; mail comes in all the same.
func TestBrokenRuleIsSkipped(t *testing.T) {
	r := newRuled(t)
	id := r.rule(db.RuleCreateParams{Query: "newer_than:3d", Place: ptr("trash")})
	r.come(letter("1@x", "Hello", "", "x"))
	r.is("untouched", "place = 'inbox'", 1)
	saved, err := r.db.As(r.user).RuleGet(t.Context(), db.RuleGetParams{UserID: r.user, ID: id})
	if err != nil || saved.Fault == "" {
		t.Errorf("fault %q, %v", saved.Fault, err)
	}
}
