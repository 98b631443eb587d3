package slo

import (
	"fmt"
	"math"
	"strconv"
	"time"
)

// A Report is how an objective stands once a minute is over: what a page needs, all of it counted.
type Report struct {
	Objective Objective      `json:"objective"`
	At        Minute         `json:"at"`
	State     State          `json:"state"`
	Remaining *float64       `json:"remaining"` // of the budget; null when nothing happened in the period
	Good      int64          `json:"good"`      // in the period, as is what follows
	Total     int64          `json:"total"`
	Allowed   float64        `json:"allowed"` // bad events
	CostMicro int64          `json:"cost_microusd"`
	Low       bool           `json:"low_traffic"` // the whole budget is less than one event: a percentage means little
	Firing    []Class        `json:"firing"`
	Windows   []WindowReport `json:"windows"` // the seven of the alerts, then the period
	Pairs     []PairReport   `json:"pairs"`
	Budgets   []BudgetReport `json:"budgets"`            // 7 and 28 days, and the calendar month
	Forecast  *Forecast      `json:"forecast,omitempty"` // absent when the budget lasts at this pace
	Sentence  string         `json:"sentence"`
}

// A State is what a report comes to.
type State string

// The states, the worst first.
const (
	StateExhausted State = "exhausted"
	StateCritical  State = "critical"
	StateRising    State = "increasing"
	StateEasing    State = "recovering"
	StateNoData    State = "no data"
	StateFine      State = "acceptable"
)

// A WindowReport is what happened in a window.
type WindowReport struct {
	Minutes int64    `json:"minutes"`
	Bad     int64    `json:"bad"`
	Total   int64    `json:"total"`
	Burn    *float64 `json:"burn"` // null when nothing happened
}

// A PairReport is a line of the table of alerts.
type PairReport struct {
	Class     Class    `json:"class"`
	Long      int64    `json:"long"` // minutes
	Short     int64    `json:"short"`
	Factor    float64  `json:"factor"`    // the burn rate above which it fires
	Threshold float64  `json:"threshold"` // the same as a share of bad events, under the target in force
	LongBurn  *float64 `json:"long_burn"`
	ShortBurn *float64 `json:"short_burn"`
	Word      Word     `json:"word"`
	Guarded   bool     `json:"guarded"` // too little happened for a page: it makes a ticket
}

// A BudgetReport is what is left of the budget of another period.
type BudgetReport struct {
	Days      int      `json:"days"` // 0: the calendar month
	Remaining *float64 `json:"remaining"`
}

// A Forecast is when the budget is gone if the pace stays: the period ÷ the burn rate.
type Forecast struct {
	Burn  float64       `json:"burn"`  // the pace: of the long window that burns fastest among those that fire, else of one hour
	Pace  int64         `json:"pace"`  // that window, in minutes
	Whole time.Duration `json:"whole"` // an untouched budget
	Left  time.Duration `json:"left"`  // what is left of it; 0 when nothing is
}

// Report tells how the objective stands once a minute is over. An empty series is a report of no data.
func (o Objective) Report(s *Series, at Minute) Report {
	rules := o.Rules()
	sums := s.Period(rules.Period, at)
	firing := rules.At(s, at)
	r := Report{Objective: o, At: at, Good: sums.Good, Total: sums.Total, Allowed: float64(sums.Budget) / whole, CostMicro: sums.CostMicroUSD,
		Low: sums.Total > 0 && sums.LowTraffic(), Firing: []Class{}, Pairs: make([]PairReport, 0, len(pairs))}
	r.Remaining = remaining(sums)
	for _, c := range classes {
		if _, ok := firing[c]; ok {
			r.Firing = append(r.Firing, c)
		}
	}
	for _, w := range append(windows[:len(windows):len(windows)], rules.Period.Elapsed(at)) {
		x := s.Over(at, w)
		r.Windows = append(r.Windows, WindowReport{w, x.Bad(), x.Total, rate(x)})
	}
	word := Acceptable
	for _, p := range pairs {
		st := rules.State(s, at, p)
		if !rules.Quiet || !r.Low {
			word = worse(word, st.Word())
		}
		factor := p.Factor(rules.Period.Length(at))
		r.Pairs = append(r.Pairs, PairReport{p.Class, p.Long, p.Short, factor, factor * float64(whole-o.TargetBP) / whole,
			rate(st.LongSums), rate(st.ShortSums), st.Word(), st.Guarded})
	}
	for _, d := range []int{7, 28, 0} {
		r.Budgets = append(r.Budgets, BudgetReport{d, remaining(s.Period(Days(d), at))})
	}
	r.State = stateFor(sums, firing, word, r.Low)
	r.Forecast = r.forecast(rules.Period.Length(at))
	r.Sentence = r.sentence(rules.Period)
	return r
}

func remaining(s Sums) *float64 {
	if left, ok := s.Remaining(); ok {
		return &left
	}
	return nil
}

