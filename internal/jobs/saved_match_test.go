package jobs

import (
	"fmt"
	"iter"
	"log/slog"
	"testing"
	"time"

	"github.com/riverqueue/river"

	"applylens/internal/blobs"
	"applylens/internal/db"
	"applylens/internal/db/dbtest"
	"applylens/internal/ingest"
	"applylens/internal/search"
)

// mails are a source of mails with these subjects, received at a time.
func mails(at time.Time, from string, subjects ...string) iter.Seq2[ingest.Raw, error] {
	return func(yield func(ingest.Raw, error) bool) {
		for i, subject := range subjects {
			text := fmt.Sprintf("From: %s\r\nTo: me@example.com\r\nSubject: %s\r\nDate: %s\r\nMessage-ID: <%d-%d@example.com>\r\n\r\nText.\r\n",
				from, subject, at.Format(time.RFC1123Z), at.UnixNano(), i)
			if !yield(ingest.Raw{Bytes: []byte(text), Source: subject}, nil) {
				return
			}
		}
	}
}

// openIngest returns an ingest with files of its own.
func openIngest(t *testing.T, d *db.DB) *ingest.Ingest {
	store, err := blobs.Open(t.Context(), t.TempDir(), nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = store.Close() })
	return &ingest.Ingest{DB: d, Blobs: store, Log: slog.New(slog.DiscardHandler), Now: time.Now}
}

// Saved searches note new mail that matches, each once, however often they look.
func TestSavedMatch(t *testing.T) {
	d := dbtest.New(t)
	ctx, now := t.Context(), time.Now()
	me, other := dbtest.User(t, d, "me@example.com"), dbtest.User(t, d, "other@example.com")
	in := openIngest(t, d)
	bring := func(user int64, at time.Time, from string, subjects ...string) {
		if _, err := in.Run(ctx, ingest.Mailbox{UserID: user, Addresses: []string{"me@example.com"}}, mails(at, from, subjects...), func(ingest.Counts, error) {}); err != nil {
			t.Fatal(err)
		}
	}
	bring(me, now, "zoo@example.org", "zebra before the search was saved")
	for name, query := range map[string]string{"animals": "zebra OR lion", "from the zoo": "from:zoo is:read newer_than:2d", "nothing": "giraffe"} {
		for _, user := range []int64{me, other} {
			if _, err := d.As(user).SavedCreate(ctx, db.SavedCreateParams{UserID: user, Name: name, Query: query, Alert: "app", Most: 9}); err != nil {
				t.Fatal(err)
			}
		}
	}
	w := &savedMatch{db: d, now: time.Now, engine: &search.Postgres{}}
	look := func() map[string]int32 {
		if err := w.Work(ctx, &river.Job[SavedMatchArgs]{Args: SavedMatchArgs{UserID: me}}); err != nil {
			t.Fatal(err)
		}
		rows, err := d.As(me).SavedList(ctx, me)
		if err != nil {
			t.Fatal(err)
		}
		found := map[string]int32{}
		for _, row := range rows {
			found[row.Name] = row.Unseen
		}
		return found
	}
	want := func(what string, animals, zoo int32) {
		t.Helper()
		got := look()
		if got["animals"] != animals || got["from the zoo"] != zoo || got["nothing"] != 0 {
			t.Errorf("%s: %v", what, got)
		}
	}
	want("mail of before", 0, 0)
	bring(me, now, "zoo@example.org", "a zebra", "a lion", "a penguin")
	bring(me, now, "me@example.com", "my zebra")                                  // the owner's own
	bring(me, now.AddDate(-1, 0, 0), "zoo@example.org", "zebra of last year")     // brought in later
	bring(other, now, "zoo@example.org", "someone else's zebra", "another zebra") // not mine
	want("new mail", 2, 3)
	want("looking again", 2, 3)
	if _, err := d.Owner(me).Exec(ctx, "update saved_searches set checked_id = 0 where user_id = $1", me); err != nil {
		t.Fatal(err)
	}
	want("looking at all of it again", 3, 4) // with the mail of just before: what was noted is not noted twice
	if err := d.As(me).SavedSeen(ctx, db.SavedSeenParams{UserID: me}); err != nil {
		t.Fatal(err)
	}
	bring(me, now.Add(time.Second), "zoo@example.org", "one more zebra")
	want("after it was seen", 1, 1)
}
