package elastic_test

import (
	"context"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"applylens/internal/ingest"
	"applylens/internal/search"
	"applylens/internal/search/elastic"
	"applylens/internal/search/elastictest"
)

// TestFaults kills, pauses, fills up and restarts Elasticsearch while mail arrives and people search: no search fails
// or takes longer than two seconds, and in the end the indices have exactly what Postgres has. Short, it does a
// twenty-fifth of the work; `make soak` does 10,000 arrivals and 5,000 searches.
func TestFaults(t *testing.T) {
	arrivals, searches, rounds := 10_000, 5_000, 3
	if testing.Short() {
		arrivals, searches, rounds = 400, 200, 1
	}
	d, me := newDB(t)
	server := elastictest.Own(t)
	w := newWorld(t, d, server)
	w.importMails(t, me, samples)
	w.begin(t)
	f := elastic.NewFailover(w.client, w.postgres, d, slog.New(slog.DiscardHandler))
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var filling, working sync.WaitGroup
	filling.Go(func() { w.filler.Run(ctx) })
	var arrived, asked atomic.Int64
	faults := make(chan struct{})
	working.Go(func() { w.arrive(t, me, arrivals, &arrived, faults) })
	modes, reasons := map[string]int{}, map[string]int{}
	var slowest time.Duration
	working.Go(func() { slowest = w.keepSearching(t, f, me, searches, &asked, faults, modes, reasons) })
	for range rounds {
		fail(t, server)
	}
	close(faults)
	working.Wait()
	t.Logf("%d mails arrived, %d searches (%v, %v), the slowest took %s", arrived.Load(), asked.Load(), modes, reasons, slowest.Round(time.Millisecond))
	if arrived.Load() < int64(arrivals) || asked.Load() < int64(searches) || modes["postgres word index"] == 0 {
		t.Errorf("the test did less than it should")
	}
	w.settle(t)
	time.Sleep(pauseOpen)
	if r, err := f.Search(t.Context(), d.Owner(me), search.Parse("offer", now), search.Request{UserID: me}); err != nil || r.Mode != elastic.ModeName {
		t.Errorf("after the faults %q answers, because %q, %v", r.Mode, r.Instead, err)
	}
	cancel()
	filling.Wait()
	w.same(t, me, "after the faults", "offer", "is:unread in:anywhere", "in:anywhere", "-interview")
}

// pauseOpen is a little longer than the breaker does not ask.
const pauseOpen = 3500 * time.Millisecond

// settle waits until the outbox is empty.
func (w *world) settle(t *testing.T) {
	t.Helper()
	for range 1800 {
		if w.noted(t) == 0 {
			return
		}
		time.Sleep(100 * time.Millisecond)
	}
	t.Fatalf("%d notes still wait after three minutes", w.noted(t))
}

// arrive imports mail in small batches, at least n, and until the faults are over.
func (w *world) arrive(t *testing.T, me int64, n int, arrived *atomic.Int64, over <-chan struct{}) {
	var batch []ingest.Raw
	for raw := range madeUp(50 * n) {
		batch = append(batch, raw)
		if len(batch) < 20 {
			continue
		}
		w.importMails(t, me, func(yield func(ingest.Raw, error) bool) {
			for _, raw := range batch {
				if !yield(raw, nil) {
					return
				}
			}
		})
		arrived.Add(int64(len(batch)))
		batch = batch[:0]
		if arrived.Load() >= int64(n) {
			select {
			case <-over:
				return
			case <-time.After(time.Second):
			}
		}
	}
}

// keepSearching asks at least n queries, and until the faults are over.
func (w *world) keepSearching(t *testing.T, f *elastic.Failover, me int64, n int, asked *atomic.Int64, over <-chan struct{}, modes, reasons map[string]int) (slowest time.Duration) {
	for i := 0; ; i++ {
		select {
		case <-over:
			if i >= n {
				return slowest
			}
		default:
		}
		q := search.Parse([]string{"offer", "interview is:unread", "subject:data", `"data engineer"`, "from:anna has:pdf", "eng*"}[i%6], now)
		began := time.Now()
		r, err := f.Search(t.Context(), w.db.Owner(me), q, search.Request{UserID: me, Limit: 20})
		took := time.Since(began)
		if err != nil {
			t.Errorf("a search failed: %v", err)
		}
		if took > 2*time.Second {
			t.Errorf("a search took %s (%s, instead because %q)", took, r.Mode, r.Instead)
		}
		slowest = max(slowest, took)
		modes[r.Mode]++
		if r.Instead != "" {
			reasons[r.Instead[:min(len(r.Instead), 24)]]++
		}
		asked.Add(1)
		time.Sleep(5 * time.Millisecond)
	}
}

// fail does to a server what may happen to one.
func fail(t *testing.T, server *elastictest.Server) {
	t.Helper()
	pause := func() { time.Sleep(2 * time.Second) }
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	pause()
	must(server.Kill())
	pause()
	must(server.Restart(t.Context()))
	pause()
	must(server.Signal(syscall.SIGSTOP))
	pause()
	must(server.Signal(syscall.SIGCONT))
	pause()
	must(full(server, "true")) // as the flood stage of the disk does
	pause()
	must(full(server, "null"))
	pause()
}

func full(server *elastictest.Server, blocked string) error {
	req, err := http.NewRequest(http.MethodPut, server.URL+"/_all/_settings", strings.NewReader(`{"index.blocks.read_only_allow_delete":`+blocked+`}`))
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/json")
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	return res.Body.Close()
}
