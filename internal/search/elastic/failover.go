package elastic

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/failsafe-go/failsafe-go/circuitbreaker"

	"applylens/internal/db"
	"applylens/internal/errs"
	"applylens/internal/search"
)

// How long things may take.
const (
	patience   = 700 * time.Millisecond // of Elasticsearch, before Postgres answers: with it a search stays within 2 s
	idPatience = 10 * time.Second       // the same for all ids of a search, which a person has asked to act on
	pauseOpen  = 3 * time.Second        // without asking an Elasticsearch that failed, before it is tried again
	behindFrom = 10 * time.Second       // notes that wait longer make the index one that is behind
	stateAge   = time.Second            // of what is known about the index
)

// A Failover searches in Elasticsearch as long as that answers in time and has all mail, else in Postgres, and says so.
// After failures it asks Elasticsearch no more for a while; then one search tries it again.
type Failover struct {
	Engine   *Engine
	Postgres *search.Postgres
	DB       *db.DB
	Log      *slog.Logger

	breaker circuitbreaker.CircuitBreaker[any]
	mu      sync.Mutex
	state   State
	asking  bool
}

// A State is how far the indices are behind Postgres.
type State struct {
	Generation int32 // the live one; 0 for none
	Coverage   float64
	Behind     time.Duration // how long the oldest news has waited
	Waiting    int64         // news, up to 100,001
	Filling    int64         // mails that a new generation still lacks
	Parked     int64         // emails that the index refuses
	At         time.Time
}

// NewFailover makes the engine of an installation with Elasticsearch.
func NewFailover(client *Client, postgres *search.Postgres, d *db.DB, log *slog.Logger) *Failover {
	f := &Failover{Engine: &Engine{Client: client, Rows: postgres}, Postgres: postgres, DB: d, Log: log}
	f.breaker = circuitbreaker.NewBuilder[any]().WithFailureThresholdRatio(3, 10).WithDelay(pauseOpen).WithSuccessThreshold(1).
		OnStateChanged(func(e circuitbreaker.StateChangedEvent) {
			log.Info("search: the way to Elasticsearch is now "+e.NewState.String(), "was", e.OldState.String())
		}).Build()
	return f
}

// Search answers a query with one page, in time.
func (f *Failover) Search(ctx context.Context, conn db.DBTX, q *search.Query, r search.Request) (search.Result, error) {
	why := f.unready(ctx)
	if why == "" {
		var result search.Result
		err := f.try(ctx, patience, func(ctx context.Context) (err error) {
			result, err = f.Engine.Search(ctx, conn, q, r)
			return err
		})
		if err == nil || isAsked(err) {
			result.Coverage = 1
			return result, err
		}
		if ctx.Err() != nil {
			return result, ctx.Err()
		}
		why = f.reason(err)
	}
	result, err := f.Postgres.Search(ctx, conn, q, r)
	result.Instead, result.Coverage = why, 1
	return result, err
}

// IDs returns the ids of at most most matches, newest first.
func (f *Failover) IDs(ctx context.Context, conn db.DBTX, q *search.Query, r search.Request, most int) (ids []int64, warnings []search.Warning, err error) {
	if f.unready(ctx) == "" {
		err := f.try(ctx, idPatience, func(ctx context.Context) (err error) {
			ids, warnings, err = f.Engine.IDs(ctx, conn, q, r, most)
			return err
		})
		if err == nil || ctx.Err() != nil {
			return ids, warnings, err
		}
	}
	return f.Postgres.IDs(ctx, conn, q, r, most)
}

// Breaker is the state of the way to Elasticsearch from this process: closed is in order, open is not asked for a while,
// half-open is tried with one search.
func (f *Failover) Breaker() string { return f.breaker.State().String() }

// errOpen means that Elasticsearch failed just now and is not asked.
var errOpen = errors.New("elasticsearch failed just now")

// try asks Elasticsearch within a time, and lets the breaker know whether it answered. A condition that it does not
// know, and a page that does not exist, are no failures of its.
func (f *Failover) try(ctx context.Context, most time.Duration, ask func(context.Context) error) error {
	if !f.breaker.TryAcquirePermit() {
		return errOpen
	}
	within, cancel := context.WithTimeout(ctx, most)
	defer cancel()
	err := ask(within)
	unknown := new(unsupportedError)
	switch {
	case err == nil, errors.As(err, &unknown), isAsked(err):
		f.breaker.RecordSuccess()
	case ctx.Err() != nil: // the asker went away
		f.breaker.RecordSuccess()
	default:
		f.breaker.RecordError(err)
	}
	return err
}

// isAsked tells that the asker is to blame, such as for a page that does not exist.
func isAsked(err error) bool {
	var asked *errs.Error
	return errors.As(err, &asked) && asked.Status < 500
}

func (f *Failover) reason(err error) string {
	unknown := new(unsupportedError)
	switch {
	case errors.As(err, &unknown):
		return unknown.Error()
	case errors.Is(err, errOpen):
		return "Elasticsearch failed just now"
	case errors.Is(err, context.DeadlineExceeded):
		return "Elasticsearch took too long"
	}
	f.Log.Warn("search: Elasticsearch failed, Postgres answers", "error", err)
	return "Elasticsearch does not answer"
}

// unready says why the indices are not to be searched: none is live, or they are behind.
func (f *Failover) unready(ctx context.Context) string {
	s, err := f.State(ctx)
	switch {
	case err != nil:
		return "how far the search index is cannot be told"
	case s.Generation == 0:
		return fmt.Sprintf("the search index is being filled: %.0f %% of all mail", 100*s.Coverage)
	case s.Behind > behindFrom:
		return fmt.Sprintf("the search index is %s behind", s.Behind.Round(time.Second))
	}
	return ""
}

// State tells how far the indices are, as of a second ago at most. Only one search at a time looks.
func (f *Failover) State(ctx context.Context) (State, error) {
	f.mu.Lock()
	known, fresh := f.state, time.Since(f.state.At) < stateAge
	if fresh || f.asking && !known.At.IsZero() {
		f.mu.Unlock()
		return known, nil
	}
	f.asking = true
	f.mu.Unlock()
	s, err := readState(ctx, f.DB)
	f.mu.Lock()
	defer f.mu.Unlock()
	f.asking = false
	if err == nil {
		f.state = s
	}
	return s, err
}

func readState(ctx context.Context, d *db.DB) (State, error) {
	var s State
	all, err := d.SearchGenerations(ctx)
	if err != nil {
		return s, err
	}
	row, err := d.SearchState(ctx)
	if err != nil {
		return s, err
	}
	s.At, s.Waiting, s.Filling, s.Parked = time.Now(), row.News, row.Filling, row.Parked
	if row.News > 0 {
		s.Behind = time.Since(row.Oldest)
	}
	for _, g := range all {
		switch {
		case g.State == live && g.Layout == layoutDigest():
			s.Generation, s.Coverage = g.Generation, 1
		case g.State == building && s.Generation == 0 && g.Mails > 0:
			s.Coverage = max(0, 1-float64(row.Filling)/float64(g.Mails))
		case g.State == building && s.Generation == 0:
			s.Coverage = 1
		}
	}
	return s, nil
}
