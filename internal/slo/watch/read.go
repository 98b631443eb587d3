package watch

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"

	"applylens/internal/db"
	"applylens/internal/errs"
	"applylens/internal/slo"
)

// Reports returns how every objective stood at the last evaluation, in the order of the handbook; one query. An objective
// that was not evaluated yet is not among them.
func Reports(ctx context.Context, q *db.Queries) ([]slo.Report, error) {
	rows, err := q.SLOStates(ctx)
	if err != nil {
		return nil, err
	}
	found := make(map[string]slo.Report, len(rows))
	for _, r := range rows {
		var report slo.Report
		if err := json.Unmarshal(r.Report, &report); err != nil {
			return nil, fmt.Errorf("report of %s: %w", r.Objective, err)
		}
		found[r.Objective] = report
	}
	objectives, err := slo.Objectives()
	if err != nil {
		return nil, err
	}
	reports := make([]slo.Report, 0, len(found))
	for _, o := range objectives {
		if r, ok := found[o.Name]; ok {
			reports = append(reports, r)
		}
	}
	return reports, nil
}

// Report returns how one objective stood at the last evaluation; errs.NotFound when there is none of the name.
func Report(ctx context.Context, q *db.Queries, objective string) (slo.Report, error) {
	row, err := q.SLOState(ctx, objective)
	if errors.Is(err, pgx.ErrNoRows) {
		return slo.Report{}, errs.NotFound
	} else if err != nil {
		return slo.Report{}, err
	}
	var report slo.Report
	return report, json.Unmarshal(row.Report, &report)
}

// Chart returns the last days of an objective in at most n points, each with the budget that was left at its end. For a
// budget of 30 days at the first point, a period before it is read too.
func Chart(ctx context.Context, q *db.Queries, r slo.Report, days, n int) ([]slo.Point, error) {
	period := slo.Days(r.Objective.PeriodDays)
	from := r.At - slo.Minute(days*minutesPerDay)
	series, err := seriesOf(ctx, q, r.Objective.Name, from-slo.Minute(period.Length(from)), r.At)
	if err != nil {
		return nil, err
	}
	return series.Points(period, from, r.At, n), nil
}

// seriesOf returns what was counted of an objective in [from, last], each minute under the target of its time and without
// what is excluded.
func seriesOf(ctx context.Context, q *db.Queries, objective string, from, last slo.Minute) (*slo.Series, error) {
	rows, err := q.SLOHoursOf(ctx, db.SLOHoursOfParams{Objective: objective, FromAt: (from - from%minutesPerHour).Time(), UntilAt: (last + 1).Time()})
	if err != nil {
		return nil, err
	}
	counts := make([]slo.Count, 0, len(rows)*minutesPerHour)
	for _, r := range rows {
		if counts, err = slo.Unpack(counts, r.Counts, slo.MinuteOf(r.Hour)); err != nil {
			return nil, err
		}
	}
	all, err := q.SLOVersions(ctx)
	if err != nil {
		return nil, err
	}
	excluded, err := corrections(ctx, q, from)
	if err != nil {
		return nil, err
	}
	mine := byObjective(all)[objective]
	if len(mine) == 0 {
		return nil, errs.NotFound
	}
	return slo.Build(counts, versionsOf(mine), excluded(objective), last)
}
