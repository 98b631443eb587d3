package jobs

import (
	"context"
	"time"

	"github.com/riverqueue/river"
	"github.com/riverqueue/river/rivertype"

	"applylens/internal/agent"
	"applylens/internal/llm"
)

// modelQueue keeps waiting for a model apart from other work.
const modelQueue = "model"

// modelWait is how long a model that does not answer, or a limit that is reached, is left alone.
const modelWait = 30 * time.Minute

// ModelOpinionArgs asks the language model about the uncertain mail of a user who has allowed it.
type ModelOpinionArgs struct {
	UserID int64 `json:"user_id"`
}

// Kind is the job's name.
func (ModelOpinionArgs) Kind() string { return "model_opinion" }

// InsertOpts keep one job a user.
func (ModelOpinionArgs) InsertOpts() river.InsertOpts {
	return river.InsertOpts{Queue: modelQueue, MaxAttempts: 3, UniqueOpts: river.UniqueOpts{ByArgs: true, ByState: []rivertype.JobState{
		rivertype.JobStateAvailable, rivertype.JobStatePending, rivertype.JobStateRetryable, rivertype.JobStateRunning, rivertype.JobStateScheduled}}}
}

type modelOpinion struct {
	river.WorkerDefaults[ModelOpinionArgs]
	agents *agent.Runtime
	model  *llm.Model
}

// Work asks until no uncertain mail is left, in runs of a few mails. Mail that is stored while it
// looks for the last time waits for the sweep.
func (w *modelOpinion) Work(ctx context.Context, job *river.Job[ModelOpinionArgs]) error {
	for ctx.Err() == nil {
		more, down, err := w.agents.Opinions(ctx, w.model, job.Args.UserID)
		switch {
		case err != nil:
			return err
		case down:
			return river.JobSnooze(modelWait)
		case !more:
			return nil
		}
	}
	return ctx.Err()
}
