package mail

import (
	"strconv"
	"strings"
	"time"
)

// loadZone finds the zone of a TZID: an IANA name (also at the end of a path), a Windows name, or "(UTC+01:00) …". nil
// is unknown.
func loadZone(id string) *time.Location {
	id = strings.Trim(strings.TrimSpace(id), `"'`)
	if len(id) > 200 {
		return nil
	}
	switch strings.ToLower(id) {
	case "utc", "gmt", "z", "etc/utc", "etc/gmt", "tzone://microsoft/utc", "greenwich mean time":
		return time.UTC
	}
	if name, ok := windowsZones[strings.ToLower(id)]; ok {
		id = name
	}
	if strings.EqualFold(id, "local") {
		return nil
	}
	if loc, err := time.LoadLocation(id); err == nil && id != "" {
		return loc
	}
	if parts := strings.Split(id, "/"); len(parts) > 2 {
		for _, n := range []int{3, 2} {
			if len(parts) > n {
				if loc, err := time.LoadLocation(strings.Join(parts[len(parts)-n:], "/")); err == nil {
					return loc
				}
			}
		}
	}
	return offsetZone(id)
}

// offsetZone reads names that begin with an offset: "(UTC+01:00) Berlin", "GMT+0200", "UTC-5".
func offsetZone(id string) *time.Location {
	s := strings.ToUpper(strings.TrimLeft(id, "( "))
	if !strings.HasPrefix(s, "UTC") && !strings.HasPrefix(s, "GMT") {
		return nil
	}
	s = strings.TrimLeft(s[3:], " ")
	if s == "" || s[0] != '+' && s[0] != '-' {
		return nil
	}
	end := 1
	for end < len(s) && (s[end] >= '0' && s[end] <= '9' || s[end] == ':' || s[end] == '.') {
		end++
	}
	digits := strings.NewReplacer(":", "", ".", "").Replace(s[1:end])
	n, err := strconv.Atoi(digits)
	if err != nil {
		return nil
	}
	if len(digits) <= 2 {
		n *= 100
	}
	sec := n/100*3600 + n%100*60
	if sec > 15*3600 {
		return nil
	}
	if s[0] == '-' {
		sec = -sec
	}
	return time.FixedZone("", sec)
}

// zoneRules are the observances of a VTIMEZONE.
type zoneRules struct{ rules []zoneRule }

// A zoneRule is one STANDARD or DAYLIGHT part: from its onset of every year on, offset holds.
type zoneRule struct {
	offset  int // seconds east of UTC
	start   time.Time
	yearly  bool
	month   time.Month
	weekday time.Weekday
	nth     int // -1 the last; 0 the day of start
}

func (r *zoneRule) take(p property) {
	switch p.name {
	case "TZOFFSETTO":
		r.offset = parseOffset(p.value)
	case "DTSTART":
		r.start, _ = time.Parse("20060102T150405", strings.TrimSuffix(strings.TrimSpace(p.value), "Z"))
	case "RRULE":
		for _, part := range strings.Split(strings.ToUpper(p.value), ";") {
			name, value, _ := strings.Cut(part, "=")
			switch name {
			case "FREQ":
				r.yearly = value == "YEARLY"
			case "BYMONTH":
				n, _ := strconv.Atoi(value)
				r.month = time.Month(n)
			case "BYDAY":
				if len(value) >= 3 {
					r.nth, _ = strconv.Atoi(value[:len(value)-2])
					r.weekday = time.Weekday(max(0, strings.Index("SUMOTUWETHFRSA", value[len(value)-2:])/2))
				}
			}
		}
	}
}

func parseOffset(s string) int {
	s = strings.TrimSpace(s)
	if len(s) < 5 {
		return 0
	}
	n, err := strconv.Atoi(s[1:5])
	if err != nil {
		return 0
	}
	sec := n/100*3600 + n%100*60
	if s[0] == '-' {
		return -sec
	}
	return sec
}

// offset tells the offset at a local time: that of the rule with the latest onset before it.
func (z *zoneRules) offset(local time.Time) int {
	best, at := z.rules[0].offset, time.Time{}
	for i := range z.rules {
		r := &z.rules[i]
		for _, year := range []int{local.Year(), local.Year() - 1} {
			on := r.onset(year)
			if !on.After(local) && on.After(at) {
				best, at = r.offset, on
			}
		}
	}
	return best
}

// onset is when the rule begins to hold, at the latest in year.
func (r *zoneRule) onset(year int) time.Time {
	if !r.yearly || r.start.Year() > year {
		return r.start
	}
	month, clock := r.start.Month(), r.start.Sub(time.Date(r.start.Year(), r.start.Month(), r.start.Day(), 0, 0, 0, 0, time.UTC))
	if r.month >= 1 && r.month <= 12 {
		month = r.month
	}
	if r.nth == 0 {
		return time.Date(year, month, r.start.Day(), 0, 0, 0, 0, time.UTC).Add(clock)
	}
	if r.nth > 0 {
		first := time.Date(year, month, 1, 0, 0, 0, 0, time.UTC)
		day := 1 + (int(r.weekday)-int(first.Weekday())+7)%7 + 7*(min(r.nth, 5)-1)
		return time.Date(year, month, day, 0, 0, 0, 0, time.UTC).Add(clock)
	}
	last := time.Date(year, month+1, 0, 0, 0, 0, 0, time.UTC)
	back := (int(last.Weekday()) - int(r.weekday) + 7) % 7
	return last.AddDate(0, 0, -back).Add(clock)
}
