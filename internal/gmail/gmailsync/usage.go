package gmailsync

import (
	"context"
	"time"

	"applylens/internal/db"
	"applylens/internal/gmail"
)

// usageKept is how long the daily sums of an account are kept.
const usageKept = 31 * 24 * time.Hour

// noteUsage adds the units an account used to its sums. It is called every few seconds of a turn, so that the sums of a
// minute are right to within those, and failing costs nothing: the units are added the next time.
func (e *Engine) noteUsage(ctx context.Context, userID, accountID int64) {
	units := e.Limiter.TakeUsed(accountID)
	if units == 0 {
		return
	}
	day, minute := gmail.UsageTimes(e.Now())
	p := db.GmailUsageAddParams{UserID: userID, AccountID: accountID, Day: day, Minute: minute, Units: units}
	if err := e.DB.As(userID).GmailUsageAdd(ctx, p); err != nil {
		e.Limiter.GiveBack(accountID, units)
		e.Log.Warn("the use of quota could not be noted", "account", accountID, "error", err)
	}
}
