package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"applylens/internal/config"
	"applylens/internal/jobs"
)

type workerCmd struct {
	URL string `name:"url" env:"APPLYLENS_URL" help:"Address under which people reach the site, for links in alerts. Default: that of the last “serve” on the data folder." placeholder:"URL"`
}

// Run carries out jobs until the context ends, then lets those that run finish.
func (cmd workerCmd) Run(ctx context.Context, settings *config.Settings) (err error) {
	a, err := open(ctx, settings)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, a.close()) }()
	if err := a.owner.Drop(); err != nil {
		return err
	}
	engine, err := a.gmail("")
	if err != nil {
		return err
	}
	site := a.siteAddress(cmd.URL)
	outbox, err := a.outbox(site)
	if err != nil {
		return err
	}
	cluster, err := elasticOf(a.settings)
	if err != nil {
		return err
	}
	post, err := a.post(site)
	if err != nil {
		return err
	}
	client, err := jobs.NewClient(jobs.Deps{DB: a.db, Ingest: a.ingest, Gmail: engine, Sense: a.sense, Alerts: outbox, Post: post, Agents: a.agents, Model: a.model, Index: a.filler(cluster), Log: a.log, Now: time.Now,
		Metrics: a.metrics, Tracer: a.tracer}, true)
	if err != nil {
		return err
	}
	if err := a.serveMetrics(ctx); err != nil {
		return err
	}
	if err := client.Start(context.WithoutCancel(ctx)); err != nil {
		return fmt.Errorf("start the worker: %w", err)
	}
	if err := a.workElastic(ctx); err != nil {
		return err
	}
	if err := a.workGmail(ctx, engine, client); err != nil {
		return err
	}
	a.log.Info("worker started")
	<-ctx.Done()
	a.log.Info("stopping")
	grace, done := context.WithTimeout(context.Background(), 30*time.Second)
	defer done()
	return client.Stop(grace)
}
