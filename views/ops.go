package views

import (
	"strconv"
	"time"
)

// An OpsPlace is one of the operators' places, as the bar of their pages shows it.
type OpsPlace struct{ Name, Href string }

// opsPlaces are the operators' places in their order.
func opsPlaces() []OpsPlace {
	return []OpsPlace{{"Overview", "/ops"}, {"Objectives", "/ops/slos"}, {"Budget", "/ops/budget"}, {"Alerts", "/ops/alerts"}, {"Agents", "/ops/agents"}, {"Runs", "/ops/runs"},
		{"Jobs", "/ops/jobs"}, {"System", "/ops/system"}, {"Search", "/ops/search"}, {"Checklists", "/ops/checklists"}}
}

// A Window is a stretch of time up to now that operators choose.
type Window struct {
	Name string // in the address: 24h, 7d, 30d
	Text string
	Back time.Duration
}

// Windows are the stretches to choose from.
func Windows() []Window {
	const day = 24 * time.Hour
	return []Window{{"24h", "24 hours", day}, {"7d", "7 days", 7 * day}, {"30d", "30 days", 30 * day}}
}

// took shows how long something took, in two or three digits.
func took(d time.Duration) string {
	switch {
	case d < time.Millisecond:
		return strconv.FormatInt(d.Microseconds(), 10) + " µs"
	case d < 10*time.Millisecond:
		return strconv.FormatFloat(float64(d)/float64(time.Millisecond), 'f', 1, 64) + " ms"
	case d < time.Second:
		return strconv.FormatInt(d.Milliseconds(), 10) + " ms"
	case d < 2*time.Minute:
		return strconv.FormatFloat(d.Seconds(), 'f', 1, 64) + " s"
	}
	return d.Round(time.Second).String()
}

// dollars shows millionths of a dollar.
func dollars(micro int64) string {
	switch {
	case micro == 0:
		return "$0"
	case micro < 10_000:
		return "$" + strconv.FormatFloat(float64(micro)/1e6, 'f', 6, 64)
	}
	return "$" + strconv.FormatFloat(float64(micro)/1e6, 'f', 2, 64)
}

// perCent shows a share as per cent, never rounded up to 100.
func perCent(x float64) string {
	s := strconv.FormatFloat(100*x, 'f', 2, 64)
	if s == "100.00" && x < 1 {
		s = "99.99"
	}
	if s == "100.00" {
		s = "100"
	}
	return s + " %"
}

// thousands groups the digits of a count.
func thousands(n int64) string {
	s := strconv.FormatInt(n, 10)
	for i := len(s) - 3; i > 0 && s[i-1] != '-'; i -= 3 {
		s = s[:i] + " " + s[i:]
	}
	return s
}
