package handlers

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/labstack/echo/v4"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/rivertype"

	"applylens/internal/agent"
	"applylens/internal/db"
	"applylens/internal/errs"
	"applylens/internal/jobs"
	"applylens/internal/search"
	"applylens/internal/search/elastic"
	"applylens/views"
)

const (
	clusterTime    = 3 * time.Second  // for the cluster to tell how it fares
	searchesOf     = time.Hour        // the stretch of searches that are looked at
	previewAge     = 15 * time.Minute // after which an operation is previewed again before it is done
	operationsKept = 30               // of the journal, on a page
)

// opsSearch shows operators how the search engines fare, and what was done with the indices.
func (s *Server) opsSearch(c echo.Context) error {
	ctx, user := c.Request().Context(), userID(c)
	page := views.OpsSearch{Configured: s.Elastic != nil}
	if err := s.readSearchState(ctx, user, &page); err != nil {
		return err
	}
	if s.Elastic != nil {
		s.readCluster(ctx, &page)
	}
	p, err := s.page(c, "Search", "ops")
	if err != nil {
		return err
	}
	return s.render(c, http.StatusOK, views.OpsSearchPage(p, page))
}

// readSearchState reads what Postgres knows of the engines.
func (s *Server) readSearchState(ctx context.Context, user int64, page *views.OpsSearch) (err error) {
	conn := s.DB.Operator(user)
	q, since := db.New(conn), s.Now().Add(-searchesOf)
	if page.Generations, err = s.DB.SearchGenerations(ctx); err != nil {
		return err
	}
	if page.Modes, err = q.OpsSearchModes(ctx, since); err != nil {
		return err
	}
	if page.Slow, err = q.OpsSearchSlow(ctx, db.OpsSearchSlowParams{Since: since, MaxRows: 5}); err != nil {
		return err
	}
	if page.Vectors, err = search.EstimateVectors(ctx, conn); err != nil {
		return err
	}
	if s.Search.Sense != nil {
		page.Model = s.Search.Sense.Model
	}
	if page.Journal, err = s.indexJournal(ctx, conn); err != nil {
		return err
	}
	page.Busy, err = s.indexBusy(ctx)
	return err
}

// readCluster asks the cluster; what cannot be told stays unknown.
func (s *Server) readCluster(ctx context.Context, page *views.OpsSearch) {
	page.Breaker = s.Elastic.Breaker()
	if state, err := s.Elastic.State(ctx); err == nil {
		page.State = &state
	}
	within, cancel := context.WithTimeout(ctx, clusterTime)
	defer cancel()
	cluster, err := s.Elastic.Engine.Client.Cluster(within)
	if err != nil {
		s.Log.Warn("the search cluster does not tell how it fares", "error", err)
		return
	}
	page.Cluster = &cluster
}

// indexJournal lists what was done with the indices, newest first.
func (s *Server) indexJournal(ctx context.Context, conn db.DBTX) ([]views.IndexRun, error) {
	rows, _, err := agent.List(ctx, conn, agent.Filter{Agent: jobs.IndexAgent}, operationsKept)
	runs := make([]views.IndexRun, len(rows))
	for i, r := range rows {
		runs[i] = views.IndexRun{ID: r.ID.String(), DryRun: r.DryRun, Outcome: r.Outcome, Error: r.Error, StartedAt: r.StartedAt,
			Took: time.Duration(r.DurationUs) * time.Microsecond}
		if err := json.Unmarshal(r.Detail, &runs[i]); err != nil {
			return nil, err
		}
	}
	return runs, err
}

// indexBusy names the operations that wait or are in progress.
func (s *Server) indexBusy(ctx context.Context) (names []string, err error) {
	err = s.DB.Tx(ctx, 0, func(_ *db.Queries, tx pgx.Tx) error {
		found, err := s.Jobs.JobListTx(ctx, tx, river.NewJobListParams().Kinds(jobs.SearchIndexArgs{}.Kind()).First(20).
			States(rivertype.JobStateAvailable, rivertype.JobStateRunning, rivertype.JobStateScheduled, rivertype.JobStatePending, rivertype.JobStateRetryable))
		if err != nil {
			return err
		}
		names = nil
		for _, job := range found.Jobs {
			var o elastic.Operation
			if err := json.Unmarshal(job.EncodedArgs, &o); err != nil {
				return err
			}
			names = append(names, o.Name)
		}
		return nil
	})
	return names, err
}

