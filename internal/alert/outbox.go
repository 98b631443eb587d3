package alert

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"strconv"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"

	"applylens/internal/db"
)

// An Outbox tells people of the changes of alerts that the database holds. What is to be told is written down before it
// is tried, and each attempt before it is made: nothing is lost by a restart, and what may have arrived is sent again
// with the same id. Changes of one alert reach a channel in order.
type Outbox struct {
	DB       *db.DB
	Channels []Channel
	Routes   Routes
	Hours    Hours
	BaseURL  string // of the console
	Log      *slog.Logger
	Now      func() time.Time
	Pace     time.Duration // between two messages to Slack
}

// SlackPace keeps to Slack's limit of a message a second and channel.
const SlackPace = 1100 * time.Millisecond

const (
	planned  = 500              // changes that are planned in one transaction
	sendTime = 30 * time.Second // for one attempt
	lease    = 2 * time.Minute  // after which an attempt that never ended is made again
	maxPause = time.Minute      // between attempts at a channel that does not answer
)

// Deliver plans what is new and tells all that is due. It returns the errors of the database; those of channels are
// written down, and their notices tried again later.
func (o *Outbox) Deliver(ctx context.Context) error {
	if err := o.plan(ctx); err != nil {
		return fmt.Errorf("plan the telling of alerts: %w", err)
	}
	rows, err := o.DB.AlertChannels(ctx)
	if err != nil {
		return err
	}
	failed := make([]error, len(o.Channels))
	var all sync.WaitGroup
	for i, c := range o.Channels { // one that hangs must not keep the others waiting
		for _, row := range rows {
			if row.Channel == c.Name() && row.Waiting > 0 && !row.PausedUntil.After(o.Now()) {
				all.Go(func() { failed[i] = o.drain(ctx, c, int(row.Failures)) })
			}
		}
	}
	all.Wait()
	return errors.Join(failed...)
}

// drain tells one channel what is due, until nothing is left or it does not answer.
func (o *Outbox) drain(ctx context.Context, c Channel, failures int) error {
	for ctx.Err() == nil {
		row, err := o.DB.AlertDue(ctx, db.AlertDueParams{Channel: c.Name(), At: o.Now(), Lease: o.Now().Add(lease)})
		if errors.Is(err, pgx.ErrNoRows) {
			return nil
		}
		if err != nil {
			return err
		}
		again, err := o.attempt(ctx, c, row, failures)
		if err != nil || again {
			return err
		}
		failures = 0
		if c.Name() != "slack" {
			continue
		}
		select { // Slack takes a message a second
		case <-ctx.Done():
		case <-time.After(o.Pace):
		}
	}
	return ctx.Err()
}

// attempt makes one attempt and writes down how it went; again says that the channel is to be left alone for now.
func (o *Outbox) attempt(ctx context.Context, c Channel, row db.AlertDueRow, failures int) (again bool, err error) {
	sending, done := context.WithTimeout(ctx, sendTime)
	defer done()
	sent := c.Send(sending, o.notice(row))
	ctx = context.WithoutCancel(ctx) // what was sent is written down also while the program stops
	var later *TryAgain
	switch {
	case sent == nil:
		at := o.Now()
		return false, errors.Join(o.DB.AlertSent(ctx, db.AlertSentParams{EventID: row.EventID, Channel: row.Channel, At: at}),
			o.DB.AlertChannelWorks(ctx, db.AlertChannelWorksParams{Channel: row.Channel, At: at}))
	case errors.As(sent, &later):
		until := o.Now().Add(max(later.After, pause(failures)))
		return true, errors.Join(
			o.DB.AlertAgain(ctx, db.AlertAgainParams{EventID: row.EventID, Channel: row.Channel, NotBefore: until, Error: sent.Error(), MaybeArrived: later.After == 0 || row.MaybeArrived}),
			o.DB.AlertChannelFails(ctx, db.AlertChannelFailsParams{Channel: row.Channel, PausedUntil: until, Error: sent.Error()}))
	}
	o.Log.Warn("an alert was refused", "channel", c.Name(), "alert", row.AlertID, "error", sent)
	return false, o.DB.AlertRefused(ctx, db.AlertRefusedParams{EventID: row.EventID, Channel: row.Channel, Error: sent.Error()})
}

// pause is how long a channel is left alone after so many failures in a row: full jitter over a doubling time.
func pause(failures int) time.Duration {
	limit := min(maxPause, time.Second<<min(failures+1, 10))
	return time.Second/2 + rand.N(limit) //nolint:gosec // no secret
}

var classWords = map[string]string{
	"page": "burns its budget fast", "ticket": "burns its budget", "hard_down": "is down", "slow": "is too slow",
	"exhausted": "has no budget left", "no_data": "has no data", "overcount": "counts more good events than events",
}

func (o *Outbox) notice(row db.AlertDueRow) Notice {
	words := classWords[row.Class]
	if words == "" {
		words = row.Class
	}
	n := Notice{ID: row.EventID, Key: row.Key, Sequence: int64(row.Sequence), State: State(row.State), Severity: Severity(row.Severity), Class: row.Class,
		Source: row.Objective, Title: row.Objective + " " + words, Text: row.Text, Link: o.BaseURL + "/ops/alerts/" + strconv.FormatInt(row.AlertID, 10),
		At: row.Minute, Again: row.MaybeArrived}
	if row.State == "unsilenced" {
		n.State = Firing
	}
	return n
}
