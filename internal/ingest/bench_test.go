package ingest

import (
	"fmt"
	"os"
	"testing"
	"time"

	"applylens/internal/db/dbtest"
)

// BenchmarkImport imports real mail: parsed, threaded, judged, stored, indexed and committed.
func BenchmarkImport(b *testing.B) {
	const source = "../../../shared/data/spamassassin.tar.gz"
	if _, err := os.Stat(source); err != nil {
		b.Skip("no ../shared/data here")
	}
	d := dbtest.Pool(b)
	in := newIngest(b, d)
	for b.Loop() {
		user := dbtest.User(b, d, fmt.Sprintf("bench-%d@example.com", time.Now().UnixNano()))
		counts, err := in.Run(b.Context(), Mailbox{UserID: user}, Walk(b.Context(), []string{source}, nil), func(Counts, error) {})
		if err != nil {
			b.Fatal(err)
		}
		b.ReportMetric(float64(counts.New)/counts.Seconds, "mails/s")
	}
}
