package search

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"applylens/internal/db"
	"applylens/internal/embed"
	"applylens/internal/embed/onnx"
)

// benchEncoder opens the default model.
func benchEncoder(tb testing.TB) Encoder {
	tb.Helper()
	cache, err := os.UserCacheDir()
	if err != nil {
		tb.Fatal(err)
	}
	dir := filepath.Join(cache, "applylens")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		tb.Fatal(err)
	}
	local := &onnx.Local{Files: onnx.Files{Dir: dir}, Threads: 2}
	e, err := local.Open(tb.Context(), embed.Models()[0], true)
	if err != nil {
		tb.Skipf("the model cannot be fetched: %v", err)
	}
	tb.Cleanup(e.Close)
	return e
}

// benchVectors gives all mail of the benchmark random vectors: their cost is that of real ones, their meaning none.
func benchVectors(tb testing.TB, d *db.DB, id int64, model string) {
	tb.Helper()
	ctx, r := context.Background(), rand.New(rand.NewPCG(7, 8))
	for {
		ids, err := d.As(id).VectorMissing(ctx, db.VectorMissingParams{UserID: id, Model: model, MaxRows: 5000})
		if err != nil {
			tb.Fatal(err)
		}
		if len(ids) == 0 {
			return
		}
		p := db.VectorInsertParams{UserID: id, Model: model, EmailIds: ids}
		for range ids {
			v := make([]byte, 384)
			for i := range v {
				v[i] = byte(r.UintN(256))
			}
			p.Vectors = append(p.Vectors, v)
		}
		err = d.Tx(ctx, id, func(q *db.Queries, _ pgx.Tx) (err error) {
			if p.Version, err = q.VectorBump(ctx, db.VectorBumpParams{UserID: id, Model: model}); err != nil {
				return err
			}
			_, err = q.VectorInsert(ctx, p)
			return err
		})
		if err != nil {
			tb.Fatal(err)
		}
	}
}

// BenchmarkHybrid prints the percentiles of searches by words and meaning on 100,000 mails with random vectors, each
// query another one, so that each is embedded, and what the vectors take in memory.
func BenchmarkHybrid(b *testing.B) {
	d, id := benchOpen(b)
	e := benchEncoder(b)
	benchVectors(b, d, id, e.ID())
	p := &Postgres{Sense: &Sense{Model: e.ID(), Now: time.Now, Open: func(context.Context, string) (Encoder, error) { return e, nil }}}
	o, now := d.Owner(id), time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC)
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	cold := time.Now()
	first, err := p.Search(b.Context(), o, Parse(`~"the first"`, now), Request{UserID: id})
	if err != nil || first.Meaning != 1 {
		b.Fatalf("%+v: %v", first, err)
	}
	took := time.Since(cold)
	runtime.GC()
	runtime.ReadMemStats(&after)
	b.Logf("the first search, which reads the vectors: %s; %d bytes a mail, the index of words included", took.Round(time.Millisecond), (after.HeapAlloc-before.HeapAlloc)/benchSize)
	b.Logf("vectors alone: %d bytes a mail", p.Sense.vectors.sets[id].set.bytes()/benchSize)
	common := strings.Fields("list linux user mail offer interview report team money time free server message problem file")
	for _, k := range []struct {
		name string
		make func(r *rand.Rand) string
	}{
		{"two words", func(r *rand.Rand) string {
			return fmt.Sprintf("%s %s %d", common[r.IntN(len(common))], common[r.IntN(len(common))], r.IntN(1e6))
		}},
		{"common word", func(r *rand.Rand) string { return common[r.IntN(len(common))] }},
		{"word and filter", func(r *rand.Rand) string {
			return fmt.Sprintf("%s case%d is:unread", common[r.IntN(len(common))], r.IntN(benchSize))
		}},
		{"meaning only", func(r *rand.Rand) string { return fmt.Sprintf(`~"when do we meet %d"`, r.IntN(1e6)) }},
	} {
		b.Run(k.name, func(b *testing.B) {
			r := rand.New(rand.NewPCG(9, 10))
			var took []time.Duration
			for b.Loop() {
				begin := time.Now()
				result, err := p.Search(b.Context(), o, Parse(k.make(r), now), Request{UserID: id, Limit: 50})
				if err != nil || result.Meaning != 1 {
					b.Fatalf("%s: %v", result.Mode, err)
				}
				took = append(took, time.Since(begin))
			}
			slices.Sort(took)
			b.ReportMetric(float64(took[len(took)*95/100].Microseconds())/1000, "p95-ms")
			b.ReportMetric(float64(took[len(took)/2].Microseconds())/1000, "p50-ms")
		})
	}
}

// BenchmarkEmbed measures how many real mails a second get a vector, on two processors.
func BenchmarkEmbed(b *testing.B) {
	texts := mails(b)
	e := benchEncoder(b)
	n := 0
	for b.Loop() {
		at := n % max(len(texts)-fillBatch, 1)
		batch := make([]string, 0, fillBatch)
		for _, t := range texts[at:min(at+fillBatch, len(texts))] {
			batch = append(batch, embed.Cut(t, fillText))
		}
		if _, err := e.Passages(b.Context(), batch); err != nil {
			b.Fatal(err)
		}
		n += len(batch)
	}
	b.ReportMetric(float64(n)/b.Elapsed().Seconds(), "mails/s")
}
