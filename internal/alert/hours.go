package alert

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// Hours are business hours: days of the week and a span of the wall clock in a zone. The zero value is always open.
type Hours struct {
	days     [7]bool
	from, to time.Duration // since midnight on the wall clock
	zone     *time.Location
	text     string
}

var dayNames = [...]string{"sun", "mon", "tue", "wed", "thu", "fri", "sat"}

// ParseHours reads hours such as "Mon-Fri 09:00-18:00 Europe/Berlin".
func ParseHours(text string) (Hours, error) {
	wrong := func(err error) (Hours, error) {
		return Hours{}, fmt.Errorf("business hours %q do not read like “Mon-Fri 09:00-18:00 Europe/Berlin”: %w", text, err)
	}
	parts := strings.Fields(text)
	if len(parts) != 3 {
		return wrong(fmt.Errorf("%d parts", len(parts)))
	}
	h := Hours{text: text}
	first, last, span := strings.Cut(strings.ToLower(parts[0]), "-")
	if !span {
		last = first
	}
	begin, end := slices.Index(dayNames[:], first), slices.Index(dayNames[:], last)
	if begin < 0 || end < 0 {
		return wrong(fmt.Errorf("days are Mon to Sun"))
	}
	for day := begin; ; day = (day + 1) % 7 {
		h.days[day] = true
		if day == end {
			break
		}
	}
	from, to, _ := strings.Cut(parts[1], "-")
	var err error
	if h.from, err = clock(from); err != nil {
		return wrong(err)
	}
	if h.to, err = clock(to); err != nil {
		return wrong(err)
	}
	if h.to <= h.from {
		return wrong(fmt.Errorf("they end before they begin"))
	}
	if h.zone, err = time.LoadLocation(parts[2]); err != nil {
		return wrong(err)
	}
	return h, nil
}

func clock(text string) (time.Duration, error) {
	t, err := time.Parse("15:04", text)
	return time.Duration(t.Hour())*time.Hour + time.Duration(t.Minute())*time.Minute, err
}

func (h Hours) String() string {
	if h.zone == nil {
		return "always"
	}
	return h.text
}

// Next returns t where it lies in business hours, else the next time at which they begin.
func (h Hours) Next(t time.Time) time.Time {
	if h.zone == nil {
		return t
	}
	local := t.In(h.zone)
	for day := range 8 {
		date := time.Date(local.Year(), local.Month(), local.Day()+day, 0, 0, 0, 0, h.zone)
		if !h.days[date.Weekday()] {
			continue
		}
		begin, end := h.on(date, h.from), h.on(date, h.to)
		switch {
		case local.Before(begin):
			return begin
		case local.Before(end):
			return t
		}
	}
	return t // not reached: at least one day is open
}

// on is a time of the wall clock on a date: adding a duration to midnight would be wrong on the days the clock changes.
func (h Hours) on(date time.Time, since time.Duration) time.Time {
	return time.Date(date.Year(), date.Month(), date.Day(), int(since/time.Hour), int(since%time.Hour/time.Minute), 0, 0, h.zone)
}
