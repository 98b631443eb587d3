package gmailsync

import (
	"context"
	"errors"
	"math/rand/v2"
	"time"

	"applylens/internal/db"
	"applylens/internal/gmail"
)

// renewWatch asks for pushes once a day, a watch lasting a week. Without pushes the account is polled, so a failure is
// noted and tried again in an hour, and stops nothing.
func (r *run) renewWatch(ctx context.Context) error {
	if at := r.account.WatchRenewAt; r.Options.Topic == "" || at != nil && at.After(r.Now()) {
		return nil
	}
	until, err := r.client.Watch(ctx, r.Options.Topic)
	if stops(err) && !errors.Is(err, gmail.ErrScope) {
		return err
	}
	p := db.AccountWatchParams{UserID: r.user, ID: r.id, Until: r.account.WatchUntil, RenewAt: r.Now().Add(time.Hour)}
	if err == nil {
		p.Until, p.RenewAt = &until, r.Now().Add(24*time.Hour-rand.N(2*time.Hour))
	} else {
		p.Error = err.Error()
	}
	r.account.WatchUntil, r.account.WatchRenewAt = p.Until, &p.RenewAt
	return r.DB.As(r.user).AccountWatch(ctx, p)
}
