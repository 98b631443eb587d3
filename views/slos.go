package views

import (
	"fmt"
	"math"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"applylens/internal/db"
	"applylens/internal/slo"
)

// An SLORow is a line of the dashboard: an objective as it stood at the last evaluation.
type SLORow struct {
	slo.Report
	Known bool          // it was evaluated; else only Objective is set
	Agent bool          // its subject is an agent
	Runs  bool          // its subject is no agent, or one with code behind it
	P95   time.Duration // of the agent's runs in 24 h, the upper edge of its bucket; 0: unknown
	Days  []SLODay
}

// An SLODay is what was counted in one day (UTC).
type SLODay struct {
	Day         time.Time
	Good, Total int64
	Cost        int64 // millionths of a dollar
}

// SLOs is the dashboard.
type SLOs struct {
	Rows []SLORow // the worst remaining budget first
	At   time.Time
}

// An SLOPage is one objective in full.
type SLOPage struct {
	SLORow
	Days        int // that the charts show
	Stretches   []SLOStretch
	Line        []slo.Point
	Alerts      []db.ConsoleAlertsRow
	Versions    []db.SloObjective
	Corrections []db.SloCorrection
	Admin       bool
}

// An SLOStretch is a line of the table behind the charts.
type SLOStretch struct {
	From, Until time.Time
	Good, Total int64
	Remaining   *float64
	Measured    bool
}

func sloHref(o slo.Objective) string { return "/ops/slos/" + o.Name }

// sliName is what an objective counts, as a word.
func sliName(o slo.Objective) string { return title(string(o.SLI)) }

// goodly says what a good event is.
func goodly(o slo.Objective) string {
	switch o.SLI {
	case slo.Latency:
		return "under " + took(time.Duration(o.Limit)*time.Microsecond)
	case slo.Cost:
		return "under " + dollars(o.Limit)
	case slo.Freshness, slo.Lag:
		return "within " + (time.Duration(o.Limit) * time.Second).String()
	case slo.Success:
		return "succeeded"
	case slo.Availability:
		return "answered"
	}
	return "good"
}

// state is the word of a row; what has no code behind it is never green.
func (r SLORow) state() string {
	switch {
	case !r.Runs:
		return "not running yet"
	case !r.Known:
		return "not evaluated yet"
	}
	return string(r.State)
}

// ratio is the share of good events; "no data" when nothing happened.
func (r SLORow) ratio() string { return shareText(r.Good, r.Total) }

func shareText(good, total int64) string {
	if total <= 0 {
		return "no data"
	}
	return perCent(float64(good) / float64(total))
}

// left shows what is left of a budget, in per cent of it; rounded down, so that what is overdrawn never reads as 0.
func left(remaining *float64) string {
	if remaining == nil {
		return "no data"
	}
	x := math.Floor(*remaining*1000) / 10
	if *remaining > 10 || *remaining < -10 {
		x = math.Floor(*remaining * 100)
	}
	return strings.Replace(strconv.FormatFloat(x, 'f', -1, 64), "-", "−", 1) + " %"
}

// level is the colour of a remaining budget.
func level(remaining *float64) string {
	switch {
	case remaining == nil:
		return "none"
	case *remaining <= 0:
		return "gone"
	case *remaining < 0.25:
		return "low"
	}
	return "fine"
}

// meterWidth is the width of a bar of 100 for what is left.
func meterWidth(remaining *float64) string {
	if remaining == nil {
		return "0"
	}
	return strconv.FormatFloat(100*min(max(*remaining, 0), 1), 'f', 1, 64)
}

// burn is the burn rate of a window of so many minutes.
func (r SLORow) burn(minutes int64) string {
	for _, w := range r.Windows {
		if w.Minutes == minutes {
			return slo.BurnText(w.Burn)
		}
	}
	return "–"
}

// fast tells that the last hour burned more than is allowed.
func (r SLORow) fast() bool {
	for _, w := range r.Windows {
		if w.Minutes == 60 {
			return w.Burn != nil && *w.Burn > 1
		}
	}
	return false
}

// perEvent is the mean cost of a request, of what is paid for.
func (r SLORow) perEvent() string {
	if r.Total == 0 {
		return "no data"
	}
	return dollars(r.CostMicro / r.Total)
}

// sparkHeight is the burn rate at which a bar of a trend reaches the top.
const sparkHeight = 3.0

type sparkBar struct {
	X, Y, Height string
	Over         bool
	Text         string
}

