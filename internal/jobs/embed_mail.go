package jobs

import (
	"context"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"
	"github.com/riverqueue/river/rivertype"

	"applylens/internal/db"
	"applylens/internal/search"
)

// embedQueue is one job wide: making vectors takes what EMBED_THREADS allows, and no more.
const embedQueue = "embed"

const (
	embedTurn = 2 * time.Minute  // after which the next owner has a turn
	embedWait = 15 * time.Minute // until a model that could not be opened is tried again
)

// EmbedMailArgs makes the vectors that a user's mail lacks.
type EmbedMailArgs struct {
	UserID int64 `json:"user_id"`
}

// Kind is the job's name.
func (EmbedMailArgs) Kind() string { return "embed_mail" }

// InsertOpts keeps one job a user.
func (EmbedMailArgs) InsertOpts() river.InsertOpts {
	return river.InsertOpts{Queue: embedQueue, UniqueOpts: river.UniqueOpts{ByArgs: true, ByState: []rivertype.JobState{rivertype.JobStateAvailable,
		rivertype.JobStatePending, rivertype.JobStateRetryable, rivertype.JobStateRunning, rivertype.JobStateScheduled}}}
}

type embedMail struct {
	river.WorkerDefaults[EmbedMailArgs]
	db    *db.DB
	sense *search.Sense
}

// Timeout is none: a turn bounds itself, and the first one may have to fetch the model.
func (*embedMail) Timeout(*river.Job[EmbedMailArgs]) time.Duration { return -1 }

// Work makes vectors for one turn. It ends for good only in a transaction in which no mail can come in, so that none is
// forgotten: whoever stores mail later queues the job anew.
func (w *embedMail) Work(ctx context.Context, job *river.Job[EmbedMailArgs]) error {
	if _, err := w.sense.Encoder(ctx, w.sense.Model); err != nil {
		if ctx.Err() != nil {
			return err
		}
		return river.JobSnooze(embedWait) // it was logged where it happened, and each search says so
	}
	_, complete, err := w.sense.Fill(ctx, w.db, job.Args.UserID, embedTurn, func(int, int) {})
	if err != nil {
		return err
	}
	if !complete {
		return river.JobSnooze(0)
	}
	err = w.db.Tx(ctx, job.Args.UserID, func(q *db.Queries, tx pgx.Tx) error {
		if err := q.IngestLock(ctx, job.Args.UserID); err != nil {
			return err
		}
		left, err := q.VectorMissing(ctx, db.VectorMissingParams{UserID: job.Args.UserID, Model: w.sense.Model, MaxRows: 1})
		if err != nil {
			return err
		}
		if len(left) > 0 {
			return errMore
		}
		_, err = river.JobCompleteTx[*riverpgxv5.Driver](ctx, tx, job)
		return err
	})
	if errors.Is(err, errMore) {
		return river.JobSnooze(0)
	}
	return err
}

// errMore means that mail came in meanwhile.
var errMore = errors.New("jobs: there is more to do")

// addEmbed adds the job that makes vectors.
func addEmbed(cfg *river.Config, d Deps) {
	cfg.Queues[embedQueue] = river.QueueConfig{MaxWorkers: 1}
	river.AddWorker(cfg.Workers, &embedMail{db: d.DB, sense: d.Sense})
}

// vectors queues the making of vectors that are missing, as after a change of the model, or when mail came in by a
// program without jobs.
func (w *sweep) vectors(ctx context.Context, userID int64) error {
	if w.sense == nil {
		return nil
	}
	left, err := w.db.As(userID).VectorMissing(ctx, db.VectorMissingParams{UserID: userID, Model: w.sense.Model, MaxRows: 1})
	if err == nil && len(left) > 0 {
		_, err = river.ClientFromContext[pgx.Tx](ctx).Insert(ctx, EmbedMailArgs{UserID: userID}, nil)
	}
	return err
}
