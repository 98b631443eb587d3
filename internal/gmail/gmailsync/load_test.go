package gmailsync_test

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"runtime"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"applylens/internal/db"
	"applylens/internal/db/dbtest"
	"applylens/internal/gmail/gmailsync"
	"applylens/internal/gmail/gmailtest"
	"applylens/internal/jobs"
)

// TestPushLatency measures the time from a change at Gmail to its mail in the database, by push, through the jobs that do
// it in the program, with 80 ms a call.
func TestPushLatency(t *testing.T) {
	if testing.Short() {
		t.Skip("it measures for a while: run without -short")
	}
	var s *scene
	pushes := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		if _, err := s.db.GmailPushed(r.Context(), db.GmailPushedParams{PushID: fmt.Sprint("latency ", time.Now().UnixNano()), Address: s.box.Address, At: time.Now()}); err != nil {
			t.Error(err)
		}
		w.WriteHeader(http.StatusNoContent)
	}))
	t.Cleanup(pushes.Close)
	s = newScene(t, gmailtest.Options{Latency: 80 * time.Millisecond, Push: pushes.URL})
	o := gmailsync.Defaults()
	o.Topic = "projects/p/topics/t"
	s.engine.Options = o
	s.sync()
	client, err := jobs.NewClient(jobs.Deps{DB: s.db, Ingest: s.engine.Ingest, Gmail: s.engine, Log: slog.New(slog.DiscardHandler), Now: time.Now}, true)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	if err := client.Start(ctx); err != nil {
		t.Fatal(err)
	}
	go jobs.WatchGmail(ctx, s.engine, client, slog.New(slog.DiscardHandler))
	defer func() {
		cancel()
		<-client.Stopped()
	}()
	time.Sleep(time.Second)
	var took []time.Duration
	for i := range 20 {
		id := s.box.Deliver(s.letter(fmt.Sprint("news ", i)), "", "INBOX")
		began := time.Now()
		s.fake.Flush(http.DefaultClient)
		for time.Since(began) < 20*time.Second {
			if _, ok := stored(t.Context(), t, s.db, s.user, s.account)[id]; ok {
				break
			}
			time.Sleep(20 * time.Millisecond)
		}
		took = append(took, time.Since(began))
	}
	slices.Sort(took)
	t.Logf("median %s, p95 %s, most %s", took[10].Round(time.Millisecond), took[18].Round(time.Millisecond), took[19].Round(time.Millisecond))
	if took[18] > 5*time.Second {
		t.Errorf("p95 is %s, promised are 5 s", took[18])
	}
}

// TestMemoryOfBackfill fills two mailboxes, one four times the other, and compares what the engine holds at its peak.
func TestMemoryOfBackfill(t *testing.T) {
	if testing.Short() {
		t.Skip("it measures for a while: run without -short")
	}
	peak := func(n int) int64 {
		s := newScene(t, gmailtest.Options{})
		for i := range n {
			s.box.Deliver(append(s.letter(fmt.Sprint("m ", i)), make([]byte, 20_000)...), "", "INBOX")
		}
		var most atomic.Int64
		var m runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&m)
		before := int64(m.HeapAlloc)
		stop, stopped := make(chan struct{}), make(chan struct{})
		go func() {
			defer close(stopped)
			for {
				select {
				case <-stop:
					return
				case <-time.After(200 * time.Millisecond):
				}
				var m runtime.MemStats
				runtime.GC()
				runtime.ReadMemStats(&m)
				most.Store(max(most.Load(), int64(m.HeapAlloc)-before))
			}
		}()
		s.sync()
		close(stop)
		<-stopped
		if a := s.get(); a.State != "live" {
			t.Fatalf("%s", a.State)
		}
		return most.Load()
	}
	small, large := peak(500), peak(2000)
	t.Logf("500 messages: %.1f MB at the peak, 2,000 messages: %.1f MB", float64(small)/1e6, float64(large)/1e6)
	if large > 2*small+8<<20 {
		t.Errorf("the memory of a backfill grows with the mailbox: %d and %d bytes", small, large)
	}
}

