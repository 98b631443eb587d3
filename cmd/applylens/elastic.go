package main

import (
	"context"
	"errors"
	"time"

	"applylens/handlers"
	"applylens/internal/config"
	"applylens/internal/search"
	"applylens/internal/search/elastic"
)

// elasticOf returns the client of the search cluster, or nil where none is set up.
func elasticOf(settings *config.Settings) (*elastic.Client, error) {
	if settings.ElasticsearchURL == "" {
		return nil, nil
	}
	return elastic.Open(settings.ElasticsearchURL, settings.ElasticsearchIndex)
}

// filler keeps the indices of a cluster equal to Postgres.
func (a *app) filler(client *elastic.Client) *elastic.Filler {
	return &elastic.Filler{DB: a.db, Client: client, Log: a.log, Now: time.Now, Words: a.ingest.Lexemes}
}

// searchElastic makes the site search in Elasticsearch, where it is set up.
func (a *app) searchElastic(s *handlers.Server) error {
	client, err := elasticOf(a.settings)
	if client != nil {
		s.Elastic = elastic.NewFailover(client, &s.Search, a.db, a.log)
	}
	return err
}

// workElastic keeps the indices filled until the context ends.
func (a *app) workElastic(ctx context.Context) error {
	client, err := elasticOf(a.settings)
	if err != nil {
		return err
	}
	if client != nil {
		go a.filler(client).Run(ctx)
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
