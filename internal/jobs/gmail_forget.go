package jobs

import (
	"context"
	"time"

	"github.com/riverqueue/river"

	"applylens/internal/gmail/gmailsync"
)

// GmailForgetArgs deletes the mail of a disconnected account, and the account.
type GmailForgetArgs struct {
	UserID    int64 `json:"user_id"`
	AccountID int64 `json:"account_id"`
}

// Kind is the job's name.
func (GmailForgetArgs) Kind() string { return "gmail_forget" }

type gmailForget struct {
	river.WorkerDefaults[GmailForgetArgs]
	engine *gmailsync.Engine
}

// Timeout is none: each step bounds its own time.
func (*gmailForget) Timeout(*river.Job[GmailForgetArgs]) time.Duration { return -1 }

func (w *gmailForget) Work(ctx context.Context, job *river.Job[GmailForgetArgs]) error {
	return w.engine.Forget(ctx, job.Args.UserID, job.Args.AccountID)
}
