package slo

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math/big"
	"math/rand/v2"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
)

// base is the first minute of the random series: the blocks of Prometheus need real times.
const base = Minute(29_453_760) // 2026-01-01

// A randomSeries is minutes of traffic with bursts of errors, gaps, spells without traffic, and counters that restart.
type randomSeries struct {
	name            string
	target, minutes int
	counts          []Count
	reset           map[Minute]bool
}

// makeRandom returns the n-th series of so many minutes; the same each time.
func makeRandom(n, minutes int) randomSeries {
	rng := rand.New(rand.NewPCG(8, uint64(n)))
	r := randomSeries{name: strconv.Itoa(n), minutes: minutes, target: []int{9990, 9900, 9500}[n%3], reset: map[Minute]bool{}}
	traffic := []int64{1, 3, 40, 700, 20_000}[rng.IntN(5)]
	background := []float64{0, 0.0005, 0.004, 0.03}[rng.IntN(4)]
	rate, until := 0.0, 0
	var bad, total int64
	for i := 0; i < minutes; i++ {
		switch p := rng.Float64(); {
		case i >= until && p < 0.01: // a burst
			rate, until = []float64{1, 0.5, 0.1, 0.02, 0.3}[rng.IntN(5)], i+1+rng.IntN(90)
		case p > 0.998: // a gap, short or longer than the short windows
			i += 1 + rng.IntN([]int{4, 40, 400}[rng.IntN(3)])
			continue
		case p > 0.996 && p < 0.997: // no traffic
			for range 1 + rng.IntN(200) {
				r.counts = append(r.counts, Count{Minute: base + Minute(i)})
				i++
			}
		}
		if i >= until {
			rate = background
		}
		c := Count{Minute: base + Minute(i), Total: rng.Int64N(2*traffic + 1)}
		c.Good = c.Total
		for range min(c.Total, 200) { // at most 200 draws stand for all
			if rng.Float64() < rate {
				c.Good -= max(c.Total/200, 1)
			}
		}
		c.Good = max(c.Good, 0)
		if b := c.Total - c.Good; rng.IntN(300) == 0 && (bad == 0 || b < bad) && (total == 0 || c.Total < total) { // else nobody could see it
			r.reset[c.Minute] = true
			bad, total = 0, 0
		}
		bad, total = bad+c.Total-c.Good, total+c.Total
		r.counts = append(r.counts, c)
	}
	return r
}

// writeOpenMetrics writes gauges of each minute's events, and counters as a program would show them.
func writeOpenMetrics(w io.Writer, all []randomSeries) error {
	out := bufio.NewWriterSize(w, 1<<20)
	for _, metric := range []string{"bad", "events", "bad_count_total", "events_count_total"} {
		kind := "gauge"
		if strings.HasSuffix(metric, "_total") {
			kind = "counter"
		}
		_, _ = fmt.Fprintf(out, "# TYPE %s %s\n", strings.TrimSuffix(metric, "_total"), kind)
		for _, r := range all {
			var sum int64
			last := Minute(0)
			labels := fmt.Sprintf(`{series="%s",target="%d",length="%d"} `, r.name, r.target, r.minutes)
			for _, c := range r.counts {
				n := c.Total
				if strings.HasPrefix(metric, "bad") {
					n -= c.Good
				}
				if kind == "counter" {
					if c.Minute != last+1 { // the counter is seen before the first event after a gap; else Prometheus could not know that it is one
						_, _ = fmt.Fprintf(out, "%s%s%d %d\n", metric, labels, sum, int64(c.Minute-1)*60)
					}
					last = c.Minute
					if r.reset[c.Minute] {
						sum = 0
					}
					sum += n
					n = sum
				}
				_, _ = fmt.Fprintf(out, "%s%s%d %d\n", metric, labels, n, int64(c.Minute)*60)
			}
		}
	}
	_, _ = fmt.Fprintln(out, "# EOF")
	return out.Flush()
}

// startPrometheus loads the series into a Prometheus of its own and returns its address.
func startPrometheus(t *testing.T, all []randomSeries) string {
	t.Helper()
	for _, tool := range []string{"prometheus", "promtool"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skipf("%s is not installed (apt-get install prometheus): the engine is not compared with it", tool)
		}
	}
	dir := t.TempDir()
	file, err := os.Create(filepath.Join(dir, "rows.txt"))
	if err != nil {
		t.Fatal(err)
	}
	if err := writeOpenMetrics(file, all); err != nil {
		t.Fatal(err)
	}
	if err := file.Close(); err != nil {
		t.Fatal(err)
	}
	data := filepath.Join(dir, "data")
	if out, err := exec.Command("promtool", "tsdb", "create-blocks-from", "--max-block-duration=720h", "openmetrics", file.Name(), data).CombinedOutput(); err != nil { //nolint:gosec // our own file
		t.Fatalf("promtool: %v\n%s", err, out)
	}
	config := filepath.Join(dir, "prometheus.yml")
	if err := os.WriteFile(config, []byte("global: {}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0") // a port that is free
	if err != nil {
		t.Fatal(err)
	}
	address := l.Addr().String()
	_ = l.Close()
	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
	cmd := exec.CommandContext(ctx, "prometheus", "--config.file="+config, "--storage.tsdb.path="+data, "--web.listen-address="+address, //nolint:gosec // our own
		"--storage.tsdb.retention.time=100y", "--query.max-samples=1000000000", "--query.timeout=10m", "--log.level=error")
	cmd.Stderr = os.Stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { cancel(); _ = cmd.Wait() })
	for range 200 {
		if resp, err := http.Get("http://" + address + "/-/ready"); err == nil { //nolint:noctx // a test on this machine
			_ = resp.Body.Close()
			if resp.StatusCode == http.StatusOK {
				return "http://" + address
			}
		}
		time.Sleep(100 * time.Millisecond)
	}
	t.Fatal("Prometheus does not get ready")
	return ""
}

