package triage

import (
	"strings"
	"sync"
	"time"
)

// weekdayNames maps the folded names of weekdays in six languages to their number.
var weekdayNames = sync.OnceValue(func() map[uint64]time.Weekday {
	m := map[uint64]time.Weekday{}
	for i, names := range [...]string{
		"sunday sonntag dimanche domingo zondag sondag", "monday mon montag lundi lunes maandag", "tuesday tues tue dienstag mardi martes dinsdag",
		"wednesday wed mittwoch mercredi miercoles woensdag", "thursday thurs thu donnerstag jeudi jueves donderdag", "friday fri freitag vendredi viernes vrijdag fredag",
		"saturday samstag samedi sabado zaterdag lordag",
	} {
		for _, n := range strings.Fields(names) {
			m[hashString(n)] = time.Weekday(i)
		}
	}
	return m
})

// weekdayFacts reads days that are named without a date, counted from the day of the mail: as deadlines ("by Friday",
// "until Tuesday noon"), and in mail about interviews with a time as that of the interview ("tomorrow at 6:45 am").
// Where several days are offered none of them is the interview's.
func (v *view) weekdayFacts(l *factList, class int) {
	if v.m.Date.IsZero() {
		return
	}
	var meetings []foundDate
	for i := 0; i < len(v.toks) && i < maxFactTokens; i++ {
		d, ok := v.namedDay(i)
		if !ok {
			continue
		}
		if v.isDeadline(d) {
			l.add("deadline", d.day.Format(time.DateOnly), d.from, d.to)
		} else if _, _, _, timed := v.timeNear(d); class == cInterview && timed {
			meetings = append(meetings, d)
		}
	}
	if len(meetings) != 1 || l.has("interview_time") {
		return
	}
	d := meetings[0]
	h, m, end, _ := v.timeNear(d)
	at := time.Date(d.day.Year(), d.day.Month(), d.day.Day(), h, m, 0, 0, v.zone(end, d.day))
	l.add("interview_time", at.Format(time.RFC3339), min(d.from, int(v.toks[end].start)), max(d.to, int(v.toks[end].end)))
}

// has reports whether there is a fact of a kind.
func (l *factList) has(kind string) bool {
	for i := range l.facts {
		if l.facts[i].Kind == kind {
			return true
		}
	}
	return false
}

// namedDay reads a weekday, "today" or "tomorrow" at token i that no date goes with.
func (v *view) namedDay(i int) (foundDate, bool) {
	sent := v.m.Date
	midnight := time.Date(sent.Year(), sent.Month(), sent.Day(), 0, 0, 0, 0, time.UTC)
	d := foundDate{from: int(v.toks[i].start), to: int(v.toks[i].end), tok: i, last: i}
	switch strings.ToLower(v.word(i)) {
	case "today", "heute", "hoy", "vandaag", "hoje", "tonight":
		d.day = midnight
		return d, true
	case "tomorrow", "tmrw", "morgen", "demain", "amanhã":
		d.day = midnight.AddDate(0, 0, 1)
		return d, true
	}
	wanted, ok := weekdayNames()[v.toks[i].hash]
	if !ok || v.dated(i) {
		return d, false
	}
	days := (int(wanted) - int(midnight.Weekday()) + 7) % 7
	if days == 0 {
		days = 7
	}
	if i > 0 && wanted > midnight.Weekday() && midnight.Weekday() != time.Sunday {
		switch strings.ToLower(v.word(i - 1)) {
		case "next", "nächsten", "nächste", "prochain", "próximo", "volgende":
			days += 7 // of the next week, not of this one
		}
	}
	d.day = midnight.AddDate(0, 0, days)
	return d, true
}

// dated reports whether a date stands beside a weekday, which then says no more than the date.
func (v *view) dated(i int) bool {
	for k := max(0, i-2); k <= i+3 && k < len(v.toks); k++ {
		if k == i || v.toks[k].sent != v.toks[i].sent {
			continue
		}
		if _, ok := v.dateAt(k); ok {
			return true
		}
		if _, ok := ordinal(v.word(k)); ok {
			return true
		}
		if n := v.word(k); v.toks[k].kind == number && k == i+1 && len(n) <= 2 && !v.isTime(k) {
			return true // "jeudi 15"
		}
		if strings.EqualFold(v.word(k), "last") && k == i-1 {
			return true
		}
	}
	return false
}

func (v *view) isTime(k int) bool {
	_, _, ok := v.timeAt(k)
	return ok
}
