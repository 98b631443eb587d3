package mail

import (
	"strconv"
	"strings"
	"time"
)

// parseDate reads a Date header in the forms that occur in mail: RFC 5322 with or without weekday, seconds or zone,
// two-digit years, zone names, asctime, ISO 8601, and American and dotted numeric dates. The zone is kept; without
// one the time is UTC.
func parseDate(raw string) (time.Time, bool) {
	s, _ := splitDateComment(raw)
	if t, err := time.Parse(time.RFC3339, strings.TrimSpace(s)); err == nil && plausible(t) {
		return t, true
	}
	var d dateParts
	d.year, d.month, d.day = -1, 0, -1
	fields := strings.FieldsFunc(s, func(r rune) bool { return r == ' ' || r == '\t' || r == ',' || r == '\r' || r == '\n' || r == '=' })
	if len(fields) > 16 {
		fields = fields[:16]
	}
	for _, f := range fields {
		d.take(f)
	}
	return d.time()
}

// splitDateComment removes comments, and "=2C" that a broken sender left for a comma.
func splitDateComment(s string) (rest, comment string) {
	s = strings.ReplaceAll(s, "=2C", " ")
	if i := strings.IndexByte(s, '('); i >= 0 {
		return s[:i], s[i:]
	}
	return s, ""
}

// dateParts gathers what the words of a date say.
type dateParts struct {
	year, day, hour, min, sec int
	month                     time.Month
	clock, zoned              bool
	zone                      int // seconds east of UTC
}

func (d *dateParts) take(f string) {
	lower := strings.ToLower(strings.TrimRight(f, "."))
	switch {
	case strings.IndexByte(f, ':') > 0 && !d.clock && d.takeClock(f):
	case (f[0] == '+' || f[0] == '-') && len(f) > 1 && (d.clock || d.day > 0):
		d.takeOffset(f)
	case lower == "am" || lower == "pm":
		d.hour = twelve(d.hour, lower)
	case monthOf(lower) > 0:
		d.month = monthOf(lower)
	case strings.ContainsAny(f, "-/.") && f[0] >= '0' && f[0] <= '9':
		d.takeNumeric(f)
	case f[0] >= '0' && f[0] <= '9':
		d.takeNumber(f)
	case d.clock:
		d.takeZoneName(lower)
	}
}

// takeNumber reads a day or a year, or a clock without colons that ISO writes.
func (d *dateParts) takeNumber(f string) {
	n, err := strconv.Atoi(strings.TrimRight(f, "stndrhT"))
	switch {
	case err != nil:
	case d.day < 0 && n >= 1 && n <= 31 && len(f) <= 4:
		d.day = n
	case d.year < 0 && len(f) <= 5:
		d.year = fullYear(n, len(f))
	}
}

// takeNumeric reads 2003-07-01, 2003-07-01T10:52:37Z, 1-Jul-2003, 07/01/2003 and 01.07.2003.
func (d *dateParts) takeNumeric(f string) {
	date, clock, hasClock := strings.Cut(f, "T")
	parts := strings.FieldsFunc(date, func(r rune) bool { return r == '-' || r == '/' || r == '.' })
	if len(parts) == 3 && d.day < 0 {
		if m := monthOf(strings.ToLower(parts[1])); m > 0 {
			d.month = m
			d.day, _ = strconv.Atoi(parts[0])
			n, _ := strconv.Atoi(parts[2])
			d.year = fullYear(n, len(parts[2]))
			return
		}
		a, e1 := strconv.Atoi(parts[0])
		b, e2 := strconv.Atoi(parts[1])
		c, e3 := strconv.Atoi(parts[2])
		switch {
		case e1 != nil || e2 != nil || e3 != nil:
		case len(parts[0]) == 4:
			d.year, d.month, d.day = a, time.Month(b), c
		case strings.Contains(date, "/") && a <= 12:
			d.year, d.month, d.day = fullYear(c, len(parts[2])), time.Month(a), b
		default:
			d.year, d.month, d.day = fullYear(c, len(parts[2])), time.Month(b), a
		}
	} else if !d.clock && len(parts) == 3 { // 10.52.37
		d.takeClock(strings.ReplaceAll(date, ".", ":"))
	}
	if hasClock {
		d.takeClock(clock)
	}
}

