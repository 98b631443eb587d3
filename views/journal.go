package views

import (
	"time"

	"applylens/internal/db"
)

// A Journal is one stretch of the actions of a user, newest first.
type Journal struct {
	Rows  []db.JournalListRow
	Next  string     // address of the stretch that follows, or ""
	After *time.Time // of the last row before this stretch, when there is one
}

// starts tells whether the i-th row begins a new group of days, and its name.
func (j Journal) starts(i int, now time.Time) (string, bool) {
	name := day(j.Rows[i].CreatedAt, now)
	if i > 0 {
		return name, day(j.Rows[i-1].CreatedAt, now) != name
	}
	return name, j.After == nil || day(*j.After, now) != name
}
