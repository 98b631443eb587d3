package jobs

import (
	"context"
	"time"

	"github.com/riverqueue/river"

	"applylens/internal/action"
	"applylens/internal/db"
)

// SnoozeWakeArgs ends the snoozes of a user that are over; it is scheduled for the end of each.
type SnoozeWakeArgs struct {
	UserID int64     `json:"user_id"`
	Until  time.Time `json:"until"` // makes the job one of its kind
}

// Kind is the job's name.
func (SnoozeWakeArgs) Kind() string { return "snooze_wake" }

type snoozeWake struct {
	river.WorkerDefaults[SnoozeWakeArgs]
	db  *db.DB
	now func() time.Time
}

func (w *snoozeWake) Work(ctx context.Context, job *river.Job[SnoozeWakeArgs]) error {
	return action.WakeDue(ctx, w.db, job.Args.UserID, w.now())
}
