// Package slo holds the mathematics of service-level objectives: counts of good and total events by the minute, windows,
// burn rates, alerts and budgets. It is pure: no clock, no rows, no files but the table of objectives it embeds.
//
// Start with Objective (what is promised), then Series (what was counted), Rules.At (what is firing at a minute) and
// Rules.Report (what a person is shown). Everything that decides is integer arithmetic: a rate that lies on a threshold
// is not above it, on every machine. Formulas: the Site Reliability Workbook, chapter 5, multiwindow multi-burn-rate
// alerts.
package slo

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// A Minute is a minute of time: those since 1970, UTC. What was counted in it happened in [m, m+1).
type Minute int64

// MinuteOf returns the minute that a time lies in.
func MinuteOf(t time.Time) Minute {
	s := t.Unix()
	if s < 0 {
		s -= 59 // towards the past
	}
	return Minute(s / 60)
}

// Time returns the minute's beginning, in UTC.
func (m Minute) Time() time.Time { return time.Unix(int64(m)*60, 0).UTC() }

// Minutes in longer spans.
const (
	hour = 60
	day  = 24 * hour
)

// whole is 100 % in basis points, the unit of targets.
const whole = 10_000

// ParseTarget reads a target in percent, such as 99.9, as basis points: exact, so with at most two decimals, and with a
// budget, so below 100.
func ParseTarget(percent string) (bp int, err error) {
	text := strings.TrimSuffix(strings.TrimSpace(percent), "%")
	before, after, _ := strings.Cut(text, ".")
	digits := strings.TrimRight(after, "0")
	if len(digits) > 2 {
		return 0, fmt.Errorf("the target %q is finer than a hundredth of a percent", percent)
	}
	n, err := strconv.ParseUint(before+(digits + "00")[:2], 10, 32)
	if err != nil || before == "" || strings.Trim(text, "0123456789.") != "" {
		return 0, fmt.Errorf("the target %q is no percentage such as 99.9", percent)
	}
	if n == 0 || n >= whole {
		return 0, fmt.Errorf("the target %q must lie between 0 and 100: at 100 %% there is no budget to burn", percent)
	}
	return int(n), nil //nolint:gosec // below 10,000
}

// TargetText writes basis points as a percentage, such as 99.9.
func TargetText(bp int) string {
	return strings.TrimSuffix(strings.TrimRight(fmt.Sprintf("%d.%02d", bp/100, bp%100), "0"), ".")
}

// A Period is what a budget is for: the minutes up to now, or the calendar month so far when Month is set.
type Period struct {
	Minutes int64
	Month   bool // of UTC
}

// ParsePeriod reads a rolling period, such as 30d, 4w or 720h, or "month" for the calendar month.
func ParsePeriod(text string) (Period, error) {
	bad := fmt.Errorf("the period %q is none: write 30d, 4w, 720h or month", text)
	if text == "month" {
		return Period{Month: true}, nil
	}
	if text == "" {
		return Period{}, bad
	}
	n, err := strconv.ParseInt(text[:len(text)-1], 10, 32)
	if err != nil {
		return Period{}, bad
	}
	switch text[len(text)-1] {
	case 'h':
		n *= hour
	case 'd':
		n *= day
	case 'w':
		n *= 7 * day
	default:
		return Period{}, bad
	}
	if n < minPeriod || n > maxPeriod {
		return Period{}, errors.New("the period must lie between 3 and 366 days: the alerts look back three days")
	}
	return Period{Minutes: n}, nil
}

const (
	minPeriod = 3 * day
	maxPeriod = 366 * day
)

// Days returns the rolling period of so many days; 0 is the calendar month.
func Days(n int) Period {
	if n == 0 {
		return Period{Month: true}
	}
	return Period{Minutes: int64(n) * day}
}

// String writes the period as a person would: 30-day, or month.
func (p Period) String() string {
	switch {
	case p.Month:
		return "month"
	case p.Minutes%day == 0:
		return fmt.Sprintf("%d-day", p.Minutes/day)
	}
	return fmt.Sprintf("%d-hour", p.Minutes/hour)
}

// Length returns how long the whole period is in which a minute lies, in minutes.
func (p Period) Length(at Minute) int64 {
	if !p.Month {
		return p.Minutes
	}
	first := monthOf(at)
	return int64(MinuteOf(first.AddDate(0, 1, 0)) - MinuteOf(first))
}

// Elapsed returns how many minutes of the period have been counted once a minute is over.
func (p Period) Elapsed(at Minute) int64 {
	if !p.Month {
		return p.Minutes
	}
	return int64(at-MinuteOf(monthOf(at))) + 1
}

func monthOf(at Minute) time.Time {
	t := at.Time()
	return time.Date(t.Year(), t.Month(), 1, 0, 0, 0, 0, time.UTC)
}
