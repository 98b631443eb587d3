package triage

import (
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// monthNames maps the folded names of months in six languages to their number.
var monthNames = sync.OnceValue(func() map[uint64]time.Month {
	m := map[uint64]time.Month{}
	for i, names := range [...]string{
		"january jan januar janvier janv enero ene januari janeiro", "february feb februar fevrier fevr febrero februari fevereiro fev",
		"march mar marz maerz mars marzo maart mrt marco", "april apr avril avr abril abr", "may mai mayo mei maio",
		"june jun juni juin junio junho", "july jul juli juillet juil julio julho", "august aug aout agosto augustus ago",
		"september sep sept septembre septiembre setembro set", "october oct oktober okt octobre octubre outubro out",
		"november nov novembre noviembre novembro", "december dec dezember dez decembre diciembre dic dezembro",
	} {
		for _, n := range strings.Fields(names) {
			m[hashString(n)] = time.Month(i + 1)
		}
	}
	return m
})

// A found date and where it stands.
type foundDate struct {
	day      time.Time
	from, to int // bytes
	tok      int // first token
	last     int // last token
}

// dateFacts finds dates, and says of each whether it is a deadline or the time of an interview.
func (v *view) dateFacts(l *factList, class int) {
	n := 0
	for i := 0; i < len(v.toks) && i < maxFactTokens && n < 8; i++ {
		d, ok := v.dateAt(i)
		if !ok {
			continue
		}
		n++
		kind := "date"
		value := d.day.Format(time.DateOnly)
		if v.isDeadline(d) {
			kind = "deadline"
		} else if class == cInterview {
			if h, m, end, ok := v.timeNear(d); ok {
				kind = "interview_time"
				at := time.Date(d.day.Year(), d.day.Month(), d.day.Day(), h, m, 0, 0, v.zone(end, d.day))
				value = at.Format(time.RFC3339)
				d.from, d.to = min(d.from, int(v.toks[end].start)), max(d.to, int(v.toks[end].end))
			}
		}
		l.add(kind, value, d.from, d.to)
		i = d.last
	}
	v.relativeDeadline(l)
	v.weekdayFacts(l, class)
}

// clock is the date that relative words and missing years refer to.
func (v *view) clock() time.Time {
	if !v.m.Date.IsZero() {
		return v.m.Date
	}
	return v.in.Now
}

// dateAt reads a date that begins at token i: "12 March 2026", "March 12", "2026-03-12", "12/03/2026", "12.3.2026".
func (v *view) dateAt(i int) (foundDate, bool) {
	t := v.toks[i]
	if t.kind == word {
		if m, ok := monthNames()[t.hash]; ok {
			return v.monthFirst(i, m)
		}
		if d, ok := ordinal(v.word(i)); ok {
			return v.dayFirst(i, d)
		}
		return foundDate{}, false
	}
	if t.kind != number {
		return foundDate{}, false
	}
	raw := v.word(i)
	if strings.Count(raw, ".") == 2 {
		p := strings.Split(raw, ".")
		return v.build(i, i, p[2], p[1], p[0])
	}
	if i+2 < len(v.toks) && v.toks[i+1].kind == number && v.toks[i+2].kind == number {
		s1, s2 := v.text[t.end:v.toks[i+1].start], v.text[v.toks[i+1].end:v.toks[i+2].start]
		if s1 == s2 && (s1 == "-" || s1 == "/" || s1 == ". ") {
			a, b, c := raw, v.word(i+1), v.word(i+2)
			if len(a) == 4 {
				return v.build(i, i+2, a, b, c)
			}
			if s1 == "/" && v.american(a, b) {
				return v.build(i, i+2, c, a, b)
			}
			return v.build(i, i+2, c, b, a)
		}
	}
	if d, err := strconv.Atoi(raw); err == nil && d >= 1 && d <= 31 {
		return v.dayFirst(i, d)
	}
	return foundDate{}, false
}

// american decides the order of "a/b/year": month first unless the first number cannot be a month, or the sender's
// domain is of a country that writes the day first.
func (v *view) american(a, b string) bool {
	x, _ := strconv.Atoi(a)
	y, _ := strconv.Atoi(b)
	if x > 12 {
		return false
	}
	if y > 12 {
		return true
	}
	tld := v.host[strings.LastIndexByte(v.host, '.')+1:]
	return len(tld) != 2 || tld == "us" || tld == "co" || tld == "io" || tld == "ai"
}

// ordinal reads "1st", "22nd", "3rd", "4th", "1er".
func ordinal(s string) (int, bool) {
	k := 0
	for k < len(s) && s[k] >= '0' && s[k] <= '9' {
		k++
	}
	if k == 0 || k > 2 {
		return 0, false
	}
	switch strings.ToLower(s[k:]) {
	case "st", "nd", "rd", "th", "er", "e", "º", "ª":
		d, _ := strconv.Atoi(s[:k])
		return d, d >= 1 && d <= 31
	}
	return 0, false
}

// monthFirst reads "March 12(th)(, 2026)".
func (v *view) monthFirst(i int, m time.Month) (foundDate, bool) {
	if i+1 >= len(v.toks) || int(v.toks[i+1].start)-int(v.toks[i].end) > 2 {
		return foundDate{}, false
	}
	d, ok := ordinal(v.word(i + 1))
	if !ok {
		var err error
		if d, err = strconv.Atoi(v.word(i + 1)); err != nil || d < 1 || d > 31 {
			return foundDate{}, false
		}
	}
	last := i + 1
	year := 0
	if y, ok := v.yearAt(i + 2); ok {
		year, last = y, i+2
	}
	return v.make(i, last, year, m, d)
}

// dayFirst reads "12(th) (of|de) March( of|de)( 2026)".
func (v *view) dayFirst(i, d int) (foundDate, bool) {
	j := i + 1
	if j < len(v.toks) && v.toks[j].end-v.toks[j].start <= 2 && v.toks[j].kind == word {
		j++ // of, de
	}
	if j >= len(v.toks) || v.toks[j].kind != word || v.toks[j].start-v.toks[i].end > 6 {
		return foundDate{}, false
	}
	m, ok := monthNames()[v.toks[j].hash]
	if !ok {
		return foundDate{}, false
	}
	last, year := j, 0
	for k := j + 1; k <= j+2; k++ {
		if y, ok := v.yearAt(k); ok {
			year, last = y, k
			break
		}
	}
	return v.make(i, last, year, m, d)
}

func (v *view) yearAt(i int) (int, bool) {
	if i >= len(v.toks) || v.toks[i].kind != number || v.toks[i].end-v.toks[i].start != 4 {
		return 0, false
	}
	y, err := strconv.Atoi(v.word(i))
	return y, err == nil && y >= 1990 && y < 2100
}

func (v *view) build(first, last int, ys, ms, ds string) (foundDate, bool) {
	y, e1 := strconv.Atoi(ys)
	m, e2 := strconv.Atoi(ms)
	d, e3 := strconv.Atoi(ds)
	if e1 != nil || e2 != nil || e3 != nil || m < 1 || m > 12 || d < 1 || d > 31 || len(ys) != 2 && len(ys) != 4 {
		return foundDate{}, false
	}
	if y < 100 {
		y += 2000
	}
	if y < 1990 || y > 2099 {
		return foundDate{}, false
	}
	return v.make(first, last, y, time.Month(m), d)
}

// make completes a date; a missing year is the one that puts the date nearest after the mail.
func (v *view) make(first, last, y int, m time.Month, d int) (foundDate, bool) {
	if y == 0 {
		now := v.clock()
		if now.IsZero() {
			return foundDate{}, false // a day without a year, in a mail without a date
		}
		y = now.Year()
		if time.Date(y, m, d, 23, 0, 0, 0, time.UTC).Before(now.AddDate(0, -3, 0)) {
			y++
		}
	}
	day := time.Date(y, m, d, 0, 0, 0, 0, time.UTC)
	if day.Day() != d {
		return foundDate{}, false
	}
	return foundDate{day: day, from: int(v.toks[first].start), to: int(v.toks[last].end), tok: first, last: last}, true
}

// isDeadline reports whether a word of limit stands shortly before the date.
func (v *view) isDeadline(d foundDate) bool {
	lo := max(0, d.tok-8)
	for k := max(0, d.tok-6); k < d.tok; k++ {
		if v.toks[k].sent == v.toks[d.tok].sent && v.toks[k].kind == word && startWord(strings.ToLower(v.word(k))) {
			return false // "start no later than 1 June"
		}
	}
	afterClock := d.tok > 0 && v.clockBetween(d.tok-1, d.tok) // "5:00 p.m. on": the full stop ends no sentence
	if d.tok > 0 && d.tok-lo > 2 && strings.EqualFold(v.word(d.tok-1), "on") && !v.clockBetween(d.tok-1, d.tok) && !v.limitAt(d.tok-2) {
		return false // "before your first day on June 16"
	}
	for i := range v.hits {
		h := &v.hits[i]
		if h.group == gDeadline && (h.sent == v.toks[d.tok].sent || afterClock && h.sent+1 == v.toks[d.tok].sent) && h.start >= v.toks[lo].start && int(h.start) < d.from {
			return true
		}
	}
	for k := d.tok - 1; k >= max(0, d.tok-6) && v.toks[k].sent == v.toks[d.tok].sent; k-- {
		if v.limitAt(k) {
			return true
		}
		switch foldText(v.word(k)) {
		case "from", "on", "since", "ab":
			if !v.clockBetween(k, d.tok) {
				return false
			}
		}
	}
	return false
}

func startWord(w string) bool {
	return w == "start" || w == "starts" || w == "starting" || w == "begin" || w == "beginning"
}

// limitAt reports whether a token is a word of limit.
func (v *view) limitAt(k int) bool {
	switch foldText(v.word(k)) {
	case "by", "until", "til", "expires", "expire", "expiry", "due", "deadline", "closes", "latest", "spatestens", "bis", "jusqu", "hasta", "tot", "ate", "prazo", "senast", "cob", "eod":
		return true
	}
	return false
}

// clockBetween reports whether a time of day stands between two tokens: "by 23:59 GMT on 2 December".
func (v *view) clockBetween(from, to int) bool {
	for k := max(0, from-5); k < to; k++ {
		if _, _, ok := v.timeAt(k); ok {
			return true
		}
	}
	return false
}

// relativeDeadline reads "within 5 days", "in 48 hours", "innerhalb von 7 Tagen" behind a word of limit.
func (v *view) relativeDeadline(l *factList) {
	now := v.clock()
	if now.IsZero() || l.has("deadline") {
		return
	}
	for i := range v.hits {
		h := &v.hits[i]
		if h.group != gDeadline || !v.counts(h) {
			continue
		}
		for k := 0; k+1 < len(v.toks); k++ {
			t := v.toks[k]
			if t.start < h.start || t.kind != number && !isNumberWord(v.word(k)) || t.sent != h.sent || t.start-h.start > 40 {
				continue
			}
			n, err := smallNumber(v.word(k))
			unit := time.Duration(0)
			for u := k + 1; u < len(v.toks) && u <= k+2; u++ {
				unit = max(unit, timeUnit(foldText(v.word(u))))
			}
			if err != nil || unit == 0 || n > 90 {
				continue
			}
			due := now.Add(time.Duration(n) * unit)
			value := due.Format(time.DateOnly)
			if unit == time.Hour {
				value = due.Format(time.RFC3339)
			}
			l.add("deadline", value, int(h.start), int(v.toks[k+1].end))
			return
		}
	}
}

// numberWords are the small numbers that are mostly written out, from two on.
var numberWords = [...]string{"two", "three", "four", "five", "six", "seven", "eight", "nine", "ten",
	"zwei", "drei", "vier", "fünf", "sechs", "sieben", "acht", "neun", "zehn"}

func isNumberWord(w string) bool { return slices.Contains(numberWords[:], strings.ToLower(w)) }

// smallNumber reads a number in digits or in a word.
func smallNumber(w string) (int, error) {
	if i := slices.Index(numberWords[:], strings.ToLower(w)); i >= 0 {
		return i%9 + 2, nil
	}
	return strconv.Atoi(w)
}

// counts reports whether a word of limit counts a time from now that is the reader's: not "for 40 hours", and not what
// the sender promises for itself.
func (v *view) counts(h *hit) bool {
	first, _, _ := strings.Cut(foldText(v.text[h.start:h.end]), " ")
	switch first {
	case "within", "in", "innerhalb", "binnen", "expires", "expire", "valid", "sous", "dans", "dentro", "em", "en":
	default:
		return false
	}
	for k := range v.toks {
		if v.toks[k].sent == h.sent && v.toks[k].start < h.start {
			switch foldText(v.word(k)) {
			case "we", "wir", "nous", "retake", "team", "hear", "review":
				return false
			}
		}
	}
	return true
}

func timeUnit(w string) time.Duration {
	switch w {
	case "hours", "hour", "hrs", "stunden", "heures", "horas", "uur", "uren":
		return time.Hour
	case "days", "day", "tagen", "tage", "jours", "dias", "dagen":
		return 24 * time.Hour
	case "weeks", "week", "wochen", "semaines", "semanas", "weken":
		return 7 * 24 * time.Hour
	}
	return 0
}

// timeNear finds a time of day in the sentence of a date or the next one: "10:30", "2pm", "14h30", "14 Uhr". It
// returns the token of the time.
func (v *view) timeNear(d foundDate) (h, m, tok int, ok bool) {
	sent := v.toks[d.tok].sent
	for k := d.tok; k < len(v.toks) && v.toks[k].sent <= sent+1 && k < d.tok+25; k++ {
		if k > d.tok && k <= d.last {
			continue
		}
		if h, m, ok = v.timeAt(k); ok {
			return h, m, k, true
		}
	}
	for k := d.tok - 1; k >= 0 && v.toks[k].sent == sent && k > d.tok-12; k-- {
		if h, m, ok = v.timeAt(k); ok {
			return h, m, k, true
		}
	}
	return 0, 0, 0, false
}

// timeAt reads a time of day at a token.
func (v *view) timeAt(k int) (h, m int, ok bool) {
	s := strings.ToLower(v.word(k))
	if s[0] < '0' || s[0] > '9' {
		return 0, 0, false
	}
	next := ""
	if k+1 < len(v.toks) {
		next = strings.ToLower(v.word(k + 1))
	}
	pm, am := strings.HasSuffix(s, "pm"), strings.HasSuffix(s, "am")
	clockish := pm || am
	s = strings.TrimSuffix(strings.TrimSuffix(s, "pm"), "am")
	behind := v.text[v.toks[k].end:min(len(v.text), int(v.toks[k].end)+6)]
	switch {
	case next == "pm" || strings.HasPrefix(strings.ToLower(strings.TrimLeft(behind, " ")), "p.m"):
		pm, clockish = true, true
	case next == "am" || strings.HasPrefix(strings.ToLower(strings.TrimLeft(behind, " ")), "a.m"):
		am, clockish = true, true
	case next == "uhr" || next == "uur" || next == "oclock":
		clockish = true
	}
	hs, ms, colon := strings.Cut(s, ":")
	if !colon {
		if hs, ms, colon = strings.Cut(s, "h"); !colon && clockish {
			hs, ms, colon = strings.Cut(s, ".")
		}
	}
	if !colon && !clockish {
		return 0, 0, false
	}
	h, err := strconv.Atoi(hs)
	if err != nil || h > 24 {
		return 0, 0, false
	}
	if ms != "" {
		if m, err = strconv.Atoi(ms); err != nil || m > 59 {
			return 0, 0, false
		}
	}
	if pm && h < 12 {
		h += 12
	} else if am && h == 12 {
		h = 0
	}
	return h, m, true
}

// zoneOffsets are the zones that mails name, in minutes from UTC.
var zoneOffsets = [...]struct {
	name    string
	minutes int
}{{"utc", 0}, {"gmt", 0}, {"bst", 60}, {"cet", 60}, {"cest", 120}, {"mez", 60}, {"mesz", 120}, {"est", -300}, {"edt", -240}, {"cst", -360},
	{"cdt", -300}, {"mst", -420}, {"mdt", -360}, {"pst", -480}, {"pdt", -420}, {"eet", 120}, {"eest", 180}, {"wat", 60}, {"eat", 180}, {"sast", 120}, {"ist", 330}, {"brt", -180}, {"wet", 0}, {"west", 60}}

// hoursBehind reads the number of "GMT+2" behind its token, or 0.
func (v *view) hoursBehind(k int) int {
	if k+1 >= len(v.toks) {
		return 0
	}
	h, err := strconv.Atoi(v.word(k + 1))
	switch gap := v.text[v.toks[k].end:v.toks[k+1].start]; {
	case err != nil || h > 14:
		return 0
	case gap == "+":
		return h
	case gap == "-" || gap == "−":
		return -h
	}
	return 0
}

// lower is a token in lower case, when it is written in capitals.
func (v *view) lower(k int) string {
	if w := v.word(k); w == strings.ToUpper(w) {
		return strings.ToLower(w)
	}
	return ""
}

// americanZone is ET, CT, MT or PT on a day: summer time lasts from the second Sunday of March to the first of November.
func americanZone(name string, west int, day time.Time) *time.Location {
	sunday := func(m time.Month, first int) time.Time {
		d := time.Date(day.Year(), m, first, 0, 0, 0, 0, time.UTC)
		return d.AddDate(0, 0, (7-int(d.Weekday()))%7)
	}
	offset := -5 - west
	if !day.Before(sunday(time.March, 8)) && day.Before(sunday(time.November, 1)) {
		offset++
	}
	return time.FixedZone(strings.ToUpper(name), offset*3600)
}

// zone is the time zone named behind a time on a day, or else the sender's.
func (v *view) zone(tok int, at time.Time) *time.Location {
	for k := tok + 1; k < len(v.toks) && k <= tok+4; k++ {
		w := strings.ToLower(v.word(k))
		if hours := strings.Index("et ct mt pt", w); hours >= 0 && len(w) == 2 && w == v.lower(k) {
			return americanZone(w, hours/3, at)
		}
		for _, z := range zoneOffsets {
			if w == z.name {
				if h := v.hoursBehind(k); z.minutes == 0 && h != 0 {
					return time.FixedZone("", h*3600)
				}
				return time.FixedZone(strings.ToUpper(z.name), z.minutes*60)
			}
		}
	}
	return v.clock().Location()
}
