package triage

import (
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
	{"bewerbung als", "role"}, {"stelle als", "role"}, {"position als", "role"}, {"bewerbung auf die stelle", "role"},
	{"poste de", "role"}, {"poste d", "role"}, {"puesto de", "role"}, {"vacante de", "role"}, {"posicion de", "role"}, {"vaga de", "role"},
	{"vaga para", "role"}, {"functie van", "role"}, {"vacature", "role"}, {"rol van", "role"},
	{"thank you for applying to", "company"}, {"thanks for applying to", "company"}, {"application to", "company"},
	{"applying to", "company"}, {"applied to", "company"}, {"applying at", "company"}, {"interest in joining", "company"},
	{"interest in working at", "company"}, {"interest in working for", "company"}, {"interest in", "company"}, {"career with", "company"},
	{"careers at", "company"}, {"opportunities at", "company"}, {"opportunity at", "company"}, {"team at", "company"}, {"role at", "company"},
	{"position at", "company"}, {"job at", "company"}, {"position with", "company"}, {"role with", "company"}, {"interview with", "company"},
	{"interview at", "company"}, {"offer from", "company"}, {"employment with", "company"}, {"join", "company"}, {"behalf of", "company"},
	{"candidature chez", "company"}, {"bewerbung bei", "company"}, {"interesse an der", "company"}, {"sollicitatie bij", "company"},
	{"candidatura en", "company"}, {"candidatura na", "company"}, {"candidatura no", "company"}, {"interesse bei", "company"},
}

// companyFacts finds the employer: in the subject and the text, or in the display name of a tracking system.
func (v *view) companyFacts(l *factList) {
	if c, from, to := v.companyBehindRole(); c != "" {
		l.add("company", c, from, to)
		return
	}
	if c, from, to := v.cued("company", v.toks, v.text); c != "" {
		l.add("company", c, from, to)
		return
	}
	if c, _, _ := v.cued("company", v.subjToks, v.subject); c != "" {
		l.add("company", c, -1, -1)
		return
	}
	if c := v.companyOfSystem(); c != "" {
		at := strings.Index(v.text, c)
		l.add("company", c, at, at+len(c))
		return
	}
	if c := companyOfName(v.name); c != "" && (v.sender == nil || !strings.EqualFold(c, v.sender.name)) && v.claimed == nil && !v.flags.freeMail {
		at := strings.Index(v.text, c)
		l.add("company", c, at, at+len(c))
		return
	}
	if v.sender != nil && (v.sender.kind == "ats") && !v.flags.noreply && strings.HasSuffix(v.host, "workday.com") {
		l.add("company", strings.ToUpper(v.local[:1])+v.local[1:], -1, -1)
	}
}

// companyBehindRole reads the company in "the role of X at Acme".
func (v *view) companyBehindRole() (c string, from, to int) {
	_, _, end := v.cued("role", v.toks, v.text)
	if end == 0 {
		return "", 0, 0
	}
	for i := range v.toks {
		if int(v.toks[i].start) < end {
			continue
		}
		for k := i; k < min(len(v.toks)-1, i+3); k++ {
			switch v.toks[k].hash {
			case hAt, hWith, hBei, hChez, hEn, hBij, hNa:
				if from, to = nameSpan(v.text, v.toks, k+1, false); to > from {
					return tidyName(v.text[from:to], "company"), from, to
				}
			}
		}
		break
	}
	return "", 0, 0
}

// companyOfSystem takes the display name of a tracking system's mail for the company that it writes for, unless it is
// the system's own name or that of a person: one whose first name signs the mail.
func (v *view) companyOfSystem() string {
	if v.sender == nil || v.sender.kind != "ats" && v.sender.kind != "test" {
		return ""
	}
	name := v.name
	if c := companyOfName(name); c != "" {
		name = c
	}
	first, _, _ := strings.Cut(name, " ")
	local, _, _ := strings.Cut(v.local, "+")
	joined := strings.ReplaceAll(foldText(name), " ", "")
	switch {
	case len(name) < 3 || strings.EqualFold(name, v.sender.name) || deskWord(foldText(first)) || strings.IndexByte(name, '@') >= 0:
		return ""
	case len(local) > 3 && strings.Contains(joined, strings.ReplaceAll(local, "-", "")):
		return name
	case personName(name) && strings.Contains(v.text[len(v.text)/2:], first):
		return ""
	}
	return name
}

// companyOfName takes the company out of a display name such as "Acme Hiring Team", "Jane Doe at Acme", "Acme via
// Greenhouse".
func companyOfName(name string) string {
	if k := strings.Index(name, " via "); k > 0 {
		name = name[:k]
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
	if n == from || n-from == len(words) {
		return ""
	}
	return strings.Join(words[from:n], " ")
}

// deskWord reports whether a word names a desk, not a company.
func deskWord(w string) bool {
	switch w {
	case "hiring", "recruiting", "recruitment", "talent", "acquisition", "team", "careers", "career", "jobs", "hr", "human", "resources",
		"people", "operations", "ops", "notifications", "notification", "no", "reply", "noreply", "candidate", "experience", "staffing",
		"onboarding", "university", "carreiras", "empregos", "karriere", "recrutement", "personalabteilung", "seleccion", "rrhh", "and", "the", "recrutamento", "werving", "talents":
		return true
	}
	return false
}

// roleFacts finds the role.
func (v *view) roleFacts(l *factList) {
	if r, from, to := v.cued("role", v.toks, v.text); r != "" {
		l.add("role", r, from, to)
		return
	}
	if r, _, _ := v.cued("role", v.subjToks, v.subject); r != "" {
		at := strings.Index(v.text, r)
		l.add("role", r, at, at+len(r))
	}
}

// cued finds the first trusted cue of a kind and returns the value that follows it.
func (v *view) cued(kind string, toks []token, text string) (value string, from, to int) {
	for c := range cueTable() {
		q := &cueTable()[c]
		if !strings.HasPrefix(q.kind, kind) {
			continue
		}
		for i := 0; i+len(q.hashes) < len(toks) && i < maxFactTokens; i++ {
			if toks[i].hash != q.hashes[0] || !followed(toks, i, q.hashes) {
				continue
			}
			last := i + len(q.hashes) - 1
			if strings.HasSuffix(q.kind, ":") && !colonBehind(text, int(toks[last].end)) {
				continue
			}
			if from, to = nameSpan(text, toks, last+1, kind == "role"); to > from {
				if val := tidyName(text[from:to], kind); val != "" {
					return val, from, from + len(text[from:to])
				}
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
	if w := strings.ToLower(text[toks[i].start:toks[i].end]); w == "a" || w == "an" || w == "the" || w == "our" || w == "der" || w == "die" || w == "la" || w == "el" {
		i++
	}
	if i >= len(toks) {
		return 0, 0
	}
	from, to = int(toks[i].start), int(toks[i].start)
	for k := i; k < len(toks) && k < i+9; k++ {
		w := text[toks[k].start:toks[k].end]
		if k > i && !joins(text[toks[k-1].end:toks[k].start], role) {
			break
		}
		r, _ := utf8.DecodeRuneInString(w)
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

// joins reports whether the characters between two words can stand inside a name.
func joins(s string, role bool) bool {
	if len(s) > 4 || strings.ContainsAny(s, "\n.!?:;") && s != ". " {
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
	s = strings.TrimRight(s, " ,-–(")
	if len(s) < 2 || len(s) > 80 {
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
