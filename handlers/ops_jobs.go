package handlers

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strconv"

	"github.com/jackc/pgx/v5"
	"github.com/labstack/echo/v4"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/rivertype"

	"applylens/internal/db"
	"applylens/internal/errs"
	"applylens/internal/jobs"
	"applylens/views"
)

const jobsSize = 50

// opsJobs lists the queues, the counts of jobs, and jobs by state and kind.
func (s *Server) opsJobs(c echo.Context) error {
	before, err := beforeID(c)
	if err != nil {
		return err
	}
	ctx, list := c.Request().Context(), views.JobsPage{State: c.QueryParam("state"), Kind: c.QueryParam("kind")}
	for _, state := range rivertype.JobStates() {
		list.States = append(list.States, string(state))
	}
	if list.State != "" && !slices.Contains(list.States, list.State) {
		return errs.BadInput("There is no such state of a job.")
	}
	counts, err := jobs.Counts(ctx, s.DB.Conn)
	if err != nil {
		return err
	}
	for _, n := range counts {
		list.Counts = append(list.Counts, views.JobTally(n))
	}
	if err := s.DB.Tx(ctx, 0, func(_ *db.Queries, tx pgx.Tx) error { return s.readJobs(ctx, tx, before, &list) }); err != nil {
		return err
	}
	if len(list.Rows) > jobsSize {
		list.Rows = list.Rows[:jobsSize]
		q := c.QueryParams()
		q.Set("before", strconv.FormatInt(list.Rows[jobsSize-1].ID, 10))
		list.Next = "/ops/jobs?" + q.Encode()
	}
	p, err := s.page(c, "Jobs", "ops")
	if err != nil {
		return err
	}
	return s.render(c, http.StatusOK, views.OpsJobsPage(p, list))
}

func (s *Server) readJobs(ctx context.Context, tx pgx.Tx, before int64, list *views.JobsPage) error {
	queues, err := s.Jobs.QueueListTx(ctx, tx, river.NewQueueListParams().First(100))
	if err != nil {
		return fmt.Errorf("list queues: %w", err)
	}
	for _, q := range queues.Queues {
		list.Queues = append(list.Queues, views.JobQueue{Name: q.Name, PausedAt: q.PausedAt})
	}
	params := river.NewJobListParams().First(jobsSize+1).OrderBy(river.JobListOrderByID, river.SortOrderDesc)
	if before > 0 {
		params = params.Where("id < @before", river.NamedArgs{"before": before})
	}
	if list.State != "" {
		params = params.States(rivertype.JobState(list.State))
	}
	if list.Kind != "" {
		params = params.Kinds(list.Kind)
	}
	found, err := s.Jobs.JobListTx(ctx, tx, params)
	if err != nil {
		return fmt.Errorf("list jobs: %w", err)
	}
	for _, j := range found.Jobs {
		list.Rows = append(list.Rows, jobRow(j))
	}
	return nil
}

// jobRow is a job as pages show it: without traces, and with the numbers of its arguments only.
func jobRow(j *rivertype.JobRow) views.JobRow {
	row := views.JobRow{ID: j.ID, Kind: j.Kind, Queue: j.Queue, State: string(j.State), Attempt: j.Attempt, Most: j.MaxAttempts, CreatedAt: j.CreatedAt,
		ScheduledAt: j.ScheduledAt, FinishedAt: j.FinalizedAt, Args: numbersOf(j.EncodedArgs)}
	for _, e := range j.Errors {
		row.Errors = append(row.Errors, views.JobError{At: e.At, Attempt: e.Attempt, Text: e.Error})
	}
	row.Cancel = j.FinalizedAt == nil
	row.Retries = j.State != rivertype.JobStateRunning && j.State != rivertype.JobStateAvailable
	return row
}

// numbersOf are the numbers among the arguments of a job, by name. Text is left out: it may tell of a person.
func numbersOf(encoded []byte) (numbers [][2]string) {
	var args map[string]any
	d := json.NewDecoder(bytes.NewReader(encoded))
	d.UseNumber()
	if d.Decode(&args) != nil {
		return nil
	}
	for _, name := range slices.Sorted(maps.Keys(args)) {
		if n, ok := args[name].(json.Number); ok {
			numbers = append(numbers, [2]string{name, n.String()})
		}
	}
	return numbers
}

// opsJob is one job.
func (s *Server) opsJob(c echo.Context) error {
	id, err := strconv.ParseInt(c.Param("id"), 10, 64)
	if err != nil {
		return errs.NotFound
	}
	var job *rivertype.JobRow
	err = s.DB.Tx(c.Request().Context(), 0, func(_ *db.Queries, tx pgx.Tx) (err error) {
		job, err = s.Jobs.JobGetTx(c.Request().Context(), tx, id)
		return noJob(err)
	})
	if err != nil {
		return err
	}
	p, err := s.page(c, job.Kind, "ops")
	if err != nil {
		return err
	}
	return s.render(c, http.StatusOK, views.OpsJobPage(p, jobRow(job)))
}

func noJob(err error) error {
	if errors.Is(err, rivertype.ErrNotFound) {
		return errs.NotFound
	}
	return err
}

// opsJobAct runs a job again, or cancels it.
func (s *Server) opsJobAct(c echo.Context) error {
	id, err := strconv.ParseInt(c.Param("id"), 10, 64)
	if err != nil {
		return errs.NotFound
	}
	ctx := c.Request().Context()
	err = s.DB.Tx(ctx, 0, func(_ *db.Queries, tx pgx.Tx) error {
		switch c.FormValue("do") {
		case "retry":
			_, err := s.Jobs.JobRetryTx(ctx, tx, id)
			return noJob(err)
		case "cancel":
			_, err := s.Jobs.JobCancelTx(ctx, tx, id)
			return noJob(err)
		}
		return errs.BadInput("A job can be run again or cancelled.")
	})
	if err != nil {
		return err
	}
	return c.Redirect(http.StatusSeeOther, "/ops/jobs/"+strconv.FormatInt(id, 10))
}

// opsQueueAct lets a queue rest, or work again, in every process.
func (s *Server) opsQueueAct(c echo.Context) error {
	ctx, name := c.Request().Context(), c.Param("name")
	err := s.DB.Tx(ctx, 0, func(_ *db.Queries, tx pgx.Tx) error {
		switch c.FormValue("do") {
		case "pause":
			return noJob(s.Jobs.QueuePauseTx(ctx, tx, name, nil))
		case "resume":
			return noJob(s.Jobs.QueueResumeTx(ctx, tx, name, nil))
		}
		return errs.BadInput("A queue can be paused or resumed.")
	})
	if err != nil {
		return err
	}
	return c.Redirect(http.StatusSeeOther, "/ops/jobs")
}
