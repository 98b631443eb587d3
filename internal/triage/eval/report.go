package eval

import (
	"fmt"
	"runtime"
	"slices"
	"sync"
	"time"

	"applylens/internal/triage"
)

// A Judged is a sample with its verdict and how long the judgement took.
type Judged struct {
	Sample
	Verdict triage.Verdict
	Took    time.Duration
}

// Run judges all samples with the given judge, on all processors.
func Run(samples []Sample, judge func(triage.Input) triage.Verdict) []Judged {
	out := make([]Judged, len(samples))
	var wg sync.WaitGroup
	next := make(chan int, len(samples))
	for i := range samples {
		next <- i
	}
	close(next)
	for range runtime.GOMAXPROCS(0) {
		wg.Go(func() {
			for i := range next {
				start := time.Now()
				v := judge(triage.Input{Mail: samples[i].Mail})
				out[i] = Judged{samples[i], v, time.Since(start)}
			}
		})
	}
	wg.Wait()
	return out
}

// Share returns the share of the judged mails for which fn holds, and how many mails there are.
func Share(js []Judged, fn func(*Judged) bool) (float64, int) {
	n := 0
	for i := range js {
		if fn(&js[i]) {
			n++
		}
	}
	if len(js) == 0 {
		return 0, 0
	}
	return float64(n) / float64(len(js)), len(js)
}

// Select returns the judged mails for which fn holds.
func Select(js []Judged, fn func(*Judged) bool) []Judged {
	var out []Judged
	for i := range js {
		if fn(&js[i]) {
			out = append(out, js[i])
		}
	}
	return out
}

// Times returns the mean and the 99th percentile of the judgement.
func Times(js []Judged) (mean, p99 time.Duration) {
	if len(js) == 0 {
		return 0, 0
	}
	ds := make([]time.Duration, len(js))
	for i := range js {
		ds[i] = js[i].Took
		mean += js[i].Took
	}
	slices.Sort(ds)
	return mean / time.Duration(len(js)), ds[len(ds)*99/100]
}

// Percent formats a share.
func Percent(x float64) string { return fmt.Sprintf("%.2f %%", 100*x) }
