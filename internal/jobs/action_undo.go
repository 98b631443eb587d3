package jobs

import (
	"context"
	"time"

	"github.com/riverqueue/river"

	"applylens/internal/action"
	"applylens/internal/db"
)

// ActionUndoArgs undoes what is too large to wait for: one action, or all that a person, or a rule, did since a time.
type ActionUndoArgs struct {
	UserID   int64      `json:"user_id"`
	ActionID int64      `json:"action_id,omitempty"`
	RuleID   int64      `json:"rule_id,omitempty"`
	Since    *time.Time `json:"since,omitempty"`
}

// Kind is the job's name.
func (ActionUndoArgs) Kind() string { return "action_undo" }

type actionUndo struct {
	river.WorkerDefaults[ActionUndoArgs]
	db *db.DB
}

func (w *actionUndo) Work(ctx context.Context, job *river.Job[ActionUndoArgs]) error {
	if job.Args.Since == nil {
		return action.Undo(ctx, w.db, job.Args.UserID, job.Args.ActionID)
	}
	if job.Args.RuleID != 0 {
		_, err := action.UndoRule(ctx, w.db, job.Args.UserID, job.Args.RuleID, *job.Args.Since)
		return err
	}
	_, err := action.UndoSince(ctx, w.db, job.Args.UserID, *job.Args.Since)
	return err
}