// spark draws a bar for each day with events: as high as its burn rate, red above what is allowed. The axis at a third
// of the height is a rate of 1.
func (r SLORow) spark() []sparkBar {
	var bars []sparkBar
	allowed := float64(10_000-r.Objective.TargetBP) / 10_000
	first := r.At.Time().Truncate(24*time.Hour).AddDate(0, 0, 1-sparkDays)
	for _, d := range r.Days {
		i := int(d.Day.Sub(first).Hours() / 24)
		if i < 0 || i >= sparkDays || d.Total <= 0 || d.Good > d.Total {
			continue
		}
		burn := float64(d.Total-d.Good) / float64(d.Total) / allowed
		height := max(0.6, 21*min(burn, sparkHeight)/sparkHeight)
		bars = append(bars, sparkBar{strconv.Itoa(4 * i), short(21 - height), short(height), burn > 1,
			d.Day.Format("2 Jan") + ": " + slo.BurnText(&burn) + ", " + thousands(d.Total-d.Good) + " of " + thousands(d.Total) + " bad"})
	}
	return bars
}

const sparkDays = 30

func short(x float64) string { return strconv.FormatFloat(x, 'f', 1, 64) }

func (r SLORow) sparkText() string {
	bars, over := r.spark(), 0
	for _, b := range bars {
		if b.Over {
			over++
		}
	}
	return fmt.Sprintf("%s with events of the last %d, %d above what is allowed", count(len(bars), "day"), sparkDays, over)
}

// SLOWindows are the stretches that the charts of an objective show.
func SLOWindows() []int { return []int{7, 30, 90} }

// runsHref leads to the runs of a stretch. Only agents have runs.
func (r SLORow) runsHref(from, until, now time.Time) string {
	const minute = "2006-01-02T15:04"
	q := url.Values{"agent": {r.Objective.Subject}, "dry": {"no"}, "from": {from.In(now.Location()).Format(minute)}, "to": {until.In(now.Location()).Format(minute)}}
	return "/ops/runs?" + q.Encode()
}

// still is the line of the remaining budget without a script: a path in a box of 1000 × 100, for 100 % at the top and
// whatever is lowest, at most 0 %, at the bottom.
func (s SLOPage) still() (paths []string, zero string) {
	low := 0.0
	for _, p := range s.Line {
		if p.Remaining != nil {
			low = min(low, max(*p.Remaining, -1))
		}
	}
	var path strings.Builder
	for i, p := range s.Line {
		if p.Remaining == nil {
			if path.Len() > 0 {
				paths = append(paths, path.String())
				path.Reset()
			}
			continue
		}
		fmt.Fprintf(&path, " %.1f,%.1f", 1000*float64(i)/float64(max(len(s.Line)-1, 1)), 100*(1-max(*p.Remaining, -1))/(1-low))
	}
	if path.Len() > 0 {
		paths = append(paths, path.String())
	}
	return paths, short(100 / (1 - low))
}

// stretchText names a stretch of the table.
func stretchText(s SLOStretch, now time.Time) string {
	if from := s.From.In(now.Location()); s.Until.Sub(s.From) < 24*time.Hour {
		return from.Format("2 Jan 15:04")
	}
	return s.From.In(now.Location()).Format("2 Jan 15:04") + " and a day"
}

// gone says how long a whole budget lasts at a burn rate: the period ÷ the rate.
func gone(o slo.Objective, at slo.Minute, factor float64) string {
	hours := float64(slo.Days(o.PeriodDays).Length(at)) / 60 / factor
	if hours >= 72 {
		return strconv.FormatFloat(math.Round(hours/24*10)/10, 'f', -1, 64) + " days"
	}
	return strconv.FormatFloat(math.Round(hours*10)/10, 'f', -1, 64) + " h"
}

func periodText(days int) string {
	if days == 0 {
		return "calendar month"
	}
	return strconv.Itoa(days) + " days"
}

// limitText shows the limit of an objective in the unit of its form.
func limitText(o slo.Objective, limit int64) string {
	o.Limit = limit
	if limit == 0 {
		return "–"
	}
	return goodly(o)
}

// who names a person of the console by number, as the other pages of operators do.
func who(by *int64) string {
	if by == nil {
		return "the program"
	}
	return "user " + id(*by)
}

// className is the class of an alert in words.
func className(class string) string { return title(class) }

// limitLabel and limitValue are the limit of an objective in the unit that people write.
func limitLabel(o slo.Objective) string {
	if o.SLI == slo.Cost {
		return "Limit, $"
	}
	return "Limit, seconds"
}

func limitValue(o slo.Objective) string {
	if o.SLI == slo.Latency || o.SLI == slo.Cost {
		return strconv.FormatFloat(float64(o.Limit)/1e6, 'f', -1, 64)
	}
	return strconv.FormatInt(o.Limit, 10)
}

// alarms are the classes that fire. What was never counted has none: that it has no data is no news.
func (r SLORow) alarms() []slo.Class {
	if r.Total == 0 {
		return slices.DeleteFunc(slices.Clone(r.Firing), func(c slo.Class) bool { return c == slo.NoData })
	}
	return r.Firing
}

// mood is the colour of an objective's sentence.
func (r SLORow) mood() string {
	switch r.State {
	case slo.StateExhausted, slo.StateCritical:
		return "gone"
	case slo.StateRising, slo.StateEasing:
		return "low"
	}
	return level(r.Remaining)
}
