package search

import (
	"context"
	"crypto/sha256"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"applylens/internal/db"
	"applylens/internal/db/embedded"
)

// benchSize is the number of mails in the mailbox of the benchmark.
const benchSize = 100_000

// benchBatches is how many segments 5,000 of its mails come in.
const benchBatches = 12

// benchOpen starts the Postgres in the folder SEARCH_BENCH and fills it on first use.
func benchOpen(tb testing.TB) (*db.DB, int64) {
	tb.Helper()
	dir := os.Getenv("SEARCH_BENCH")
	if dir == "" {
		tb.Skip("SEARCH_BENCH does not name a folder for a Postgres with 100,000 mails")
	}
	ctx := context.Background()
	s, err := embedded.Start(ctx, dir, slog.Default())
	if err != nil {
		tb.Fatal(err)
	}
	m, err := db.NewMigrator(s.OwnerURL)
	if err != nil {
		tb.Fatal(err)
	}
	if _, err := m.Up(ctx); err != nil {
		tb.Fatal(err)
	}
	_ = m.Close()
	d, err := db.Open(ctx, s.AppURL)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(d.Close)
	id, err := d.UserEnsure(ctx, db.UserEnsureParams{Address: "bench@example.com", Role: "user"})
	if err != nil {
		tb.Fatal(err)
	}
	pool, err := pgxpool.New(ctx, s.OwnerURL)
	if err != nil {
		tb.Fatal(err)
	}
	defer pool.Close()
	var have int
	if err := pool.QueryRow(ctx, "select count(*) from emails where user_id = $1", id).Scan(&have); err != nil {
		tb.Fatal(err)
	}
	if have < benchSize {
		benchFill(tb, pool, id)
	}
	return d, id
}

// benchFill copies mails made of slices of real ones with rare words of their own.
func benchFill(tb testing.TB, pool *pgxpool.Pool, id int64) {
	tb.Helper()
	ctx, texts, r := context.Background(), mails(tb), rand.New(rand.NewPCG(1, 2))
	words := strings.Fields("offer interview application position engineer invoice meeting project report update team thanks schedule")
	var a Analyzer
	begin := time.Now()
	end := time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)
	for from := 0; from < benchSize; from += 5000 {
		var mailRows, textRows [][]any
		var batches [benchBatches]Batch
		var ids [benchBatches][]int64
		for i := from; i < from+5000; i++ {
			t := texts[r.IntN(len(texts))]
			cut := r.IntN(len(t)/2 + 1)
			body := strings.ToValidUTF8(cutAt(t[cut:], 500+r.IntN(4000)), "") + fmt.Sprintf(" case%d ref%d", i, r.IntN(benchSize))
			subject := fmt.Sprintf("%s %s for case%d", words[r.IntN(len(words))], words[r.IntN(len(words))], i)
			address := fmt.Sprintf("anna%d@mail%d.example.com", r.IntN(3000), r.IntN(200))
			at := end.Add(-time.Duration(r.Int64N(int64(3 * 365 * 24 * time.Hour))))
			l := a.Lexemes(Document{Subject: subject, From: "Anna Smith <" + address + ">", To: "Me <bench@example.com>", Body: body})
			n := i * benchBatches / 5000 % benchBatches
			batches[n].Add(at, l)
			ids[n] = append(ids[n], int64(i+1))
			sum := sha256.Sum256([]byte(subject))
			place := "archive"
			if r.IntN(10) == 0 {
				place = "inbox"
			} else if r.IntN(20) == 0 {
				place = "spam"
			}
			mailRows = append(mailRows, []any{id, int64(i + 1), int64(i + 1), sum[:], fmt.Sprintf("%d@bench", i), at, "Anna Smith", address,
				"Me <bench@example.com>", subject, cutAt(body, 100), int64(len(body)), sum[:], false, place, r.IntN(10) == 0, r.IntN(50) == 0, false,
				false, r.IntN(8) == 0, categories[r.IntN(len(categories))], r.Float32(), r.IntN(20) == 0, "normal", false, float32(0), int16(r.IntN(100))})
			textRows = append(textRows, []any{id, int64(i + 1), body, body, "{}"})
		}
		for _, c := range []struct {
			table, columns string
			rows           [][]any
		}{{"emails", "user_id id thread_id identity message_id received_at from_name from_address recipients subject snippet size raw_sha256 sample place unread starred sent draft has_attachment category confidence needs_review priority needs_reply unwanted risk", mailRows},
			{"email_texts", "user_id email_id body visible verdict", textRows}} {
			if _, err := pool.CopyFrom(ctx, pgx.Identifier{c.table}, strings.Fields(c.columns), pgx.CopyFromRows(c.rows)); err != nil {
				tb.Fatal(err)
			}
		}
		for n := range batches {
			if err := batches[n].Segment().Store(ctx, db.New(pool), id, ids[n]); err != nil {
				tb.Fatal(err)
			}
		}
	}
	tb.Logf("filled in %v", time.Since(begin))
	for _, s := range []string{"vacuum analyze emails", "vacuum analyze email_texts", "vacuum analyze search_blocks", "vacuum analyze search_segments"} {
		if _, err := pool.Exec(ctx, s); err != nil {
			tb.Fatal(err)
		}
	}
	tb.Logf("ready in %v", time.Since(begin))
}

