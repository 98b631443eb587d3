package main

import (
	"context"
	"fmt"
	"time"

	"applylens/internal/agent"
	"applylens/internal/slo/watch"
	"applylens/internal/telemetry"
	"applylens/internal/telemetry/gather"
)

// openTelemetry makes the counters and the tracer of this process.
func (a *app) openTelemetry(ctx context.Context) (err error) {
	known := telemetry.Known{Version: version(), Agents: agentNames()}
	for _, o := range agent.Outcomes() {
		known.Outcomes = append(known.Outcomes, string(o))
	}
	a.metrics = telemetry.New(known)
	a.tracer = telemetry.NoExport()
	if endpoint := a.settings.Metrics.OTLP; endpoint != "" {
		a.tracer, err = telemetry.Export(ctx, endpoint, version())
	}
	return err
}

// serveMetrics adds what the database knows to the metrics, and serves them on an address of their own where one is set.
func (a *app) serveMetrics(ctx context.Context) error {
	a.metrics.Add(&gather.Collector{DB: a.db, Log: a.log, Now: time.Now, Agents: agentNames()})
	m := a.settings.Metrics
	if m.Listen == "" {
		return nil
	}
	if _, err := a.metrics.Listen(ctx, m.Listen, m.Token, a.log); err != nil {
		return fmt.Errorf("%s cannot be listened on (%w): choose another address with --metrics-listen", m.Listen, err)
	}
	return nil
}

// count stores what a meter counts, once a minute, until the function it returns is called; that stores the rest.
func (a *app) count(m *watch.Meter) (end func()) {
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		m.Run(ctx, a.db, a.log, time.Now)
	}()
	return func() { cancel(); <-done }
}

func agentNames() []string {
	var names []string
	for _, a := range agent.All() {
		names = append(names, a.Name)
	}
	return names
}
