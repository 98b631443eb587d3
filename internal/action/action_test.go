package action_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"applylens/internal/action"
	"applylens/internal/db"
	"applylens/internal/db/dbtest"
	"applylens/internal/errs"
)

// A box is a user with mail made by SQL: n threads of two mails each, all in the inbox, unread.
type box struct {
	t       *testing.T
	db      *db.DB
	user    int64
	threads []int64
}

func newBox(t *testing.T, n int) *box {
	t.Helper()
	d := dbtest.New(t)
	b := &box{t: t, db: d, user: dbtest.User(t, d, "action@example.com")}
	err := d.Tx(t.Context(), b.user, func(q *db.Queries, tx pgx.Tx) error {
		ids, err := q.ThreadIDs(t.Context(), int32(n))
		if err != nil {
			return err
		}
		b.threads = ids
		_, err = tx.Exec(t.Context(), `
			insert into emails (user_id, thread_id, identity, message_id, received_at, from_name, from_address, recipients, subject, snippet,
				size, raw_sha256, place, unread, starred, sent, draft, has_attachment, category, confidence, needs_review, priority, needs_reply, unwanted, risk)
			select $1, t, sha256((t::text || k)::bytea), t || '.' || k, now() - interval '1 hour' * t + interval '1 minute' * k, 'Ann', 'ann@example.org', 'me', 'Subject', 'snippet',
				100, '\x00', 'inbox', true, false, false, false, false, 'personal', 1, true, 'normal', false, 0, 0
			from unnest($2::bigint[]) t, generate_series(1, 2) k`, b.user, ids)
		if err != nil {
			return err
		}
		return q.ThreadRefresh(t.Context(), db.ThreadRefreshParams{UserID: b.user, Ids: ids})
	})
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func (b *box) do(in action.Intent, target action.Target) action.Made {
	b.t.Helper()
	var made action.Made
	err := b.db.Tx(b.t.Context(), b.user, func(q *db.Queries, _ pgx.Tx) (err error) {
		made, err = action.Make(b.t.Context(), q, b.user, in, target, time.Now())
		return err
	})
	if err != nil {
		b.t.Fatal(err)
	}
	if err := action.Run(b.t.Context(), b.db, b.user, made.ID); err != nil {
		b.t.Fatal(err)
	}
	return made
}

// count counts the user's rows for which a condition holds.
func (b *box) count(table, where string) (n int) {
	b.t.Helper()
	err := b.db.Owner(b.user).QueryRow(b.t.Context(), fmt.Sprintf("select count(*) from %s where user_id = $1 and %s", table, where), b.user).Scan(&n)
	if err != nil {
		b.t.Fatal(err)
	}
	return n
}

func (b *box) want(what string, got, want int) {
	b.t.Helper()
	if got != want {
		b.t.Errorf("%s: %d, want %d", what, got, want)
	}
}

func TestArchiveAndUndo(t *testing.T) {
	b := newBox(t, 3)
	made := b.do(action.Intent{Kind: action.Archive, Actor: "person"}, action.Target{Threads: b.threads[:2]})
	b.want("emails in the action", int(made.Count), 4)
	b.want("archived emails", b.count("emails", "place = 'archive'"), 4)
	b.want("threads in the inbox", b.count("threads", "in_inbox"), 1)
	again := b.do(action.Intent{Kind: action.Archive, Actor: "person"}, action.Target{Threads: b.threads[:2]})
	b.want("emails archived twice", int(again.Count), 0)
	for range 2 {
		if err := action.Undo(t.Context(), b.db, b.user, made.ID); err != nil {
			t.Fatal(err)
		}
		b.want("threads in the inbox after undo", b.count("threads", "in_inbox"), 3)
	}
}

// TestUndoKeepsLaterChanges: undo restores what the action changed, not what came after it.
func TestUndoKeepsLaterChanges(t *testing.T) {
	b := newBox(t, 1)
	archived := b.do(action.Intent{Kind: action.Archive, Actor: "person"}, action.Target{Threads: b.threads})
	b.do(action.Intent{Kind: action.Read, Actor: "person"}, action.Target{Threads: b.threads})
	b.do(action.Intent{Kind: action.Trash, Actor: "person"}, action.Target{Threads: b.threads})
	if err := action.Undo(t.Context(), b.db, b.user, archived.ID); err != nil {
		t.Fatal(err)
	}
	b.want("emails still in the trash", b.count("emails", "place = 'trash'"), 2)
	b.want("emails still read", b.count("emails", "not unread"), 2)
}

func TestUndoOneEmailOfMany(t *testing.T) {
	b := newBox(t, 1)
	made := b.do(action.Intent{Kind: action.Trash, Actor: "person"}, action.Target{Threads: b.threads})
	var one int64
	if err := b.db.Owner(b.user).QueryRow(t.Context(), "select min(id) from emails where user_id = $1", b.user).Scan(&one); err != nil {
		t.Fatal(err)
	}
	if err := action.UndoEmail(t.Context(), b.db, b.user, made.ID, one); err != nil {
		t.Fatal(err)
	}
	b.want("emails in the inbox", b.count("emails", "place = 'inbox'"), 1)
	b.want("actions undone", b.count("actions", "state = 'undone'"), 0)
	if err := action.Undo(t.Context(), b.db, b.user, made.ID); err != nil {
		t.Fatal(err)
	}
	b.want("emails in the inbox", b.count("emails", "place = 'inbox'"), 2)
	b.want("actions undone", b.count("actions", "state = 'undone'"), 1)
}

func TestUndoSince(t *testing.T) {
	b := newBox(t, 2)
	b.do(action.Intent{Kind: action.Label, Label: "Flat", Actor: "person"}, action.Target{Threads: b.threads})
	b.do(action.Intent{Kind: action.Star, Actor: "person"}, action.Target{Threads: b.threads})
	b.do(action.Intent{Kind: action.Categorise, Category: "offer", Actor: "person"}, action.Target{Threads: b.threads})
	b.want("labelled emails", b.count("email_labels", "true"), 4)
	b.want("starred emails: the newest of each thread", b.count("emails", "starred"), 2)
	b.want("offers said by the person", b.count("emails", "category = 'offer' and category_by = 'user' and not needs_review"), 4)
	n, err := action.UndoSince(t.Context(), b.db, b.user, time.Now().Add(-time.Hour))
	if err != nil {
		t.Fatal(err)
	}
	b.want("actions undone", n, 3)
	b.want("labelled emails", b.count("email_labels", "true"), 0)
	b.want("starred emails", b.count("emails", "starred"), 0)
	b.want("categories as they were", b.count("emails", "category = 'personal' and category_by = 'triage' and needs_review"), 4)
}

// TestOncePerKey: the same intent twice is one action.
func TestOncePerKey(t *testing.T) {
	b := newBox(t, 2)
	first := b.do(action.Intent{Kind: action.Archive, Actor: "rule", Key: "k"}, action.Target{Threads: b.threads[:1]})
	second := b.do(action.Intent{Kind: action.Archive, Actor: "rule", Key: "k"}, action.Target{Threads: b.threads})
	if first.ID != second.ID {
		t.Errorf("two actions, %d and %d, for one key", first.ID, second.ID)
	}
	b.want("archived emails", b.count("emails", "place = 'archive'"), 2)
}

func TestProposalNeedsDecision(t *testing.T) {
	b := newBox(t, 1)
	propose := func() int64 {
		return b.do(action.Intent{Kind: action.Quarantine, Actor: "inbox.triage", Proposed: true}, action.Target{Threads: b.threads}).ID
	}
	decide := func(id int64, approve bool) error {
		return b.db.Tx(t.Context(), b.user, func(q *db.Queries, _ pgx.Tx) error {
			_, err := action.Decide(t.Context(), q, b.user, id, approve, time.Now())
			return err
		})
	}
	denied := propose()
	b.want("quarantined by a proposal alone", b.count("emails", "place = 'quarantine'"), 0)
	if err := decide(denied, false); err != nil {
		t.Fatal(err)
	}
	var conflict *errs.Error
	if err := decide(denied, true); !errors.As(err, &conflict) || conflict.Status != 409 {
		t.Errorf("approving what was denied: %v, want a conflict", err)
	}
	approved := propose()
	if err := decide(approved, true); err != nil {
		t.Fatal(err)
	}
	if err := action.Run(t.Context(), b.db, b.user, approved); err != nil {
		t.Fatal(err)
	}
	b.want("quarantined", b.count("emails", "place = 'quarantine'"), 2)
}

func TestSnoozeWakes(t *testing.T) {
	b := newBox(t, 2)
	until := time.Now().Add(time.Hour)
	b.do(action.Intent{Kind: action.Snooze, Until: until, Actor: "person"}, action.Target{Threads: b.threads[1:]})
	b.want("snoozed threads", b.count("threads", "snoozed_until is not null and not in_inbox"), 1)
	if err := action.WakeDue(t.Context(), b.db, b.user, time.Now()); err != nil {
		t.Fatal(err)
	}
	b.want("woken too early", b.count("threads", "in_inbox"), 1)
	for range 2 {
		if err := action.WakeDue(t.Context(), b.db, b.user, until.Add(time.Second)); err != nil {
			t.Fatal(err)
		}
	}
	b.want("threads in the inbox", b.count("threads", "in_inbox and snoozed_until is null"), 2)
	b.want("wakes", b.count("actions", "kind = 'wake'"), 1)
	var top int64
	if err := b.db.Owner(b.user).QueryRow(t.Context(), "select id from threads where user_id = $1 order by last_at desc limit 1", b.user).Scan(&top); err != nil {
		t.Fatal(err)
	}
	if top != b.threads[1] {
		t.Errorf("thread %d is on top, want the woken one, %d", top, b.threads[1])
	}
}

// TestInterruptedActionGoesOn: a large action is done in steps; stopped between two it finishes later, each mail once.
func TestInterruptedActionGoesOn(t *testing.T) {
	b := newBox(t, 2100)
	ctx := t.Context()
	var made action.Made
	step := func() (done bool) {
		err := b.db.Tx(ctx, b.user, func(q *db.Queries, _ pgx.Tx) (err error) {
			done, err = action.RunStep(ctx, q, b.user, made.ID)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		return done
	}
	err := b.db.Tx(ctx, b.user, func(q *db.Queries, _ pgx.Tx) (err error) {
		made, err = action.Make(ctx, q, b.user, action.Intent{Kind: action.Archive, Actor: "person"}, action.Target{Threads: b.threads}, time.Now())
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if step() {
		t.Fatal("done after one step of 4,200 emails")
	}
	b.want("archived by the first step", b.count("emails", "place = 'archive'"), 2000)
	if err := action.Run(ctx, b.db, b.user, made.ID); err != nil {
		t.Fatal(err)
	}
	b.want("archived", b.count("emails", "place = 'archive'"), 4200)
	b.want("items noted", b.count("action_items", "before->>'place' = 'inbox' and after->>'place' = 'archive'"), 4200)
}

func TestOthersAreNotFound(t *testing.T) {
	b := newBox(t, 1)
	made := b.do(action.Intent{Kind: action.Archive, Actor: "person"}, action.Target{Threads: b.threads})
	stranger := dbtest.User(t, b.db, "stranger@example.com")
	if err := action.Undo(t.Context(), b.db, stranger, made.ID); !errors.Is(err, errs.NotFound) {
		t.Errorf("undoing another's action: %v, want not found", err)
	}
	mine := b.user
	b.user = stranger
	b.want("another's emails in my action", int(b.do(action.Intent{Kind: action.Trash, Actor: "person"}, action.Target{Threads: b.threads}).Count), 0)
	b.user = mine
	b.want("emails in the trash", b.count("emails", "place = 'trash'"), 0)
}

func TestParseTime(t *testing.T) {
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Skip("no time zone data here: ", err)
	}
	now := time.Date(2026, 11, 24, 15, 30, 20, 0, berlin) // a Tuesday
	for text, want := range map[string]string{
		"tomorrow":         "2026-11-25 08:00",
		"Tomorrow 9am":     "2026-11-25 09:00",
		"tomorrow at 9:30": "2026-11-25 09:30",
		"in 3 hours":       "2026-11-24 18:30",
		"in 45 minutes":    "2026-11-24 16:15",
		"3d":               "2026-11-27 15:30",
		"tonight":          "2026-11-24 18:00",
		"next week":        "2026-11-30 08:00",
		"friday":           "2026-11-27 08:00",
		"friday 14:00":     "2026-11-27 14:00",
		"monday at 7pm":    "2026-11-30 19:00",
		"this weekend":     "2026-11-28 08:00",
		"next month":       "2026-12-01 08:00",
		"2026-12-24":       "2026-12-24 08:00",
		"2026-12-24 18:00": "2026-12-24 18:00",
		"2026-12-24T18:00": "2026-12-24 18:00",
		"9am":              "2026-11-25 09:00",
		"17:00":            "2026-11-24 17:00",
	} {
		got, err := action.ParseTime(text, now)
		if err != nil {
			t.Errorf("%q: %v", text, err)
			continue
		}
		if s := got.In(berlin).Format("2006-01-02 15:04"); !strings.HasPrefix(s, want) {
			t.Errorf("%q = %s, want %s", text, s, want)
		}
	}
	for _, text := range []string{"", "yesterday", "whenever you like", "2020-01-01", "0d", "99999w", "2226-01-01"} {
		if got, err := action.ParseTime(text, now); err == nil {
			t.Errorf("%q = %v, want an error", text, got)
		}
	}
}

// TestUndoTouchesOnlyItsPart: undoing an action leaves alone the parts it did not change, even where their values agree.
func TestUndoTouchesOnlyItsPart(t *testing.T) {
	b := newBox(t, 1)
	first, second := time.Now().Add(time.Hour), time.Now().Add(48*time.Hour)
	b.do(action.Intent{Kind: action.Snooze, Until: first, Actor: "person"}, action.Target{Threads: b.threads})
	star := b.do(action.Intent{Kind: action.Star, Actor: "person"}, action.Target{Threads: b.threads})
	b.do(action.Intent{Kind: action.Snooze, Until: second, Actor: "person"}, action.Target{Threads: b.threads})
	if err := action.Undo(t.Context(), b.db, b.user, star.ID); err != nil {
		t.Fatal(err)
	}
	b.want("emails snoozed for two days", b.count("emails", "snoozed_until > now() + interval '1 day'"), 2)
	b.want("starred emails", b.count("emails", "starred"), 0)

	archive := b.do(action.Intent{Kind: action.Archive, Actor: "person"}, action.Target{Threads: b.threads})
	b.do(action.Intent{Kind: action.Categorise, Category: "personal", Actor: "person"}, action.Target{Threads: b.threads})
	if err := action.Undo(t.Context(), b.db, b.user, archive.ID); err != nil {
		t.Fatal(err)
	}
	b.want("categories that the person confirmed", b.count("emails", "category_by = 'user' and not needs_review"), 2)
	b.want("snoozed again", b.count("emails", "place = 'snoozed' and snoozed_until > now() + interval '1 day'"), 2)
}

// TestUndoOneEmailUnlearnsIt: a correction that was taken back for one email does not go on teaching.
func TestUndoOneEmailUnlearnsIt(t *testing.T) {
	b := newBox(t, 1)
	made := b.do(action.Intent{Kind: action.Categorise, Category: "offer", Actor: "person"}, action.Target{Threads: b.threads})
	b.want("corrections", b.count("corrections", "true"), 2)
	var one int64
	if err := b.db.Owner(b.user).QueryRow(t.Context(), "select min(id) from emails where user_id = $1", b.user).Scan(&one); err != nil {
		t.Fatal(err)
	}
	if err := action.UndoEmail(t.Context(), b.db, b.user, made.ID, one); err != nil {
		t.Fatal(err)
	}
	b.want("corrections", b.count("corrections", "true"), 1)
}

// TestReadTouchesTheUnread: opening a long thread does not rewrite what was read before.
func TestReadTouchesTheUnread(t *testing.T) {
	b := newBox(t, 1)
	b.want("emails marked", int(b.do(action.Intent{Kind: action.Read, Actor: "person"}, action.Target{Threads: b.threads}).Count), 2)
	b.want("emails marked again", int(b.do(action.Intent{Kind: action.Read, Actor: "person"}, action.Target{Threads: b.threads}).Count), 0)
	b.want("emails marked as unread: the newest", int(b.do(action.Intent{Kind: action.Unread, Actor: "person"}, action.Target{Threads: b.threads}).Count), 1)
}

func TestUnlabelMakesNoLabel(t *testing.T) {
	b := newBox(t, 1)
	err := b.db.Tx(t.Context(), b.user, func(q *db.Queries, _ pgx.Tx) error {
		_, err := action.Make(t.Context(), q, b.user, action.Intent{Kind: action.Unlabel, Label: "never", Actor: "person"}, action.Target{Threads: b.threads}, time.Now())
		return err
	})
	if err == nil {
		t.Error("taking off a label that does not exist: no error")
	}
	b.want("labels", b.count("labels", "true"), 0)
}