// expression is the alert as the workbook writes it; over is what a window's sum is in PromQL.
func expression(class Class, target int, over func(metric string, minutes int64) string) string {
	text := ""
	for _, p := range pairs {
		if p.Class != class {
			continue
		}
		threshold := big.NewRat(p.SharePct*30*day*int64(whole-target), 100*p.Long*whole).FloatString(12)
		if text != "" {
			text += " or "
		}
		side := func(minutes int64) string {
			return fmt.Sprintf("(%s / %s > %s)", over("bad", minutes), over("events", minutes), threshold)
		}
		text += "(" + side(p.Long) + " and " + side(p.Short) + ")"
	}
	return text
}

// firing asks Prometheus, every minute, for which series an expression holds; shift moves the times of evaluation.
func firing(t *testing.T, address, query string, minutes int, shift time.Duration) map[string]map[Minute]bool {
	t.Helper()
	at := base.Time().Add(shift)
	form := url.Values{"query": {query}, "step": {"60"}, "timeout": {"9m"}, "start": {strconv.FormatInt(at.Unix(), 10)},
		"end": {strconv.FormatInt(at.Add(time.Duration(minutes-1)*time.Minute).Unix(), 10)}}
	resp, err := http.PostForm(address+"/api/v1/query_range", form) //nolint:noctx,gosec // a test on this machine
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	var answer struct {
		Status, Error string
		Data          struct {
			Result []struct {
				Metric map[string]string
				Values [][2]any
			}
		}
	}
	if err := json.NewDecoder(resp.Body).Decode(&answer); err != nil || answer.Status != "success" {
		t.Fatalf("Prometheus: %v %s", err, answer.Error)
	}
	found := map[string]map[Minute]bool{}
	for _, r := range answer.Data.Result {
		set := make(map[Minute]bool, len(r.Values))
		for _, v := range r.Values {
			set[Minute(v[0].(float64)/60)] = true
		}
		found[r.Metric["series"]] = set
	}
	return found
}

// apart counts the minutes at which one fires and the other does not fire within so many minutes of it.
func apart(a, b map[Minute]bool, within Minute) (n int) {
	for _, pair := range [][2]map[Minute]bool{{a, b}, {b, a}} {
		for m := range pair[0] {
			near := false
			for d := -within; d <= within && !near; d++ {
				near = pair[1][m+d]
			}
			if !near {
				n++
			}
		}
	}
	return n
}

// TestPrometheusAgrees feeds 200 random series to the engine and to Prometheus. From the minutes' own counts, both must
// fire at the same minutes; from counters, of which Prometheus extrapolates the increase, within one minute.
func TestPrometheusAgrees(t *testing.T) {
	const few, minutes, long = 190, 26 * hour, 4 * day
	var all []randomSeries
	for n := range 200 {
		length := minutes
		if n >= few {
			length = long
		}
		all = append(all, makeRandom(n, length))
	}
	address := startPrometheus(t, all)
	alerts, compared := 0, 0
	for _, length := range []int{minutes, long} {
		for _, class := range []Class{Page, Ticket} {
			for _, target := range []int{9990, 9900, 9500} {
				selector := fmt.Sprintf(`{target="%d",length="%d"}`, target, length)
				exact := firing(t, address, expression(class, target, func(metric string, w int64) string {
					return fmt.Sprintf("sum_over_time(%s%s[%dm])", metric, selector, w)
				}), length, 30*time.Second) // half a minute later, so that a window holds as many samples as minutes in every version
				counters := firing(t, address, expression(class, target, func(metric string, w int64) string {
					return fmt.Sprintf("increase(%s_count_total%s[%dm])", metric, selector, w)
				}), length, 0)
				for _, r := range all {
					if r.target != target || r.minutes != length {
						continue
					}
					ours := replayed(t, r, class, length)
					compared++
					alerts += len(ours)
					if n := apart(ours, exact[r.name], 0); n > 0 {
						t.Errorf("series %s, %s: %d minutes differ from Prometheus (%d fire here, %d there)", r.name, class, n, len(ours), len(exact[r.name]))
					}
					if n := apart(ours, counters[r.name], 1); n > 0 {
						t.Errorf("series %s, %s: %d minutes differ by more than a minute from Prometheus' counters (%d fire here, %d there)",
							r.name, class, n, len(ours), len(counters[r.name]))
					}
				}
			}
		}
	}
	if compared != 400 || alerts < 10_000 {
		t.Errorf("%d comparisons with %d firing minutes: too little to prove anything", compared, alerts)
	}
	t.Logf("%d comparisons, %d firing minutes", compared, alerts)
}

// replayed returns the minutes at which a class fires by the engine's changes.
func replayed(t *testing.T, r randomSeries, class Class, minutes int) map[Minute]bool {
	t.Helper()
	s, err := Build(r.counts, Versions{{TargetBP: r.target}}, nil, base+Minute(minutes)-1)
	if err != nil {
		t.Fatal(err)
	}
	on := map[Minute]bool{}
	var since Minute
	for _, c := range append((Rules{Period: Days(30)}).Replay(s), Change{Minute: base + Minute(minutes), Class: class}) {
		switch {
		case c.Class != class:
		case c.Firing:
			since = c.Minute
		case since != 0:
			for m := since; m < c.Minute; m++ {
				on[m] = true
			}
			since = 0
		}
	}
	return on
}
