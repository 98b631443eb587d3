// Package watch keeps watch over the objectives: once a minute it counts what happened (count.go), evaluates every
// objective by the rules of package slo and writes what fires and what is over (evaluate.go). Pages read what it wrote
// (read.go); people's own acts are in acts.go.
//
// Nothing is sent from here. Each change of an alert is a row of alert_events, numbered within its alert and written in
// the transaction that evaluated it; whoever tells people reads them in order.
package watch

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"applylens/internal/db"
	"applylens/internal/slo"
)

const (
	minutesPerHour = 60
	minutesPerDay  = 24 * minutesPerHour

	// catchUp bounds how far back is evaluated after the program was down. What was before is counted, but an alert about
	// it would come too late to help anybody.
	catchUp = 3 * minutesPerDay
	// reach is how far back an evaluation looks: the longest period, and a day for the hours that are cut.
	reach = 32 * minutesPerDay
	// recount is how long before now a run may have begun to be counted when it is recorded at last.
	recount = 40 * 24 * time.Hour
	// overlap is how long a transaction that records runs may take: rows appear that much after their recorded_at.
	overlap = 2 * time.Minute
	// chunk is how many minutes one statement counts, and one transaction of those that are new: seconds at a million runs a day.
	chunk = 2 * minutesPerHour
)

// Tick counts and evaluates the minutes that are over and were not yet. It is safe to repeat and to run in several
// processes: one of them works, the others return at once.
func Tick(ctx context.Context, d *db.DB, now time.Time) error {
	objectives, err := slo.Objectives()
	if err != nil {
		return err
	}
	until := slo.MinuteOf(now)
	for more := true; more; {
		if more, err = countNext(ctx, d, objectives, now); err != nil {
			return fmt.Errorf("count for the objectives: %w", err)
		}
	}
	err = exclusive(ctx, d, func(q *db.Queries) error { return evaluate(ctx, q, objectives, until) })
	if err != nil {
		return fmt.Errorf("evaluate the objectives: %w", err)
	}
	return nil
}

// exclusive runs fn in a transaction that no other process's overlaps; when another is at it, it does nothing.
func exclusive(ctx context.Context, d *db.DB, fn func(q *db.Queries) error) error {
	return d.Tx(ctx, 0, func(q *db.Queries, _ pgx.Tx) error {
		mine, err := q.SLOLock(ctx)
		if err != nil || !mine {
			return err
		}
		return fn(q)
	})
}

// versions returns the versions of all objectives, after adding those by which the file differs from what was last taken
// from it. A version that a person made stays until the file changes.
func versions(ctx context.Context, q *db.Queries, objectives []slo.Objective, from slo.Minute) (map[string][]db.SloObjective, error) {
	rows, err := q.SLOVersions(ctx)
	if err != nil {
		return nil, err
	}
	all := byObjective(rows)
	changed := false
	for _, o := range objectives {
		var last *db.SloObjective
		for i, v := range all[o.Name] {
			if v.Source == "file" {
				last = &all[o.Name][i]
			}
		}
		if last != nil && int(last.TargetBp) == o.TargetBP && last.LimitValue == o.Limit && int(last.PeriodDays) == o.PeriodDays {
			continue
		}
		reason := "the first version"
		if last != nil {
			reason = "the program's own objectives changed"
		}
		changed = true
		if err := q.SLOVersionCreate(ctx, db.SLOVersionCreateParams{Objective: o.Name, ValidFrom: from.Time(), TargetBp: int32(o.TargetBP), //nolint:gosec // basis points
			LimitValue: o.Limit, PeriodDays: int32(o.PeriodDays), Source: "file", Reason: reason}); err != nil { //nolint:gosec // days
			return nil, err
		}
	}
	if !changed {
		return all, nil
	}
	rows, err = q.SLOVersions(ctx)
	return byObjective(rows), err
}

func byObjective(rows []db.SloObjective) map[string][]db.SloObjective {
	all := map[string][]db.SloObjective{}
	for _, v := range rows {
		all[v.Objective] = append(all[v.Objective], v)
	}
	return all
}

// versionsOf turns rows into the versions by which counts are judged.
func versionsOf(rows []db.SloObjective) slo.Versions {
	v := make(slo.Versions, len(rows))
	for i, r := range rows {
		v[i] = slo.Version{From: slo.MinuteOf(r.ValidFrom), TargetBP: int(r.TargetBp), Limit: r.LimitValue}
	}
	return v
}

// inForce returns an objective as it is promised at a minute.
func inForce(o slo.Objective, rows []db.SloObjective, at slo.Minute) slo.Objective {
	for _, r := range rows {
		if slo.MinuteOf(r.ValidFrom) <= at || r.Version == rows[0].Version {
			o.TargetBP, o.Limit, o.PeriodDays = int(r.TargetBp), r.LimitValue, int(r.PeriodDays)
		}
	}
	return o
}
