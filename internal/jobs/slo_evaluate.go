package jobs

import (
	"context"
	"time"

	"github.com/riverqueue/river"

	"applylens/internal/db"
	"applylens/internal/slo/watch"
)

// SLOEvaluateArgs counts and evaluates the service-level objectives for the minutes that are over.
type SLOEvaluateArgs struct{}

// Kind is the job's name.
func (SLOEvaluateArgs) Kind() string { return "slo_evaluate" }

// InsertOpts put it in a queue of its own, so that no import keeps an alert waiting. The next minute's does what one that
// failed left.
func (SLOEvaluateArgs) InsertOpts() river.InsertOpts {
	return river.InsertOpts{Queue: sloQueue, MaxAttempts: 1}
}

const sloQueue = "slo"

type sloEvaluate struct {
	river.WorkerDefaults[SLOEvaluateArgs]
	db  *db.DB
	now func() time.Time
}

func (w *sloEvaluate) Work(ctx context.Context, _ *river.Job[SLOEvaluateArgs]) error {
	return watch.Tick(ctx, w.db, w.now())
}

// everyMinute is due some seconds after each full minute: late enough for the runs of that minute to be recorded, early
// enough for a page to leave before the next.
type everyMinute struct{ after time.Duration }

// Next returns when it is due after a time.
func (s everyMinute) Next(t time.Time) time.Time {
	next := t.Truncate(time.Minute).Add(s.after)
	if !next.After(t) {
		next = next.Add(time.Minute)
	}
	return next
}

// addSLO adds the evaluation of objectives.
func addSLO(cfg *river.Config, d Deps) {
	cfg.Queues[sloQueue] = river.QueueConfig{MaxWorkers: 1}
	cfg.PeriodicJobs = append(cfg.PeriodicJobs, river.NewPeriodicJob(everyMinute{after: 5 * time.Second},
		func() (river.JobArgs, *river.InsertOpts) { return SLOEvaluateArgs{}, nil }, &river.PeriodicJobOpts{RunOnStart: true}))
	river.AddWorker(cfg.Workers, &sloEvaluate{db: d.DB, now: d.Now})
}
