package action_test

import (
	"errors"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"applylens/internal/action"
	"applylens/internal/db"
	"applylens/internal/db/dbtest"
	"applylens/internal/errs"
)

// TestTwoPeopleForTheIrreversible: the owner's yes alone does nothing, nor does the same person's twice; a second one's
// does, if that is an admin and the first has spoken; one no is final.
func TestTwoPeopleForTheIrreversible(t *testing.T) {
	b := newBox(t, 3)
	ctx, now := t.Context(), time.Now()
	people := map[string]int64{}
	for _, role := range []string{"admin", "operator", "user"} {
		people[role] = dbtest.User(t, b.db, role+"-second@example.com")
		if _, err := b.db.Owner(people[role]).Exec(ctx, "update users set role = $1 where id = $2", role, people[role]); err != nil {
			t.Fatal(err)
		}
	}
	propose := func(thread int64) int64 {
		return b.do(action.Intent{Kind: action.Trash, Actor: "inbox.triage", Proposed: true, TwoPeople: true}, action.Target{Threads: []int64{thread}}).ID
	}
	first := func(id int64) (approved bool, err error) {
		err = b.db.Tx(ctx, b.user, func(q *db.Queries, _ pgx.Tx) error {
			approved, err = action.Decide(ctx, q, b.user, id, true, now)
			return err
		})
		return approved, err
	}
	second := func(by, id int64, approve bool) (bool, error) {
		return action.DecideSecond(ctx, b.db, by, b.user, id, approve, "looked at it", now)
	}
	notFound := func(what string, err error) {
		t.Helper()
		if !errors.Is(err, errs.NotFound) {
			t.Errorf("%s: %v, want not found", what, err)
		}
	}
	id := propose(b.threads[0])
	_, err := second(people["admin"], id, true)
	notFound("an admin before the owner", err)
	if approved, err := first(id); err != nil || approved {
		t.Fatalf("the owner's yes: %v, %v", approved, err)
	}
	var conflict *errs.Error
	if _, err := first(id); !errors.As(err, &conflict) || conflict.Status != 409 {
		t.Errorf("the owner twice: %v", err)
	}
	if err := action.Run(ctx, b.db, b.user, id); err != nil {
		t.Fatal(err)
	}
	b.want("in the trash by one yes", b.count("emails", "place = 'trash'"), 0)
	waiting, err := db.New(b.db.Operator(people["admin"])).ApprovalsAwaiting(ctx, 10)
	if err != nil || len(waiting) != 1 || waiting[0].ID != id || waiting[0].UserID != b.user {
		t.Errorf("an admin sees %+v, %v", waiting, err)
	}
	for _, role := range []string{"operator", "user"} {
		if waiting, err := db.New(b.db.Operator(people[role])).ApprovalsAwaiting(ctx, 10); err != nil || len(waiting) != 0 {
			t.Errorf("a %s sees %+v, %v", role, waiting, err)
		}
		_, err := second(people[role], id, true)
		notFound("a second yes by the role "+role, err)
	}
	_, err = second(b.user, id, true)
	notFound("the owner as the second", err)
	if approved, err := second(people["admin"], id, true); err != nil || !approved {
		t.Fatalf("an admin's yes: %v, %v", approved, err)
	}
	if err := action.Run(ctx, b.db, b.user, id); err != nil {
		t.Fatal(err)
	}
	b.want("in the trash by two", b.count("emails", "place = 'trash'"), 2)
	b.want("decisions kept", b.count("action_approvals", "approved"), 2)

	id = propose(b.threads[1])
	if _, err := first(id); err != nil {
		t.Fatal(err)
	}
	if approved, err := second(people["admin"], id, false); err != nil || approved {
		t.Errorf("an admin's no: %v, %v", approved, err)
	}
	b.want("denied by the second", b.count("actions", "state = 'denied'"), 1)
	if _, err := second(people["admin"], id, true); err == nil {
		t.Error("a denial was taken back")
	}
}

// TestProposalsLapse: what nobody decided in its time is ended, and cannot be approved afterwards.
func TestProposalsLapse(t *testing.T) {
	b := newBox(t, 2)
	ctx, now := t.Context(), time.Now()
	propose := func(in time.Duration) int64 {
		return b.do(action.Intent{Kind: action.Archive, Actor: "inbox.triage", Proposed: true, Expires: now.Add(in)}, action.Target{Threads: b.threads}).ID
	}
	short, long := propose(time.Hour), propose(48*time.Hour)
	decide := func(id int64, at time.Time) error {
		return b.db.Tx(ctx, b.user, func(q *db.Queries, _ pgx.Tx) error {
			_, err := action.Decide(ctx, q, b.user, id, true, at)
			return err
		})
	}
	var conflict *errs.Error
	if err := decide(short, now.Add(2*time.Hour)); !errors.As(err, &conflict) || conflict.Status != 409 {
		t.Errorf("approved after its time, before the job: %v", err)
	}
	if err := action.LapseDue(ctx, b.db, b.user, now.Add(2*time.Hour)); err != nil {
		t.Fatal(err)
	}
	b.want("lapsed", b.count("actions", "state = 'expired'"), 1)
	if err := decide(short, now); !errors.As(err, &conflict) || conflict.Status != 409 {
		t.Errorf("approved after it lapsed: %v", err)
	}
	if err := decide(long, now.Add(2*time.Hour)); err != nil {
		t.Error(err)
	}
	if _, err := action.Make(ctx, b.db.As(b.user), b.user, action.Intent{Kind: action.Trash, Actor: "person", TwoPeople: true}, action.Target{}, now); err == nil {
		t.Error("what needs two people was made without a proposal")
	}
}
