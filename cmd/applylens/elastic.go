package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"time"

	"applylens/handlers"
	"applylens/internal/config"
	"applylens/internal/search"
	"applylens/internal/search/elastic"
	"applylens/internal/slo"
	"applylens/internal/slo/watch"
)

// elasticOf returns the client of the search cluster, or nil where none is set up.
func elasticOf(settings *config.Settings, around ...func(http.RoundTripper) http.RoundTripper) (*elastic.Client, error) {
	if settings.ElasticsearchURL == "" {
		return nil, nil
	}
	return elastic.Open(settings.ElasticsearchURL, settings.ElasticsearchIndex, around...)
}

// filler keeps the indices of a cluster equal to Postgres.
func (a *app) filler(client *elastic.Client) *elastic.Filler {
	return &elastic.Filler{DB: a.db, Client: client, Log: a.log, Now: time.Now, Words: a.ingest.Lexemes}
}

// searchElastic makes the site search in Elasticsearch, where it is set up.
func (a *app) searchElastic(s *handlers.Server) error {
	client, err := elasticOf(a.settings, a.traceElastic)
	if client != nil {
		s.Elastic = elastic.NewFailover(client, &s.Search, a.db, a.log)
	}
	return err
}

// indexLimit is within what time changed mail is promised to be found.
func indexLimit() (time.Duration, error) {
	all, err := slo.Objectives()
	if err != nil {
		return 0, err
	}
	i := slices.IndexFunc(all, func(o slo.Objective) bool { return o.Name == slo.IndexLag })
	if i < 0 {
		return 0, fmt.Errorf("objectives.json: there is no %s", slo.IndexLag)
	}
	return time.Duration(all[i].Limit) * time.Second, nil
}

func (a *app) traceElastic(base http.RoundTripper) http.RoundTripper {
	return a.tracer.Transport(base, "elasticsearch")
}

// workElastic keeps the indices filled until the context ends.
func (a *app) workElastic(ctx context.Context) error {
	client, err := elasticOf(a.settings, a.traceElastic)
	if err != nil {
		return err
	}
	if client != nil {
		limit, err := indexLimit()
		if err != nil {
			return err
		}
		filler, lag := a.filler(client), &watch.Meter{Objective: slo.IndexLag}
		filler.Found = func(after time.Duration) { lag.Count(time.Now(), after < limit) }
		go lag.Run(ctx, a.db, a.log, time.Now)
		go filler.Run(ctx)
		return nil
	}
	all, err := a.db.SearchGenerations(ctx)
	if err == nil && len(all) > 0 {
		a.log.Warn("changes of mail are still noted for Elasticsearch, but ELASTICSEARCH_URL is not set: set it, or end that with “applylens index off”")
	}
	return err
}

// engine returns the engine of a name; any is what the site would use.
func (a *app) engine(name string) (search.Engine, error) {
	postgres := &search.Postgres{Sense: a.sense}
	client, err := elasticOf(a.settings)
	switch {
	case err != nil:
		return nil, err
	case name == "postgres" || name == "any" && client == nil:
		return postgres, nil
	case client == nil:
		return nil, errors.New("set ELASTICSEARCH_URL to the cluster")
	case name == "elasticsearch":
		return &elastic.Engine{Client: client, Rows: postgres}, nil
	}
	return elastic.NewFailover(client, postgres, a.db, a.log), nil
}
