package triage

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// A cue is a phrase that announces a fact; what follows it (or stands before it) is the value.
type cue struct {
	words string // folded, separated by spaces
	kind  string // company or role
}

// cues announce companies and roles, in the order in which they are trusted.
var cues = [...]cue{
	{"your application for the position of", "role"}, {"your application for the role of", "role"}, {"applying for the position of", "role"},
	{"applying for the role of", "role"}, {"for the position of", "role"}, {"for the role of", "role"}, {"the position of", "role"},
	{"the role of", "role"}, {"position as", "role"}, {"role as", "role"}, {"job title", "role"}, {"position", "role:"}, {"role", "role:"},
	{"applying for the", "role"}, {"apply for the", "role"}, {"applied for the", "role"}, {"applied to the", "role"},
	{"applying to the", "role"}, {"application for the", "role"}, {"application to the", "role"}, {"interest in the", "role"},
	{"interest in our", "role"}, {"interview for the", "role"}, {"interviewing for the", "role"}, {"offer you the", "role"},
	{"application for", "role"}, {"applying for", "role"}, {"applied for", "role"}, {"interview for", "role"},
	{"application as", "role"}, {"employment as", "role"}, {"the team as", "role"}, {"on board as", "role"}, {"next step for", "role"},
	{"considered for", "role"}, {"consider you for", "role"}, {"successfully applied to", "role"}, {"offer for", "role"}, {"offer letter for", "role"},
	{"examination for", "role"}, {"screening for", "role"}, {"connection with", "role"}, {"present you with an offer of employment for", "role"}, {"employment for", "role"}, {"assessment for", "role"}, {"be our", "role"}, {"role is", "role"}, {"job", "role:"}, {"proceso para", "role"}, {"candidatura para", "role"},
	{"candidatura a", "role"}, {"bewerbung um", "role"}, {"functie", "role"}, {"sollicitatie voor", "role"},
	{"bewerbung als", "role"}, {"stelle als", "role"}, {"position als", "role"}, {"bewerbung auf die stelle", "role"},
	{"poste de", "role"}, {"poste d", "role"}, {"puesto de", "role"}, {"vacante de", "role"}, {"posicion de", "role"}, {"vaga de", "role"},
	{"vaga para", "role"}, {"functie van", "role"}, {"vacature", "role"}, {"rol van", "role"},
	{"thank you for applying to", "company"}, {"thanks for applying to", "company"}, {"application to", "company"},
	{"applying to", "company"}, {"applied to", "company"}, {"applying at", "company"}, {"interest in joining", "company"},
	{"interest in working at", "company"}, {"interest in working for", "company"}, {"interest in", "company"}, {"career with", "company"},
	{"careers at", "company"}, {"opportunities at", "company"}, {"opportunity at", "company"}, {"team at", "company"}, {"role at", "company"},
	{"position at", "company"}, {"job at", "company"}, {"position with", "company"}, {"role with", "company"}, {"interview with", "company"},
	{"interview at", "company"}, {"offer from", "company"}, {"employment with", "company"}, {"join", "company"}, {"behalf of", "company"},
	{"thinking of", "company"}, {"fit at", "company"}, {"following by", "company"}, {"recruit for", "company"}, {"went out to", "company"},
	{"was sent to", "company"}, {"were sent to", "company"}, {"test for", "company"}, {"challenge for", "company"}, {"belangstelling voor", "company"},
	{"trabalhar na", "company"}, {"interet que vous portez a", "company"},
	{"candidature chez", "company"}, {"bewerbung bei", "company"}, {"interesse an der", "company"}, {"sollicitatie bij", "company"},
	{"candidatura en", "company"}, {"candidatura na", "company"}, {"candidatura no", "company"}, {"interesse bei", "company"},
}

// companyOfName takes the company out of a display name such as "Acme Hiring Team", "Jane Doe at Acme", "Acme via
// Greenhouse".
func companyOfName(name string) string {
	via := false
	if k := strings.Index(name, " via "); k > 0 {
		name, via = name[:k], true
	}
	for _, sep := range []string{" at ", " from ", " @ ", " | ", " bei ", " chez "} {
		if k := strings.Index(name, sep); k > 0 {
			return strings.TrimSpace(name[k+len(sep):])
		}
	}
	words := strings.Fields(strings.Trim(name, "\"'"))
	n := len(words)
	for n > 0 && deskWord(foldText(words[n-1])) {
		n--
	}
	from := 0
	for from < n && deskWord(foldText(words[from])) {
		from++
	}
	if n == from || n-from == len(words) && !via {
		return ""
	}
	return strings.Join(words[from:n], " ")
}

// deskWord reports whether a word names a desk, not a company.
func deskWord(w string) bool {
	switch w {
	case "hiring", "recruiting", "recruitment", "talent", "acquisition", "team", "careers", "career", "jobs", "hr", "human", "resources",
		"people", "operations", "ops", "notifications", "notification", "no", "reply", "noreply", "candidate", "experience", "staffing",
		"onboarding", "scheduling", "interview", "interviews", "employment", "online", "university", "carreiras", "empregos", "karriere", "recrutement", "personalabteilung", "seleccion", "rrhh", "and", "the", "recrutamento", "werving", "talents":
		return true
	}
	return false
}

