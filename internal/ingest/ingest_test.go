package ingest

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"applylens/internal/action"
	"applylens/internal/blobs"
	"applylens/internal/db"
	"applylens/internal/db/dbtest"
)

func newIngest(t testing.TB, d *db.DB) *Ingest {
	t.Helper()
	store, err := blobs.Open(t.Context(), t.TempDir(), nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = store.Close() })
	return &Ingest{DB: d, Blobs: store, Log: slog.New(slog.DiscardHandler), Now: time.Now}
}

func mails(texts ...string) iter.Seq2[Raw, error] {
	return func(yield func(Raw, error) bool) {
		for i, text := range texts {
			if !yield(Raw{Source: fmt.Sprint("mail ", i), Bytes: []byte(strings.ReplaceAll(text, "\n", "\r\n")), Labels: []string{"INBOX"}}, nil) {
				return
			}
		}
	}
}

func run(t *testing.T, in *Ingest, userID int64, source iter.Seq2[Raw, error]) Counts {
	t.Helper()
	counts, err := in.Run(t.Context(), Mailbox{UserID: userID, Addresses: []string{"me@example.com"}}, source, func(_ Counts, err error) {
		if err != nil {
			t.Log(err)
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	return counts
}

func letter(id, subject, refs, body string) string {
	if refs != "" {
		refs = "References: " + refs + "\n"
	}
	return "From: Ann <ann@example.org>\nTo: me@example.com\nMessage-ID: <" + id + ">\n" + refs + "Date: Mon, 2 Nov 2026 10:00:00 +0000\nSubject: " + subject + "\n\n" + body + "\n"
}

func threadsOf(t *testing.T, d *db.DB, userID int64) map[string]int64 {
	t.Helper()
	rows, err := d.Owner(userID).Query(t.Context(), "select message_id, thread_id from emails where user_id = $1", userID)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	out := map[string]int64{}
	for rows.Next() {
		var id string
		var thread int64
		if err := rows.Scan(&id, &thread); err != nil {
			t.Fatal(err)
		}
		out[id] = thread
	}
	return out
}

// TestSameMailOnce: the same mail is one row, however often and in whatever dress it comes.
func TestSameMailOnce(t *testing.T) {
	d := dbtest.New(t)
	user := dbtest.User(t, d, "once@example.com")
	in := newIngest(t, d)
	one := letter("a@x", "Hello", "", "Hi there")
	counts := run(t, in, user, mails(one, "Received: from elsewhere; Mon, 2 Nov 2026 11:00:00 +0000\n"+one, one+"\n\n"))
	if counts.New != 1 || counts.Duplicates != 2 || counts.Seen != 3 {
		t.Errorf("first run: %+v, want 1 new of 3", counts)
	}
	counts = run(t, in, user, mails(one, letter("a@x", "Hello", "", "Something else under the same id")))
	if counts.New != 1 || counts.Duplicates != 1 {
		t.Errorf("second run: %+v, want 1 new, 1 duplicate: another mail with a borrowed id is another mail", counts)
	}
}

// TestThreads: the order in which mails come does not matter, roots may be missing, loops are harmless.
func TestThreads(t *testing.T) {
	for name, c := range map[string]struct {
		mails []string
		same  [][]string
		apart [][2]string
	}{
		"in order": {
			[]string{letter("1@t", "Plan", "", "a"), letter("2@t", "Re: Plan", "<1@t>", "b"), letter("3@t", "Re: Plan", "<1@t> <2@t>", "c")},
			[][]string{{"1@t", "2@t", "3@t"}}, nil},
		"backwards": {
			[]string{letter("3@t", "Re: Plan", "<2@t>", "c"), letter("2@t", "Re: Plan", "<1@t>", "b"), letter("1@t", "Plan", "", "a")},
			[][]string{{"1@t", "2@t", "3@t"}}, nil},
		"ghost root": {
			[]string{letter("2@t", "Re: Plan", "<ghost@t>", "b"), letter("3@t", "Re: Plan", "<ghost@t>", "c")},
			[][]string{{"2@t", "3@t"}}, nil},
		"two halves meet": {
			[]string{letter("1@t", "Plan", "", "a"), letter("9@t", "AW: Plan", "<8@t>", "c"), letter("8@t", "Re: Plan", "<1@t>", "b")},
			[][]string{{"1@t", "8@t", "9@t"}}, nil},
		"loop": {
			[]string{letter("1@t", "Plan", "<2@t>", "a"), letter("2@t", "Re: Plan", "<1@t>", "b")},
			[][]string{{"1@t", "2@t"}}, nil},
		"a stranger cannot weld two threads": {
			[]string{letter("1@t", "Salary", "", "a"), letter("2@t", "Holiday", "", "b"), letter("3@t", "Re: Salary", "<2@t> <1@t>", "c")},
			[][]string{{"1@t", "3@t"}}, [][2]string{{"1@t", "2@t"}}},
	} {
		t.Run(name, func(t *testing.T) {
			d := dbtest.New(t)
			user := dbtest.User(t, d, "threads@example.com")
			in := newIngest(t, d)
			check := func(how string) {
				got := threadsOf(t, d, user)
				for _, group := range c.same {
					for _, id := range group {
						if got[id] == 0 || got[id] != got[group[0]] {
							t.Errorf("%s: %s is in thread %d, want that of %s, %d", how, id, got[id], group[0], got[group[0]])
						}
					}
				}
				for _, pair := range c.apart {
					if got[pair[0]] == got[pair[1]] {
						t.Errorf("%s: %s and %s share a thread", how, pair[0], pair[1])
					}
				}
			}
			run(t, in, user, mails(c.mails...))
			check("in one batch")

			one := dbtest.User(t, d, "one-by-one@example.com")
			user = one
			for _, m := range c.mails {
				run(t, in, one, mails(m))
			}
			check("one by one")
			var stray int
			err := d.Owner(one).QueryRow(t.Context(), `select count(*) from threads t where t.user_id = $1
				and t.email_count <> (select count(*) from emails e where e.user_id = t.user_id and e.thread_id = t.id)`, one).Scan(&stray)
			if err != nil || stray != 0 {
				t.Errorf("%d threads do not count their emails right (%v)", stray, err)
			}
		})
	}
}

// TestRefusedMailDoesNotStopTheRest: a message the database refuses is set aside alone.
func TestRefusedMailDoesNotStopTheRest(t *testing.T) {
	d := dbtest.New(t)
	user := dbtest.User(t, d, "refused@example.com")
	in := newIngest(t, d)
	b := &batch{}
	for i := range 5 {
		b.add(Raw{Source: fmt.Sprint("mail ", i), Bytes: []byte(letter(fmt.Sprint(i, "@r"), "s", "", "b")), Labels: []string{"INBOX"}})
	}
	box := Mailbox{UserID: user}
	if err := in.prepare(t.Context(), box, b); err != nil {
		t.Fatal(err)
	}
	b.mails[2].messageID = "no \x00 in Postgres"
	var counts Counts
	var told []error
	if err := in.commit(t.Context(), box, b, &counts, func(_ Counts, err error) { told = append(told, err) }); err != nil {
		t.Fatal(err)
	}
	if counts.New != 4 || counts.Failed != 1 || counts.Seen != 5 || len(told) != 1 || !strings.HasPrefix(told[0].Error(), "mail 2:") {
		t.Errorf("%+v, told %v; want 4 new, 1 failed: mail 2", counts, told)
	}
}

// TestSourceErrorsGoOn: what cannot be read is counted and told, the rest is stored.
func TestSourceErrorsGoOn(t *testing.T) {
	d := dbtest.New(t)
	user := dbtest.User(t, d, "errors@example.com")
	dir := t.TempDir()
	for name, text := range map[string]string{"1.eml": letter("1@e", "One", "", "x"), "2.eml": "", "3.eml": letter("3@e", "Three", "", "z")} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	var told []error
	counts, err := newIngest(t, d).Run(t.Context(), Mailbox{UserID: user}, Walk(t.Context(), []string{dir}, nil), func(_ Counts, err error) {
		if err != nil {
			told = append(told, err)
		}
	})
	if err != nil || counts.New != 2 || counts.Failed != 1 || len(told) != 1 || !errors.Is(told[0], ErrEmpty) {
		t.Errorf("%+v, %v, told %v; want 2 new and the empty file told", counts, err, told)
	}
}

// TestCancelledRunKeepsBatches: what was committed before an interruption stays, and a second run does the rest.
func TestCancelledRunKeepsBatches(t *testing.T) {
	d := dbtest.Pool(t)
	user := dbtest.User(t, d, fmt.Sprintf("cancelled-%d@example.com", time.Now().UnixNano()))
	in := newIngest(t, d)
	texts := make([]string, batchMails*3)
	for i := range texts {
		texts[i] = letter(fmt.Sprint(i, "@c"), fmt.Sprint("Number ", i), "", fmt.Sprint("body ", i))
	}
	ctx, cancel := context.WithCancel(t.Context())
	counts, err := in.Run(ctx, Mailbox{UserID: user}, mails(texts...), func(c Counts, _ error) { cancel() })
	if err == nil || counts.New == 0 || counts.New == len(texts) {
		t.Fatalf("interrupted: %+v, %v", counts, err)
	}
	rest := run(t, in, user, mails(texts...))
	if rest.New+rest.Duplicates != len(texts) || rest.New == 0 || rest.Duplicates == 0 {
		t.Errorf("after %+v the second run gave %+v; together want %d", counts, rest, len(texts))
	}
	if got := len(threadsOf(t, d, user)); got != len(texts) {
		t.Errorf("%d mails stored, want %d", got, len(texts))
	}
}

// TestCorrectionIsLearned: what a person moves to another category changes the next mail of that kind, for that owner
// alone, and undoing it unlearns it.
func TestCorrectionIsLearned(t *testing.T) {
	d := dbtest.New(t)
	ctx := t.Context()
	me, other := dbtest.User(t, d, "teacher@example.com"), dbtest.User(t, d, "other@example.com")
	in := newIngest(t, d)
	category := func(user int64, id string) (c string) {
		err := d.Owner(user).QueryRow(ctx, "select category from emails where user_id = $1 and message_id = $2", user, id).Scan(&c)
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	run(t, in, me, mails(letter("1@l", "Choir on Thursday", "", "We meet at seven.")))
	var made action.Made
	err := d.Tx(ctx, me, func(q *db.Queries, tx pgx.Tx) (err error) {
		var id int64
		if err := tx.QueryRow(ctx, "select id from emails where user_id = $1", me).Scan(&id); err != nil {
			return err
		}
		made, err = action.Make(ctx, q, me, action.Intent{Kind: action.Categorise, Category: "event_travel", Actor: "person"}, action.Target{Emails: []int64{id}}, time.Now())
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := action.Run(ctx, d, me, made.ID); err != nil {
		t.Fatal(err)
	}
	next := letter("2@l", "Choir on Friday 4th", "", "We meet at eight.")
	run(t, in, me, mails(next))
	run(t, in, other, mails(next))
	if got := category(me, "2@l"); got != "event_travel" {
		t.Errorf("the next mail of the sender is %s, want event_travel", got)
	}
	if got := category(other, "2@l"); got == "event_travel" {
		t.Error("another owner's mail is event_travel too: corrections are shared")
	}
	if err := action.Undo(ctx, d, me, made.ID); err != nil {
		t.Fatal(err)
	}
	last := letter("3@l", "Choir on Saturday", "", "We meet at nine.")
	run(t, in, me, mails(last))
	run(t, in, other, mails(last))
	if got, want := category(me, "3@l"), category(other, "3@l"); got != want {
		t.Errorf("after the undo the next mail is %s, want %s as for everybody", got, want)
	}
}

func TestBaseSubject(t *testing.T) {
	for in, want := range map[string]string{"Re: AW: Fwd:  Plan  B": "plan b", "Re[2]: x": "x", "Antw: Re : x": "x", "Report: numbers": "report: numbers", "": ""} {
		if got := baseSubject(in); got != want {
			t.Errorf("baseSubject(%q) = %q, want %q", in, got, want)
		}
	}
}
