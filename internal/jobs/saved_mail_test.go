package jobs

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/riverqueue/river"

	"applylens/internal/alert"
	"applylens/internal/alert/alerttest"
	"applylens/internal/db"
	"applylens/internal/db/dbtest"
	"applylens/internal/ingest"
	"applylens/internal/search"
)

// What a saved search finds in five minutes is told in one letter, with nothing of the mail in it.
func TestSavedMail(t *testing.T) {
	d := dbtest.New(t)
	me := dbtest.User(t, d, "me@example.com")
	in := openIngest(t, d)
	client, err := NewClient(Deps{DB: d, Log: slog.New(slog.DiscardHandler), Now: time.Now}, false)
	if err != nil {
		t.Fatal(err)
	}
	ctx := t.Context()
	id, err := d.As(me).SavedCreate(ctx, db.SavedCreateParams{UserID: me, Name: "animals", Query: "zebra OR lion", Alert: "email", Most: 9})
	if err != nil {
		t.Fatal(err)
	}
	now := time.Now()
	match := &savedMatch{db: d, now: func() time.Time { return now }, engine: &search.Postgres{}, client: func(context.Context) *Client { return client }}
	arrive := func(subjects ...string) {
		t.Helper()
		_, err := in.Run(ctx, ingest.Mailbox{UserID: me, Addresses: []string{"me@example.com"}}, mails(time.Now(), "zoo@example.org", subjects...), func(ingest.Counts, error) {})
		if err != nil {
			t.Fatal(err)
		}
		if err := match.Work(ctx, &river.Job[SavedMatchArgs]{Args: SavedMatchArgs{UserID: me}}); err != nil {
			t.Fatal(err)
		}
	}
	queued := func() (n int) {
		t.Helper()
		if err := d.Conn.QueryRow(ctx, "select count(*) from river_job where kind = 'saved_mail' and args->>'user_id' = $1::bigint::text", me).Scan(&n); err != nil {
			t.Fatal(err)
		}
		return n
	}
	since := now.UTC().Truncate(savedMailEvery)
	send := func(answer string) (<-chan string, error) {
		server, letters := alerttest.SMTP(t, answer)
		w := &savedMail{db: d, post: &alert.Post{Server: server, From: "applylens@mail.example", Site: "https://mail.example"}}
		return letters, w.Work(ctx, &river.Job[SavedMailArgs]{Args: SavedMailArgs{UserID: me, SearchID: id, Since: since}})
	}

	arrive("a penguin")
	if n := queued(); n != 0 {
		t.Errorf("%d letters when nothing was found", n)
	}
	arrive("a secret zebra", "a lion")
	now = since.Add(savedMailEvery - time.Microsecond)
	arrive("one more lion")
	if n := queued(); n != 1 {
		t.Errorf("%d letters for five minutes", n)
	}
	now = since.Add(savedMailEvery)
	arrive("a lion, later")
	if n := queued(); n != 2 {
		t.Errorf("%d letters for ten minutes", n)
	}

	var canceled *river.JobCancelError
	if _, err := send("451 later"); err == nil || errors.As(err, &canceled) {
		t.Errorf("a letter that may be taken later: %v", err)
	}
	if _, err := send("550 never"); !errors.As(err, &canceled) {
		t.Errorf("a letter that is refused: %v", err)
	}
	letters, err := send("250 ok")
	if err != nil {
		t.Fatal(err)
	}
	text := <-letters
	if !strings.Contains(text, "3 new mails match") || !strings.Contains(text, "To: <me@example.com>") || !strings.Contains(text, "https://mail.example/saved/") {
		t.Errorf("the letter: %s", text)
	}
	if strings.Contains(text, "secret") || strings.Contains(text, "zoo@") {
		t.Errorf("the letter tells of the mail: %s", text)
	}
	if err := d.As(me).SavedSeen(ctx, db.SavedSeenParams{UserID: me}); err != nil {
		t.Fatal(err)
	}
	if letters, err = send("250 ok"); err != nil || len(letters) != 0 {
		t.Errorf("a letter of what was seen: %v", err)
	}
}
