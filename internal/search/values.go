package search

import (
	"slices"
	"strconv"
	"strings"
	"time"
)

// parseSize reads bytes with an optional K, M or G (of 1,024), KB, MB or GB.
func parseSize(s string) (low, high float64, ok bool) {
	s = strings.TrimSuffix(strings.ToUpper(s), "B")
	unit := 1.0
	if s != "" {
		switch s[len(s)-1] {
		case 'K':
			unit = 1 << 10
		case 'M':
			unit = 1 << 20
		case 'G':
			unit = 1 << 30
		}
	}
	if unit > 1 {
		s = s[:len(s)-1]
	}
	n, ok := decimal(s)
	return n * unit, n * unit, ok
}

// riskLevels are the closed intervals of the levels of risk, as triage names them.
var riskLevels = [...]struct {
	name      string
	low, high float64
}{{"safe", 0, 19}, {"low", 20, 39}, {"medium", 40, 59}, {"high", 60, 79}, {"critical", 80, 100}}

// numberOf returns the reader of a number field: risk takes the names of levels too, conf takes percentages.
func numberOf(field string) func(string) (low, high float64, ok bool) {
	return func(s string) (float64, float64, bool) {
		if field == "risk" {
			for _, l := range riskLevels {
				if strings.EqualFold(s, l.name) {
					return l.low, l.high, true
				}
			}
		}
		digits, percent := strings.CutSuffix(s, "%")
		n, ok := decimal(digits)
		if percent && field == "conf" {
			n /= 100
		}
		return n, n, ok
	}
}

// decimal reads digits with at most one point; no sign, exponent or name.
func decimal(s string) (float64, bool) {
	if s == "" || len(s) > 18 || strings.Trim(s, "0123456789.") != "" {
		return 0, false
	}
	n, err := strconv.ParseFloat(s, 64)
	return n, err == nil
}

// parseDate reads a day, a month, a year, a moment or words for them, as the half-open interval that it stands for;
// from equals to for a moment. Spans such as 3d lie before now, or after it when future. All in now's zone.
func parseDate(s string, now time.Time, future bool) (from, to time.Time, ok bool) {
	s = strings.ToLower(strings.TrimSpace(s))
	if t, ok := parseSpan(s, now, future); ok {
		return t, t, true
	}
	if from, to, ok := dateByName(s, now); ok {
		return from, to, true
	}
	for _, l := range [...]struct {
		layout              string
		years, months, days int
	}{
		{"2006-1-2", 0, 0, 1}, {"2006/1/2", 0, 0, 1}, {"2006.1.2", 0, 0, 1}, {"1/2/2006", 0, 0, 1}, {"20060102", 0, 0, 1},
		{"2006-1", 0, 1, 0}, {"2006/1", 0, 1, 0}, {"2006", 1, 0, 0},
		{"2006-01-02t15:04", 0, 0, 0}, {"2006-01-02 15:04", 0, 0, 0}, {"2006-01-02t15:04:05", 0, 0, 0},
	} {
		if t, err := time.ParseInLocation(l.layout, s, now.Location()); err == nil && t.Year() > 0 {
			return t, t.AddDate(l.years, l.months, l.days), true
		}
	}
	if n, err := strconv.ParseInt(s, 10, 64); err == nil && len(s) >= 9 && len(s) <= 13 {
		if len(s) == 13 {
			n /= 1000
		}
		t := time.Unix(n, 0).In(now.Location())
		return t, t, t.Year() < 10000
	}
	return from, to, false
}

// parseSpan reads 12h, 3d, 2w, 6m, 1y.
func parseSpan(s string, now time.Time, future bool) (time.Time, bool) {
	if len(s) < 2 || len(s) > 5 {
		return now, false
	}
	n, err := strconv.Atoi(s[:len(s)-1])
	if err != nil || n < 0 || s[0] == '+' || s[0] == '-' {
		return now, false
	}
	if !future {
		n = -n
	}
	switch s[len(s)-1] {
	case 'h':
		return now.Add(time.Duration(n) * time.Hour), true
	case 'd':
		return now.AddDate(0, 0, n), true
	case 'w':
		return now.AddDate(0, 0, 7*n), true
	case 'm':
		return now.AddDate(0, n, 0), n > -1200 && n < 1200
	case 'y':
		return now.AddDate(n, 0, 0), n > -1000 && n < 1000
	}
	return now, false
}

// dateByName reads today, yesterday, tomorrow, monday (the latest, today included), last, this and next with a
// weekday, week (from Monday), month or year.
func dateByName(s string, now time.Time) (from, to time.Time, ok bool) {
	s = strings.Join(strings.FieldsFunc(s, func(r rune) bool { return r == ' ' || r == '-' || r == '_' }), " ")
	today := time.Date(now.Year(), now.Month(), now.Day(), 0, 0, 0, 0, now.Location())
	day := func(n int) (time.Time, time.Time, bool) {
		return today.AddDate(0, 0, n), today.AddDate(0, 0, n+1), true
	}
	switch s {
	case "now":
		return now, now, true
	case "today":
		return day(0)
	case "yesterday":
		return day(-1)
	case "tomorrow":
		return day(1)
	}
	which, unit, two := strings.Cut(s, " ")
	if !two {
		which, unit = "", s
	}
	step, known := map[string]int{"": 0, "this": 0, "last": -1, "past": -1, "next": 1}[which]
	if !known {
		return from, to, false
	}
	if back := sinceWeekday(unit, today); back >= 0 {
		switch {
		case step < 0 && back == 0:
			back = 7
		case step > 0 || which == "this" && back > 0:
			back -= 7
		}
		return day(-back)
	}
	if which == "" {
		return from, to, false
	}
	monday := today.AddDate(0, 0, -(int(today.Weekday())+6)%7)
	switch unit {
	case "day":
		return day(step)
	case "week":
		return monday.AddDate(0, 0, 7*step), monday.AddDate(0, 0, 7*step+7), true
	case "month":
		first := time.Date(now.Year(), now.Month()+time.Month(step), 1, 0, 0, 0, 0, now.Location())
		return first, first.AddDate(0, 1, 0), true
	case "year":
		first := time.Date(now.Year()+step, 1, 1, 0, 0, 0, 0, now.Location())
		return first, first.AddDate(1, 0, 0), true
	}
	return from, to, false
}

// sinceWeekday returns how many days ago the named weekday was (0 is today), or -1 when s is none.
func sinceWeekday(s string, today time.Time) int {
	names := []string{"sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday"}
	i := slices.IndexFunc(names, func(n string) bool { return s == n || len(s) >= 3 && s == n[:3] })
	if i < 0 {
		return -1
	}
	return (int(today.Weekday()) - i + 7) % 7
}
