package jobs

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/riverqueue/river"

	"applylens/internal/gmail/gmailsync"
)

// gmailQueue is apart, so that backfills keep nothing else waiting.
const gmailQueue = "gmail"

// GmailSyncArgs gives one Gmail account a turn of the sync.
type GmailSyncArgs struct {
	UserID    int64 `json:"user_id"`
	AccountID int64 `json:"account_id"`
}

// Kind is the job's name.
func (GmailSyncArgs) Kind() string { return "gmail_sync" }

// InsertOpts keep it in its queue; a turn that fails is not repeated by River: the account knows when it is due.
func (GmailSyncArgs) InsertOpts() river.InsertOpts {
	return river.InsertOpts{Queue: gmailQueue, MaxAttempts: 1}
}

type gmailSync struct {
	river.WorkerDefaults[GmailSyncArgs]
	engine *gmailsync.Engine
}

// Timeout is none: the turn bounds itself, and a full comparison is not cut off.
func (*gmailSync) Timeout(*river.Job[GmailSyncArgs]) time.Duration { return -1 }

// Work gives the account its turn, and queues the next behind the others' if there is more to do.
func (w *gmailSync) Work(ctx context.Context, job *river.Job[GmailSyncArgs]) error {
	more, err := w.engine.Sync(ctx, job.Args.UserID, job.Args.AccountID)
	if err != nil || !more {
		return err
	}
	_, err = river.ClientFromContext[pgx.Tx](ctx).Insert(ctx, job.Args, &river.InsertOpts{Queue: gmailQueue, MaxAttempts: 1, Priority: 3})
	return err
}
