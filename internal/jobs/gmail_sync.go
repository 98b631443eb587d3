package jobs

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/rivertype"

	"applylens/internal/gmail/gmailsync"
)

// Turns of Gmail accounts have queues of their own: one for what is due now, so that news and changes never wait for
// mailboxes that fill; one for the first messages of new accounts; and one for the rest of those. A turn that waits for
// quota holds its worker, but only one of its own kind.
const (
	gmailQueue    = "gmail"
	newQueue      = "gmail_new"
	backfillQueue = "gmail_backfill"
)

// GmailSyncArgs gives one Gmail account a turn of the sync.
type GmailSyncArgs struct {
	UserID    int64 `json:"user_id"`
	AccountID int64 `json:"account_id"`
	Brief     bool  `json:"brief"` // only what is urgent; a backfill goes on in its own queue
}

// Kind is the job's name.
func (GmailSyncArgs) Kind() string { return "gmail_sync" }

type gmailSync struct {
	river.WorkerDefaults[GmailSyncArgs]
	engine *gmailsync.Engine
}

// Timeout is none: the turn bounds itself, and a full comparison is not cut off.
func (*gmailSync) Timeout(*river.Job[GmailSyncArgs]) time.Duration { return -1 }

// Work gives the account its turn. If there is more to do, the turn of a backfill goes behind the others', and any other
// makes sure that there is one. A turn that fails is not repeated by River: the account knows when it is due.
func (w *gmailSync) Work(ctx context.Context, job *river.Job[GmailSyncArgs]) error {
	more, err := w.engine.Sync(ctx, job.Args.UserID, job.Args.AccountID, job.Args.Brief)
	if err != nil || !more {
		return err
	}
	if job.Queue == backfillQueue {
		return river.JobSnooze(0)
	}
	args := GmailSyncArgs{UserID: job.Args.UserID, AccountID: job.Args.AccountID}
	_, err = river.ClientFromContext[pgx.Tx](ctx).Insert(ctx, args, &river.InsertOpts{Queue: backfillQueue, MaxAttempts: 1, UniqueOpts: river.UniqueOpts{ByArgs: true,
		ByState: []rivertype.JobState{rivertype.JobStateAvailable, rivertype.JobStatePending, rivertype.JobStateRetryable, rivertype.JobStateRunning, rivertype.JobStateScheduled}}})
	return err
}
