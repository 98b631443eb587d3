package triage

import (
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"
)

// A hashedCue is a cue with its words hashed.
type hashedCue struct {
	hashes []uint64
	kind   string
}

// cueTable is cues, hashed once.
var cueTable = sync.OnceValue(func() []hashedCue {
	out := make([]hashedCue, 0, len(cues))
	for _, c := range cues {
		h := hashedCue{kind: c.kind}
		for _, w := range strings.Fields(c.words) {
			h.hashes = append(h.hashes, hashString(w))
		}
		out = append(out, h)
	}
	return out
})

// requisitionFacts finds "Job ID: 12345", "Req #R-0042", "Requisition 2026-118", "Kennziffer 4711", and bare ids
// such as "R0012345" and "JR-10293" in the subject.
func (v *view) requisitionFacts(l *factList) {
	if id, from, to := requisition(v.text, v.toks); id != "" {
		l.add("requisition", id, from, to)
		return
	}
	if id, _, _ := requisition(v.subject, v.subjToks); id != "" {
		at := strings.Index(v.text, id)
		l.add("requisition", id, at, at+len(id))
	}
}

func requisition(text string, toks []token) (id string, from, to int) {
	for i := 0; i+1 < len(toks) && i < maxFactTokens; i++ {
		w := foldText(text[toks[i].start:toks[i].end])
		k := i + 1
		switch w {
		case "requisition", "req", "kennziffer", "referenznummer", "stellennummer", "jobid", "reqid", "vacaturenummer":
		case "job", "position", "posting", "vacancy", "stellen", "reference", "ref":
			n := foldText(text[toks[k].start:toks[k].end])
			if n != "id" && n != "number" && n != "no" && n != "code" && n != "nummer" && n != "ref" && n != "reference" && w != "ref" {
				continue
			}
		default:
			if bareRequisition(text[toks[i].start:toks[i].end]) {
				return text[toks[i].start:toks[i].end], int(toks[i].start), int(toks[i].end)
			}
			continue
		}
		for ; k < len(toks) && k <= i+3; k++ {
			if f := text[toks[k].start:toks[k].end]; strings.ContainsAny(f, "0123456789") {
				from, to = wholeID(text, int(toks[k].start), int(toks[k].end))
				if to-from >= 3 {
					return text[from:to], from, to
				}
			}
		}
	}
	return "", 0, 0
}

// bareRequisition reports whether a word has the form of a requisition id of the large systems.
func bareRequisition(w string) bool {
	k := 0
	for k < len(w) && w[k] >= 'A' && w[k] <= 'Z' {
		k++
	}
	if k < 1 || k > 4 || len(w)-k < 4 {
		return false
	}
	switch w[:k] {
	case "R", "JR", "REQ", "JOB", "RQ", "REF":
	default:
		return false
	}
	for i := k; i < len(w); i++ {
		if w[i] < '0' || w[i] > '9' {
			return false
		}
	}
	return true
}

// wholeID widens an id over the letters, digits, hyphens and underscores around it.
func wholeID(text string, from, to int) (int, int) {
	in := func(c byte) bool { return isWordByte(c) && c < 0x80 || c == '-' || c == '_' }
	for from > 0 && in(text[from-1]) {
		from--
	}
	for to < len(text) && in(text[to]) {
		to++
	}
	for to > from && (text[to-1] == '-' || text[to-1] == '_') {
		to--
	}
	for from < to && (text[from] == '-' || text[from] == '_') {
		from++
	}
	return from, to
}

// personFacts takes the sender when it is a person, and people named with "with", "meet" or as interviewers.
func (v *view) personFacts(l *factList) {
	name := v.name
	for _, sep := range []string{" at ", " from ", " @ ", " via ", " | ", " (", " bei "} {
		if k := strings.Index(name, sep); k > 0 {
			name = name[:k]
		}
	}
	if personName(name) && !v.flags.noreply && v.companyOfSystem() == "" {
		at := strings.Index(v.text, name)
		l.add("person", name, at, at+len(name))
	}
	for i := 0; i+2 < len(v.toks) && i < maxFactTokens; i++ {
		switch v.toks[i].hash {
		case hWith, hMeet, hMit, hAvec, hCon, hMet, hCom:
		default:
			continue
		}
		from, to := nameSpan(v.text, v.toks, i+1, false)
		if to > from && to-from < 50 && personName(v.text[from:to]) {
			l.add("person", v.text[from:to], from, to)
		}
	}
}

// Hashes of the words that stand before a company or a person.
var (
	hAt   = hashString("at")
	hBei  = hashString("bei")
	hChez = hashString("chez")
	hEn   = hashString("en")
	hBij  = hashString("bij")
	hNa   = hashString("na")
	hWith = hashString("with")
	hMeet = hashString("meet")
	hMit  = hashString("mit")
	hAvec = hashString("avec")
	hCon  = hashString("con")
	hMet  = hashString("met")
	hCom  = hashString("com")
)

// personName reports whether a text looks like a first and a last name.
func personName(s string) bool {
	words := strings.Fields(strings.Trim(s, "\"' "))
	if len(words) < 2 || len(words) > 4 {
		return false
	}
	for _, w := range words {
		r, _ := utf8.DecodeRuneInString(w)
		f := foldText(w)
		if !unicode.IsUpper(r) && f != "van" && f != "de" && f != "von" && f != "der" && f != "da" && f != "dos" {
			return false
		}
		if deskWord(f) || companyWord(f) || strings.ContainsAny(w, "0123456789@/&") || len(w) > 2 && strings.ToUpper(w) == w {
			return false
		}
	}
	return true
}

// companyWord reports whether a word marks a company or a place, not a person.
func companyWord(f string) bool {
	switch f {
	case "inc", "ltd", "llc", "gmbh", "ag", "corp", "company", "group", "systems", "solutions", "technologies", "labs", "software", "bank",
		"google", "microsoft", "zoom", "teams", "support", "services", "service", "office", "customer", "assistant", "monday", "tuesday",
		"wednesday", "thursday", "friday", "engineering", "manager", "director", "lead", "interview", "meet", "webex", "calendar", "jobs", "news":
		return true
	}
	return false
}

// locationFacts finds "Location: …" and its like.
func (v *view) locationFacts(l *factList) {
	for i := 0; i+1 < len(v.toks) && i < maxFactTokens; i++ {
		switch v.toks[i].hash {
		case hLocation, hAddress, hStandort, hOrt, hLieu, hUbicacion, hLocatie, hVenue, hWhere, hLocal:
		default:
			continue
		}
		end := int(v.toks[i].end)
		if !colonBehind(v.text, end) {
			continue
		}
		from := int(v.toks[i+1].start)
		to := from
		for to < len(v.text) && v.text[to] != '\n' && to-from < 120 {
			to++
		}
		if v.toks[i+1].kind == link {
			continue
		}
		l.add("location", strings.TrimRight(v.text[from:to], " \t\r.;,"), from, to)
		return
	}
}

// Hashes of the labels of places.
var (
	hLocation  = hashString("location")
	hAddress   = hashString("address")
	hStandort  = hashString("standort")
	hOrt       = hashString("ort")
	hLieu      = hashString("lieu")
	hUbicacion = hashString("ubicacion")
	hLocatie   = hashString("locatie")
	hVenue     = hashString("venue")
	hWhere     = hashString("where")
	hLocal     = hashString("local")
)
