package jobs

import (
	"context"
	"time"

	"github.com/riverqueue/river"

	"applylens/internal/db"
)

// RunsKeepArgs looks after the rows of runs: it makes the partitions of the months to come, and drops those of months
// that are over for longer than runs are kept, each by its exact name. It forgets old answers of models and old lines of the ledger.
type RunsKeepArgs struct{}

// Kind is the job's name.
func (RunsKeepArgs) Kind() string { return "runs_keep" }

type runsKeep struct {
	river.WorkerDefaults[RunsKeepArgs]
	db  *db.DB
	now func() time.Time
}

const (
	monthsAhead = 3
	keepRuns    = 100 * 24 * time.Hour // after the end of their month; objectives look back 90 days
	keepKeys    = 7 * 24 * time.Hour
)

func (w *runsKeep) Work(ctx context.Context, _ *river.Job[RunsKeepArgs]) error {
	now := w.now()
	if err := w.db.RunMonths(ctx, db.RunMonthsParams{At: now, Ahead: monthsAhead}); err != nil {
		return err
	}
	if _, err := w.db.RunKeysExpired(ctx, now.Add(-keepKeys)); err != nil {
		return err
	}
	if _, err := w.db.LLMExpired(ctx); err != nil {
		return err
	}
	before := now.Add(-keepRuns)
	names, err := w.db.RunMonthsExpired(ctx, before)
	if err != nil {
		return err
	}
	for _, name := range names {
		if _, err := w.db.RunMonthDrop(ctx, db.RunMonthDropParams{Name: name, Before: before}); err != nil {
			return err
		}
	}
	return nil
}
