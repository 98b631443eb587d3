package eval

import (
	"errors"
	"testing"

	"applylens/internal/triage"
)

// BenchmarkJudge judges the public spam set on one goroutine; an operation is one mail.
func BenchmarkJudge(b *testing.B) {
	samples, err := SpamAssassin(dataDir)
	if errors.Is(err, ErrNoData) {
		b.Skip("SKIP: ", err)
	}
	if err != nil {
		b.Fatal(err)
	}
	triage.Judge(triage.Input{Mail: samples[0].Mail})
	b.ReportAllocs()
	b.ResetTimer()
	for i := range b.N {
		triage.Judge(triage.Input{Mail: samples[i%len(samples)].Mail})
	}
}
