package jobs

import (
	"context"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/riverqueue/river"

	"applylens/internal/action"
	"applylens/internal/db"
	"applylens/internal/search"
)

// SweepArgs is the safety net under the other jobs: it ends snoozes whose job was lost, finishes actions and imports
// that were interrupted, ends proposals whose time is over, and removes sessions and links whose time is over. Words of emails deleted a day ago leave the
// text index.
type SweepArgs struct{}

// Kind is the job's name.
func (SweepArgs) Kind() string { return "sweep" }

type sweep struct {
	river.WorkerDefaults[SweepArgs]
	db    *db.DB
	now   func() time.Time
	sense *search.Sense // nil when mail is not found by meaning
}

func (w *sweep) Work(ctx context.Context, _ *river.Job[SweepArgs]) error {
	if _, err := w.db.SignInExpired(ctx); err != nil {
		return err
	}
	if w.sense != nil {
		w.sense.Rest()
	}
	users, err := w.db.UserIDs(ctx)
	if err != nil {
		return err
	}
	var failed error
	for _, id := range users { // one user's trouble must not keep the others waiting
		failed = errors.Join(failed, w.user(ctx, id))
	}
	return failed
}

// imports queues again the imports whose job was lost with its process.
func (w *sweep) imports(ctx context.Context, userID int64) error {
	return w.db.Tx(ctx, userID, func(q *db.Queries, tx pgx.Tx) error {
		stalled, err := q.ImportStalled(ctx, userID)
		if err != nil {
			return err
		}
		for _, im := range stalled {
			args := ImportFilesArgs{UserID: userID, ImportID: im.ID, Upload: im.Upload}
			if _, err := river.ClientFromContext[pgx.Tx](ctx).InsertTx(ctx, tx, args, nil); err != nil {
				return err
			}
		}
		return nil
	})
}

// saved lets saved searches look at mail that came in by a program without jobs.
func (w *sweep) saved(ctx context.Context, userID int64) error {
	behind, err := w.db.As(userID).SavedBehind(ctx, userID)
	if err == nil && behind {
		_, err = river.ClientFromContext[pgx.Tx](ctx).Insert(ctx, SavedMatchArgs{UserID: userID}, nil)
	}
	return err
}

func (w *sweep) user(ctx context.Context, userID int64) error {
	if err := action.WakeDue(ctx, w.db, userID, w.now()); err != nil {
		return err
	}
	if err := action.LapseDue(ctx, w.db, userID, w.now()); err != nil {
		return err
	}
	if err := w.imports(ctx, userID); err != nil {
		return err
	}
	if err := errors.Join(w.saved(ctx, userID), w.vectors(ctx, userID)); err != nil {
		return err
	}
	if err := w.erase(ctx, userID); err != nil {
		return err
	}
	unfinished, err := w.db.As(userID).ActionUnfinished(ctx, userID)
	if err != nil {
		return err
	}
	for _, id := range unfinished { // one that fails must not keep the others waiting
		err = errors.Join(err, action.Run(ctx, w.db, userID, id))
	}
	return err
}

// erase takes the words of deleted emails out of the text index; merges mostly have done so before.
func (w *sweep) erase(ctx context.Context, userID int64) error {
	due, err := w.db.As(userID).SearchDeadSince(ctx, db.SearchDeadSinceParams{UserID: userID, Before: w.now().Add(-24 * time.Hour)})
	if err != nil || !due {
		return err
	}
	return search.EraseAll(ctx, w.db, userID)
}
