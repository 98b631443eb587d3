package gmailsync_test

import (
	"context"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"runtime"
	"slices"
	"sync"
	"testing"
	"time"

	"applylens/internal/db"
	"applylens/internal/db/dbtest"
	"applylens/internal/gmail"
	"applylens/internal/gmail/gmailsync"
	"applylens/internal/gmail/gmailtest"
	"applylens/internal/jobs"
)

var fleet = flag.Bool("fleet", false, "measure many accounts, for some minutes")

const (
	fleetIdle    = 1000
	fleetFilling = 50
	fleetMails   = 400
)

// TestFleet measures what many accounts cost: 1,000 that are idle, beside 50 that are being filled from one project's
// quota, one that is connected last, and one whose person is at work. Lines that begin with "bench: " are rows of
// test/bench.
func TestFleet(t *testing.T) {
	if !*fleet {
		t.Skip("it measures for minutes: run with -fleet")
	}
	f := newFleet(t)
	f.work()
	f.idle()
	f.fill()
}

// A fleetScene is a scene whose person is at work, with the accounts of others around it.
type fleetScene struct {
	*scene
	client *jobs.Client
}

func newFleet(t *testing.T) *fleetScene {
	f := &fleetScene{}
	pushes := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		if _, err := f.db.GmailPushed(r.Context(), db.GmailPushedParams{PushID: fmt.Sprint("fleet ", time.Now().UnixNano()), Address: f.box.Address, At: time.Now()}); err != nil {
			t.Error(err)
		}
		w.WriteHeader(http.StatusNoContent)
	}))
	t.Cleanup(pushes.Close)
	f.scene = newScene(t, gmailtest.Options{Latency: 20 * time.Millisecond, Push: pushes.URL})
	o := gmailsync.Defaults()
	o.Topic = "projects/p/topics/t"
	quota := gmail.Quota2026()
	quota.Project = 120_000 // for 50 accounts of 6,000: less than half of what they could use
	log := slog.New(slog.DiscardHandler)
	f.engine = gmailsync.New(f.db, f.engine.Ingest, f.engine.Vault, f.engine.OAuth, quota, log, time.Now, o)
	f.sync()
	var err error
	if f.client, err = jobs.NewClient(jobs.Deps{DB: f.db, Ingest: f.engine.Ingest, Gmail: f.engine, Log: log, Now: time.Now}, true); err != nil {
		t.Fatal(err)
	}
	return f
}

// other makes an account of another person, with mail.
func (f *fleetScene) other(name string, mails int) *scene {
	x := &scene{t: f.t, fake: f.fake, db: f.db, engine: f.engine, box: f.fake.Box(name + "-" + f.box.Address)}
	x.user = dbtest.User(f.t, f.db, x.box.Address)
	for n := range mails {
		x.box.Deliver(x.letter(fmt.Sprint(n)), "", "INBOX")
	}
	x.connect("gmail.readonly")
	return x
}

// work starts the jobs, as the program does, until the test ends.
func (f *fleetScene) work() {
	ctx, cancel := context.WithCancel(f.t.Context())
	if err := f.client.Start(ctx); err != nil {
		f.t.Fatal(err)
	}
	go jobs.WatchGmail(ctx, f.engine, f.client, slog.New(slog.DiscardHandler))
	f.t.Cleanup(func() {
		cancel()
		<-f.client.Stopped()
	})
}

// A load is what was used up to a moment.
type load struct {
	calls, commits int64
	connections    int
	heap           uint64
	goroutines     int
}

func (f *fleetScene) load() (l load) {
	for name, n := range f.fake.Calls() {
		if name != "token" {
			l.calls += int64(n)
		}
	}
	if err := dbtest.Owner(f.t).QueryRow(f.t.Context(), `select xact_commit, (select count(*) from pg_stat_activity where datname = current_database())
		from pg_stat_database where datname = current_database()`).Scan(&l.commits, &l.connections); err != nil {
		f.t.Fatal(err)
	}
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	l.heap, l.goroutines = m.HeapAlloc, runtime.NumGoroutine()
	return l
}

