package slo

import (
	"math"
	"math/rand/v2"
	"strings"
	"testing"
	"time"
)

// errorsFor returns three clean days, then minutes of errors at a rate in percent, then clean hours; begin is the first
// minute with errors.
func errorsFor(t *testing.T, percent int64, minutes int) (s *Series, begin Minute) {
	t.Helper()
	s, begin = NewSeries(0), 3*day
	for m := range begin + Minute(minutes) + 600 {
		c := Count{Minute: m, Good: 100, Total: 100}
		if m >= begin && m < begin+Minute(minutes) {
			c.Good -= percent
		}
		if err := s.Add(c, 9990); err != nil {
			t.Fatal(err)
		}
	}
	return s, begin
}

// TestReferenceVectors holds the engine to what a real Prometheus said (shared/facts/slo.md), within a minute.
func TestReferenceVectors(t *testing.T) {
	const never = -1
	for _, v := range []struct {
		percent             int64
		minutes             int
		page, ticket, clear int64
	}{
		{100, 60, 1, 5, 89},
		{10, 60, 9, 44, 88},
		{2, 120, 44, never, 141},
		{1, 400, 216, never, 412},
	} {
		s, begin := errorsFor(t, v.percent, v.minutes)
		got := map[string]int64{"page firing": never, "ticket firing": never, "page resolved": never}
		for _, c := range (Rules{Period: Days(30)}).Replay(s) {
			state := " resolved"
			if c.Firing {
				state = " firing"
			}
			got[string(c.Class)+state] = int64(c.Minute - begin)
		}
		for what, want := range map[string]int64{"page firing": v.page, "ticket firing": v.ticket, "page resolved": v.clear} {
			if d := got[what] - want; d < -1 || d > 1 || want == never && got[what] != never {
				t.Errorf("%d %% for %d min: %s after %d min, want %d ± 1", v.percent, v.minutes, what, got[what], want)
			}
		}
	}
}

func TestFactorsKeepTheShares(t *testing.T) {
	for days, want := range map[int][4]float64{30: {14.4, 6, 3, 1}, 7: {3.36, 1.4, 0.7, 0.2333}, 28: {13.44, 5.6, 2.8, 0.9333}} {
		for i, p := range pairs {
			if got := p.Factor(Days(days).Length(0)); math.Abs(got-want[i]) > 1e-4 {
				t.Errorf("%d days, %s: factor %v, want %v", days, p.Name(), got, want[i])
			}
			if p.Short*12 != p.Long {
				t.Errorf("%s: the short window is not a twelfth", p.Name())
			}
		}
	}
}

// TestOnTheThreshold: exactly 14.4 times is not above 14.4 times, one event more is. In floating point 14.4 × (1 − 0.999)
// is more than 0.0144.
func TestOnTheThreshold(t *testing.T) {
	for bad, want := range map[int64]bool{144: false, 145: true} {
		s := NewSeries(0)
		for m := range Minute(60) {
			c := Count{Minute: m, Good: 100, Total: 100}
			if m == 59 { // 10,000 in the hour
				c.Total = 10_000 - 59*100
				c.Good = c.Total - bad
			}
			if err := s.Add(c, 9990); err != nil {
				t.Fatal(err)
			}
		}
		if got := (Rules{Period: Days(30)}).State(s, 59, pairs[0]).LongOver; got != want {
			t.Errorf("%d bad of %d in an hour: above 14.4 is %t, want %t", bad, s.Over(59, 60).Total, got, want)
		}
	}
}

// TestTotalOutagePages: at a target of 95 % the burn rate takes 43 minutes to notice a total outage; the rule beside it
// takes at most 6.
func TestTotalOutagePages(t *testing.T) {
	for _, perMinute := range []int64{1, 7, 1000} {
		s := NewSeries(0)
		const begin = 2000
		for m := range Minute(begin + 60) {
			c := Count{Minute: m, Good: perMinute, Total: perMinute}
			if m >= begin {
				c.Good = 0
			}
			if err := s.Add(c, 9500); err != nil {
				t.Fatal(err)
			}
		}
		first := map[Class]Minute{}
		for _, c := range (Rules{Period: Days(30), HardDown: true}).Replay(s) {
			if _, seen := first[c.Class]; !seen && c.Firing {
				first[c.Class] = c.Minute - begin + 1 // minutes of outage
			}
		}
		if down := first[HardDown]; down == 0 || down > 6 {
			t.Errorf("%d a minute: hard down after %d minutes, want at most 6", perMinute, down)
		}
		if page := first[Page]; page < 43 || page > 45 {
			t.Errorf("%d a minute: the burn rate pages after %d minutes, want about 44", perMinute, page)
		}
	}
}

