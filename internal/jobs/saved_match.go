package jobs

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/riverqueue/river"

	"applylens/internal/db"
	"applylens/internal/search"
)

// SavedMatchArgs lets a user's saved searches look at the mail that came since they last did.
type SavedMatchArgs struct {
	UserID int64 `json:"user_id"`
}

// Kind is the job's name.
func (SavedMatchArgs) Kind() string { return "saved_match" }

const (
	savedStep = 2000 // emails that one search looks at in a run
	savedKept = 500  // hits of one search
	// Mail counts as new when it was received after the search was saved; clocks differ by so much.
	savedSkew = time.Hour
)

type savedMatch struct {
	river.WorkerDefaults[SavedMatchArgs]
	db     *db.DB
	now    func() time.Time
	engine *search.Postgres
	client func(context.Context) *Client // queues letters; nil when the program sends no mail of its own
}

// Work looks at new mail until there is none, each step in a transaction that also notes how far it came: what is
// found is noted once, however often the job runs.
func (w *savedMatch) Work(ctx context.Context, job *river.Job[SavedMatchArgs]) error {
	for {
		more, err := w.step(ctx, job.Args.UserID)
		if err != nil || !more {
			return err
		}
	}
}

func (w *savedMatch) step(ctx context.Context, userID int64) (more bool, err error) {
	err = w.db.Tx(ctx, userID, func(q *db.Queries, tx pgx.Tx) error {
		more = false
		user, err := q.UserGet(ctx, userID)
		if err != nil {
			return err
		}
		newest, err := q.SavedNewest(ctx, userID)
		if err != nil {
			return err
		}
		due, err := q.SavedDue(ctx, db.SavedDueParams{UserID: userID, Newest: newest})
		if err != nil {
			return err
		}
		noted := int64(0)
		for _, s := range due {
			n, upTo, err := w.look(ctx, q, tx, user, s, newest)
			if err != nil {
				return fmt.Errorf("saved search %d: %w", s.ID, err)
			}
			noted += n
			more = more || upTo < newest
		}
		if noted == 0 {
			return nil
		}
		return q.MailChanged(ctx, userID)
	})
	return more, err
}

// look lets one saved search look at the next mails, and returns how many it found and up to which it looked.
func (w *savedMatch) look(ctx context.Context, q *db.Queries, tx pgx.Tx, user db.User, s db.SavedDueRow, newest int64) (noted, upTo int64, err error) {
	now := w.now()
	ids, err := q.SavedArrivals(ctx, db.SavedArrivalsParams{UserID: user.ID, After: s.CheckedID, Newest: newest,
		Since: s.CreatedAt.Add(-savedSkew), MaxRows: savedStep})
	if err != nil {
		return 0, 0, err
	}
	if upTo = newest; len(ids) == savedStep {
		upTo = ids[len(ids)-1]
	}
	zone, err := time.LoadLocation(user.TimeZone)
	if err != nil {
		zone = time.UTC
	}
	found, err := w.engine.Matching(ctx, tx, search.Parse(s.Query, now.In(zone)), search.Request{UserID: user.ID, Me: []string{user.Email}}, ids)
	if err != nil {
		return 0, 0, err
	}
	if len(found) > 0 {
		if noted, err = q.SavedHitInsert(ctx, db.SavedHitInsertParams{UserID: user.ID, SearchID: s.ID, EmailIds: found, FoundAt: now}); err != nil {
			return 0, 0, err
		}
		if err = q.SavedHitTrim(ctx, db.SavedHitTrimParams{UserID: user.ID, SearchID: s.ID, Keep: savedKept}); err != nil {
			return 0, 0, err
		}
		if noted > 0 && s.Alert == "email" && w.client != nil {
			if err = queueSavedMail(ctx, w.client(ctx), tx, user.ID, s.ID, now); err != nil {
				return 0, 0, err
			}
		}
	}
	return noted, upTo, q.SavedChecked(ctx, db.SavedCheckedParams{UserID: user.ID, ID: s.ID, CheckedID: upTo, CheckedAt: &now})
}

// onStored returns what ingest calls in the transaction that stores mail: it queues the job that makes vectors, and this
// one when the user has saved searches, so that they run when, and only when, the mail is there.
func onStored(client *Client, vectors bool) func(context.Context, *db.Queries, pgx.Tx, int64) error {
	return func(ctx context.Context, q *db.Queries, tx pgx.Tx, userID int64) error {
		if vectors {
			if _, err := client.InsertTx(ctx, tx, EmbedMailArgs{UserID: userID}, nil); err != nil {
				return err
			}
		}
		any, err := q.SavedAny(ctx, userID)
		if err != nil || !any {
			return err
		}
		_, err = client.InsertTx(ctx, tx, SavedMatchArgs{UserID: userID}, nil)
		return err
	}
}
