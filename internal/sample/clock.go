package sample

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"
)

var placeholder = regexp.MustCompile(`\{\{(date|when|day|us|long|iso|weekday|month|short|clock|ics|icsday|de|fr|es|ja)((?: [^{} ]+)+)\}\}`)

// layouts are the placeholders that Go's own layouts can write.
var layouts = map[string]string{
	"date":    "Mon, 02 Jan 2006 15:04:05 -0700",
	"when":    "Mon, 2 Jan 2006 at 15:04",
	"day":     "Monday 2 January",
	"us":      "Monday, January 2",
	"long":    "2 January 2006",
	"iso":     "2006-01-02",
	"weekday": "Monday",
	"month":   "January",
	"short":   "2 Jan",
	"clock":   "15:04",
	"icsday":  "20060102",
}

// names are the days from Sunday and the months of the languages that Go's layouts do not know.
var names = map[string]struct{ days, months []string }{
	"de": {
		strings.Fields("Sonntag Montag Dienstag Mittwoch Donnerstag Freitag Samstag"),
		strings.Fields("Januar Februar März April Mai Juni Juli August September Oktober November Dezember"),
	},
	"fr": {
		strings.Fields("dimanche lundi mardi mercredi jeudi vendredi samedi"),
		strings.Fields("janvier février mars avril mai juin juillet août septembre octobre novembre décembre"),
	},
	"es": {
		strings.Fields("domingo lunes martes miércoles jueves viernes sábado"),
		strings.Fields("enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre"),
	},
	"ja": {strings.Fields("日 月 火 水 木 金 土"), nil},
}

// fillDates replaces every date placeholder of text.
func fillDates(text string, now time.Time) (string, error) {
	var first error
	out := placeholder.ReplaceAllStringFunc(text, func(m string) string {
		parts := placeholder.FindStringSubmatch(m)
		t, err := moment(strings.Fields(parts[2]), now)
		if err != nil && first == nil {
			first = fmt.Errorf("%s: %w", m, err)
		}
		return format(parts[1], t)
	})
	return out, first
}

func format(kind string, t time.Time) string {
	if layout, ok := layouts[kind]; ok {
		return t.Format(layout)
	}
	if kind == "ics" {
		return t.UTC().Format("20060102T150405Z")
	}
	n := names[kind]
	day := n.days[t.Weekday()]
	switch kind {
	case "de":
		return fmt.Sprintf("%s, %d. %s", day, t.Day(), n.months[t.Month()-1])
	case "fr":
		return fmt.Sprintf("%s %d %s", day, t.Day(), n.months[t.Month()-1])
	case "es":
		return fmt.Sprintf("%s %d de %s", day, t.Day(), n.months[t.Month()-1])
	default:
		return fmt.Sprintf("%d月%d日(%s)", t.Month(), t.Day(), day)
	}
}

// moment reads an offset and, after an offset in days, a clock time; without one it is noon.
func moment(args []string, now time.Time) (time.Time, error) {
	offset := args[0]
	if len(offset) < 3 || (offset[0] != '-' && offset[0] != '+') {
		return now, fmt.Errorf("offset %q", offset)
	}
	n, err := strconv.Atoi(offset[:len(offset)-1])
	if err != nil {
		return now, err
	}
	switch offset[len(offset)-1] {
	case 'h':
		return now.Add(time.Duration(n) * time.Hour), nil
	case 'm':
		return now.Add(time.Duration(n) * time.Minute), nil
	case 'd':
		return atClock(now.AddDate(0, 0, n), args[1:])
	case 'b':
		return atClock(workingDay(now, n), args[1:])
	}
	return now, fmt.Errorf("unit of %q", offset)
}

func atClock(day time.Time, args []string) (time.Time, error) {
	hour, minute := 12, 0
	if len(args) > 0 {
		t, err := time.Parse("15:04", args[0])
		if err != nil {
			return day, err
		}
		hour, minute = t.Hour(), t.Minute()
	}
	// The second is fixed by the minute, so that no two messages of a day look typed on the stroke.
	return time.Date(day.Year(), day.Month(), day.Day(), hour, minute, minute*37%60, 0, day.Location()), nil
}

// workingDay returns the nth Monday-to-Friday day after day, or before it when n is negative.
func workingDay(day time.Time, n int) time.Time {
	step := 1
	if n < 0 {
		step, n = -1, -n
	}
	for n > 0 {
		day = day.AddDate(0, 0, step)
		if wd := day.Weekday(); wd != time.Saturday && wd != time.Sunday {
			n--
		}
	}
	return day
}