// idle lets a thousand accounts rest and counts what a minute of that costs, beside a minute without them.
func (f *fleetScene) idle() {
	minute := func() (perMinute load) {
		before := f.load()
		time.Sleep(time.Minute)
		after := f.load()
		return load{calls: after.calls - before.calls, commits: after.commits - before.commits, connections: after.connections, heap: after.heap, goroutines: after.goroutines}
	}
	none := minute()
	_, err := dbtest.Owner(f.t).Exec(f.t.Context(), "analyze accounts")
	if err != nil {
		f.t.Fatal(err)
	}
	var all []*scene
	for n := range fleetIdle {
		all = append(all, f.other(fmt.Sprint("idle", n), 0))
	}
	for began := time.Now(); slices.ContainsFunc(all, func(x *scene) bool { return x.get().State != "live" }); time.Sleep(time.Second) {
		if time.Since(began) > 5*time.Minute {
			f.t.Fatal("the idle accounts are not live")
		}
	}
	for before := int64(-1); ; { // what the first turns left is done when calls are few
		now := f.load().calls
		if before >= 0 && now-before < fleetIdle/20 {
			break
		}
		before = now
		time.Sleep(10 * time.Second)
	}
	some := minute()
	f.t.Logf("bench: %d idle accounts: calls to Gmail a minute | %d (%d without them) | flat", fleetIdle, some.calls, none.calls)
	f.t.Logf("bench: %d idle accounts: transactions of Postgres a minute | %d (%d without them) | flat", fleetIdle, some.commits, none.commits)
	f.t.Logf("bench: %d idle accounts: connections, heap, goroutines | %d, %.0f MB, %d (%d, %.0f MB, %d without them) | flat", fleetIdle,
		some.connections, float64(some.heap)/1e6, some.goroutines, none.connections, float64(none.heap)/1e6, none.goroutines)
}

// fill connects fifty accounts at once, and after half a minute one more; meanwhile mail comes for the person at work.
func (f *fleetScene) fill() {
	var all []*scene
	for n := range fleetFilling {
		all = append(all, f.other(fmt.Sprint("filling", n), fleetMails))
	}
	began := time.Now()
	var news []time.Duration
	var person sync.WaitGroup
	person.Go(func() {
		for n := range 15 {
			id := f.box.Deliver(f.letter(fmt.Sprint("news ", n)), "", "INBOX")
			sent := time.Now()
			f.fake.Flush(http.DefaultClient)
			for time.Since(sent) < time.Minute {
				if _, ok := stored(f.t.Context(), f.t, f.db, f.user, f.account)[id]; ok {
					break
				}
				time.Sleep(20 * time.Millisecond)
			}
			news = append(news, time.Since(sent))
			time.Sleep(2 * time.Second)
		}
	})
	time.Sleep(30 * time.Second)
	late := f.other("late", 100)
	connected := time.Now()
	for f.count(late) == 0 && time.Since(connected) < time.Minute {
		time.Sleep(20 * time.Millisecond)
	}
	first := time.Since(connected)
	person.Wait()
	time.Sleep(max(0, time.Minute-time.Since(began)))
	counts := make([]int, len(all))
	for i, x := range all {
		counts[i] = f.count(x)
	}
	slices.Sort(counts)
	slices.Sort(news)
	f.t.Logf("bench: %d accounts filling from one project's quota: mails each after a minute | least %d, median %d, most %d (fairness %.2f) | fair", fleetFilling,
		counts[0], counts[len(counts)/2], counts[len(counts)-1], jain(counts))
	f.t.Logf("bench: an account connected among them: first mail | %.1f s | first", first.Seconds())
	f.t.Logf("bench: push to the database for a person beside them | p50 %.2f s, most %.2f s | p95 5 s", news[len(news)/2].Seconds(), news[len(news)-1].Seconds())
}

func (f *fleetScene) count(x *scene) (n int) {
	if err := x.db.Owner(x.user).QueryRow(f.t.Context(), "select count(*) from emails").Scan(&n); err != nil {
		f.t.Fatal(err)
	}
	return n
}

// jain is the fairness index of R. Jain: 1 when all have the same, 1/n when one has all.
func jain(counts []int) float64 {
	var sum, squares float64
	for _, c := range counts {
		sum += float64(c)
		squares += float64(c) * float64(c)
	}
	return sum * sum / (float64(len(counts)) * max(squares, 1))
}