// opsSearchOperation shows what an operation does and what it would do now, and offers to do it.
func (s *Server) opsSearchOperation(c echo.Context) error {
	ctx, name := c.Request().Context(), c.Param("operation")
	if !slices.Contains(elastic.Operations(), name) {
		return errs.NotFound
	}
	conn := s.DB.Operator(userID(c))
	page := views.OpsSearchOp{Name: name, Configured: s.Elastic != nil, Keep: 84}
	if n, err := strconv.Atoi(c.QueryParam("keep")); err == nil {
		page.Keep = n
	}
	journal, err := s.indexJournal(ctx, conn)
	if err != nil {
		return err
	}
	if page.Busy, err = s.indexBusy(ctx); err != nil {
		return err
	}
	if page.Preview = s.previewOf(journal, name); page.Preview != nil {
		if page.Outcome, err = s.indexOutcome(ctx, conn, page.Preview); err != nil {
			return err
		}
		page.Keep = max(page.Preview.Keep, 1)
	}
	page.Last = lastOf(journal, name)
	p, err := s.page(c, views.OpName(name), "ops")
	if err != nil {
		return err
	}
	return s.render(c, http.StatusOK, views.OpsSearchOperation(p, page))
}

// previewOf is the dry run of an operation that is fresh and after which the operation was not done.
func (s *Server) previewOf(journal []views.IndexRun, name string) *views.IndexRun {
	last := lastOf(journal, name)
	if last == nil || !last.DryRun || last.Outcome != string(agent.OK) || s.Now().Sub(last.StartedAt) > previewAge {
		return nil
	}
	return last
}

func lastOf(journal []views.IndexRun, name string) *views.IndexRun {
	i := slices.IndexFunc(journal, func(r views.IndexRun) bool { return r.Operation == name })
	if i < 0 {
		return nil
	}
	return &journal[i]
}

// indexOutcome reads what a run of the journal answered.
func (s *Server) indexOutcome(ctx context.Context, conn db.DBTX, run *views.IndexRun) (out elastic.Outcome, err error) {
	row, err := findRun(ctx, conn, run.ID, false, 0)
	if err != nil {
		return out, err
	}
	detail, err := db.New(conn).RunDetail(ctx, db.RunDetailParams{StartedAt: row.StartedAt, RunID: row.ID})
	if errors.Is(err, pgx.ErrNoRows) {
		return out, nil
	}
	if err != nil {
		return out, err
	}
	return out, json.Unmarshal(detail.Output, &out)
}

// opsSearchDo queues an operation: its dry run, or the operation itself after a dry run that was looked at.
func (s *Server) opsSearchDo(c echo.Context) error {
	ctx, user := c.Request().Context(), userID(c)
	o := elastic.Operation{Name: c.Param("operation"), DryRun: c.FormValue("preview") == ""}
	if !slices.Contains(elastic.Operations(), o.Name) || s.Elastic == nil && o.Name != elastic.OpOff {
		return errs.NotFound
	}
	if o.Name == elastic.OpPrune {
		n, err := strconv.Atoi(c.FormValue("keep"))
		if err != nil || n < 1 || n > 1200 {
			return errs.BadInput("Keep between 1 and 1200 months.")
		}
		o.KeepMonths = n
	}
	if busy, err := s.indexBusy(ctx); err != nil {
		return err
	} else if len(busy) > 0 {
		return errs.Conflict("Another operation on the search index is in progress.")
	}
	if !o.DryRun {
		journal, err := s.indexJournal(ctx, s.DB.Operator(user))
		if err != nil {
			return err
		}
		if seen := s.previewOf(journal, o.Name); seen == nil || seen.ID != c.FormValue("preview") || seen.Keep != o.KeepMonths {
			return errs.Conflict("The preview is out of date. Look at a new one before you go on.")
		}
	}
	err := s.DB.Tx(ctx, user, func(_ *db.Queries, tx pgx.Tx) error {
		_, err := s.Jobs.InsertTx(ctx, tx, jobs.SearchIndexArgs{Operation: o, By: user}, nil)
		return err
	})
	if err != nil {
		return err
	}
	return c.Redirect(http.StatusSeeOther, "/ops/search/"+url.PathEscape(o.Name))
}
