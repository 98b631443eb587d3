package elastic_test

import (
	"context"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"applylens/internal/ingest"
	"applylens/internal/sample"
	"applylens/internal/search"
	"applylens/internal/search/elastictest"
)

// TestBars measures what docs/benchmarks.md states: how fast indices are rebuilt, how long mail takes to be findable,
// how long queries take. It runs with make bench, on a machine that does nothing else.
func TestBars(t *testing.T) {
	if testing.Short() {
		t.Skip("minutes of measuring: make bench runs it")
	}
	const mails = 100_000
	d, me := newDB(t)
	w := newWorld(t, d, elastictest.New(t))
	w.importMails(t, me, madeUp(mails))
	w.begin(t)
	began := time.Now()
	generation, err := w.filler.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if err := w.filler.Fill(t.Context(), 2, func(int64) {}); err != nil {
		t.Fatal(err)
	}
	rate := float64(mails) / time.Since(began).Seconds()
	t.Logf("rebuild: %.0f mails/s", rate)
	if rate < 3000 {
		t.Errorf("rebuild: %.0f mails/s, the bar is 3,000", rate)
	}
	if err := w.filler.Swap(t.Context(), generation); err != nil {
		t.Fatal(err)
	}
	w.queryTimes(t, me)
	w.lag(t, me)
}

// queryTimes asks each kind of query many times.
func (w *world) queryTimes(t *testing.T, me int64) {
	kinds := map[string][]string{
		"structured": {"is:unread", "from:anna has:pdf", "after:2026-06-01 label:work-notes", "in:inbox size:>1K"},
		"words":      {"offer interview", "data engineer", "resume", "subject:invoice salary"},
		"phrases":    {`"data engineer"`, "offer AROUND 3 data"},
		"typed":      {"en*", "offer inter*", "po*"},
	}
	for kind, queries := range kinds {
		var took []time.Duration
		for i := range 400 {
			q := search.Parse(queries[i%len(queries)], now)
			began := time.Now()
			if _, err := w.elastic.Search(t.Context(), w.db.Owner(me), q, search.Request{UserID: me, Me: []string{sample.Owner}, Limit: 20}); err != nil {
				t.Fatal(err)
			}
			if i >= 40 { // the first are to warm up
				took = append(took, time.Since(began))
			}
		}
		slices.Sort(took)
		t.Logf("%s: p50 %.1f ms, p95 %.1f ms", kind, ms(took[len(took)/2]), ms(took[len(took)*95/100]))
	}
}

func ms(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

// lag lets 200 mails a second arrive and measures from the commit of each ten until the last of them is found.
func (w *world) lag(t *testing.T, me int64) {
	ctx, cancel := context.WithCancel(t.Context())
	var filling sync.WaitGroup
	filling.Go(func() { w.filler.Run(ctx) })
	defer filling.Wait()
	defer cancel()
	var lags []time.Duration
	var mu sync.Mutex
	var looking sync.WaitGroup
	var batch []ingest.Raw
	next := time.Now()
	for raw := range arriving(4000) {
		if batch = append(batch, raw); len(batch) < 10 {
			continue
		}
		w.importMails(t, me, func(yield func(ingest.Raw, error) bool) {
			for _, raw := range batch {
				if !yield(raw, nil) {
					return
				}
			}
		})
		committed, last := time.Now(), batch[len(batch)-1]
		batch = nil
		looking.Go(func() {
			found := w.awaitFound(t, me, messageID(last.Bytes))
			mu.Lock()
			defer mu.Unlock()
			lags = append(lags, found.Sub(committed))
		})
		next = next.Add(50 * time.Millisecond)
		time.Sleep(time.Until(next))
	}
	looking.Wait()
	slices.Sort(lags)
	p95 := lags[len(lags)*95/100]
	t.Logf("lag: p50 %.0f ms, p95 %.0f ms", ms(lags[len(lags)/2]), ms(p95))
	if p95 > 1500*time.Millisecond {
		t.Errorf("lag: p95 %s, the bar is 1.5 s", p95)
	}
}

func (w *world) awaitFound(t *testing.T, me int64, id string) time.Time {
	q := search.Parse("message-id:"+id, now)
	for range 600 {
		ids, _, err := w.elastic.IDs(t.Context(), w.db.Owner(me), q, search.Request{UserID: me}, 1)
		if err != nil {
			t.Error(err)
		}
		if len(ids) > 0 {
			return time.Now()
		}
		time.Sleep(25 * time.Millisecond)
	}
	t.Errorf("%s is not found after 15 s", id)
	return time.Now()
}

func messageID(raw []byte) string {
	_, rest, _ := strings.Cut(string(raw), "Message-ID: <")
	id, _, _ := strings.Cut(rest, ">")
	return id
}
