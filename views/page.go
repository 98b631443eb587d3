// Package views turns values into HTML: one templ file a feature, layout.templ the shell around them, list.templ the
// rows that the inbox and the search share, ui.templ small parts. It reads nothing and asks nobody. Start at Layout.
package views

import (
	"strconv"
	"time"

	"applylens/internal/db"
)

// A Page is what the shell around a page shows.
type Page struct {
	Title     string
	Place     string // which entry of the rail is current, such as "inbox" or "category:offer"
	Search    string // what stands in the search field
	Path      string // path and query of the page, to come back to after an action
	User      db.User
	Frame     db.LayoutGetRow
	Now       time.Time // in the zone of the user
	Narrow    bool      // the rail is folded to its icons
	SendsMail bool      // the program can send mail of its own
}

// themeOf is the daisyUI theme for what a user chose, or "" to follow the system.
func themeOf(choice string) string {
	switch choice {
	case "light":
		return "paper"
	case "dark":
		return "ink"
	}
	return ""
}

// UserName is how a user is called: the name, or the address.
func (p Page) UserName() string {
	if p.User.Name != "" {
		return p.User.Name
	}
	return p.User.Email
}

// bounded shows a count that was taken up to 100.
func bounded(n int32) string {
	if n >= 100 {
		return "99+"
	}
	return strconv.Itoa(int(n))
}

func id(n int64) string { return strconv.FormatInt(n, 10) }

func count[N int | int32 | int64](n N, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return strconv.FormatInt(int64(n), 10) + " " + noun + "s"
}

// when shows a time as short as it can be understood: the clock today, the day this year, else the date.
func when(t, now time.Time) string {
	t = t.In(now.Location())
	switch {
	case sameDay(t, now):
		return t.Format("15:04")
	case t.Year() == now.Year():
		return t.Format("2 Jan")
	}
	return t.Format("2 Jan 2006")
}

// fully shows a time in full, with its zone.
func fully(t, now time.Time) string {
	return t.In(now.Location()).Format("Monday 2 January 2006, 15:04 MST")
}

// ago says how long before now a time was, roughly.
func ago(t, now time.Time) string {
	d := now.Sub(t)
	switch {
	case d < time.Minute:
		return "just now"
	case d < time.Hour:
		return count(int(d.Minutes()), "minute") + " ago"
	case d < 24*time.Hour:
		return count(int(d.Hours()), "hour") + " ago"
	case d < 60*24*time.Hour:
		return count(int(d.Hours()/24), "day") + " ago"
	}
	return "on " + when(t, now)
}

func sameDay(a, b time.Time) bool {
	return a.Year() == b.Year() && a.YearDay() == b.YearDay()
}

// day names the group of a list that a time falls into.
func day(t, now time.Time) string {
	t = t.In(now.Location())
	midnight := time.Date(now.Year(), now.Month(), now.Day(), 0, 0, 0, 0, now.Location())
	monday := midnight.AddDate(0, 0, -(int(now.Weekday())+6)%7)
	switch {
	case !t.Before(midnight.AddDate(0, 0, 1)):
		return "To come"
	case !t.Before(midnight):
		return "Today"
	case !t.Before(midnight.AddDate(0, 0, -1)):
		return "Yesterday"
	case !t.Before(monday):
		return "Earlier this week"
	case !t.Before(monday.AddDate(0, 0, -7)):
		return "Last week"
	case t.Year() == now.Year():
		return t.Format("January")
	}
	return t.Format("January 2006")
}

// size shows a number of bytes.
func size(bytes int64) string {
	switch {
	case bytes < 1000:
		return strconv.FormatInt(bytes, 10) + " B"
	case bytes < 1000*1000:
		return strconv.FormatInt((bytes+500)/1000, 10) + " kB"
	case bytes < 1000*1000*1000:
		return strconv.FormatFloat(float64(bytes)/1e6, 'f', 1, 64) + " MB"
	}
	return strconv.FormatFloat(float64(bytes)/1e9, 'f', 1, 64) + " GB"
}
