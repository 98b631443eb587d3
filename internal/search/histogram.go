package search

import (
	"time"
)

// maxBars bounds the bars of a histogram of dates.
const maxBars = 60

// A calendar cuts time into units, in the zone of its times.
type calendar struct {
	unit  string
	begin func(time.Time) time.Time
	next  func(time.Time) time.Time
}

func day(t time.Time) time.Time {
	return time.Date(t.Year(), t.Month(), t.Day(), 0, 0, 0, 0, t.Location())
}

var calendars = [...]calendar{
	{"day", day, func(t time.Time) time.Time { return t.AddDate(0, 0, 1) }},
	{"week", func(t time.Time) time.Time { return day(t).AddDate(0, 0, -(int(t.Weekday())+6)%7) }, func(t time.Time) time.Time { return t.AddDate(0, 0, 7) }},
	{"month", func(t time.Time) time.Time { return time.Date(t.Year(), t.Month(), 1, 0, 0, 0, 0, t.Location()) }, func(t time.Time) time.Time { return t.AddDate(0, 1, 0) }},
	{"year", func(t time.Time) time.Time { return time.Date(t.Year(), 1, 1, 0, 0, 0, 0, t.Location()) }, func(t time.Time) time.Time { return t.AddDate(1, 0, 0) }},
}

// dates counts the matches by the smallest unit that gives at most maxBars bars; all bars between the first and the
// last are there, also empty ones.
func (m *counting) dates(zone *time.Location) (bars []DateBar, unit string) {
	var first, last int64
	n := 0
	m.found.all(func(at int) {
		t := m.columns.at[at]
		if n++; n == 1 {
			first, last = t, t
		}
		first, last = min(first, t), max(last, t)
	})
	if n == 0 {
		return nil, ""
	}
	from, to := time.Unix(first, 0).In(zone), time.Unix(last, 0).In(zone)
	for i, c := range calendars {
		if bars = c.bars(from, to); bars != nil || i == len(calendars)-1 {
			unit = c.unit
			break
		}
	}
	m.fill(bars)
	return bars, unit
}

// bars returns the empty bars of a time, or nil when there are too many of them. Years are never too many: what is
// older than maxBars years goes into the first.
func (c *calendar) bars(from, to time.Time) (bars []DateBar) {
	at := c.begin(from)
	if c.unit == "year" && to.Year()-at.Year() >= maxBars {
		at = time.Date(to.Year()-maxBars+1, 1, 1, 0, 0, 0, 0, at.Location())
	}
	for ; !at.After(to); at = c.next(at) {
		if len(bars) == maxBars {
			return nil
		}
		next := c.next(at)
		bars = append(bars, DateBar{From: at, To: next, Part: datePart(at, next)})
	}
	return bars
}

// fill counts the matches in bars.
func (m *counting) fill(bars []DateBar) {
	starts := make([]int64, len(bars))
	for i := range bars {
		starts[i] = bars[i].From.Unix()
	}
	m.found.all(func(at int) {
		t := m.columns.at[at]
		low, high := 0, len(starts) // the last bar that begins at t or before; the first takes what is older
		for high-low > 1 {
			if mid := (low + high) / 2; starts[mid] <= t {
				low = mid
			} else {
				high = mid
			}
		}
		bars[low].Count++
	})
}

// datePart asks for days, from the first to before the last.
func datePart(from, to time.Time) string {
	switch {
	case to.Equal(from.AddDate(0, 0, 1)):
		return "date:" + from.Format(time.DateOnly)
	case from.Day() == 1 && to.Equal(from.AddDate(0, 1, 0)):
		return "date:" + from.Format("2006-01")
	case from.YearDay() == 1 && to.Equal(from.AddDate(1, 0, 0)):
		return "date:" + from.Format("2006")
	}
	return "date:" + from.Format(time.DateOnly) + ".." + to.AddDate(0, 0, -1).Format(time.DateOnly)
}