// TestLowTraffic: one failure at one request every ten minutes pages without the guard and is a ticket with it.
func TestLowTraffic(t *testing.T) {
	s := NewSeries(0)
	for m := range Minute(30 * day) {
		c := Count{Minute: m}
		if m%10 == 0 {
			c.Good, c.Total = 1, 1
		}
		if m == 20*day {
			c.Good = 0
		}
		if err := s.Add(c, 9990); err != nil {
			t.Fatal(err)
		}
	}
	paged := func(r Rules, class Class) (minutes Minute) {
		var since Minute
		for _, c := range r.Replay(s) {
			if c.Class == class && c.Firing {
				since = c.Minute
			} else if c.Class == class {
				minutes += c.Minute - since
			}
		}
		return minutes
	}
	if got := paged(Rules{Period: Days(30)}, Page); got != 30 {
		t.Errorf("without the guard it pages for %d minutes, want 30", got)
	}
	guarded := Rules{Period: Days(30), MinBad: 3}
	if page, ticket := paged(guarded, Page), paged(guarded, Ticket); page != 0 || ticket == 0 {
		t.Errorf("with the guard: %d minutes of page, want none; %d of ticket, want some", page, ticket)
	}
	quiet := Rules{Period: Days(30), Quiet: true}
	few := NewSeries(0)
	for m := range Minute(100) {
		if err := few.Add(Count{Minute: m, Good: 0, Total: 1}, 9990); err != nil {
			t.Fatal(err)
		}
	}
	if got := quiet.At(few, 99); len(got) != 0 {
		t.Errorf("a budget of 0.1 events: %v fires, want nothing", got)
	}
}

// TestUnevenTraffic is the trap of averaged ratios: a night of one request a minute at 1 % errors and a clean day at
// 1,000 is −399 % by minutes and +99 % by events.
func TestUnevenTraffic(t *testing.T) {
	s := NewSeries(0)
	averaged := 0.0
	for m := range Minute(1000) {
		c := Count{Minute: m, Good: 1000, Total: 1000}
		if m < 500 { // 1 % of one request a minute
			c = Count{Minute: m, Good: 1, Total: 1}
			if m%100 == 99 {
				c.Good = 0
			}
		}
		averaged += float64(c.Total-c.Good) / float64(c.Total) / 1000
		if err := s.Add(c, 9990); err != nil {
			t.Fatal(err)
		}
	}
	left, ok := s.Period(Days(30), s.Last()).Remaining()
	if !ok || left < 0.985 || left > 0.995 {
		t.Errorf("%.3f of the budget is left, want 0.99", left)
	}
	if trap := 1 - averaged/0.001; trap > -3.9 || trap < -4.1 {
		t.Errorf("averaged it would be %.2f, want about −4: the test is not about the trap", trap)
	}
}

func TestRemainingIsNotClamped(t *testing.T) {
	s := NewSeries(0)
	if err := s.Add(Count{Minute: 0, Good: 90, Total: 100}, 9900); err != nil {
		t.Fatal(err)
	}
	if left, _ := s.Over(0, 1).Remaining(); math.Abs(left+9) > 1e-9 {
		t.Errorf("remaining %v, want -9", left)
	}
	if _, ok := s.Over(100, 1).Remaining(); ok {
		t.Error("a window without events has a remaining budget")
	}
}

// TestWindowsAddUp: a window is the sum of its parts wherever it is cut, and prefix sums agree with adding anew.
func TestWindowsAddUp(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for range 50 {
		s, counts := NewSeries(0), map[Minute]Count{}
		m := Minute(rng.IntN(1000))
		for range 300 {
			m += 1 + Minute(rng.IntN(3)*rng.IntN(10))
			total := rng.Int64N(50)
			c := Count{Minute: m, Total: total, Good: total - rng.Int64N(total+1), CostMicroUSD: rng.Int64N(9)}
			counts[m] = c
			if err := s.Add(c, 9900); err != nil {
				t.Fatal(err)
			}
		}
		end, length := s.First()+Minute(rng.IntN(s.Len())), 1+rng.Int64N(400)
		cut := rng.Int64N(length)
		all, a, b := s.Over(end, length), s.Over(end-Minute(length-cut), cut), s.Over(end, length-cut)
		if all.minus(a) != b {
			t.Fatalf("(%d−%d, %d]: the parts do not add up: %+v, %+v, %+v", end, length, end, all, a, b)
		}
		var want Sums
		for at := end - Minute(length) + 1; at <= end; at++ {
			if c, ok := counts[at]; ok {
				want.Good, want.Total, want.CostMicroUSD = want.Good+c.Good, want.Total+c.Total, want.CostMicroUSD+c.CostMicroUSD
				want.Budget, want.Measured = want.Budget+c.Total*100, want.Measured+1
			}
		}
		if all != want {
			t.Fatalf("window %+v, added anew %+v", all, want)
		}
	}
}

