package jobs

import (
	"context"

	"github.com/riverqueue/river"

	"applylens/internal/action"
	"applylens/internal/db"
)

// ActionRunArgs carries out an approved action that is too large to wait for.
type ActionRunArgs struct {
	UserID   int64 `json:"user_id"`
	ActionID int64 `json:"action_id"`
}

// Kind is the job's name.
func (ActionRunArgs) Kind() string { return "action_run" }

type actionRun struct {
	river.WorkerDefaults[ActionRunArgs]
	db *db.DB
}

func (w *actionRun) Work(ctx context.Context, job *river.Job[ActionRunArgs]) error {
	return action.Run(ctx, w.db, job.Args.UserID, job.Args.ActionID)
}
