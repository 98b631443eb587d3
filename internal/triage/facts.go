package triage

import (
	"sort"
	"strings"
	"time"
)

// maxFacts bounds the facts of one mail, maxFactTokens the words that are searched for them.
const (
	maxFacts      = 24
	maxFactTokens = 900
)

// A factList collects facts without repeating a value of a kind.
type factList struct {
	facts []Fact
	v     *view
}

// add takes a fact with its byte range in the view's text; from < 0 means that it is not from the text.
func (l *factList) add(kind, value string, from, to int) {
	value = strings.TrimSpace(value)
	if value == "" || len(l.facts) >= maxFacts {
		return
	}
	for i := range l.facts {
		if l.facts[i].Kind == kind && strings.EqualFold(l.facts[i].Value, value) {
			return
		}
	}
	if from < 0 || !l.v.span {
		from, to = 0, 0
	}
	l.facts = append(l.facts, Fact{Kind: kind, Value: value, Start: from, End: to})
}

// facts reads what the mail states, for a mail of the given class.
func (v *view) facts(class int) []Fact {
	l := &factList{v: v}
	job := Classes()[class].IsJob() && class != cAlert || v.jobContext() >= 8 && class != cAlert
	v.calendarFacts(l, job)
	if job {
		v.companyFacts(l)
		v.roleFacts(l)
		v.requisitionFacts(l)
		v.personFacts(l)
	}
	v.dateFacts(l, class)
	v.amountFacts(l)
	v.phoneFacts(l)
	if job {
		v.locationFacts(l)
		v.linkFacts(l)
	}
	sort.SliceStable(l.facts, func(i, j int) bool { return l.facts[i].Start < l.facts[j].Start })
	return l.facts
}

// calendarFacts takes what the calendar part says.
func (v *view) calendarFacts(l *factList, job bool) {
	for _, e := range v.m.Calendar {
		kind := "date"
		if job {
			kind = "interview_time"
		}
		if !e.Start.IsZero() {
			l.add(kind, e.Start.Format(time.RFC3339), -1, -1)
		}
		if strings.HasPrefix(e.Location, "http") {
			l.add("link", e.Location, -1, -1)
		} else {
			l.add("location", e.Location, -1, -1)
		}
	}
}

// linkFacts takes the links that a job mail wants to be followed.
func (v *view) linkFacts(l *factList) {
	n := 0
	for i := range v.toks {
		if v.toks[i].kind == link && n < 4 {
			n++
			from, to := int(v.toks[i].start), int(v.toks[i].end)
			l.add("link", v.text[from:to], from, to)
		}
	}
	for i := range v.html.anchors {
		a := &v.html.anchors[i]
		if a.host == "" || n >= 4 || unsubscribeWords(a.text) {
			continue
		}
		n++
		from := strings.Index(v.text, a.text)
		if a.text == "" {
			from = -1
		}
		l.add("link", a.href, from, from+len(a.text))
	}
}

func unsubscribeWords(s string) bool {
	s = strings.ToLower(s)
	return s == "" || strings.Contains(s, "unsubscribe") || strings.Contains(s, "privacy") || strings.Contains(s, "preferences") ||
		strings.Contains(s, "view in browser") || strings.Contains(s, "abmelden") || strings.Contains(s, "datenschutz")
}

// phoneFacts finds telephone numbers in international or clearly national writing and gives them as E.164.
func (v *view) phoneFacts(l *factList) {
	for i := 0; i < len(v.toks) && i < maxFactTokens; i++ {
		t := v.toks[i]
		if t.kind != number {
			continue
		}
		start := int(t.start)
		plus := start > 0 && v.text[start-1] == '+'
		paren := start > 0 && v.text[start-1] == '('
		if !plus && !paren && !v.phoneCue(i) && !v.american3(i) {
			continue
		}
		digits, end, j := "", start, i
		for j < len(v.toks) && v.toks[j].kind == number && len(digits) < 15 {
			gap := v.text[end:int(v.toks[j].start)]
			if j > i && (len(gap) > 3 || strings.Trim(gap, " -.()/\u00a0") != "") {
				break
			}
			for _, c := range v.text[v.toks[j].start:v.toks[j].end] {
				if c >= '0' && c <= '9' {
					digits += string(c)
				}
			}
			end = int(v.toks[j].end)
			j++
		}
		if e := e164(digits, plus); e != "" {
			if plus || paren {
				start--
			}
			l.add("phone", e, start, end)
			i = j - 1
		}
	}
}

// american3 reports whether the tokens from i are written like a North American number: 602-555-0199.
func (v *view) american3(i int) bool {
	if i+2 >= len(v.toks) {
		return false
	}
	s := v.text[v.toks[i].start:v.toks[i+2].end]
	return len(s) == 12 && s[3] == '-' && s[7] == '-' && s[0] >= '2' && v.toks[i+1].kind == number && v.toks[i+2].kind == number
}

// phoneCue reports whether the words before a token announce a telephone number.
func (v *view) phoneCue(i int) bool {
	for k := max(0, i-3); k < i; k++ {
		w := foldText(v.text[v.toks[k].start:v.toks[k].end])
		switch w {
		case "phone", "tel", "telephone", "mobile", "cell", "call", "telefon", "mobil", "telefono", "telefoon", "telefone", "dial", "direct", "tlf":
			return true
		}
	}
	return false
}

// e164 writes digits as E.164 when they are an international number, or a North American one with ten digits.
// National numbers of other countries stay as they are: their country is not known.
func e164(digits string, plus bool) string {
	switch {
	case plus && len(digits) >= 8 && len(digits) <= 15:
		return "+" + digits
	case strings.HasPrefix(digits, "00") && len(digits) >= 10:
		return "+" + digits[2:]
	case len(digits) == 10 && digits[0] >= '2':
		return "+1" + digits
	case len(digits) == 11 && digits[0] == '1':
		return "+" + digits
	case len(digits) >= 9 && digits[0] == '0':
		return digits
	}
	return ""
}
