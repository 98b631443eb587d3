package action

import (
	"context"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"

	"applylens/internal/db"
	"applylens/internal/errs"
)

// Undo puts back what an action changed. What something else has changed since stays as it is. Undoing twice is once.
func Undo(ctx context.Context, d *db.DB, userID, id int64) error {
	return undo(ctx, d, userID, id, nil)
}

// UndoEmail is Undo for one email of an action.
func UndoEmail(ctx context.Context, d *db.DB, userID, id, emailID int64) error {
	return undo(ctx, d, userID, id, &emailID)
}

func undo(ctx context.Context, d *db.DB, userID, id int64, emailID *int64) error {
	for {
		done := false
		err := d.Tx(ctx, userID, func(q *db.Queries, _ pgx.Tx) (err error) {
			done, err = undoStep(ctx, q, userID, id, emailID)
			return err
		})
		if err != nil || done {
			return err
		}
	}
}

func undoStep(ctx context.Context, q *db.Queries, userID, id int64, emailID *int64) (done bool, err error) {
	a, err := q.ActionLock(ctx, db.ActionLockParams{UserID: userID, ID: id})
	switch {
	case errors.Is(err, pgx.ErrNoRows):
		return true, errs.NotFound
	case err != nil:
		return true, err
	case a.State == "undone":
		return true, nil
	case a.State != "done" && a.State != "approved":
		return true, errs.Conflict("This was not carried out, so there is nothing to undo.")
	}
	threads, err := q.ActionDoneThreads(ctx, db.ActionDoneThreadsParams{UserID: userID, ActionID: id, EmailID: emailID, MaxItems: step})
	if err != nil {
		return false, err
	}
	if _, err := q.ThreadLock(ctx, db.ThreadLockParams{UserID: userID, Ids: threads}); err != nil {
		return false, err
	}
	n, err := q.ActionUndo(ctx, db.ActionUndoParams{UserID: userID, ActionID: id, EmailID: emailID, MaxItems: step})
	if err != nil {
		return false, err
	}
	if _, err := q.GmailChangesMade(ctx, db.GmailChangesMadeParams{UserID: userID, ActionID: id, Undo: true}); err != nil {
		return false, err
	}
	if err := refresh(ctx, q, userID, threads); err != nil || n == step {
		return false, err
	}
	return true, finishUndo(ctx, q, userID, id, emailID)
}

// finishUndo marks an action as undone when nothing of it stands; one email of many may have been put back alone. An
// action that was still running stops here: its untouched items stay untouched.
func finishUndo(ctx context.Context, q *db.Queries, userID, id int64, emailID *int64) error {
	if emailID != nil {
		left, err := q.ActionLeft(ctx, db.ActionLeftParams{UserID: userID, ActionID: id})
		if err != nil || left > 0 {
			return err
		}
	}
	if err := q.CorrectionDeleteAction(ctx, db.CorrectionDeleteActionParams{UserID: userID, ActionID: id}); err != nil {
		return err
	}
	return q.ActionState(ctx, db.ActionStateParams{UserID: userID, ID: id, State: "undone"})
}

// UndoSince undoes all that was done since a time, newest first, and returns how many actions that were.
func UndoSince(ctx context.Context, d *db.DB, userID int64, since time.Time) (int, error) {
	ids, err := d.As(userID).ActionSince(ctx, db.ActionSinceParams{UserID: userID, Since: since})
	if err != nil {
		return 0, err
	}
	for i, id := range ids {
		if err := Undo(ctx, d, userID, id); err != nil {
			return i, err
		}
	}
	return len(ids), nil
}

// Decide approves or denies a proposal, in the caller's transaction; one denial is final. An approved action is then
// run like any other.
func Decide(ctx context.Context, q *db.Queries, userID, id int64, approve bool) error {
	a, err := q.ActionLock(ctx, db.ActionLockParams{UserID: userID, ID: id})
	if errors.Is(err, pgx.ErrNoRows) {
		return errs.NotFound
	}
	if err != nil {
		return err
	}
	if a.State != "proposed" {
		return errs.Conflict("This proposal was decided already: it is " + a.State + ".")
	}
	state := "denied"
	if approve {
		state = "approved"
	}
	return q.ActionState(ctx, db.ActionStateParams{UserID: userID, ID: id, State: state})
}

// WakeDue ends the snoozes of a user that are over.
func WakeDue(ctx context.Context, d *db.DB, userID int64, now time.Time) error {
	for {
		var made Made
		err := d.Tx(ctx, userID, func(q *db.Queries, _ pgx.Tx) error {
			due, err := q.SnoozeDue(ctx, db.SnoozeDueParams{UserID: userID, Now: now})
			if err != nil || len(due) == 0 {
				return err
			}
			made, err = Make(ctx, q, userID, Intent{Kind: Wake, Actor: "snooze"}, Target{Emails: due}, now)
			return err
		})
		if err != nil || made.Count == 0 {
			return err
		}
		if err := Run(ctx, d, userID, made.ID); err != nil {
			return err
		}
	}
}
