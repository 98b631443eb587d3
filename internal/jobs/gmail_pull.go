package jobs

import (
	"context"
	"log/slog"
	"time"

	"applylens/internal/db"
	"applylens/internal/gmail"
	"applylens/internal/gmail/gmailsync"
)

// PullGmail fetches pushes from a Pub/Sub subscription until the context ends, where no public address is at hand. One
// is acknowledged once it is durable.
func PullGmail(ctx context.Context, e *gmailsync.Engine, s gmail.Subscriber, log *slog.Logger) {
	for ctx.Err() == nil {
		if err := pullOnce(ctx, e, s); err != nil && ctx.Err() == nil {
			log.Warn("pushes could not be fetched; polling goes on", "error", err)
			select {
			case <-ctx.Done():
			case <-time.After(10 * time.Second):
			}
		}
	}
}

func pullOnce(ctx context.Context, e *gmailsync.Engine, s gmail.Subscriber) error {
	pulled, err := s.Pull(ctx)
	if err != nil || len(pulled) == 0 {
		return err
	}
	acks := make([]string, len(pulled))
	for i, p := range pulled {
		acks[i] = p.AckID
		if p.Address == "" {
			continue
		}
		if _, err := e.DB.GmailPushed(ctx, db.GmailPushedParams{PushID: p.MessageID, Address: p.Address, At: e.Now()}); err != nil {
			return err
		}
	}
	return s.Acknowledge(ctx, acks)
}
