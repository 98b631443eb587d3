package watch

import (
	"context"
	"slices"
	"time"

	"applylens/internal/db"
	"applylens/internal/slo"
)

// countNext counts the next minutes that are over, and again those of which runs were recorded since, in one
// transaction. It tells whether minutes are left.
func countNext(ctx context.Context, d *db.DB, objectives []slo.Objective, now time.Time) (more bool, err error) {
	until := slo.MinuteOf(now)
	err = exclusive(ctx, d, func(q *db.Queries) error {
		if err := q.SLOProgressBegin(ctx, db.SLOProgressBeginParams{Until: until.Time(), Earliest: (until - reach).Time()}); err != nil {
			return err
		}
		progress, err := q.SLOProgress(ctx)
		if err != nil {
			return err
		}
		from := slo.MinuteOf(progress.CountedUntil)
		end := max(from, min(until, from+chunk))
		minutes, err := minutesToCount(ctx, q, progress.RecordedUntil.Add(-overlap), now.Add(-recount), from, end)
		if err != nil {
			return err
		}
		found := tally{}
		all, err := versions(ctx, q, objectives, end)
		if err != nil {
			return err
		}
		for part := range slices.Chunk(minutes, chunk) {
			if err := found.count(ctx, q, objectives, all, part); err != nil {
				return err
			}
		}
		if from < until && end == until { // accounts can be asked only how they stand now
			if err := found.probe(ctx, q, objectives, all, now); err != nil {
				return err
			}
		}
		more = end < until
		if err := found.store(ctx, q); err != nil {
			return err
		}
		return q.SLOProgressCounted(ctx, db.SLOProgressCountedParams{CountedUntil: end.Time(), RecordedUntil: progress.Now})
	})
	return more, err
}

// minutesToCount returns the minutes of [from, end), and before them those of which runs were recorded since.
func minutesToCount(ctx context.Context, q *db.Queries, since, oldest time.Time, from, end slo.Minute) ([]time.Time, error) {
	late, err := q.SLOLate(ctx, db.SLOLateParams{Since: since, Before: from.Time()})
	if err != nil {
		return nil, err
	}
	late = slices.DeleteFunc(late, func(m time.Time) bool { return m.Before(oldest) })
	for m := from; m < end; m++ {
		late = append(late, m.Time())
	}
	return late, nil
}

// A tally is what was counted: of each objective, minute by minute.
type tally map[string]map[slo.Minute]slo.Count

func (t tally) set(objective string, c slo.Count) {
	if t[objective] == nil {
		t[objective] = map[slo.Minute]slo.Count{}
	}
	t[objective][c.Minute] = c
}

// count counts runs and news of some minutes. Minutes under different limits are counted apart.
func (t tally) count(ctx context.Context, q *db.Queries, objectives []slo.Objective, all map[string][]db.SloObjective, minutes []time.Time) error {
	for len(minutes) > 0 {
		first := slo.MinuteOf(minutes[0])
		limits := limitsAt(objectives, all, first)
		n := 1
		for n < len(minutes) && slices.Equal(limits, limitsAt(objectives, all, slo.MinuteOf(minutes[n]))) {
			n++
		}
		at := make([]slo.Objective, len(objectives))
		for i, o := range objectives {
			o.Limit = limits[i]
			at[i] = o
		}
		if err := t.runs(ctx, q, at, minutes[:n]); err != nil {
			return err
		}
		if err := t.news(ctx, q, at, minutes[:n]); err != nil {
			return err
		}
		minutes = minutes[n:]
	}
	return nil
}

func limitsAt(objectives []slo.Objective, all map[string][]db.SloObjective, at slo.Minute) []int64 {
	limits := make([]int64, len(objectives))
	for i, o := range objectives {
		limits[i] = inForce(o, all[o.Name], at).Limit
	}
	return limits
}