// takeClock reads 10:52, 10:52:37, 10:52:37.5, each with PM, Z or an offset behind.
func (d *dateParts) takeClock(f string) bool {
	if i := strings.IndexByte(f, 'T'); i > 0 {
		d.takeNumeric(f)
		return true
	}
	end := len(f)
	if i := strings.IndexAny(f, "+-ZzAaPp"); i > 0 {
		end = i
	}
	parts := strings.Split(f[:end], ":")
	if len(parts) < 2 || len(parts) > 4 {
		return false
	}
	var n [3]int
	for i := 0; i < len(parts) && i < 3; i++ {
		digits, _, _ := strings.Cut(parts[i], ".")
		v, err := strconv.Atoi(digits)
		if err != nil {
			return false
		}
		n[i] = v
	}
	d.hour, d.min, d.sec, d.clock = n[0], n[1], n[2], true
	switch rest := strings.ToLower(f[end:]); {
	case rest == "z":
		d.zoned = true
	case rest == "am" || rest == "pm":
		d.hour = twelve(d.hour, rest)
	case rest != "":
		d.takeOffset(f[end:])
	}
	return true
}

// takeOffset reads +0200, +02:00, -8 and the like.
func (d *dateParts) takeOffset(f string) {
	digits := strings.ReplaceAll(f[1:], ":", "")
	n, err := strconv.Atoi(digits)
	if err != nil || d.zoned && d.zone != 0 {
		return
	}
	if len(digits) <= 2 {
		n *= 100
	}
	sec := n/100*3600 + n%100*60
	if sec > 26*3600 {
		return
	}
	if f[0] == '-' {
		sec = -sec
	}
	d.zone, d.zoned = sec, true
}

// takeZoneName reads the names of RFC 5322, section 4.3, and those common in Europe and Asia.
func (d *dateParts) takeZoneName(name string) {
	for _, prefix := range []string{"gmt", "utc", "ut"} {
		if rest := strings.TrimPrefix(name, prefix); rest != name && len(rest) > 1 && (rest[0] == '+' || rest[0] == '-') {
			d.takeOffset(rest)
			return
		}
	}
	hours, ok := zoneHours(name)
	if ok && !d.zoned {
		d.zone, d.zoned = hours*3600, true
	}
}

func zoneHours(name string) (int, bool) {
	switch name {
	case "gmt", "utc", "ut", "z", "wet":
		return 0, true
	case "edt", "ast":
		return -4, true
	case "est", "cdt":
		return -5, true
	case "cst", "mdt":
		return -6, true
	case "mst", "pdt":
		return -7, true
	case "pst", "akdt":
		return -8, true
	case "cet", "met", "mez", "bst", "west":
		return 1, true
	case "cest", "mest", "mesz", "eet", "sast":
		return 2, true
	case "eest", "msk":
		return 3, true
	case "hkt", "sgt", "awst":
		return 8, true
	case "jst", "kst":
		return 9, true
	case "aest":
		return 10, true
	case "aedt":
		return 11, true
	case "nzst":
		return 12, true
	}
	return 0, false
}

// time puts the parts together; a missing day, month or year is a date that cannot be read.
func (d *dateParts) time() (time.Time, bool) {
	if d.day < 1 || d.day > 31 || d.month < 1 || d.month > 12 || d.year < 0 ||
		d.hour > 24 || d.min > 59 || d.sec > 60 || d.hour < 0 || d.min < 0 || d.sec < 0 {
		return time.Time{}, false
	}
	loc := time.UTC
	if d.zone != 0 {
		loc = time.FixedZone("", d.zone)
	}
	t := time.Date(d.year, d.month, d.day, d.hour, d.min, d.sec, 0, loc)
	return t, plausible(t)
}

// plausible bounds the years to those that RFC 3339 and Postgres can hold and mail can have.
func plausible(t time.Time) bool { return t.Year() >= 1969 && t.Year() <= 2200 }

// fullYear widens a year of two or three digits as RFC 5322, section 4.3 says.
func fullYear(n, digits int) int {
	switch {
	case digits <= 2 && n < 50:
		return n + 2000
	case digits <= 3:
		return n + 1900
	}
	return n
}

func twelve(hour int, half string) int {
	switch {
	case half == "pm" && hour < 12:
		return hour + 12
	case half == "am" && hour == 12:
		return 0
	}
	return hour
}

// monthOf knows English months, full or cut, and the German, French, Spanish and Portuguese ones that broken senders write.
func monthOf(s string) time.Month {
	if len(s) < 3 || s[0] < 'a' || s[0] > 'z' {
		return 0
	}
	switch s {
	case "jan", "january", "ene", "janv", "januar":
		return 1
	case "feb", "february", "fev", "februar":
		return 2
	case "mar", "march", "mrz", "mars":
		return 3
	case "apr", "april", "abr", "avr":
		return 4
	case "may", "mai", "mayo":
		return 5
	case "jun", "june", "juni", "juin":
		return 6
	case "jul", "july", "juli", "juil":
		return 7
	case "aug", "august", "ago", "aout":
		return 8
	case "sep", "sept", "september", "set":
		return 9
	case "oct", "october", "okt", "out":
		return 10
	case "nov", "november":
		return 11
	case "dec", "december", "dez", "dic":
		return 12
	}
	return 0
}
