// Package telemetry is what a process tells of itself: metrics for Prometheus (metrics.go, serve.go), spans for
// OpenTelemetry (trace.go, and for one kind of call each http.go and sql.go), and the trace id in each line of the log
// (log.go). What the database knows is added by package gather. docs/metrics.md lists all of it.
//
// Nothing here may hold what belongs to a person: labels and attributes are names that stand in the program (routes,
// agents, kinds of jobs, names of queries), never an address, a query, an id of mail or an argument.
//
// All methods may be called on nil, and then do nothing.
package telemetry

import (
	"context"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
)

// Metrics are the counters of one process.
type Metrics struct {
	registry *prometheus.Registry

	requests       *prometheus.CounterVec
	requestSeconds *prometheus.HistogramVec
	runs           *prometheus.CounterVec
	runSeconds     *prometheus.HistogramVec
	runDollars     *prometheus.CounterVec
	searches       *prometheus.CounterVec
	searchSeconds  *prometheus.HistogramVec
	jobs           *prometheus.CounterVec
	jobSeconds     *prometheus.HistogramVec
}

// Known are the names whose counters exist from the start: one that is created by its first event hides that event, and
// one that is never created hides that nothing happens.
type Known struct {
	Version  string
	Agents   []string
	Outcomes []string
}

// runEdges are the upper edges of the histogram of runs, in seconds: those of run_edges() in the database. Each limit of
// an objective and 1.5 times it are among them, so that the share under a limit is exact.
var runEdges = []float64{0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 0.8, 1, 1.2, 1.5, 2, 2.25, 3, 4.5, 5, 7.5, 15, 30, 60}

// RunEdges returns the upper edges of the histogram of runs, in seconds.
func RunEdges() []float64 { return append([]float64{}, runEdges...) }

// New makes the counters of this process.
func New(known Known) *Metrics {
	count := func(name, help string, labels ...string) *prometheus.CounterVec {
		return prometheus.NewCounterVec(prometheus.CounterOpts{Name: "applylens_" + name, Help: help}, labels)
	}
	measure := func(name, help string, edges []float64, labels ...string) *prometheus.HistogramVec {
		return prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: "applylens_" + name, Help: help, Buckets: edges}, labels)
	}
	m := &Metrics{
		registry: prometheus.NewRegistry(),
		requests: count("http_requests_total", "Requests that were answered, by route and class of status.", "method", "route", "status"),
		requestSeconds: measure("http_request_duration_seconds", "Time to answer a request; streams are left out.",
			[]float64{0.005, 0.01, 0.025, 0.05, 0.1, 0.15, 0.25, 0.5, 1, 2.5, 5, 10, 30}, "route"),
		runs:       count("agent_runs_total", "Runs of agents that ended in this process, dry runs apart.", "agent", "outcome"),
		runSeconds: measure("agent_run_duration_seconds", "Time of a run that answered or timed out; of an agent that works in bulk, of one item.", runEdges, "agent"),
		runDollars: count("agent_cost_dollars_total", "What runs of agents have cost.", "agent"),
		searches:   count("searches_total", "Searches that were answered, by the engine that ran.", "mode"),
		searchSeconds: measure("search_duration_seconds", "Time of a search, by the engine that ran.",
			[]float64{0.005, 0.01, 0.025, 0.05, 0.1, 0.2, 0.4, 0.8, 1.2, 2.5, 5, 20}, "mode"),
		jobs:       count("jobs_total", "Jobs that this process worked on, by kind and outcome.", "kind", "outcome"),
		jobSeconds: measure("job_duration_seconds", "Time of a job.", []float64{0.01, 0.05, 0.25, 1, 5, 30, 120, 600}, "kind"),
	}
	m.registry.MustRegister(m.requests, m.requestSeconds, m.runs, m.runSeconds, m.runDollars, m.searches, m.searchSeconds, m.jobs, m.jobSeconds,
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}),
		prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: "applylens_build_info", Help: "Always 1; the version is a label.",
			ConstLabels: prometheus.Labels{"version": known.Version}}, func() float64 { return 1 }))
	for _, a := range known.Agents {
		for _, o := range known.Outcomes {
			m.runs.WithLabelValues(a, o)
		}
		m.runSeconds.WithLabelValues(a)
		m.runDollars.WithLabelValues(a)
	}
	return m
}

// Add adds collectors, such as what package gather reads from the database.
func (m *Metrics) Add(all ...prometheus.Collector) {
	if m != nil {
		m.registry.MustRegister(all...)
	}
}

// Request notes an answered request. route is its pattern, never its address.
func (m *Metrics) Request(ctx context.Context, method, route string, status int, took time.Duration) {
	if m == nil {
		return
	}
	count(ctx, m.requests.WithLabelValues(method, route, strconv.Itoa(status/100)+"xx"))
	observe(ctx, m.requestSeconds.WithLabelValues(route), took)
}

// Stream notes a request whose answer goes on for as long as somebody listens.
func (m *Metrics) Stream(ctx context.Context, method, route string, status int) {
	if m != nil {
		count(ctx, m.requests.WithLabelValues(method, route, strconv.Itoa(status/100)+"xx"))
	}
}

// Run notes a run of an agent that has ended. answered tells that its time counts; took is that of one item.
func (m *Metrics) Run(ctx context.Context, agent, outcome string, answered bool, took time.Duration, costMicroUSD int64) {
	if m == nil {
		return
	}
	count(ctx, m.runs.WithLabelValues(agent, outcome))
	if answered {
		observe(ctx, m.runSeconds.WithLabelValues(agent), took)
	}
	if costMicroUSD > 0 {
		m.runDollars.WithLabelValues(agent).Add(float64(costMicroUSD) / 1e6)
	}
}

// Search notes a search that was answered.
func (m *Metrics) Search(ctx context.Context, mode string, took time.Duration) {
	if m == nil {
		return
	}
	count(ctx, m.searches.WithLabelValues(mode))
	observe(ctx, m.searchSeconds.WithLabelValues(mode), took)
}

// Job notes a job that was worked on.
func (m *Metrics) Job(ctx context.Context, kind, outcome string, took time.Duration) {
	if m == nil {
		return
	}
	count(ctx, m.jobs.WithLabelValues(kind, outcome))
	observe(ctx, m.jobSeconds.WithLabelValues(kind), took)
}

// count adds one, with the trace as an exemplar.
func count(ctx context.Context, c prometheus.Counter) {
	if id := TraceID(ctx); id != "" {
		c.(prometheus.ExemplarAdder).AddWithExemplar(1, prometheus.Labels{"trace_id": id})
		return
	}
	c.Inc()
}

// observe notes a time, with the trace as an exemplar.
func observe(ctx context.Context, o prometheus.Observer, took time.Duration) {
	if id := TraceID(ctx); id != "" {
		o.(prometheus.ExemplarObserver).ObserveWithExemplar(took.Seconds(), prometheus.Labels{"trace_id": id})
		return
	}
	o.Observe(took.Seconds())
}
