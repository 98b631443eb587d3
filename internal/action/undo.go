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
	threads, err := lockThreads(ctx, q, userID, func() ([]int64, error) {
		return q.ActionDoneThreads(ctx, db.ActionDoneThreadsParams{UserID: userID, ActionID: id, EmailID: emailID, MaxItems: step})
	})
	if err != nil {
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
		if err := q.CorrectionDeleteEmail(ctx, db.CorrectionDeleteEmailParams{UserID: userID, ActionID: id, EmailID: *emailID}); err != nil {
			return err
		}
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

// UndoSince undoes all that a person did since a time, newest first, and returns how many actions that were.
func UndoSince(ctx context.Context, d *db.DB, userID int64, since time.Time) (int, error) {
	for n := 0; ; {
		rows, err := d.As(userID).ActionSince(ctx, db.ActionSinceParams{UserID: userID, Since: since})
		if err != nil || len(rows) == 0 {
			return n, err
		}
		for _, row := range rows { // each leaves the state "done", so the next list goes on behind them
			if err := Undo(ctx, d, userID, row.ID); err != nil {
				return n, err
			}
			n++
		}
	}
}

// UndoRule undoes all that a rule did since a time, newest first, and puts up again what it denied. It returns how many
// actions that were. The mail that the rule met stays in its history.
func UndoRule(ctx context.Context, d *db.DB, userID, ruleID int64, since time.Time) (int, error) {
	n, err := d.As(userID).RulePropose(ctx, db.RuleProposeParams{UserID: userID, RuleID: ruleID, Since: since})
	undone := int(n)
	for err == nil {
		var rows []int64
		rows, err = d.As(userID).RuleUndoable(ctx, db.RuleUndoableParams{UserID: userID, RuleID: ruleID, Since: since})
		if len(rows) == 0 {
			break
		}
		for _, id := range rows { // each leaves the list
			if err := Undo(ctx, d, userID, id); err != nil {
				return undone, err
			}
			undone++
		}
	}
	return undone, err
}

// WakeDue ends the snoozes of a user that are over, each once: whoever else wakes the same user's mail waits.
func WakeDue(ctx context.Context, d *db.DB, userID int64, now time.Time) error {
	for done := false; !done; {
		err := d.Tx(ctx, userID, func(q *db.Queries, _ pgx.Tx) error {
			if err := q.IngestLock(ctx, userID); err != nil {
				return err
			}
			due, err := q.SnoozeDue(ctx, db.SnoozeDueParams{UserID: userID, Now: now})
			if done = len(due) == 0; err != nil || done {
				return err
			}
			made, err := Make(ctx, q, userID, Intent{Kind: Wake, Actor: "snooze"}, Target{Emails: due}, now)
			if err != nil {
				return err
			}
			_, err = RunStep(ctx, q, userID, made.ID) // SnoozeDue gives no more than one step
			return err
		})
		if err != nil {
			return err
		}
	}
	return nil
}