// roleFacts finds the role.
func (v *view) roleFacts(l *factList) {
	r, from, to := v.cued("role", v.toks, v.text)
	if r == "" {
		if r, _, _ = v.titleAtCompany(); r == "" {
			if r, _, _ = v.cued("role", v.subjToks, v.subject); r == "" {
				r = v.occupation()
			}
		}
		r = tidyName(r, "role")
		from = strings.Index(v.text, r)
		to = from + len(r)
	}
	l.add("role", r, from, to)
}

// occupation finds capitalised words that end in an occupation, in the subject or behind an article in the text; not
// the titles of those who sign.
func (v *view) occupation() string {
	for i := 0; i < len(v.subjToks); i++ {
		if from, to := nameSpan(v.subject, v.subjToks, i, true); to > from && isOccupation(v.subject[from:to]) {
			return occupationIn(v.subject[from:to])
		}
	}
	for i := 0; i+1 < len(v.toks) && i < maxFactTokens; i++ {
		switch strings.ToLower(v.word(i)) {
		case "the", "a", "an", "our", "for", "as", "of", "facts":
		default:
			continue
		}
		if from, to := nameSpan(v.text, v.toks, i+1, true); to > from && isOccupation(v.text[from:to]) {
			return occupationIn(v.text[from:to])
		}
	}
	return ""
}

// occupationIn is the part between dashes that holds the occupation.
func occupationIn(s string) string {
	for part := range strings.SplitSeq(s, " - ") {
		if isOccupation(part) {
			return part
		}
	}
	return s
}

// isOccupation reports whether a name of two words or more is the title of a role that is hired for.
func isOccupation(s string) bool {
	words := strings.Fields(foldText(s))
	if len(words) < 2 || len(words) > 6 {
		return false
	}
	found := false
	for _, w := range words {
		switch w {
		case "hiring", "recruiter", "recruiting", "talent", "people", "interview", "team", "chat", "call", "your", "offer", "application":
			return false
		case "manager", "engineer", "developer", "analyst", "designer", "director", "representative", "associate", "assistant", "coordinator", "consultant",
			"specialist", "officer", "operator", "nurse", "teacher", "technician", "supervisor", "architect", "scientist", "accountant", "administrator", "clerk",
			"driver", "mechanic", "programmer", "editor", "writer", "intern", "trainee", "apprentice", "buyer", "planner", "executive", "auditor", "leader", "advisor", "adviser", "picker", "trainer", "guide", "counselor", "therapist",
			"entwickler", "entwicklerin", "ingenieur", "sachbearbeiter", "sachbearbeitung", "developpeur", "ingeniero", "tecnico":
			found = true
		}
	}
	return found
}

// cued finds the most trusted cue of a kind, the first of its places, and returns the value that follows it.
func (v *view) cued(kind string, toks []token, text string) (value string, from, to int) {
	type place struct{ cue, at int }
	var found []place
	table, index := cueTable(), cuesByWord()
	for i := 0; i < len(toks) && i < maxFactTokens; i++ {
		for _, c := range index[toks[i].hash] {
			q := &table[c]
			if strings.HasPrefix(q.kind, kind) && i+len(q.hashes) < len(toks) && followed(toks, i, q.hashes) {
				found = append(found, place{c, i})
			}
		}
	}
	slices.SortStableFunc(found, func(a, b place) int { return a.cue - b.cue })
	for _, p := range found {
		q := &table[p.cue]
		last := p.at + len(q.hashes) - 1
		if strings.HasSuffix(q.kind, ":") && !colonBehind(text, int(toks[last].end)) {
			continue
		}
		if from, to = nameSpan(text, toks, last+1, kind == "role"); to > from {
			if val := tidyName(text[from:to], kind); val != "" {
				return val, from, to
			}
		}
	}
	return "", 0, 0
}

func followed(toks []token, i int, hashes []uint64) bool {
	for k, h := range hashes {
		if toks[i+k].hash != h {
			return false
		}
	}
	return true
}

func colonBehind(text string, at int) bool {
	return at < len(text) && strings.HasPrefix(strings.TrimLeft(text[at:min(len(text), at+3)], " "), ":")
}