// TestIdleAccountsCostNothing looks for due accounts among ten thousand idle ones, and finds the new one first.
func TestIdleAccountsCostNothing(t *testing.T) {
	owner := dbtest.Owner(t)
	d := dbtest.Pool(t)
	user := dbtest.User(t, d, fmt.Sprintf("idle-%d@example.com", time.Now().UnixNano()))
	_, err := owner.Exec(t.Context(), `insert into accounts (user_id, address, subject, state, next_at, listed)
		select $1, 'idle' || n || '@example.com', 'idle' || n, 'live', now() + interval '1 hour', true from generate_series(1, 10000) n`, user)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _, _ = owner.Exec(context.Background(), "delete from users where id = $1", user) })
	if _, err := owner.Exec(t.Context(), "analyze accounts"); err != nil {
		t.Fatal(err)
	}
	claim := func() []db.GmailClaimRow {
		rows, err := d.GmailClaim(t.Context(), db.GmailClaimParams{Now: time.Now(), MaxRows: 5000})
		if err != nil {
			t.Fatal(err)
		}
		return slices.DeleteFunc(rows, func(r db.GmailClaimRow) bool { return r.UserID != user })
	}
	claim()
	began := time.Now()
	for range 10 {
		if rows := claim(); len(rows) != 0 {
			t.Fatalf("%d idle accounts were woken", len(rows))
		}
	}
	each := time.Since(began) / 10
	t.Logf("a look at 10,000 idle accounts takes %s", each.Round(10*time.Microsecond))
	if each > 100*time.Millisecond {
		t.Errorf("a look takes %s", each)
	}
	if _, err := owner.Exec(t.Context(), "update accounts set next_at = now() where user_id = $1 and subject in ('idle1', 'idle2', 'idle3')", user); err != nil {
		t.Fatal(err)
	}
	if rows := claim(); len(rows) != 3 {
		t.Errorf("%d accounts are due, want 3", len(rows))
	}
	if rows := claim(); len(rows) != 0 {
		t.Errorf("%d accounts were queued twice", len(rows))
	}
}

// TestNewAccountGoesFirst lets many accounts fill up, slowly, and connects one more: it must have mail before they are
// done, and none of them may starve.
func TestNewAccountGoesFirst(t *testing.T) {
	if testing.Short() {
		t.Skip("it measures for a while: run without -short")
	}
	s := newScene(t, gmailtest.Options{Latency: 30 * time.Millisecond})
	o := testOptions()
	o.Slice, o.Parallel, o.Window = 300*time.Millisecond, 2, 10
	s.engine.Options = o
	log := slog.New(slog.DiscardHandler)
	client, err := jobs.NewClient(jobs.Deps{DB: s.db, Ingest: s.engine.Ingest, Gmail: s.engine, Log: log, Now: time.Now}, true)
	if err != nil {
		t.Fatal(err)
	}
	var all []*scene
	for i := range 14 {
		other := &scene{t: t, fake: s.fake, db: s.db, engine: s.engine, box: s.fake.Box(fmt.Sprintf("%d-%s", i, s.box.Address))}
		other.user = dbtest.User(t, s.db, other.box.Address)
		for j := range 60 {
			other.box.Deliver(other.letter(fmt.Sprint(j)), "", "INBOX")
		}
		other.connect("gmail.readonly")
		all = append(all, other)
	}
	ctx, cancel := context.WithCancel(t.Context())
	if err := client.Start(ctx); err != nil {
		t.Fatal(err)
	}
	go jobs.WatchGmail(ctx, s.engine, client, log)
	defer func() {
		cancel()
		<-client.Stopped()
	}()
	time.Sleep(time.Second)
	late := &scene{t: t, fake: s.fake, db: s.db, engine: s.engine, box: s.fake.Box("late-" + s.box.Address)}
	late.user = dbtest.User(t, s.db, late.box.Address)
	for j := range 30 {
		late.box.Deliver(late.letter(fmt.Sprint(j)), "", "INBOX")
	}
	count := func(x *scene) (n int) {
		if err := x.db.Owner(x.user).QueryRow(t.Context(), "select count(*) from emails").Scan(&n); err != nil {
			t.Fatal(err)
		}
		return n
	}
	late.connect("gmail.readonly")
	began := time.Now()
	for count(late) == 0 && time.Since(began) < 20*time.Second {
		time.Sleep(20 * time.Millisecond)
	}
	first := time.Since(began)
	filled := 0
	for _, x := range all {
		if count(x) == 60 {
			filled++
		}
	}
	for time.Since(began) < time.Minute && slices.ContainsFunc(all, func(x *scene) bool { return count(x) < 60 }) {
		time.Sleep(200 * time.Millisecond)
	}
	t.Logf("first mail of the new account after %s, when %d of %d others were full; all full after %s", first.Round(time.Millisecond), filled, len(all), time.Since(began).Round(time.Millisecond))
	if first > 5*time.Second {
		t.Errorf("the new account waited %s", first)
	}
	for i, x := range all {
		if n := count(x); n != 60 {
			t.Errorf("account %d has %d of 60 mails", i, n)
		}
	}
}
