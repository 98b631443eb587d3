package watch

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"applylens/internal/db"
	"applylens/internal/slo"
)

// An evaluation is one look at all objectives, in one transaction.
type evaluation struct {
	q        *db.Queries
	until    slo.Minute // the first minute that is not over
	open     map[string]map[slo.Class]db.Alert
	silences []db.SilencesInForceRow
}

// evaluate goes through the minutes since the last evaluation, objective by objective, writes the changes of alerts and
// how each objective now stands.
func evaluate(ctx context.Context, q *db.Queries, objectives []slo.Objective, until slo.Minute) error {
	progress, err := q.SLOProgress(ctx)
	if errors.Is(err, pgx.ErrNoRows) {
		return nil // another process counts for the first time
	} else if err != nil {
		return err
	}
	until = min(until, slo.MinuteOf(progress.CountedUntil))
	from := max(slo.MinuteOf(progress.EvaluatedUntil), until-catchUp)
	e := &evaluation{q: q, until: until}
	all, err := e.load(ctx, objectives)
	if err != nil {
		return err
	}
	counts, err := countsSince(ctx, q, until-reach, until)
	if err != nil {
		return err
	}
	excluded, err := corrections(ctx, q, until-reach)
	if err != nil {
		return err
	}
	var put db.SLOStatePutParams
	for _, o := range objectives {
		series, err := slo.Build(counts[o.Name], versionsOf(all[o.Name]), excluded(o.Name), until-1)
		if err != nil {
			return fmt.Errorf("%s: %w", o.Name, err)
		}
		o = inForce(o, all[o.Name], until-1)
		if err := e.objective(ctx, o, series, from); err != nil {
			return fmt.Errorf("%s: %w", o.Name, err)
		}
		report, err := json.Marshal(o.Report(series, until-1))
		if err != nil {
			return err
		}
		put.Objectives, put.Minutes, put.Reports = append(put.Objectives, o.Name), append(put.Minutes, (until-1).Time()), append(put.Reports, report)
	}
	if err := q.SLOStatePut(ctx, put); err != nil {
		return err
	}
	if until <= slo.MinuteOf(progress.EvaluatedUntil) {
		return nil
	}
	return q.SLOProgressEvaluated(ctx, until.Time())
}

// load reads the versions, and of alerts and silences what is in force.
func (e *evaluation) load(ctx context.Context, objectives []slo.Objective) (map[string][]db.SloObjective, error) {
	all, err := versions(ctx, e.q, objectives, e.until)
	if err != nil {
		return nil, err
	}
	open, err := e.q.AlertOpen(ctx)
	if err != nil {
		return nil, err
	}
	e.open = map[string]map[slo.Class]db.Alert{}
	for _, a := range open {
		if e.open[a.Objective] == nil {
			e.open[a.Objective] = map[slo.Class]db.Alert{}
		}
		e.open[a.Objective][slo.Class(a.Class)] = a
	}
	e.silences, err = e.q.SilencesInForce(ctx, e.until.Time())
	return all, err
}

// objective evaluates the minutes of [from, until) of one objective.
func (e *evaluation) objective(ctx context.Context, o slo.Objective, s *slo.Series, from slo.Minute) error {
	before := slo.Firing{}
	for class, a := range e.open[o.Name] {
		before[class] = slo.PairState{Pair: slo.PairNamed(a.Pair)}
	}
	rules := o.Rules()
	for at := from; at < e.until; at++ {
		now := rules.At(s, at)
		if s.Len() == 0 || at < s.First() { // nothing counts it, or not yet: that is shown, and no reason to call anybody
			delete(now, slo.NoData)
		}
		for _, c := range rules.Changes(s, at, before, now) {
			if err := e.change(ctx, o, s, c); err != nil {
				return err
			}
		}
		before = now
	}
	return e.quiet(ctx, o)
}