// runs counts what rests on the runs of agents. An agent that did not run has counts of 0: that is measured.
func (t tally) runs(ctx context.Context, q *db.Queries, objectives []slo.Objective, minutes []time.Time) error {
	params := db.SLORunsParams{Minutes: minutes}
	bySubject := map[string]map[slo.SLI]slo.Objective{}
	for _, o := range objectives {
		if o.SLI != slo.Success { // each agent has one; the others of its objectives are found by it
			continue
		}
		of := map[slo.SLI]slo.Objective{}
		for _, other := range objectives {
			if other.Subject == o.Subject && slices.Contains(fromRuns, other.SLI) {
				of[other.SLI] = other
			}
		}
		bySubject[o.Subject] = of
		params.Subjects = append(params.Subjects, o.Subject)
		params.LatencyUs = append(params.LatencyUs, of[slo.Latency].Limit)
		params.CostMicrousd = append(params.CostMicrousd, of[slo.Cost].Limit)
		params.InBulk = append(params.InBulk, of[slo.Latency].InBulk)
		for _, objective := range of {
			for _, m := range minutes {
				t.set(objective.Name, slo.Count{Minute: slo.MinuteOf(m)})
			}
		}
	}
	rows, err := q.SLORuns(ctx, params)
	if err != nil {
		return err
	}
	for _, r := range rows {
		of, m := bySubject[r.Subject], slo.MinuteOf(r.Minute)
		t.set(of[slo.Success].Name, slo.Count{Minute: m, Good: r.Succeeded, Total: r.Tried})
		t.set(of[slo.Latency].Name, slo.Count{Minute: m, Good: r.Quick, Total: r.Answered, Worse: r.Worse})
		t.set(of[slo.Cost].Name, slo.Count{Minute: m, Good: r.Cheap, Total: r.Tried, CostMicroUSD: r.Cost})
	}
	return nil
}

// fromRuns are the indicators that are counted from rows of runs.
var fromRuns = []slo.SLI{slo.Success, slo.Latency, slo.Cost}

// Names of objectives that have a source of their own.
const (
	triageFreshness = "inbox.triage/freshness"
	syncFreshness   = "sync/freshness"
)

// news counts how fresh mail was when it was stored, which is when it is judged.
func (t tally) news(ctx context.Context, q *db.Queries, objectives []slo.Objective, minutes []time.Time) error {
	for _, o := range objectives {
		if o.Name != triageFreshness {
			continue
		}
		rows, err := q.SLONews(ctx, db.SLONewsParams{Minutes: minutes, YoungSeconds: o.Limit})
		if err != nil {
			return err
		}
		for _, r := range rows {
			t.set(o.Name, slo.Count{Minute: slo.MinuteOf(r.Minute), Good: r.Good, Total: r.Total})
		}
	}
	return nil
}

// probe asks how many accounts are equal to Gmail; it counts for the minute that was over last.
func (t tally) probe(ctx context.Context, q *db.Queries, objectives []slo.Objective, all map[string][]db.SloObjective, now time.Time) error {
	last := slo.MinuteOf(now) - 1
	for _, o := range objectives {
		if o.Name != syncFreshness {
			continue
		}
		limit := inForce(o, all[o.Name], last).Limit
		r, err := q.SLOSync(ctx, now.Add(-time.Duration(limit)*time.Second))
		if err != nil {
			return err
		}
		t.set(o.Name, slo.Count{Minute: last, Good: r.Good, Total: r.Total})
	}
	return nil
}

// store writes the counts into their hours, beside what is there.
func (t tally) store(ctx context.Context, q *db.Queries) error {
	type place struct {
		objective string
		hour      slo.Minute
	}
	hours := map[place]*slo.Hour{}
	times := map[slo.Minute]bool{}
	var names []string
	for objective, counts := range t {
		names = append(names, objective)
		for m := range counts {
			at := m - m%minutesPerHour
			hours[place{objective, at}] = &slo.Hour{}
			times[at] = true
		}
	}
	wanted := db.SLOHoursAtParams{Objectives: names}
	for at := range times {
		wanted.Hours = append(wanted.Hours, at.Time())
	}
	stored, err := q.SLOHoursAt(ctx, wanted)
	if err != nil {
		return err
	}
	for _, r := range stored {
		if _, ok := hours[place{r.Objective, slo.MinuteOf(r.Hour)}]; !ok {
			continue
		}
		h, err := slo.UnpackHour(r.Counts)
		if err != nil {
			return err
		}
		hours[place{r.Objective, slo.MinuteOf(r.Hour)}] = h
	}
	var put db.SLOHoursPutParams
	for at, h := range hours {
		for i := range slo.Minute(minutesPerHour) {
			if c, ok := t[at.objective][at.hour+i]; ok {
				h.Set(c)
			}
		}
		good, total, cost := h.Sums()
		put.Objectives, put.Hours, put.Counts = append(put.Objectives, at.objective), append(put.Hours, at.hour.Time()), append(put.Counts, h.Pack())
		put.Good, put.Total, put.CostMicrousd = append(put.Good, good), append(put.Total, total), append(put.CostMicrousd, cost)
	}
	if len(put.Hours) == 0 {
		return nil
	}
	return q.SLOHoursPut(ctx, put)
}
