package jobs

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/riverqueue/river"

	"applylens/internal/db"
	"applylens/internal/gmail/gmailsync"
)

// GmailSweepArgs queues turns for the accounts that are due by the clock.
type GmailSweepArgs struct{}

// Kind is the job's name.
func (GmailSweepArgs) Kind() string { return "gmail_sweep" }

// InsertOpts put it before the turns it queues.
func (GmailSweepArgs) InsertOpts() river.InsertOpts { return river.InsertOpts{MaxAttempts: 1} }

type gmailSweep struct {
	river.WorkerDefaults[GmailSweepArgs]
	engine *gmailsync.Engine
}

func (w *gmailSweep) Work(ctx context.Context, _ *river.Job[GmailSweepArgs]) error {
	if _, err := w.engine.DB.GmailPushesExpired(ctx, w.engine.Now().Add(-24*time.Hour)); err != nil {
		return err
	}
	if err := w.queueOutgoing(ctx); err != nil {
		return err
	}
	return queueDue(ctx, w.engine, river.ClientFromContext[pgx.Tx](ctx))
}

// queueOutgoing queues mail whose job was lost, two minutes after its time.
func (w *gmailSweep) queueOutgoing(ctx context.Context) error {
	due, err := w.engine.DB.OutgoingDue(ctx, w.engine.Now().Add(-2*time.Minute))
	if err != nil || len(due) == 0 {
		return err
	}
	all := make([]river.InsertManyParams, len(due))
	for i, o := range due {
		all[i] = river.InsertManyParams{Args: OutgoingSendArgs{UserID: o.UserID, OutgoingID: o.ID},
			InsertOpts: &river.InsertOpts{UniqueOpts: river.UniqueOpts{ByArgs: true, ByPeriod: 2 * time.Minute}}}
	}
	_, err = river.ClientFromContext[pgx.Tx](ctx).InsertMany(ctx, all)
	return err
}

// maxDue bounds how many turns one sweep queues; what is left is due again at the next.
const maxDue = 500

// queueDue queues a turn for each account that is due, once: claiming and queueing are one transaction.
func queueDue(ctx context.Context, e *gmailsync.Engine, client *Client) error {
	return e.DB.Tx(ctx, 0, func(q *db.Queries, tx pgx.Tx) error {
		due, err := q.GmailClaim(ctx, db.GmailClaimParams{Now: e.Now(), MaxRows: maxDue})
		if err != nil || len(due) == 0 {
			return err
		}
		all := make([]river.InsertManyParams, len(due))
		for i, a := range due {
			all[i] = river.InsertManyParams{Args: GmailSyncArgs{UserID: a.UserID, AccountID: a.AccountID, Brief: filling(a.State)},
				InsertOpts: &river.InsertOpts{Queue: queueOf(a.State), MaxAttempts: 1}}
		}
		_, err = client.InsertManyFastTx(ctx, tx, all)
		return err
	})
}

// queueOf serves a newly connected account before those that are being filled, and news beside both.
func queueOf(state string) string {
	if state == gmailsync.Connecting {
		return newQueue
	}
	return gmailQueue
}

func filling(state string) bool {
	return state == gmailsync.Backfilling || state == gmailsync.Resyncing
}

// WatchGmail queues turns the moment something is due: a push, a change for Gmail, a new account. It listens to
// Postgres until the context ends; the sweep is the net under it.
func WatchGmail(ctx context.Context, e *gmailsync.Engine, client *Client, log *slog.Logger) {
	for ctx.Err() == nil {
		err := watchGmail(ctx, e, client, e.DB.Pool)
		if ctx.Err() != nil {
			return
		}
		log.Warn("listening for Gmail is interrupted; connecting again", "error", err)
		select {
		case <-ctx.Done():
		case <-time.After(2 * time.Second):
		}
	}
}

func watchGmail(ctx context.Context, e *gmailsync.Engine, client *Client, pool *pgxpool.Pool) error {
	conn, err := pool.Acquire(ctx)
	if err != nil {
		return err
	}
	defer conn.Release()
	if _, err := conn.Exec(ctx, "listen gmail_due"); err != nil {
		return err
	}
	defer func() { _, _ = conn.Exec(context.WithoutCancel(ctx), "unlisten gmail_due") }()
	for {
		if err := queueDue(ctx, e, client); err != nil {
			return err
		}
		n, err := conn.Conn().WaitForNotification(ctx)
		if err != nil {
			return err
		}
		var user, account int64
		if k, _ := fmt.Sscan(n.Payload, &user, &account); k == 2 { // changes of ours; a push has woken its account already
			if err := e.DB.As(user).AccountDirty(ctx, db.AccountDirtyParams{UserID: user, ID: account, Now: e.Now()}); err != nil {
				return err
			}
		}
	}
}
