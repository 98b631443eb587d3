package views

import (
	"strconv"
	"time"
)

// A Meter is how much of a quota is used. Kept is the part of the limit that is kept for what a person does now.
type Meter struct {
	Label string `json:"-"`
	Used  int64  `json:"used"`
	Limit int64  `json:"limit"` // 0: none
	Kept  int64  `json:"kept,omitempty"`
}

// A Quota is what an account and the whole project used of Google's units.
type Quota struct {
	Minute        Meter      `json:"minute"`
	Today         int64      `json:"today"`
	ProjectMinute Meter      `json:"project_minute"`
	ProjectToday  Meter      `json:"project_today"`
	Days          []DayUnits `json:"days"`
}

// A DayUnits is what an account used on a day, which begins at that time.
type DayUnits struct {
	Day   time.Time `json:"day"`
	Units int64     `json:"units"`
}

// width returns where a number of units stands on a scale of 200.
func (m Meter) width(n int64) string {
	if m.Limit <= 0 {
		return "0"
	}
	return strconv.FormatInt(min(200, max(n*200/m.Limit, min(n, 1))), 10)
}

func (m Meter) text() string {
	if m.Limit <= 0 {
		return units(m.Used) + " units, no limit"
	}
	return units(m.Used) + " of " + units(m.Limit)
}

// most is the largest of the days, at least 1.
func (q Quota) most() int64 {
	most := int64(1)
	for _, d := range q.Days {
		most = max(most, d.Units)
	}
	return most
}

// units writes a number of units, or of mails, with commas between thousands.
func units(n int64) string { return grouped(int(n)) }

// An OverviewQuota is what operators see of the quota: the project's sums, and units of today by account.
type OverviewQuota struct {
	Minute, Today Meter
	Accounts      map[int64]int64
}
