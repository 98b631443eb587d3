package watch

import (
	"context"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"applylens/internal/db"
	"applylens/internal/errs"
	"applylens/internal/slo"
)

// Acknowledge notes that a person has taken an alert on, and why; it can be done once while the alert fires.
func Acknowledge(ctx context.Context, d *db.DB, userID, alertID int64, note string, now time.Time) error {
	return d.Tx(ctx, userID, func(q *db.Queries, _ pgx.Tx) error {
		n, err := q.AlertAcknowledge(ctx, db.AlertAcknowledgeParams{ID: alertID, AcknowledgedAt: now, AcknowledgedBy: userID})
		if err != nil {
			return err
		}
		if n == 0 {
			return errs.Conflict("This alert is over, or somebody has taken it on already.")
		}
		_, err = q.AlertEventCreate(ctx, db.AlertEventCreateParams{AlertID: alertID, State: "acknowledged", Minute: slo.MinuteOf(now).Time(), Text: note, MadeBy: &userID})
		return err
	})
}

// Silence keeps the alerts of an objective, a class or both from people until a time; "" is all. What fires meanwhile is
// told when the silence ends, if it still does.
func Silence(ctx context.Context, q *db.Queries, userID int64, objective, class, reason string, from, until time.Time) (int64, error) {
	if err := checkSpan(reason, from, until); err != nil {
		return 0, err
	}
	return q.SilenceCreate(ctx, db.SilenceCreateParams{Objective: orNil(objective), Class: orNil(class), FromAt: from, UntilAt: until, Reason: reason, MadeBy: userID})
}

// Correct takes a stretch out of the counts of an objective, or of all for "". Alerts that fired stay as they were.
func Correct(ctx context.Context, q *db.Queries, userID int64, objective, reason string, from, until time.Time) (int64, error) {
	if err := checkSpan(reason, from, until); err != nil {
		return 0, err
	}
	return q.SLOCorrectionCreate(ctx, db.SLOCorrectionCreateParams{Objective: orNil(objective), FromAt: from, UntilAt: until, Reason: reason, MadeBy: userID})
}

// Promise changes what an objective promises from the next minute on: the target in basis points and the limit. The past
// stays as it was judged.
func Promise(ctx context.Context, q *db.Queries, userID int64, o slo.Objective, reason string, now time.Time) error {
	if strings.TrimSpace(reason) == "" {
		return errs.BadInput("Please say why.")
	}
	if o.TargetBP < 1 || o.TargetBP > 9999 || o.Limit < 0 || o.PeriodDays != 0 && (o.PeriodDays < 3 || o.PeriodDays > 30) {
		return errs.BadInput("The target must lie between 0 and 100 %, and the period between 3 and 30 days, or be the calendar month.")
	}
	return q.SLOVersionCreate(ctx, db.SLOVersionCreateParams{Objective: o.Name, ValidFrom: (slo.MinuteOf(now) + 1).Time(), TargetBp: int32(o.TargetBP), //nolint:gosec // checked above
		LimitValue: o.Limit, PeriodDays: int32(o.PeriodDays), Source: "person", Reason: reason, ChangedBy: &userID}) //nolint:gosec // checked above
}

// Add adds to what was counted of an objective in a minute, for what has no rows to count from, such as requests. Several
// processes may add to one minute.
func Add(ctx context.Context, d *db.DB, objective string, c slo.Count) error {
	return d.Tx(ctx, 0, func(q *db.Queries, _ pgx.Tx) error {
		at := (c.Minute - c.Minute%minutesPerHour).Time()
		packed, err := q.SLOHourLock(ctx, db.SLOHourLockParams{Objective: objective, Hour: at})
		if err != nil {
			return err
		}
		h, err := slo.UnpackHour(packed)
		if err != nil {
			return err
		}
		h.Add(c)
		good, total, cost := h.Sums()
		return q.SLOHoursPut(ctx, db.SLOHoursPutParams{Objectives: []string{objective}, Hours: []time.Time{at}, Good: []int64{good}, Total: []int64{total},
			CostMicrousd: []int64{cost}, Counts: [][]byte{h.Pack()}})
	})
}

func checkSpan(reason string, from, until time.Time) error {
	switch {
	case strings.TrimSpace(reason) == "":
		return errs.BadInput("Please say why.")
	case !until.After(from):
		return errs.BadInput("The end must lie after the beginning.")
	}
	return nil
}

func orNil(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}
