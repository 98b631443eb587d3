package ingest

import (
	"log/slog"
	"testing"
	"time"

	"applylens/internal/blobs"
	"applylens/internal/db/dbtest"
	"applylens/internal/search"
)

// TestReindex loses the text index and makes it again from the sources.
func TestReindex(t *testing.T) {
	d := dbtest.New(t)
	user := dbtest.User(t, d, "me@example.com")
	store, err := blobs.Open(t.Context(), t.TempDir(), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = store.Close() }()
	in := &Ingest{DB: d, Blobs: store, Log: slog.New(slog.DiscardHandler), Now: time.Now}
	source := func(yield func(Raw, error) bool) {
		for _, word := range []string{"pear", "plum", "quince"} {
			raw := "From: a@example.com\nTo: me@example.com\nMessage-ID: <" + word + "@example.com>\nSubject: fruit\n\nA " + word + " fell down.\n"
			if !yield(Raw{Bytes: []byte(raw)}, nil) {
				return
			}
		}
	}
	if _, err := in.Run(t.Context(), Mailbox{UserID: user}, source, func(Counts, error) {}); err != nil {
		t.Fatal(err)
	}
	total := func(query string) int {
		r, err := new(search.Postgres).Search(t.Context(), d.Owner(user), search.Parse(query, time.Now()), search.Request{UserID: user})
		if err != nil {
			t.Fatal(err)
		}
		return r.Total
	}
	if total("fruit") != 3 {
		t.Fatalf("%d mails are found after the import", total("fruit"))
	}
	for _, table := range []string{"search_blocks", "search_segments"} {
		if _, err := d.Owner(user).Exec(t.Context(), "delete from "+table); err != nil {
			t.Fatal(err)
		}
	}
	if total("fruit") != 0 {
		t.Fatal("mail is found without an index")
	}
	for _, want := range []int{3, 0} {
		if done, err := in.Reindex(t.Context(), user, func(int, int) {}); err != nil || done != want {
			t.Errorf("%d mails were indexed, want %d: %v", done, want, err)
		}
	}
	if total("fruit") != 3 || total("quince fell") != 1 {
		t.Error("not all is found after indexing anew")
	}
}
