package action

import (
	"context"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"

	"applylens/internal/db"
	"applylens/internal/errs"
)

// Decide approves or denies a proposal for its owner, in the caller's transaction; one denial is final. It tells whether
// the action is approved now, and then to be run like any other: where two people must approve, the owner's yes alone
// does not do it.
func Decide(ctx context.Context, q *db.Queries, userID, id int64, approve bool, now time.Time) (approved bool, err error) {
	a, err := q.ActionLock(ctx, db.ActionLockParams{UserID: userID, ID: id})
	if errors.Is(err, pgx.ErrNoRows) {
		return false, errs.NotFound
	}
	switch {
	case err != nil:
		return false, err
	case a.State == "proposed" && a.ExpiresAt != nil && !a.ExpiresAt.After(now):
		return false, errs.Conflict("This proposal has lapsed.")
	case a.State != "proposed":
		return false, errs.Conflict("This proposal was decided already: it is " + a.State + ".")
	}
	given, err := q.ApprovalAdd(ctx, db.ApprovalAddParams{UserID: userID, ActionID: id, DecidedBy: userID, Approved: approve, Now: now})
	switch {
	case errors.Is(err, pgx.ErrNoRows):
		return false, errs.Conflict("You have approved this; another person must as well.")
	case err != nil:
		return false, err
	case !approve:
		return false, q.ActionState(ctx, db.ActionStateParams{UserID: userID, ID: id, State: "denied"})
	case given < int64(a.ApprovalsNeeded):
		return false, nil
	}
	return true, q.ActionState(ctx, db.ActionStateParams{UserID: userID, ID: id, State: "approved"})
}

// LapseDue ends the proposals of a user whose time is over.
func LapseDue(ctx context.Context, d *db.DB, userID int64, now time.Time) error {
	for {
		lapsed, err := d.As(userID).ApprovalLapse(ctx, db.ApprovalLapseParams{UserID: userID, Now: now, MaxRows: step})
		if err != nil || len(lapsed) < step {
			return err
		}
	}
}

// DecideSecond decides, as an admin, on the proposal of somebody else that its owner has approved and that needs two
// people. It tells whether the action is approved now.
func DecideSecond(ctx context.Context, d *db.DB, adminID, ownerID, id int64, approve bool, reason string, now time.Time) (approved bool, err error) {
	if len(reason) > 500 {
		return false, errs.BadInput("A reason has at most 500 characters.")
	}
	state, err := db.New(d.Operator(adminID)).ActionSecond(ctx, db.ActionSecondParams{Owner: ownerID, Action: id, Approve: approve, Reason: reason, Now: now})
	if err == nil && state == "" {
		err = errs.NotFound
	}
	return state == "approved", err
}
