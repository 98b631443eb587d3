package gather

import (
	"context"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"applylens/internal/db"
	"applylens/internal/slo"
	"applylens/internal/slo/watch"
)

const (
	recount = 41 * 24 * time.Hour // how far back counts may still change: watch counts again what was recorded late
	stale   = 5                   // minutes after which a report says nothing about now
)

// counts turn what was counted in the database into counters that never fall: they begin at 0 with the process and grow
// by what is new.
type counts struct {
	since time.Time // what is summed is that since then
	last  map[string]db.MetricsCountsRow
	grown map[string]*[2]int64 // good and all events
}

func (c *counts) read(ctx context.Context, q *db.Queries, objectives []slo.Objective, now time.Time) error {
	later := now.Add(-recount).Truncate(24 * time.Hour)
	begins := c.last == nil
	if begins {
		c.since, c.grown = later, map[string]*[2]int64{}
		for _, o := range objectives {
			c.grown[o.Name] = &[2]int64{}
		}
	}
	rows, err := q.MetricsCounts(ctx, db.MetricsCountsParams{Since: c.since, Later: later})
	if err != nil {
		if begins {
			c.grown = nil
		}
		return err
	}
	last := map[string]db.MetricsCountsRow{}
	for _, r := range rows {
		if sum := c.grown[r.Objective]; sum != nil && !begins {
			total := max(0, r.Total-c.last[r.Objective].Total)
			sum[1] += total
			sum[0] += min(max(0, r.Good-c.last[r.Objective].Good), total)
		}
		r.Good, r.Total = r.GoodLater, r.TotalLater
		last[r.Objective] = r
	}
	c.last, c.since = last, later
	return nil
}

// objectives reads what is promised, what was counted, how each stands and what fires.
func objectives(ctx context.Context, r *reading) error {
	all, err := slo.Objectives()
	if err != nil {
		return err
	}
	if err := r.counts.read(ctx, r.DB.Queries, all, r.now); err != nil {
		return err
	}
	for _, o := range all {
		sum := r.counts.grown[o.Name]
		r.value("slo_events_total", "Events that were counted of an objective since this process began.", prometheus.CounterValue, float64(sum[1]), "objective", o.Name)
		r.value("slo_bad_events_total", "Bad ones of these.", prometheus.CounterValue, float64(sum[1]-sum[0]), "objective", o.Name)
	}
	if err := r.lastCounted(ctx, all); err != nil {
		return err
	}
	reports, err := watch.Reports(ctx, r.DB.Queries)
	if err != nil {
		return err
	}
	if err := r.firing(ctx, all); err != nil {
		return err
	}
	bySubject := map[string][]slo.Report{}
	for _, report := range reports {
		if report.At < slo.MinuteOf(r.now)-stale { // nobody evaluates: what was is not what is
			continue
		}
		r.report(report)
		bySubject[report.Objective.Subject] = append(bySubject[report.Objective.Subject], report)
	}
	for _, agent := range r.Agents {
		r.rates(agent, bySubject[agent])
	}
	return nil
}

// report gives how an objective stood at the last evaluation.
func (r *reading) report(report slo.Report) {
	name := report.Objective.Name
	r.gauge("slo_target_ratio", "Share of good events that is promised.", float64(report.Objective.TargetBP)/1e4, "objective", name, "sli", string(report.Objective.SLI))
	r.gauge("slo_evaluated_timestamp_seconds", "Begin of the last minute that was evaluated.", float64(report.At.Time().Unix()), "objective", name)
	r.gauge("slo_low_traffic", "1 while the whole budget is less than one event, so that no percentage alarms.", oneIf(report.Low), "objective", name)
	if report.Remaining != nil {
		r.gauge("slo_error_budget_remaining_ratio", "What is left of the error budget of the period; negative when overdrawn.", *report.Remaining, "objective", name)
	}
	for i, w := range report.Windows {
		window := slo.WindowName(w.Minutes)
		if i == len(report.Windows)-1 {
			window = "period"
		}
		if w.Burn != nil {
			r.gauge("slo_burn_rate", "How fast the budget burns: 1 spends it exactly in its period.", *w.Burn, "objective", name, "window", window)
		}
	}
}

// rates gives the handbook's gauges of an agent: of the last hour, and whether it keeps its promises over their periods.
// Without data there are none.
func (r *reading) rates(agent string, reports []slo.Report) {
	measured, kept := false, true
	for _, report := range reports {
		if report.Remaining != nil {
			measured, kept = true, kept && *report.Remaining >= 0
		}
		if report.Objective.SLI != slo.Success {
			continue
		}
		for _, w := range report.Windows {
			if w.Minutes == 60 && w.Total > 0 {
				bad := float64(w.Bad) / float64(w.Total)
				r.gauge("agent_success_rate", "Share of an agent's runs of the last hour that succeeded.", 1-bad, "agent", agent)
				r.gauge("agent_error_rate", "Share of an agent's runs of the last hour that failed.", bad, "agent", agent)
			}
		}
	}
	if measured {
		r.gauge("agent_slo_compliant", "1 when an agent keeps all its objectives that have data, over their periods.", oneIf(kept), "agent", agent)
	}
}

// firing gives for each objective and class whether an alert fires.
func (r *reading) firing(ctx context.Context, all []slo.Objective) error {
	open, err := r.DB.AlertOpen(ctx)
	if err != nil {
		return err
	}
	fires := map[[2]string]bool{}
	for _, a := range open {
		fires[[2]string{a.Objective, a.Class}] = true
	}
	for _, o := range all {
		for _, class := range slo.Classes() {
			r.gauge("slo_alert_firing", "1 while an alert of the program's own engine fires.", oneIf(fires[[2]string{o.Name, string(class)}]),
				"objective", o.Name, "class", string(class))
		}
	}
	return nil
}

// lastCounted gives the last minute that was measured.
func (r *reading) lastCounted(ctx context.Context, all []slo.Objective) error {
	rows, err := r.DB.MetricsLast(ctx, names(all))
	if err != nil {
		return err
	}
	for _, row := range rows {
		minutes, err := slo.Unpack(nil, row.Counts, slo.MinuteOf(row.Hour))
		if err != nil {
			return err
		}
		if len(minutes) > 0 {
			r.gauge("slo_counted_timestamp_seconds", "Begin of the last minute of which an objective was measured; absent when none was.",
				float64(minutes[len(minutes)-1].Minute.Time().Unix()), "objective", row.Objective)
		}
	}
	return nil
}
