// Package jobs holds the background work, one file a job: what it is called with and what does it. Arguments hold ids
// only, never mail. Every job is safe to run twice.
package jobs

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"
	"github.com/riverqueue/river/rivertype"

	"applylens/internal/agent"
	"applylens/internal/alert"
	"applylens/internal/db"
	"applylens/internal/gmail/gmailsync"
	"applylens/internal/ingest"
	"applylens/internal/llm"
	"applylens/internal/search"
	"applylens/internal/search/elastic"
	"applylens/internal/telemetry"
)

// Client is how jobs are queued.
type Client = river.Client[pgx.Tx]

// Deps are what the jobs work with.
type Deps struct {
	DB     *db.DB
	Ingest *ingest.Ingest
	Gmail  *gmailsync.Engine // nil when Google is not set up
	Sense  *search.Sense     // nil when mail is not found by meaning
	Model  *llm.Model        // nil: there is no language model
	Alerts *alert.Outbox     // nil: nobody is told of alerts by this process
	Agents *agent.Runtime    // runs what asks the model and records operations; nil: neither is done
	Index  *elastic.Filler   // does operations on the search index; its Client is nil without Elasticsearch
	Post   *alert.Post       // nil: the program sends no mail of its own
	Log    *slog.Logger
	Now    func() time.Time

	Metrics *telemetry.Metrics // nil for none
	Tracer  *telemetry.Tracer  // nil for none
}

// NewClient returns a client that queues jobs and, with work, also carries them out once it is started.
func NewClient(d Deps, work bool) (*Client, error) {
	cfg := &river.Config{Logger: quiet(d.Log), Middleware: []rivertype.Middleware{&measure{metrics: d.Metrics, tracer: d.Tracer}}}
	if work {
		cfg.Queues = map[string]river.QueueConfig{river.QueueDefault: {MaxWorkers: 8}}
		cfg.Workers = river.NewWorkers()
		cfg.JobTimeout = 10 * time.Minute
		cfg.ErrorHandler = &failures{log: d.Log}
		cfg.PeriodicJobs = []*river.PeriodicJob{
			river.NewPeriodicJob(river.PeriodicInterval(10*time.Minute), func() (river.JobArgs, *river.InsertOpts) { return SweepArgs{}, nil },
				&river.PeriodicJobOpts{RunOnStart: true}),
			river.NewPeriodicJob(river.PeriodicInterval(time.Minute), func() (river.JobArgs, *river.InsertOpts) { return JudgeWaitingArgs{}, nil }, nil),
			river.NewPeriodicJob(river.PeriodicInterval(6*time.Hour), func() (river.JobArgs, *river.InsertOpts) { return RunsKeepArgs{}, nil },
				&river.PeriodicJobOpts{RunOnStart: true}),
		}
		river.AddWorker(cfg.Workers, &actionRun{db: d.DB})
		river.AddWorker(cfg.Workers, &actionUndo{db: d.DB})
		river.AddWorker(cfg.Workers, &snoozeWake{db: d.DB, now: d.Now})
		river.AddWorker(cfg.Workers, &importFiles{ingest: d.Ingest, db: d.DB})
		addSaved(cfg, d)
		river.AddWorker(cfg.Workers, &judgeMail{ingest: d.Ingest, db: d.DB})
		river.AddWorker(cfg.Workers, &judgeWaiting{ingest: d.Ingest, db: d.DB})
		river.AddWorker(cfg.Workers, &runsKeep{db: d.DB, now: d.Now})
		river.AddWorker(cfg.Workers, &sweep{db: d.DB, now: d.Now, sense: d.Sense, model: d.Model})
		addSLO(cfg, d)
		if d.Sense != nil {
			addEmbed(cfg, d)
		}
		if d.Model != nil {
			cfg.Queues[modelQueue] = river.QueueConfig{MaxWorkers: 2}
			river.AddWorker(cfg.Workers, &modelOpinion{agents: d.Agents, model: d.Model})
		}
		if d.Index != nil && d.Agents != nil {
			addIndex(cfg, d)
		}
		if d.Alerts != nil {
			addAlerts(cfg, d.Alerts)
		}
		if d.Gmail != nil {
			addGmail(cfg, d.Gmail)
		}
	}
	client, err := river.NewClient(riverpgxv5.New(d.DB.Pool), cfg)
	if err != nil {
		return nil, fmt.Errorf("set up the job queue: %w", err)
	}
	if d.Ingest != nil && d.Ingest.Stored == nil {
		d.Ingest.Stored = onStored(client, d.Sense != nil, d.Model)
	}
	return client, nil
}

// addGmail adds the jobs of Gmail accounts, in queues of their own: they mostly wait for Google.
func addGmail(cfg *river.Config, e *gmailsync.Engine) {
	cfg.Queues[gmailQueue] = river.QueueConfig{MaxWorkers: 12}
	cfg.Queues[newQueue] = river.QueueConfig{MaxWorkers: 24}
	cfg.Queues[backfillQueue] = river.QueueConfig{MaxWorkers: 12}
	cfg.PeriodicJobs = append(cfg.PeriodicJobs, river.NewPeriodicJob(river.PeriodicInterval(5*time.Second),
		func() (river.JobArgs, *river.InsertOpts) { return GmailSweepArgs{}, nil }, &river.PeriodicJobOpts{RunOnStart: true}))
	river.AddWorker(cfg.Workers, &gmailSync{engine: e})
	river.AddWorker(cfg.Workers, &gmailSweep{engine: e})
	river.AddWorker(cfg.Workers, &gmailForget{engine: e})
	river.AddWorker(cfg.Workers, &outgoingSend{engine: e})
}

// quiet passes only River's warnings on: it logs each start and stop of its parts.
func quiet(log *slog.Logger) *slog.Logger { return slog.New(atLeast{log.Handler(), slog.LevelWarn}) }

type atLeast struct {
	slog.Handler
	level slog.Level
}

func (h atLeast) Enabled(ctx context.Context, l slog.Level) bool {
	return l >= h.level && h.Handler.Enabled(ctx, l)
}

// failures logs what went wrong, without arguments or mail.
type failures struct{ log *slog.Logger }

func (f *failures) HandleError(_ context.Context, job *rivertype.JobRow, err error) *river.ErrorHandlerResult {
	f.log.Warn("job failed", "kind", job.Kind, "id", job.ID, "attempt", job.Attempt, "error", err)
	return nil
}

func (f *failures) HandlePanic(_ context.Context, job *rivertype.JobRow, value any, trace string) *river.ErrorHandlerResult {
	f.log.Error("job panicked", "kind", job.Kind, "id", job.ID, "attempt", job.Attempt, "panic", value, "trace", trace)
	return nil
}
