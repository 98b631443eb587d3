package gmailsync_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"applylens/internal/gmail"
	"applylens/internal/gmail/gmailsync"
	"applylens/internal/gmail/gmailtest"
)

// TestFirstHundredUnderQuota measures how long a new account waits for its first 100 mails, under the quota of 2026 and
// with 80 ms a call, and that the quota is never overdrawn.
func TestFirstHundredUnderQuota(t *testing.T) {
	if testing.Short() {
		t.Skip("it waits for quota: run without -short")
	}
	s := newScene(t, gmailtest.Options{Latency: 80 * time.Millisecond, UserUnits: 6000})
	for i := range 300 {
		s.box.Deliver(s.letter(fmt.Sprint("m ", i)), "", "INBOX", "UNREAD")
	}
	opts := gmailsync.Defaults()
	s.engine = gmailsync.New(s.db, s.engine.Ingest, s.engine.Vault, s.engine.OAuth, gmail.Quota2026(), s.engine.Log, time.Now, opts)
	began := time.Now()
	done := make(chan error, 1)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	go func() {
		_, err := s.engine.Sync(ctx, s.user, s.account, false)
		done <- err
	}()
	n := 0
	for n < 100 && time.Since(began) < time.Minute {
		time.Sleep(50 * time.Millisecond)
		if err := s.db.Owner(s.user).QueryRow(t.Context(), "select count(*) from emails").Scan(&n); err != nil {
			t.Fatal(err)
		}
	}
	took := time.Since(began)
	t.Logf("%d mails after %s, %d units spent", n, took.Round(time.Millisecond), s.box.Spent())
	if took > 20*time.Second {
		t.Errorf("the first 100 mails took %s, promised are 20 s", took)
	}
	cancel()
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	if a := s.get(); a.PausedUntil != nil {
		t.Errorf("Google had to stop us: %s", a.PauseCause)
	}
}