// BenchmarkSearch prints the 95th percentile of each kind of query on 100,000 mails.
func BenchmarkSearch(b *testing.B) {
	d, id := benchOpen(b)
	var p Postgres
	o, now := d.Owner(id), time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC)
	common := strings.Fields("list linux user mail offer interview report team money time free server message problem file")
	for _, k := range []struct {
		name string
		make func(r *rand.Rand) string
	}{
		{"two words", func(r *rand.Rand) string { return common[r.IntN(len(common))] + " " + common[r.IntN(len(common))] }},
		{"rare word", func(r *rand.Rand) string { return fmt.Sprintf("case%d", r.IntN(benchSize)) }},
		{"common word", func(r *rand.Rand) string { return "the" }},
		{"phrase", func(r *rand.Rand) string { return `"mailing list"` }},
		{"as you type", func(r *rand.Rand) string {
			w := common[r.IntN(len(common))]
			return common[r.IntN(len(common))] + " " + w[:2+r.IntN(len(w)-2)] + "*"
		}},
		{"word and filter", func(r *rand.Rand) string { return common[r.IntN(len(common))] + " is:unread category:offer" }},
		{"sender", func(r *rand.Rand) string { return fmt.Sprintf("from:anna%d", r.IntN(3000)) }},
		{"all", func(r *rand.Rand) string { return "" }},
		{"unread", func(r *rand.Rand) string { return "is:unread" }},
		{"category", func(r *rand.Rand) string { return "category:" + categories[r.IntN(len(categories))] }},
		{"rare filter", func(r *rand.Rand) string { return "risk:>98 is:starred" }},
		{"dates", func(r *rand.Rand) string { return fmt.Sprintf("after:%dd before:%dd", 100+r.IntN(900), r.IntN(100)) }},
	} {
		b.Run(k.name, func(b *testing.B) {
			r := rand.New(rand.NewPCG(3, 4))
			var took []time.Duration
			hits := 0
			for b.Loop() {
				begin := time.Now()
				result, err := p.Search(context.Background(), o, Parse(k.make(r), now), Request{UserID: id, Limit: 50})
				if err != nil {
					b.Fatal(err)
				}
				took = append(took, time.Since(begin))
				hits += result.Total
			}
			slices.Sort(took)
			b.ReportMetric(float64(took[len(took)*95/100].Microseconds())/1000, "p95-ms")
			b.ReportMetric(float64(took[len(took)/2].Microseconds())/1000, "p50-ms")
			b.ReportMetric(float64(took[len(took)/10].Microseconds())/1000, "p10-ms")
			b.ReportMetric(float64(hits)/float64(len(took)), "total")
		})
	}
}