// stateFor names the worst of what is so. An outage is critical whatever the burn rates say.
func stateFor(sums Sums, firing Firing, word Word, low bool) State {
	_, unmeasured := firing[NoData]
	_, down := firing[HardDown]
	_, slow := firing[Slow]
	switch {
	case sums.Total == 0 || unmeasured:
		return StateNoData
	case sums.Exhausted() && !low:
		return StateExhausted
	case down || slow || word == Critical:
		return StateCritical
	case word == Increasing:
		return StateRising
	case word == Recovering:
		return StateEasing
	}
	return StateFine
}

// forecast takes the pace of the pair that burns fastest among the critical ones, else of the last hour.
func (r *Report) forecast(period int64) *Forecast {
	f := Forecast{Pace: hour}
	for _, w := range r.Windows {
		if w.Minutes == hour && w.Burn != nil {
			f.Burn = *w.Burn
		}
	}
	for _, p := range r.Pairs {
		if p.Word == Critical && p.LongBurn != nil && *p.LongBurn > f.Burn {
			f.Burn, f.Pace = *p.LongBurn, p.Long
		}
	}
	if f.Burn <= 1 || r.Remaining == nil { // what is allowed, or less: at this pace it is never gone
		return nil
	}
	whole := float64(period) * float64(time.Minute)
	f.Whole = time.Duration(whole / f.Burn)
	f.Left = time.Duration(whole / f.Burn * math.Max(0, *r.Remaining))
	return &f
}

// sentence says in words how the budget stands.
func (r *Report) sentence(p Period) string {
	name := p.String() + " budget"
	switch {
	case r.Remaining == nil:
		return "Nothing was counted in this period, so nothing is known."
	case r.State == StateNoData:
		return fmt.Sprintf("Nothing was counted in the last %d minutes; %s.", noDataWindow, r.left(name))
	case r.Low:
		return fmt.Sprintf("Only %d events: the %s allows less than one bad event, so a percentage means little.", r.Total, name)
	case r.Forecast == nil:
		return capital(r.left(name)) + "; at this pace it lasts."
	case r.Forecast.Left == 0:
		return fmt.Sprintf("The %s is overdrawn by %s %% and still burns at %s (%s), %s (5 min).", name, percent(-*r.Remaining),
			BurnText(&r.Forecast.Burn), spoken(r.Forecast.Pace), BurnText(r.Windows[0].Burn))
	}
	f := r.Forecast
	text := fmt.Sprintf("At this pace the %s is gone in %s", name, spanText(f.Whole))
	if *r.Remaining < 0.995 {
		text += fmt.Sprintf(", the %s %% that are left in %s", percent(*r.Remaining), spanText(f.Left))
	}
	short := r.Windows[0]
	for _, p := range r.Pairs {
		if p.Long == f.Pace {
			short = WindowReport{Minutes: p.Short, Burn: p.ShortBurn}
		}
	}
	return fmt.Sprintf("%s; %s burn %s, %s %s.", text, spoken(f.Pace), BurnText(&f.Burn), spoken(short.Minutes), BurnText(short.Burn))
}

func (r *Report) left(name string) string {
	if *r.Remaining < 0 {
		return fmt.Sprintf("the %s is overdrawn by %s %%", name, percent(-*r.Remaining))
	}
	return fmt.Sprintf("%s %% of the %s are left", percent(*r.Remaining), name)
}

func percent(part float64) string { return strconv.FormatFloat(math.Round(part*1000)/10, 'f', -1, 64) }

func capital(s string) string {
	if s != "" && s[0] >= 'a' && s[0] <= 'z' {
		return string(s[0]-'a'+'A') + s[1:]
	}
	return s
}

// BurnText writes a burn rate, such as 14.4×; nil is a dash.
func BurnText(burn *float64) string {
	switch {
	case burn == nil:
		return "–"
	case *burn >= 100:
		return strconv.FormatFloat(*burn, 'f', 0, 64) + "×"
	case *burn >= 10:
		return strconv.FormatFloat(math.Round(*burn*10)/10, 'f', -1, 64) + "×"
	}
	return strconv.FormatFloat(math.Round(*burn*100)/100, 'f', -1, 64) + "×"
}

// spoken writes a window as in a sentence: 5 min, 1 h, 3 days.
func spoken(minutes int64) string {
	switch {
	case minutes%day == 0 && minutes > day:
		return strconv.FormatInt(minutes/day, 10) + " days"
	case minutes%hour == 0:
		return strconv.FormatInt(minutes/hour, 10) + " h"
	}
	return strconv.FormatInt(minutes, 10) + " min"
}

// spanText writes how long something lasts: 40 min, 50 h, 12 days.
func spanText(d time.Duration) string {
	switch {
	case d < 2*time.Hour:
		return fmt.Sprintf("%.0f min", math.Max(1, d.Minutes()))
	case d < 4*24*time.Hour:
		return fmt.Sprintf("%.0f h", d.Hours())
	}
	return fmt.Sprintf("%.0f days", d.Hours()/24)
}
