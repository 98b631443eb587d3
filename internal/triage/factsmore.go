package triage

import (
	"regexp"
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

// cuesByWord are the places of cues in cueTable by their first words.
var cuesByWord = sync.OnceValue(func() map[uint64][]int {
	m := map[uint64][]int{}
	for i, c := range cueTable() {
		m[c.hashes[0]] = append(m[c.hashes[0]], i)
	}
	return m
})

// requisitionFacts finds "Job ID: 12345", "Req #R-0042", "Requisition 2026-118", "Kennziffer 4711", and bare ids
// such as "R0012345" and "JR-10293" in the subject.
func (v *view) requisitionFacts(l *factList) {
	if id, from, to := requisition(v.text, v.toks); id != "" {
		l.add("requisition", id, from, to)
		return
	}
	id, _, _ := requisition(v.subject, v.subjToks)
	if id == "" {
		id = v.requisitionAtRole()
	}
	at := strings.Index(v.text, id)
	l.add("requisition", id, at, at+len(id))
}

// atRole finds a number of five digits or more beside the title of a role: "Dispatcher II - 2025-14482", "Teller (25014417)".
var atRole = regexp.MustCompile(`^[^\n.]{0,60}?[(–-] ?(?:ID |Ref\.? )?(\d[\d-]{4,}\d)`)

func (v *view) requisitionAtRole() string {
	if m := atRole.FindStringSubmatch(v.subject); m != nil {
		return m[1]
	}
	_, from, to := v.cued("role", v.toks, v.text)
	if to == 0 {
		return ""
	}
	if m := atRole.FindStringSubmatch(v.text[from:min(len(v.text), to+20)]); m != nil {
		return m[1]
	}
	return ""
}

func requisition(text string, toks []token) (id string, from, to int) {
	for i := 0; i < len(toks) && i < maxFactTokens; i++ {
		w := foldText(text[toks[i].start:toks[i].end])
		k := i + 1
		if k == len(toks) {
			k = i // the last word can only be an id by itself
		}
		switch w {
		case "requisition", "req", "kennziffer", "referenznummer", "stellennummer", "jobid", "reqid", "vacaturenummer":
		case "job", "position", "posting", "vacancy", "stellen", "reference", "ref":
			n := foldText(text[toks[k].start:toks[k].end])
			if n != "id" && n != "number" && n != "no" && n != "code" && n != "nummer" && n != "ref" && n != "reference" && w != "ref" {
				continue
			}
		default:
			if from, to = wholeID(text, int(toks[i].start), int(toks[i].end)); bareRequisition(strings.Replace(text[from:to], "-", "", 1)) {
				return text[from:to], from, to
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
	if name := senderName(v.name); v.senderIsPerson() {
		at := strings.Index(v.text, name)
		l.add("person", name, at, at+len(name))
	}
	company, _, _ := v.company()
	for i := 0; i+2 < len(v.toks) && i < maxFactTokens; i++ {
		switch v.toks[i].hash {
		case hWith, hMeet, hMit, hAvec, hCon, hMet, hCom:
		case hPanel, hInterviewers, hManagers:
			if gap := v.text[v.toks[i].end:v.toks[i+1].start]; gap != ": " && gap != ", " {
				continue
			}
		default:
			continue
		}
		v.peopleAfter(l, i+1, company)
	}
}

// peopleAfter takes the people that are named one after the other from token i: "Bob Whitaker and Sunita Rao", "Joan
// Entwistle (Site HSE Lead), Craig Munro (Operations)".
func (v *view) peopleAfter(l *factList, i int, company string) {
	if i > 1 && employs(v.toks, v.text, i-1) {
		return
	}
	for n := 0; n < 4 && i < len(v.toks); n++ {
		from, to := nameSpan(v.text, v.toks, i, false)
		if k := strings.LastIndex(v.text[from:to], " and "); k > 0 {
			to = from + k
		}
		name := v.text[from:to]
		if to <= from || len(name) >= 50 || !namesPerson(name) || wordsWithin(name, company) || isOccupation(name) {
			return
		}
		l.add("person", name, from, to)
		m := nextPerson.FindStringIndex(v.text[to:])
		if m == nil {
			return
		}
		for ; i < len(v.toks) && int(v.toks[i].start) < to+m[1]; i++ { // to the first word behind
		}
	}
}

// nextPerson matches what stands between two people of a list.
var nextPerson = regexp.MustCompile(`^(?: \([^()\n]{1,40}\))?(?:,| and| &|, and) `)

// employs reports whether the word at i joins a thing to a company, not to a person: "a career with", "employment with".
func employs(toks []token, text string, i int) bool {
	if i == 0 {
		return false
	}
	switch strings.ToLower(text[toks[i-1].start:toks[i-1].end]) {
	case "career", "employment", "position", "role", "job", "applying", "opportunity", "candidature", "work", "working", "application":
		return true
	}
	return false
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

	hPanel        = hashString("panel")
	hInterviewers = hashString("interviewers")
	hManagers     = hashString("managers")
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
		case hLocation, hAddress, hStandort, hOrt, hLieu, hUbicacion, hLocatie, hVenue, hWhere, hLocal, hPlace, hLugar:
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
	hPlace     = hashString("place")
	hLugar     = hashString("lugar")
)
