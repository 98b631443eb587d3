package jobs

import (
	"context"

	"github.com/jackc/pgx/v5"
	"github.com/riverqueue/river"

	"applylens/internal/gmail/gmailsync"
)

// OutgoingSendArgs sends a mail when the time to take it back is over.
type OutgoingSendArgs struct {
	UserID     int64 `json:"user_id"`
	OutgoingID int64 `json:"outgoing_id"`
}

// Kind is the job's name.
func (OutgoingSendArgs) Kind() string { return "outgoing_send" }

type outgoingSend struct {
	river.WorkerDefaults[OutgoingSendArgs]
	engine *gmailsync.Engine
}

func (w *outgoingSend) Work(ctx context.Context, job *river.Job[OutgoingSendArgs]) error {
	again, err := w.engine.SendOutgoing(ctx, job.Args.UserID, job.Args.OutgoingID)
	if err != nil || again.IsZero() {
		return err
	}
	_, err = river.ClientFromContext[pgx.Tx](ctx).Insert(ctx, job.Args, &river.InsertOpts{ScheduledAt: again})
	return err
}
