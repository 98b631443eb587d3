package alert

import (
	"context"
	"errors"
	"slices"

	"github.com/jackc/pgx/v5"

	"applylens/internal/db"
)

// plan turns changes of alerts into deliveries, each once.
func (o *Outbox) plan(ctx context.Context) error {
	for {
		n := 0
		err := o.DB.Tx(ctx, 0, func(q *db.Queries, _ pgx.Tx) error {
			events, err := q.AlertUnplanned(ctx, planned)
			if err != nil {
				return err
			}
			n = len(events)
			ids := make([]int64, n)
			for i, e := range events {
				ids[i] = e.ID
				if err := o.planEvent(ctx, q, e); err != nil {
					return err
				}
			}
			return q.AlertPlanned(ctx, ids)
		})
		if err != nil || n < planned {
			return err
		}
	}
}

func (o *Outbox) planEvent(ctx context.Context, q *db.Queries, e db.AlertUnplannedRow) error {
	switch e.State {
	case "firing", "unsilenced":
		return o.planFiring(ctx, q, e)
	case "acknowledged", "resolved":
		return o.planEnd(ctx, q, e)
	}
	return nil // that somebody silenced it is told to nobody
}

// planFiring tells the channels of the severity, unless the alert is silenced, over, or was told before the silence.
func (o *Outbox) planFiring(ctx context.Context, q *db.Queries, e db.AlertUnplannedRow) error {
	told, err := q.AlertTold(ctx, e.AlertID)
	if err != nil || e.Silenced || len(told) > 0 || e.State == "unsilenced" && e.Over {
		return err
	}
	severity := o.Routes.Severity(e.Class)
	for _, d := range o.Routes.Deliveries(severity, e.Minute, o.Hours) {
		p := db.AlertDeliveryCreateParams{EventID: e.ID, Channel: d.Channel, AlertID: e.AlertID, Sequence: e.Sequence, Severity: int16(severity), //nolint:gosec // 1 to 4
			State: "pending", NotBefore: d.NotBefore}
		if !o.configured(d.Channel) {
			p.State = "not_configured"
		}
		if err := q.AlertDeliveryCreate(ctx, p); err != nil {
			return err
		}
	}
	return nil
}

// planEnd tells those who were told that the alert fires. What was held for business hours is dropped when it is over.
func (o *Outbox) planEnd(ctx context.Context, q *db.Queries, e db.AlertUnplannedRow) error {
	var held []string
	var err error
	if e.State == "resolved" {
		if held, err = q.AlertHeldDrop(ctx, db.AlertHeldDropParams{AlertID: e.AlertID, At: e.Minute}); err != nil {
			return err
		}
	}
	told, err := q.AlertTold(ctx, e.AlertID)
	if err != nil {
		return err
	}
	severity := o.Routes.Severity(e.Class)
	for _, channel := range told {
		if slices.Contains(held, channel) || e.State == "acknowledged" && channel == "email" {
			continue
		}
		err = errors.Join(err, q.AlertDeliveryCreate(ctx, db.AlertDeliveryCreateParams{EventID: e.ID, Channel: channel, AlertID: e.AlertID,
			Sequence: e.Sequence, Severity: int16(severity), State: "pending", NotBefore: e.Minute})) //nolint:gosec // 1 to 4
	}
	return err
}

func (o *Outbox) configured(channel string) bool {
	return slices.ContainsFunc(o.Channels, func(c Channel) bool { return c.Name() == channel })
}