// TestMoreErrorsNeverHelp: with one more bad event nothing that fired stops, and the budget is smaller.
func TestMoreErrorsNeverHelp(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	for range 30 {
		var worse, better = NewSeries(0), NewSeries(0)
		spoilt := Minute(rng.IntN(600))
		for m := range Minute(600) {
			total := 1 + rng.Int64N(100)
			c := Count{Minute: m, Total: total, Good: total - rng.Int64N(total)/20}
			d := c
			if m == spoilt && d.Good > 0 {
				d.Good--
			}
			if better.Add(c, 9900) != nil || worse.Add(d, 9900) != nil {
				t.Fatal("counts are refused")
			}
		}
		r := Rules{Period: Days(30), HardDown: true}
		for at := Minute(0); at < 600; at++ {
			after := r.At(worse, at)
			for c := range r.At(better, at) {
				if _, ok := after[c]; !ok {
					t.Fatalf("minute %d: %s fires, and with one more bad event it does not", at, c)
				}
			}
		}
		a, _ := better.Over(599, 600).Remaining()
		if b, _ := worse.Over(599, 600).Remaining(); b >= a {
			t.Fatalf("one more bad event: %v of the budget, was %v", b, a)
		}
	}
}

// TestChangeOfTarget: a stricter target counts from its minute on and leaves what was before.
func TestChangeOfTarget(t *testing.T) {
	counts := []Count{{Minute: 10, Good: 99, Total: 100}, {Minute: 11, Good: 99, Total: 100}}
	v := Versions{{From: 0, TargetBP: 9500}, {From: 11, TargetBP: 9900}}
	s, err := Build(counts, v, nil, 11)
	if err != nil {
		t.Fatal(err)
	}
	for at, want := range map[Minute]float64{10: 0.8, 11: 1 - 2.0/6} { // 2 bad of the 5 and the 1 that were allowed
		if left, _ := s.Period(Days(30), at).Remaining(); math.Abs(left-want) > 1e-9 {
			t.Errorf("after minute %d: %v is left, want %v", at, left, want)
		}
	}
	if got := v.At(-5); got.TargetBP != 9500 {
		t.Errorf("before the first version: %+v", got)
	}
}

// TestCorrections: what is excluded is in no sum, and is not missing.
func TestCorrections(t *testing.T) {
	var counts []Count
	for m := range Minute(100) {
		counts = append(counts, Count{Minute: m, Good: 0, Total: 10})
	}
	s, err := Build(counts, Versions{{TargetBP: 9900}}, Spans{{From: 50, Until: 100}}, 99)
	if err != nil {
		t.Fatal(err)
	}
	if got := s.Over(99, 50); got.Total != 0 || got.Measured != 50 {
		t.Errorf("excluded minutes: %+v", got)
	}
	if fires := (Rules{Period: Days(30)}).At(s, 99); fires[NoData].Long != 0 || len(fires) > 2 {
		t.Errorf("%v fires", fires)
	} else if _, ok := fires[NoData]; ok {
		t.Error("an excluded minute counts as missing")
	}
}

func TestStates(t *testing.T) {
	objective := Objective{SLI: Success, TargetBP: 9900, PeriodDays: 30}
	build := func(minutes Minute, of func(Minute) (Count, bool)) Report {
		s := NewSeries(0)
		for m := range minutes {
			if c, ok := of(m); ok {
				c.Minute = m
				if err := s.Add(c, 9900); err != nil {
					t.Fatal(err)
				}
			}
		}
		return objective.Report(s, minutes-1)
	}
	clean := Count{Good: 100, Total: 100}
	for name, x := range map[string]struct {
		report   Report
		state    State
		sentence string
	}{
		"empty":   {build(100, func(Minute) (Count, bool) { return Count{}, false }), StateNoData, "nothing is known"},
		"idle":    {build(100, func(Minute) (Count, bool) { return Count{}, true }), StateNoData, "nothing is known"},
		"stopped": {build(100, func(m Minute) (Count, bool) { return clean, m < 90 }), StateNoData, "last 5 minutes"},
		"clean":   {build(100, func(Minute) (Count, bool) { return clean, true }), StateFine, "100 % of the 30-day budget are left"},
		"few":     {build(9, func(Minute) (Count, bool) { return Count{Good: 0, Total: 1}, true }), StateCritical, "Only 9 events"},
		"fast": {build(5*day, func(m Minute) (Count, bool) {
			if m >= 5*day-60 {
				return Count{Good: 79, Total: 100}, true
			}
			return clean, true
		}), StateCritical, "At this pace the 30-day budget is gone in 34 h, the 82.5 % that are left in 28 h; 1 h burn 21×, 5 min 21×."},
		"gone": {build(200, func(m Minute) (Count, bool) { return Count{Good: 90, Total: 100}, true }), StateExhausted, "overdrawn by 900 %"},
	} {
		if x.report.State != x.state || !strings.Contains(x.report.Sentence, x.sentence) {
			t.Errorf("%s: %s: %s", name, x.report.State, x.report.Sentence)
		}
	}
}