// change writes one change: a new alert, or the end of one.
func (e *evaluation) change(ctx context.Context, o slo.Objective, s *slo.Series, c slo.Change) error {
	state := "resolved"
	a, known := e.open[o.Name][c.Class]
	if c.Firing {
		state = "firing"
		a = db.Alert{Key: fmt.Sprintf("slo/%s/%s/%s", o.Name, c.Class, c.Minute.Time().Format("20060102T1504Z")), Silenced: e.silenced(o.Name, c.Class)}
		id, err := e.q.AlertCreate(ctx, db.AlertCreateParams{Key: a.Key, Objective: o.Name, Class: string(c.Class), Pair: c.Pair, FiredAt: c.Minute.Time(), Silenced: a.Silenced})
		if err != nil {
			return err
		}
		a.ID = id
		if e.open[o.Name] == nil {
			e.open[o.Name] = map[slo.Class]db.Alert{}
		}
		e.open[o.Name][c.Class] = a
	} else {
		if !known {
			return fmt.Errorf("%s is over, but there is no alert of it", c.Class)
		}
		if err := e.q.AlertResolve(ctx, db.AlertResolveParams{ID: a.ID, ResolvedAt: c.Minute.Time()}); err != nil {
			return err
		}
		delete(e.open[o.Name], c.Class)
	}
	_, err := e.q.AlertEventCreate(ctx, db.AlertEventCreateParams{AlertID: a.ID, State: state, Minute: c.Minute.Time(), LongBurn: c.Long, ShortBurn: c.Short,
		Text: text(o, s, c)})
	return err
}

// text says what happened: the promise and how it stands.
func text(o slo.Objective, s *slo.Series, c slo.Change) string {
	what := map[slo.Class]string{
		slo.Page: "The error budget burns fast.", slo.Ticket: "The error budget burns.", slo.HardDown: "Half or more of the attempts of the last 5 minutes failed.",
		slo.Slow: "More than 5 % of the last 5 minutes took over 1.5 times the limit.", slo.Exhausted: "The error budget is gone.",
		slo.NoData: "Nothing was counted for 5 minutes.", slo.Overcount: "More good events than events were counted: the counting is broken.",
	}[c.Class]
	if !c.Firing {
		what = "It is over: " + what
	}
	return fmt.Sprintf("%s: %s. %s %s", o.Name, o.Promise, what, o.Report(s, c.Minute).Sentence)
}

// quiet notes where a silence over an alert that fires began or ended.
func (e *evaluation) quiet(ctx context.Context, o slo.Objective) error {
	for class, a := range e.open[o.Name] {
		now := e.silenced(o.Name, class)
		if now == a.Silenced {
			continue
		}
		if err := e.q.AlertSilenced(ctx, db.AlertSilencedParams{ID: a.ID, Silenced: now}); err != nil {
			return err
		}
		state, why := "unsilenced", "The silence is over and it still fires."
		if now {
			state, why = "silenced", "A silence covers it."
		}
		if _, err := e.q.AlertEventCreate(ctx, db.AlertEventCreateParams{AlertID: a.ID, State: state, Minute: (e.until - 1).Time(), Text: why}); err != nil {
			return err
		}
	}
	return nil
}

func (e *evaluation) silenced(objective string, class slo.Class) bool {
	for _, s := range e.silences {
		if (s.Objective == nil || *s.Objective == objective) && (s.Class == nil || *s.Class == string(class)) {
			return true
		}
	}
	return false
}

// countsSince returns the counts of all objectives in [from, until).
func countsSince(ctx context.Context, q *db.Queries, from, until slo.Minute) (map[string][]slo.Count, error) {
	rows, err := q.SLOHours(ctx, db.SLOHoursParams{FromAt: (from - from%minutesPerHour).Time(), UntilAt: until.Time()})
	if err != nil {
		return nil, err
	}
	counts := map[string][]slo.Count{}
	for _, r := range rows {
		of := counts[r.Objective]
		if of == nil {
			of = make([]slo.Count, 0, until-from+minutesPerHour)
		}
		if counts[r.Objective], err = slo.Unpack(of, r.Counts, slo.MinuteOf(r.Hour)); err != nil {
			return nil, fmt.Errorf("%s, %s: %w", r.Objective, r.Hour.Format(time.RFC3339), err)
		}
	}
	return counts, nil
}

// corrections returns what is excluded of an objective after a minute.
func corrections(ctx context.Context, q *db.Queries, after slo.Minute) (func(objective string) slo.Spans, error) {
	rows, err := q.SLOCorrections(ctx, after.Time())
	if err != nil {
		return nil, err
	}
	return func(objective string) slo.Spans {
		var spans slo.Spans
		for _, r := range rows {
			if r.Objective == nil || *r.Objective == objective {
				spans = append(spans, slo.Span{From: slo.MinuteOf(r.FromAt), Until: slo.MinuteOf(r.UntilAt.Add(time.Minute - 1))})
			}
		}
		return spans
	}, nil
}
