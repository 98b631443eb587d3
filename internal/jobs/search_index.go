package jobs

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/riverqueue/river"

	"applylens/internal/agent"
	"applylens/internal/errs"
	"applylens/internal/search/elastic"
)

// SearchIndexArgs does an operation on the indices in Elasticsearch, for an operator.
type SearchIndexArgs struct {
	elastic.Operation
	By int64 `json:"by"` // the operator
}

// Kind is the job's name.
func (SearchIndexArgs) Kind() string { return "search_index" }

// InsertOpts put it in a queue of its own. It is not repeated by itself: who asked sees in the journal why it failed.
func (SearchIndexArgs) InsertOpts() river.InsertOpts {
	return river.InsertOpts{Queue: indexQueue, MaxAttempts: 1}
}

const indexQueue = "search_index"

// IndexAgent is the name under which operations on the indices stand among the runs: their journal.
const IndexAgent = "search.index"

type searchIndex struct {
	river.WorkerDefaults[SearchIndexArgs]
	filler *elastic.Filler
	agents *agent.Runtime
}

// Timeout bounds filling a generation.
func (*searchIndex) Timeout(*river.Job[SearchIndexArgs]) time.Duration { return 12 * time.Hour }

func (w *searchIndex) Work(ctx context.Context, job *river.Job[SearchIndexArgs]) error {
	a := job.Args
	ask := agent.Ask{Agent: agent.Agent{Name: IndexAgent, Version: "1"}, Trigger: agent.Person, DryRun: a.DryRun, Input: a,
		Key: fmt.Sprintf("job %d", job.ID), Summary: fmt.Sprintf("%s, asked for by user %d", a.Name, a.By)}
	_, err := w.agents.Do(ctx, ask, func(ctx context.Context, run *agent.Run) error {
		run.Detail("operation", a.Name)
		run.Detail("by", fmt.Sprintf("user %d", a.By))
		if a.KeepMonths > 0 {
			run.Detail("keep_months", a.KeepMonths)
		}
		return w.alone(ctx, func() error { return w.operate(ctx, run, a.Operation) })
	})
	return errors.Join(err, w.agents.Flush(ctx))
}

// operate does it and writes down what became of it.
func (w *searchIndex) operate(ctx context.Context, run *agent.Run, o elastic.Operation) error {
	var seen int64
	out, err := w.filler.Operate(ctx, o, func(done, _ int64) {
		if done > seen {
			_ = run.Items(int(done - seen)) // it has no limit
			seen = done
		}
	})
	if err != nil {
		return err
	}
	run.Detail("result", out.Text)
	if out.Report != nil {
		run.Detail("differ", len(out.Report.Left))
		run.Detail("generation", out.Report.Generation)
	}
	if out.Nothing {
		run.Detail("nothing", true)
	}
	run.Answer(out)
	return nil
}

// alone runs f while no other operation runs, in any process. The lock is the connection's: it goes with a process that dies.
func (w *searchIndex) alone(ctx context.Context, f func() error) error {
	conn, err := w.filler.DB.Pool.Acquire(ctx)
	if err != nil {
		return err
	}
	defer conn.Release()
	var free bool
	if err := conn.QueryRow(ctx, "select pg_try_advisory_lock(hashtextextended('search index operations', 0))").Scan(&free); err != nil {
		return err
	}
	if !free {
		return errs.Conflict("Another operation on the search index is in progress.")
	}
	err = f()
	over, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer cancel()
	_, unlocking := conn.Exec(over, "select pg_advisory_unlock(hashtextextended('search index operations', 0))")
	return errors.Join(err, unlocking)
}

// addIndex adds the operations on the indices.
func addIndex(cfg *river.Config, d Deps) {
	cfg.Queues[indexQueue] = river.QueueConfig{MaxWorkers: 1}
	river.AddWorker(cfg.Workers, &searchIndex{filler: d.Index, agents: d.Agents})
}