// TestBrokenCountsAlert: more good events than events are told, and spoil no sum.
func TestBrokenCountsAlert(t *testing.T) {
	s := NewSeries(0)
	for m, good := range []int64{10, 12, 10} {
		if err := s.Add(Count{Minute: Minute(m), Good: good, Total: 10}, 9900); err != nil {
			t.Fatal(err)
		}
	}
	firing := (Rules{Period: Days(30)}).At(s, 2)
	if _, ok := firing[Overcount]; !ok || s.Over(2, 3).Total != 20 {
		t.Errorf("%v fires, the sum is %+v", firing, s.Over(2, 3))
	}
}

// TestForecast: 14.4 times empties the budget of 30 days in 50 hours, not in two.
func TestForecast(t *testing.T) {
	s := NewSeries(0)
	for m := range Minute(60) {
		if err := s.Add(Count{Minute: m, Good: 10_000 - 1440, Total: 10_000}, 9900); err != nil {
			t.Fatal(err)
		}
	}
	f := Objective{SLI: Success, TargetBP: 9900, PeriodDays: 30}.Report(s, 59).Forecast
	if f == nil || f.Whole.Round(time.Minute) != 50*time.Hour || f.Left != 0 {
		t.Errorf("forecast %+v, want 50 h for a whole budget, nothing for what is left", f)
	}
}

func TestObjectivesAreTheHandbooks(t *testing.T) {
	all, err := Objectives()
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]Objective{}
	for _, o := range all {
		if o.Name != o.Subject+"/"+string(o.SLI) || o.TargetBP <= 0 || o.TargetBP >= whole || o.Promise == "" || got[o.Name].Name != "" {
			t.Errorf("%+v is not well formed", o)
		}
		got[o.Name] = o
	}
	for agent, x := range map[string]struct{ latency, success, freshness, cost int64 }{ // handbook: SLO Targets by Agent
		"inbox.triage": {1_500_000, 9800, 1800, 50_000}, "inbox.search": {800_000, 9900, 0, 20_000}, "knowledge.search": {1_000_000, 9800, 0, 30_000},
		"planner.deploy": {5_000_000, 9500, 0, 200_000}, "warehouse.health": {2_000_000, 9800, 3600, 100_000}, "analytics.insights": {3_000_000, 9700, 0, 150_000},
	} {
		if got[agent+"/latency"].Limit != x.latency || got[agent+"/latency"].TargetBP != 9500 || got[agent+"/cost"].Limit != x.cost ||
			int64(got[agent+"/success"].TargetBP) != x.success || got[agent+"/freshness"].Limit != x.freshness {
			t.Errorf("%s differs from the handbook", agent)
		}
	}
	if got["api/availability"].TargetBP != 9990 {
		t.Error("the API's availability is not 99.9 %")
	}
}

func TestTargetsAndPeriods(t *testing.T) {
	for text, want := range map[string]int{"99.9": 9990, "99": 9900, "95.50": 9550, "99.99%": 9999, "0.01": 1, "100": 0, "99.999": 0, "": 0, "-1": 0, "9 9": 0, "1e1": 0, ".5": 0} {
		got, err := ParseTarget(text)
		if got != want || (err != nil) != (want == 0) {
			t.Errorf("target %q: %d, %v; want %d", text, got, err, want)
		}
		if err == nil && TargetText(got) != strings.TrimSuffix(strings.TrimSuffix(text, "%"), "0") {
			t.Errorf("target %q is written %q", text, TargetText(got))
		}
	}
	for text, want := range map[string]int64{"30d": 30 * day, "4w": 28 * day, "720h": 30 * day, "1d": 0, "d": 0, "": 0, "30": 0, "999d": 0} {
		if got, err := ParsePeriod(text); got.Minutes != want || (err != nil) != (want == 0) {
			t.Errorf("period %q: %v, %v", text, got, err)
		}
	}
	february := MinuteOf(time.Date(2028, 2, 29, 23, 59, 0, 0, time.UTC))
	month := Period{Month: true}
	if month.Length(february) != 29*day || month.Elapsed(february) != 29*day || month.Elapsed(february+1) != 1 {
		t.Error("February 2028 has 29 days, and March begins anew")
	}
}
