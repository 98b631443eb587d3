package gmailsync

import (
	"context"
	"errors"
	"math/rand/v2"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5"

	"applylens/internal/db"
	"applylens/internal/gmail"
)

// finish turns how a turn ended into the state of the account, and gives the lease back.
func (r *run) finish(ctx context.Context, err error) (more bool, _ error) {
	r.noteUsage(ctx, r.user, r.id)
	if errors.Is(err, errLease) {
		return false, nil
	}
	q := r.DB.As(r.user)
	next := r.nextLook()
	var pause *gmail.Pause
	switch {
	case err == nil:
		if err = r.recovered(ctx); err != nil {
			break
		}
		err = q.AccountSynced(ctx, db.AccountSyncedParams{UserID: r.user, ID: r.id, Now: r.Now()})
	case errors.Is(err, errSlice):
		more, next = true, r.Now()
		err = q.AccountProgress(ctx, db.AccountProgressParams{UserID: r.user, ID: r.id})
	case errors.Is(err, context.Canceled):
		next, err = r.Now(), nil
	case errors.Is(err, gmail.ErrReconnect):
		err = r.reconnect(ctx, err)
	case errors.As(err, &pause) && pause.Own:
		next = pause.Until
		err = q.AccountProgress(ctx, db.AccountProgressParams{UserID: r.user, ID: r.id})
	case errors.As(err, &pause):
		next = pause.Until
		err = q.AccountPaused(ctx, db.AccountPausedParams{UserID: r.user, ID: r.id, Now: r.Now(), Until: pause.Until, Cause: pause.Err.Error()})
	case gmail.IsNoMailbox(err):
		next = r.Now().Add(6 * time.Hour)
		err = r.fail(ctx, Failing, "This Google account has no Gmail mailbox, or Gmail is switched off for it. Switch it on at Google, or disconnect the account here.")
	default:
		next, err = r.failed(ctx, err)
	}
	again, failed := q.AccountRelease(ctx, db.AccountReleaseParams{UserID: r.user, ID: r.id, Lease: r.lease, Now: r.Now(), NextAt: next, Dirty: r.dirty})
	if errors.Is(failed, pgx.ErrNoRows) {
		return false, err // the lease was lost at the very end
	}
	return more || again && pause == nil && err == nil, errors.Join(err, failed)
}

// nextLook is when to look again: by the clock, or earlier when something parked is due.
func (r *run) nextLook() time.Time {
	wait := r.Options.Poll
	if r.account.WatchUntil != nil && r.account.WatchUntil.After(r.Now()) {
		wait = r.Options.Quiet
	}
	next := r.Now().Add(wait - rand.N(wait/5+1))
	if !r.wake.IsZero() && r.wake.Before(next) {
		return r.wake
	}
	return next
}

// reconnect stops the account until its owner connects it again, and tells once.
func (r *run) reconnect(ctx context.Context, cause error) error {
	if r.account.State == NeedsReconnect || r.account.State == Disconnected || r.account.ID == 0 {
		return nil
	}
	r.Log.Warn("a Gmail account needs its owner", "account", r.id, "error", cause)
	return r.fail(ctx, NeedsReconnect, "Google no longer accepts the permission: it was withdrawn, the password was changed, or it is too old. Your mail stays readable. Connect the account again to go on.")
}

// fail moves the account to a state of trouble and notes it once.
func (r *run) fail(ctx context.Context, state, cause string) error {
	q := r.DB.As(r.user)
	n, err := q.AccountState(ctx, db.AccountStateParams{UserID: r.user, ID: r.id, State: state, Cause: cause, Now: r.Now()})
	if err != nil || n == 0 {
		return err
	}
	kind := "error"
	if state == NeedsReconnect {
		kind = "needs_reconnect"
	}
	if err := r.event(ctx, q, kind, cause); err != nil {
		return err
	}
	return q.MailChanged(ctx, r.user)
}

// lasting is how many failures in a row make an account one in trouble.
const lasting = 10

// recovered gives an account that was in trouble the state it stands in.
func (r *run) recovered(ctx context.Context) error {
	if r.account.State != Failing {
		return nil
	}
	state := Live
	switch {
	case r.account.Cursor == "":
		state = Connecting
	case !r.account.Listed:
		state = Backfilling
	}
	r.account.State = state
	_, err := r.DB.As(r.user).AccountState(ctx, db.AccountStateParams{UserID: r.user, ID: r.id, State: state, Now: r.Now()})
	return err
}

// failed counts a failure of any other kind and says when to try again: soon at first, then every quarter of an hour.
func (r *run) failed(ctx context.Context, cause error) (next time.Time, err error) {
	r.Log.Warn("a Gmail account could not be synced", "account", r.id, "error", cause)
	n, err := r.DB.As(r.user).AccountFailed(ctx, db.AccountFailedParams{UserID: r.user, ID: r.id, Error: cause.Error()})
	if err != nil {
		return r.Now(), err
	}
	if n == lasting && r.account.State != Failing {
		if err := r.fail(ctx, Failing, "Syncing has failed "+strconv.Itoa(lasting)+" times in a row. It goes on trying; nothing is lost. Whoever runs this server finds the cause on the page of all mailboxes."); err != nil {
			return r.Now(), err
		}
	}
	wait := min(r.Options.Limits.Backoff<<min(n, 12), 15*time.Minute)
	return r.Now().Add(wait/2 + rand.N(wait/2+1)), nil
}