// nameSpan returns the range of the capitalised words that begin at token i: a name goes on over small connecting
// words and ends at punctuation, a line end or an ordinary word.
func nameSpan(text string, toks []token, i int, role bool) (from, to int) {
	if i >= len(toks) {
		return 0, 0
	}
	switch w := strings.ToLower(text[toks[i].start:toks[i].end]); w {
	case "a", "an", "the", "der", "die", "la", "el":
		i++
	case "our":
		if !role {
			return 0, 0 // "our Dayton office"
		}
		i++
	}
	if i >= len(toks) {
		return 0, 0
	}
	from, to = int(toks[i].start), int(toks[i].start)
	for k := i; k < len(toks) && k < i+9; k++ {
		w := text[toks[k].start:toks[k].end]
		if k > i && !joins(text[toks[k-1].end:toks[k].start], role) && !abbreviated(text[toks[k-1].start:toks[k-1].end], text[toks[k-1].end:toks[k].start]) {
			break
		}
		r, _ := utf8.DecodeRuneInString(w)
		if k > i && unicode.IsDigit(r) && strings.Contains(text[toks[k-1].end:toks[k].start], ",") {
			break // "Brand Manager, 58.000 EUR"
		}
		if k > i && text[toks[k-1].end:toks[k].start] == "-" && unicode.IsLetter(r) {
			to = int(toks[k].end) // "Tailor-made"
			continue
		}
		if !unicode.IsUpper(r) && !unicode.IsDigit(r) {
			if k == i || !connects(strings.ToLower(w), role) || k+1 >= len(toks) {
				break
			}
			continue
		}
		if k > i && nameEnd(strings.ToLower(w)) {
			break
		}
		to = int(toks[k].end)
	}
	if to > from && role {
		to = closeParen(text, from, to)
	}
	return from, to
}

// abbreviated reports whether a full stop stands behind an abbreviation, and so inside a name: "Sr. Engineer".
func abbreviated(w, between string) bool {
	if between != ". " {
		return false
	}
	switch w {
	case "Sr", "Jr", "St", "Dr", "Prof", "Mr", "Ms", "Mrs", "Asst", "Assoc", "Co":
		return true
	}
	return len(w) == 1
}

// joins reports whether the characters between two words can stand inside a name.
func joins(s string, role bool) bool {
	if len(s) > 4 || strings.ContainsAny(s, "\n.!?:;") {
		return false
	}
	t := strings.TrimSpace(s)
	switch t {
	case "", "&", "-", "/", "+", "'", "’", "++", "#":
		return true
	case "(", ",", "–", "|", ")", ") ", "++ ":
		return role && t != "|"
	}
	return false
}

// connects reports whether a small word can stand inside a name.
func connects(w string, role bool) bool {
	switch w {
	case "of", "and", "de", "du", "des", "der", "und", "et", "y", "en", "do", "da", "for", "to":
		return role || w == "of" || w == "and" || w == "de" || w == "und" || w == "et" || w == "y" || w == "da" || w == "do"
	}
	return false
}

// nameEnd reports whether a capitalised word is no part of a name.
func nameEnd(w string) bool {
	switch w {
	case "we", "i", "you", "your", "our", "thank", "thanks", "unfortunately", "this", "the", "at", "position", "role", "job", "vacancy", "with":
		return true
	}
	return false
}

// closeParen extends a role over a parenthesis such as "(m/f/d)" that it opened.
func closeParen(text string, from, to int) int {
	open := strings.Count(text[from:to], "(") - strings.Count(text[from:to], ")")
	if rest := text[to:min(len(text), to+20)]; open > 0 {
		if k := strings.IndexByte(rest, ')'); k >= 0 {
			return to + k + 1
		}
	}
	return to
}

// tidyName refuses values that are no names.
func tidyName(s, kind string) string {
	s = strings.Join(strings.Fields(s), " ")
	if kind == "role" {
		s = withoutRequisition(s)
	}
	s = strings.TrimRight(s, " ,-–(")
	if len(s) < 2 || len(s) > 80 || !hasWord(s) {
		return ""
	}
	switch f := foldText(s); f {
	case "", "us", "our", "the", "a", "position", "role", "job", "this", "team", "company", "it", "my", "your":
		return ""
	default:
		if kind == "company" && deskWord(f) {
			return ""
		}
	}
	return s
}

// hasWord reports whether a value has a word of two letters, and so is no mere number or initial.
func hasWord(s string) bool {
	run := 0
	for _, r := range s {
		if unicode.IsLetter(r) {
			if run++; run == 2 {
				return true
			}
			continue
		}
		run = 0
	}
	return false
}

// withoutRequisition takes the number of a requisition off a role: "R-3341 Cheese Grader", "Clerk (JR100377)",
// "Dispatcher II - 2025-14482".
func withoutRequisition(s string) string {
	words := strings.Fields(s)
	number := func(w string) bool {
		w = strings.Trim(w, "()[],#")
		digits := 0
		for i := 0; i < len(w); i++ {
			if w[i] >= '0' && w[i] <= '9' {
				digits++
			} else if w[i] != '-' && w[i] != '_' && (w[i] < 'A' || w[i] > 'Z') {
				return false
			}
		}
		return digits >= 4
	}
	mark := func(w string) bool { return strings.Trim(w, "-–|:,(") == "" }
	for len(words) > 1 && (number(words[0]) || mark(words[0])) {
		words = words[1:]
	}
	for len(words) > 1 && (number(words[len(words)-1]) || mark(words[len(words)-1])) {
		words = words[:len(words)-1]
	}
	return strings.Join(words, " ")
}
