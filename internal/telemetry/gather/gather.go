// Package gather reads for Prometheus what the database knows: objectives and budgets, how agents fare, job queues, Gmail
// accounts, the text index, alerts that wait, and the pool of connections. See Collector.
package gather

import (
	"context"
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"applylens/internal/db"
	"applylens/internal/slo"
)

const (
	readTime = 2 * time.Second  // for all of a scrape's statements together
	fresh    = 15 * time.Second // what was read is given again for so long, however often it is asked for
)

// A Collector gives Prometheus what the database knows. It reads at most once in 15 seconds and for at most two. What
// cannot be read is left out, as is what is not known: no value is better than a wrong one. The counters of objectives
// begin at 0 with the process.
type Collector struct {
	DB     *db.DB
	Log    *slog.Logger
	Now    func() time.Time
	Agents []string
	Fresh  time.Duration // 0: 15 seconds

	mu     sync.Mutex
	at     time.Time
	found  []prometheus.Metric
	counts counts
	failed map[string]float64 // by part
}

// Describe tells nothing: which objectives and queues there are is found out by looking.
func (c *Collector) Describe(chan<- *prometheus.Desc) {}

// Collect gives what was read last, after reading it again when that is too old.
func (c *Collector) Collect(out chan<- prometheus.Metric) {
	c.mu.Lock()
	defer c.mu.Unlock()
	keep := c.Fresh
	if keep == 0 {
		keep = fresh
	}
	if now := c.Now(); c.at.IsZero() || now.Sub(c.at) >= keep {
		c.found, c.at = c.read(now), now
	}
	for _, m := range c.found {
		out <- m
	}
	c.pool(out)
}

// A part is one thing that is read.
type part struct {
	name string
	read func(context.Context, *reading) error
}

// A reading collects the values of one scrape.
type reading struct {
	*Collector
	now time.Time
	out []prometheus.Metric
}

func (c *Collector) read(now time.Time) []prometheus.Metric {
	ctx, cancel := context.WithTimeout(context.Background(), readTime)
	defer cancel()
	began := time.Now()
	if c.failed == nil {
		c.failed = map[string]float64{}
	}
	r := &reading{Collector: c, now: now}
	for _, p := range []part{{"objectives", objectives}, {"agents", agents}, {"jobs", jobs}, {"accounts", accounts}, {"index", index}, {"alerts", alerts}} {
		before := len(r.out)
		err := p.read(ctx, r)
		if err != nil {
			r.out = r.out[:before] // half a part would mislead
			c.failed[p.name]++
			c.Log.Warn("a part of the metrics cannot be read", "part", p.name, "error", err)
		}
		r.value("scrape_failures_total", "How often a part of the metrics could not be read.", prometheus.CounterValue, c.failed[p.name], "part", p.name)
	}
	r.gauge("scrape_duration_seconds", "What reading the database for the metrics took last.", time.Since(began).Seconds())
	return r.out
}

// gauge adds a value; labels are names and values in turn.
func (r *reading) gauge(name, help string, value float64, labels ...string) {
	r.value(name, help, prometheus.GaugeValue, value, labels...)
}

func (r *reading) value(name, help string, kind prometheus.ValueType, value float64, labels ...string) {
	r.out = append(r.out, metric(name, help, kind, value, labels...))
}

func metric(name, help string, kind prometheus.ValueType, value float64, labels ...string) prometheus.Metric {
	var names, values []string
	for pair := range slices.Chunk(labels, 2) {
		names, values = append(names, pair[0]), append(values, pair[1])
	}
	return prometheus.MustNewConstMetric(prometheus.NewDesc("applylens_"+name, help, names, nil), kind, value, values...)
}

func oneIf(is bool) float64 {
	if is {
		return 1
	}
	return 0
}

// names are those of the objectives.
func names(objectives []slo.Objective) []string {
	all := make([]string, len(objectives))
	for i, o := range objectives {
		all[i] = o.Name
	}
	return all
}
