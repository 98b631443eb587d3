package jobs

import (
	"context"
	"errors"
	"math"
	"strings"
	"time"

	"github.com/riverqueue/river"

	"applylens/internal/db"
	"applylens/internal/ingest"
)

// JudgeMailArgs judges the newest mails of a user again, in chunks that are each a run.
type JudgeMailArgs struct {
	UserID int64 `json:"user_id"`
	Newest int   `json:"newest"`
}

// Kind is the job's name.
func (JudgeMailArgs) Kind() string { return "judge_mail" }

type judgeMail struct {
	river.WorkerDefaults[JudgeMailArgs]
	db     *db.DB
	ingest *ingest.Ingest
}

// Timeout bounds judging all of a large mailbox.
func (*judgeMail) Timeout(*river.Job[JudgeMailArgs]) time.Duration { return 6 * time.Hour }

func (w *judgeMail) Work(ctx context.Context, job *river.Job[JudgeMailArgs]) error {
	box, err := MailboxOf(ctx, w.db, job.Args.UserID, "person")
	if err != nil {
		return err
	}
	before := db.JudgeNewestParams{UserID: box.UserID, BeforeAt: time.Unix(1<<40, 0), BeforeID: math.MaxInt64}
	for left := job.Args.Newest; left > 0; {
		before.MaxRows = int32(min(left, ingest.MaxRejudged))
		rows, err := w.db.As(box.UserID).JudgeNewest(ctx, before)
		if err != nil || len(rows) == 0 {
			return err
		}
		ids := make([]int64, len(rows))
		for i, row := range rows {
			ids[i] = row.ID
		}
		if _, err := w.ingest.Rejudge(ctx, ingest.Rejudging{Mailbox: box, Emails: ids}); err != nil {
			return err
		}
		last := rows[len(rows)-1]
		before.BeforeAt, before.BeforeID, left = last.ReceivedAt, last.ID, left-len(rows)
	}
	return nil
}

// MailboxOf is the mailbox of a user for judging its mail: with the addresses of the user and of connected accounts.
func MailboxOf(ctx context.Context, d *db.DB, userID int64, trigger string) (ingest.Mailbox, error) {
	addresses, err := d.As(userID).JudgeAddresses(ctx, userID)
	for i := range addresses {
		addresses[i] = strings.ToLower(addresses[i])
	}
	return ingest.Mailbox{UserID: userID, Addresses: addresses, Trigger: trigger}, err
}

// JudgeWaitingArgs judges mail that came while nobody could judge it.
type JudgeWaitingArgs struct{}

// Kind is the job's name.
func (JudgeWaitingArgs) Kind() string { return "judge_waiting" }

// InsertOpts let the next minute try again.
func (JudgeWaitingArgs) InsertOpts() river.InsertOpts { return river.InsertOpts{MaxAttempts: 1} }

type judgeWaiting struct {
	river.WorkerDefaults[JudgeWaitingArgs]
	db     *db.DB
	ingest *ingest.Ingest
}

// Work goes through the users in turn; one user's trouble does not keep the others waiting.
func (w *judgeWaiting) Work(ctx context.Context, _ *river.Job[JudgeWaitingArgs]) error {
	users, err := w.db.UnjudgedUsers(ctx, 100)
	for _, id := range users {
		err = errors.Join(err, w.user(ctx, id))
	}
	return err
}

func (w *judgeWaiting) user(ctx context.Context, userID int64) error {
	box, err := MailboxOf(ctx, w.db, userID, "schedule")
	if err != nil {
		return err
	}
	for {
		ids, err := w.db.As(userID).UnjudgedNext(ctx, db.UnjudgedNextParams{UserID: userID, MaxRows: ingest.MaxRejudged})
		if err != nil || len(ids) == 0 {
			return err
		}
		if _, err := w.ingest.Rejudge(ctx, ingest.Rejudging{Mailbox: box, Emails: ids}); err != nil {
			return err // switched off still, or out of order: the next minute tries again
		}
		if err := w.db.As(userID).UnjudgedDrop(ctx, db.UnjudgedDropParams{UserID: userID, EmailIds: ids}); err != nil {
			return err
		}
	}
}
