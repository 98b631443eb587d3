package action

import (
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/olebedev/when"
	"github.com/olebedev/when/rules/common"
	"github.com/olebedev/when/rules/en"

	"applylens/internal/errs"
)

var (
	bareClock = regexp.MustCompile(`^\d{1,2}(:\d{2})?\s*(am|pm)?$`)
	isoTime   = []string{"2006-01-02T15:04", "2006-01-02 15:04", time.RFC3339}
)

// ParseTime reads a time to come as a person writes it, in the zone of now: "tomorrow", "tomorrow 9am", "in 3 hours",
// "friday 14:00", "next week", "tonight", "2026-03-01", "2026-03-01 15:00". A day without a time means 8 in the morning.
func ParseTime(text string, now time.Time) (time.Time, error) {
	s := strings.ToLower(strings.TrimSpace(text))
	at, ok := fixedTime(s, now)
	if !ok {
		at, ok = spokenTime(s, now)
	}
	switch {
	case !ok:
		return time.Time{}, errs.BadInput("That time was not understood. Try “tomorrow 9am”, “in 3 hours”, “friday 14:00” or “2026-03-01”.")
	case !at.After(now):
		return time.Time{}, errs.BadInput("That time is past. Try “tomorrow 9am” or “in 3 hours”.")
	case at.After(now.AddDate(10, 0, 0)):
		return time.Time{}, errs.BadInput("That is more than ten years from now.")
	}
	return at, nil
}

func fixedTime(s string, now time.Time) (time.Time, bool) {
	day := func(days, hour int) time.Time {
		return time.Date(now.Year(), now.Month(), now.Day()+days, hour, 0, 0, 0, now.Location())
	}
	switch s {
	case "later today":
		return now.Add(3 * time.Hour).Truncate(time.Minute), true
	case "tonight", "this evening":
		return day(0, 18), true
	case "tomorrow":
		return day(1, 8), true
	case "this weekend", "weekend":
		return day(untilWeekday(now, time.Saturday), 8), true
	case "next week":
		return day(untilWeekday(now, time.Monday), 8), true
	case "next month":
		return time.Date(now.Year(), now.Month()+1, 1, 8, 0, 0, 0, now.Location()), true
	}
	if t, err := time.ParseInLocation("2006-01-02", s, now.Location()); err == nil {
		return t.Add(8 * time.Hour), true
	}
	for _, layout := range isoTime {
		if t, err := time.ParseInLocation(layout, strings.ToUpper(s), now.Location()); err == nil {
			return t, true
		}
	}
	return bareDuration(s, now)
}

// bareDuration reads "3h", "2d", "1w", "30m".
func bareDuration(s string, now time.Time) (time.Time, bool) {
	if len(s) < 2 {
		return time.Time{}, false
	}
	n, err := strconv.Atoi(s[:len(s)-1])
	if err != nil || n <= 0 || n > 10000 {
		return time.Time{}, false
	}
	switch s[len(s)-1] {
	case 'm':
		return now.Add(time.Duration(n) * time.Minute), true
	case 'h':
		return now.Add(time.Duration(n) * time.Hour), true
	case 'd':
		return now.AddDate(0, 0, n), true
	case 'w':
		return now.AddDate(0, 0, 7*n), true
	}
	return time.Time{}, false
}

// spokenTime leaves the rest to the library. It keeps the clock of now where the text names only a day, so that is set
// to the morning; and a clock that is past today means tomorrow.
func spokenTime(s string, now time.Time) (time.Time, bool) {
	parser := when.New(nil)
	parser.Add(en.All...)
	parser.Add(common.All...)
	result, err := parser.Parse(s, now)
	if err != nil || result == nil || len(strings.TrimSpace(result.Text))*2 < len(s) {
		return time.Time{}, false
	}
	at := result.Time
	if at.Hour() == now.Hour() && at.Minute() == now.Minute() && at.Second() == now.Second() && !strings.Contains(s, "hour") && !strings.Contains(s, "min") {
		at = time.Date(at.Year(), at.Month(), at.Day(), 8, 0, 0, 0, now.Location())
	}
	at = at.Truncate(time.Minute)
	if !at.After(now) && bareClock.MatchString(s) {
		at = at.AddDate(0, 0, 1)
	}
	return at, true
}

// untilWeekday counts the days from now to the next such day, at least one.
func untilWeekday(now time.Time, day time.Weekday) int {
	days := (int(day) - int(now.Weekday()) + 7) % 7
	if days == 0 {
		days = 7
	}
	return days
}
