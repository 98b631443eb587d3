package watch_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"applylens/internal/db"
	"applylens/internal/db/dbtest"
	"applylens/internal/errs"
	"applylens/internal/slo"
	"applylens/internal/slo/watch"
)

// begin is far from what other tests record.
var begin = time.Date(2031, 3, 1, 12, 0, 0, 0, time.UTC)

// open returns a database whose watch begins at a time, and which no other process watches meanwhile.
func open(t *testing.T, from time.Time) *db.DB {
	t.Helper()
	d := dbtest.New(t)
	for mine := false; !mine; {
		var err error
		if mine, err = d.SLOLock(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	for _, sql := range []string{"delete from alerts", "delete from slo_progress", "delete from slo_hours", "delete from slo_states", "delete from slo_corrections", "delete from alert_silences"} {
		if _, err := d.Conn.Exec(t.Context(), sql); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := d.Conn.Exec(t.Context(), "insert into slo_progress (counted_until, recorded_until, evaluated_until) values ($1, now(), $1)", from); err != nil {
		t.Fatal(err)
	}
	return d
}

// record records n runs of an agent that began in a minute.
func record(t *testing.T, d *db.DB, agent, outcome string, minute time.Time, n int, more map[string]any) {
	t.Helper()
	runs := make([]map[string]any, n)
	for i := range runs {
		runs[i] = map[string]any{"id": fmt.Sprintf("00000000-0000-7000-8000-%012x", time.Now().UnixNano()&0xffffffffffff+int64(i)), "agent": agent, "version": "1",
			"release": "r", "trigger": "api", "dry_run": false, "started_at": minute.Add(time.Duration(i) * time.Millisecond), "duration_us": 100_000,
			"outcome": outcome, "items": 1, "cost_microusd": 10, "tokens_in": 0, "tokens_out": 0, "input_digest": `\x00`, "detail": map[string]any{}, "error": ""}
		for k, v := range more {
			runs[i][k] = v
		}
	}
	spooled, err := json.Marshal(runs)
	if err != nil {
		t.Fatal(err)
	}
	var made int
	if err := d.Conn.QueryRow(t.Context(), "select runs_record($1)", spooled).Scan(&made); err != nil || made != n {
		t.Fatalf("%d runs recorded, %v", made, err)
	}
}

func tick(t *testing.T, d *db.DB, now time.Time) {
	t.Helper()
	if err := watch.Tick(t.Context(), d, now); err != nil {
		t.Fatal(err)
	}
}

func report(t *testing.T, d *db.DB, objective string) slo.Report {
	t.Helper()
	r, err := watch.Report(t.Context(), d.Queries, objective)
	if err != nil {
		t.Fatalf("%s: %v", objective, err)
	}
	return r
}

// events returns what became of the alerts of an objective: class, state, minutes after begin, in order.
func events(t *testing.T, d *db.DB, objective string) []string {
	t.Helper()
	rows, err := d.AlertEventsAfter(t.Context(), db.AlertEventsAfterParams{MaxRows: 1000})
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	next := map[int64]int32{}
	for _, e := range rows {
		next[e.AlertID]++
		if e.Sequence != next[e.AlertID] {
			t.Errorf("event %d of alert %d has the number %d", next[e.AlertID], e.AlertID, e.Sequence)
		}
		if e.Objective == objective {
			all = append(all, fmt.Sprintf("%s %s %d silenced=%t", e.Class, e.State, int(e.Minute.Sub(begin).Minutes()), e.Silenced))
		}
	}
	return all
}

// outage records an hour of good runs, then minutes of failed ones, then good ones again.
func outage(t *testing.T, d *db.DB, minutes, after int) {
	t.Helper()
	for m := -60; m < minutes+after; m++ {
		outcome := "ok"
		if m >= 0 && m < minutes {
			outcome = "failed"
		}
		record(t, d, "inbox.search", outcome, begin.Add(time.Duration(m)*time.Minute), 10, nil)
	}
}

func TestCountsComeFromRuns(t *testing.T) {
	d := open(t, begin.Add(-2*time.Minute))
	m := begin.Add(-2 * time.Minute)
	record(t, d, "inbox.triage", "ok", m, 3, map[string]any{"duration_us": 4_000_000, "items": 4, "cost_microusd": 40_000}) // one second an email
	record(t, d, "inbox.triage", "ok", m, 2, map[string]any{"duration_us": 1_500_000})                                      // not under the limit
	record(t, d, "inbox.triage", "timeout", m, 1, map[string]any{"duration_us": 60_000_000})
	record(t, d, "inbox.triage", "denied", m, 5, nil)
	record(t, d, "inbox.triage", "over_budget", m, 1, map[string]any{"cost_microusd": 70_000})
	record(t, d, "inbox.triage", "failed", m, 7, map[string]any{"dry_run": true})
	record(t, d, "inbox.search", "ok", m, 1, map[string]any{"duration_us": 1_200_000, "items": 50}) // 1.5 times the limit is not over it; hits are no bulk
	record(t, d, "inbox.search", "ok", m, 1, map[string]any{"duration_us": 1_200_001})
	tick(t, d, begin.Add(5*time.Second))
	for objective, want := range map[string][3]int64{ // good, total, cost
		"inbox.triage/success":       {5, 7, 0},
		"inbox.triage/latency":       {3, 6, 0},
		"inbox.triage/cost":          {6, 7, 3*40_000 + 2*10 + 10 + 70_000},
		"inbox.search/latency":       {0, 2, 0},
		"knowledge.search/success":   {0, 0, 0},
		"warehouse.health/freshness": {0, 0, 0},
	} {
		r := report(t, d, objective)
		if r.Good != want[0] || r.Total != want[1] || r.CostMicro != want[2] {
			t.Errorf("%s: %d of %d good, cost %d; want %v", objective, r.Good, r.Total, r.CostMicro, want)
		}
		if want[1] == 0 && r.State != slo.StateNoData {
			t.Errorf("%s: %s, want no data", objective, r.State)
		}
	}
	if got := events(t, d, "api/availability"); len(got) != 0 {
		t.Errorf("what nothing counts calls somebody: %v", got)
	}
	all, err := watch.Reports(t.Context(), d.Queries)
	objectives, _ := slo.Objectives()
	if err != nil || len(all) != len(objectives) {
		t.Errorf("%d reports of %d objectives, %v", len(all), len(objectives), err)
	}
}

// TestOutage follows an outage minute by minute: it pages within six, every event is numbered, nothing comes twice, and
// one evaluation after an hour of downtime finds the same.
func TestOutage(t *testing.T) {
	const minutes, after = 10, 30
	start := begin.Add(-time.Hour)
	d := open(t, start)
	outage(t, d, minutes, after)
	for m := range minutes + after {
		now := begin.Add(time.Duration(m+1)*time.Minute + 5*time.Second)
		tick(t, d, now)
		if m%5 == 0 {
			tick(t, d, now.Add(time.Second))
		}
	}
	got := events(t, d, "inbox.search/success")
	down := slices.IndexFunc(got, func(s string) bool { return strings.HasPrefix(s, "hard_down firing") })
	if down < 0 || got[down] != "hard_down firing 2 silenced=false" { // 30 of 50: more than half
		t.Errorf("no page of an outage in time: %v", got)
	}
	for _, want := range []string{"page firing 3 silenced=false", "hard_down resolved 12 silenced=false", "page resolved 38 silenced=false", "exhausted firing 0 silenced=false"} {
		if !slices.Contains(got, want) {
			t.Errorf("%q is missing in %v", want, got)
		}
	}
	if got := events(t, d, "inbox.triage/success"); len(got) != 0 {
		t.Errorf("another agent: %v", got)
	}
	rows, err := d.AlertEventsAfter(t.Context(), db.AlertEventsAfterParams{MaxRows: 1})
	if err != nil || len(rows) != 1 || !strings.Contains(rows[0].Text, "99 % of runs succeed") {
		t.Errorf("%+v, %v", rows, err)
	}
	if _, err := d.Conn.Exec(t.Context(), "delete from alerts; delete from slo_hours; update slo_progress set counted_until = '"+start.Format(time.RFC3339)+"', evaluated_until = '"+start.Format(time.RFC3339)+"'"); err != nil {
		t.Fatal(err)
	}
	tick(t, d, begin.Add((minutes+after)*time.Minute+5*time.Second))
	if again := events(t, d, "inbox.search/success"); !slices.Equal(again, got) {
		t.Errorf("after downtime: %v, want %v", again, got)
	}
}

// TestLateRuns: a run that is recorded after its minute was counted is counted all the same, once.
func TestLateRuns(t *testing.T) {
	d := open(t, begin.Add(-10*time.Minute))
	record(t, d, "inbox.search", "ok", begin.Add(-3*time.Minute), 4, nil)
	tick(t, d, begin)
	record(t, d, "inbox.search", "failed", begin.Add(-3*time.Minute), 1, nil)
	record(t, d, "inbox.search", "ok", begin.Add(-26*time.Hour), 2, nil)
	tick(t, d, begin.Add(time.Minute))
	tick(t, d, begin.Add(time.Minute))
	if r := report(t, d, "inbox.search/success"); r.Good != 6 || r.Total != 7 {
		t.Errorf("%d of %d, want 6 of 7", r.Good, r.Total)
	}
}

func TestSilencesAndActs(t *testing.T) {
	ctx := t.Context()
	d := open(t, begin.Add(-time.Hour))
	boss := dbtest.User(t, d, "slo-boss@example.com")
	outage(t, d, 30, 0)
	if _, err := watch.Silence(ctx, d.Queries, boss, "inbox.search/success", "", "a change that was announced", begin.Add(-time.Hour), begin.Add(10*time.Minute)); err != nil {
		t.Fatal(err)
	}
	tick(t, d, begin.Add(5*time.Minute))
	tick(t, d, begin.Add(15*time.Minute))
	got := events(t, d, "inbox.search/success")
	for _, want := range []string{"hard_down firing 2 silenced=true", "hard_down unsilenced 14 silenced=false"} {
		if !slices.Contains(got, want) {
			t.Errorf("%q is missing in %v", want, got)
		}
	}
	alerts, err := d.AlertOpen(ctx)
	if err != nil || len(alerts) == 0 {
		t.Fatalf("%d alerts, %v", len(alerts), err)
	}
	if err := watch.Acknowledge(ctx, d, boss, alerts[0].ID, "on it", begin.Add(15*time.Minute)); err != nil {
		t.Fatal(err)
	}
	var conflict *errs.Error
	if err := watch.Acknowledge(ctx, d, boss, alerts[0].ID, "me too", begin.Add(16*time.Minute)); !errors.As(err, &conflict) {
		t.Errorf("the second acknowledgement: %v", err)
	}
	if _, err := watch.Silence(ctx, d.Queries, boss, "", "", " ", begin, begin.Add(time.Hour)); err == nil {
		t.Error("a silence without a reason is taken")
	}
	overdrawn := report(t, d, "inbox.search/success")
	if overdrawn.Remaining == nil || *overdrawn.Remaining > -1 {
		t.Fatalf("remaining %v after an outage", overdrawn.Remaining)
	}

	// A stricter promise leaves the past.
	stricter := overdrawn.Objective
	stricter.TargetBP = 9990
	if err := watch.Promise(ctx, d.Queries, boss, stricter, "we can do better", begin.Add(15*time.Minute)); err != nil {
		t.Fatal(err)
	}
	tick(t, d, begin.Add(15*time.Minute))
	if r := report(t, d, "inbox.search/success"); *r.Remaining != *overdrawn.Remaining || r.Objective.TargetBP != 9900 {
		t.Errorf("the budget was %v and is %v before the new promise begins", *overdrawn.Remaining, *r.Remaining)
	}
	tick(t, d, begin.Add(18*time.Minute))
	if r := report(t, d, "inbox.search/success"); r.Objective.TargetBP != 9990 || r.Allowed >= float64(r.Total)*0.01 || r.Allowed <= float64(r.Total)*0.009 {
		t.Errorf("after it: %+v", r)
	}

	// What is corrected is not counted.
	id, err := watch.Correct(ctx, d.Queries, boss, "", "the load balancer was being changed", begin, begin.Add(30*time.Minute))
	if err != nil {
		t.Fatal(err)
	}
	tick(t, d, begin.Add(19*time.Minute))
	if r := report(t, d, "inbox.search/success"); *r.Remaining != 1 {
		t.Errorf("remaining %v with the outage taken out", *r.Remaining)
	}
	if n, err := d.SLOCorrectionWithdraw(ctx, db.SLOCorrectionWithdrawParams{ID: id, WithdrawnBy: boss}); err != nil || n != 1 {
		t.Errorf("withdrawn %d, %v", n, err)
	}
	tick(t, d, begin.Add(20*time.Minute))
	if r := report(t, d, "inbox.search/success"); *r.Remaining >= 0 {
		t.Errorf("remaining %v with the correction withdrawn", *r.Remaining)
	}
	points, err := watch.Chart(ctx, d.Queries, report(t, d, "inbox.search/success"), 90, 300)
	if err != nil || len(points) != 300 || points[299].Total == 0 || points[0].Measured != 0 {
		t.Errorf("%d points, %v", len(points), err)
	}
}

// TestAdd: what has no rows is added up from several sides, and gaps of it are told.
func TestAdd(t *testing.T) {
	d := open(t, begin)
	for m := range slo.Minute(20) {
		if m >= 8 && m < 18 {
			continue
		}
		for range 2 {
			if err := watch.Add(t.Context(), d, "api/availability", slo.Count{Minute: slo.MinuteOf(begin) + m, Good: 499, Total: 500}); err != nil {
				t.Fatal(err)
			}
		}
	}
	tick(t, d, begin.Add(20*time.Minute))
	if r := report(t, d, "api/availability"); r.Total != 10_000 || r.Good != 9980 {
		t.Errorf("%d of %d", r.Good, r.Total)
	}
	got := events(t, d, "api/availability")
	for _, want := range []string{"no_data firing 12 silenced=false", "no_data resolved 18 silenced=false"} {
		if !slices.Contains(got, want) {
			t.Errorf("%q is missing in %v", want, got)
		}
	}
}

// TestOneProcessWins: while another holds the watch, a tick does nothing.
func TestOneProcessWins(t *testing.T) {
	d := open(t, begin.Add(-time.Minute)) // holds it until the test ends
	other := dbtest.Pool(t)
	var before, after string
	state := func(into *string) {
		if err := other.Conn.QueryRow(context.Background(), "select coalesce(max(evaluated_until)::text, '') || (select count(*) from slo_hours) from slo_progress").Scan(into); err != nil {
			t.Fatal(err)
		}
	}
	state(&before)
	tick(t, other, begin)
	if state(&after); before != after {
		t.Errorf("%q became %q", before, after)
	}
	tick(t, d, begin)
	if r := report(t, d, "inbox.search/success"); r.At != slo.MinuteOf(begin)-1 {
		t.Errorf("evaluated until %d", r.At)
	}
}
