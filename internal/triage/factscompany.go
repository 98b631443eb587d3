package triage

import (
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"
)

// companyFacts finds the employer: in the subject and the text, behind a tracking system, or in the sender's domain.
func (v *view) companyFacts(l *factList) {
	if c, from, to := v.company(); c != "" {
		if from < 0 {
			from = strings.Index(v.text, c)
			to = from + len(c)
		}
		l.add("company", c, from, to)
	}
}

// company returns the employer and where the text names it; from < 0 means that it was found elsewhere.
func (v *view) company() (c string, from, to int) {
	behind := v.companyOfSender()
	find := []func() (string, int, int){v.companyBehindRole, v.companyBehindTitle, v.companyThatAsks,
		func() (string, int, int) { return v.cued("company", v.toks, v.text) },
		func() (string, int, int) { c, _, _ := v.cued("company", v.subjToks, v.subject); return c, -1, -1 }}
	for _, f := range find {
		c, from, to := f()
		switch {
		case c == "" || v.isPersonHere(c):
			continue
		case behind != "" && wordsWithin(c, behind): // "Corvane" in the text, "Corvane Chemicals" in the sender
			return behind, -1, -1
		}
		return c, from, to
	}
	if behind != "" {
		return behind, -1, -1
	}
	return v.companyOfDomain(), -1, -1
}

// isPersonHere reports whether a name is that of the mail's sender, who is a person.
func (v *view) isPersonHere(name string) bool {
	return v.senderIsPerson() && wordsWithin(name, senderName(v.name))
}

// wordsWithin reports whether the words of a are words of b, in a row.
func wordsWithin(a, b string) bool {
	return strings.Contains(" "+foldText(b)+" ", " "+foldText(a)+" ")
}

// companyBehindRole reads the company in "the role of X at Acme".
func (v *view) companyBehindRole() (c string, from, to int) {
	_, _, end := v.cued("role", v.toks, v.text)
	if end == 0 {
		return "", 0, 0
	}
	return companyAfter(v.text, v.toks, end)
}

// companyAfter reads "at Acme" within two words behind an offset.
func companyAfter(text string, toks []token, end int) (c string, from, to int) {
	for i := range toks {
		if int(toks[i].start) < end {
			continue
		}
		for k := i; k < min(len(toks)-1, i+3); k++ {
			switch toks[k].hash {
			case hAt, hWith, hBei, hChez, hEn, hBij, hNa:
				if strings.ContainsAny(text[end:toks[k+1].start], ":\n") {
					return "", 0, 0 // the next line of a list: "With: Rosalind"
				}
				if from, to = nameSpan(text, toks, k+1, false); to > from {
					return tidyName(text[from:to], "company"), from, to
				}
			}
		}
		break
	}
	return "", 0, 0
}

// companyThatAsks reads "Emberly has invited you to …" in mail of a system for tests.
func (v *view) companyThatAsks() (c string, from, to int) {
	if v.sender == nil || v.sender.kind != "test" && v.sender.kind != "board" {
		return "", 0, 0
	}
	for _, w := range [...]string{" has invited you", " invites you", " invited you", " requests that you", " has requested", " requested you", " wants you to", " picked you", " asks you", " would like you",
		" vous invite", " nodigt je uit", " nodigt u uit", " lädt Sie", " te invita"} {
		k := strings.Index(v.text, w)
		if k < 0 {
			continue
		}
		for i := range v.toks {
			if from, to = nameSpan(v.text, v.toks, i, false); to == k && !v.isPersonHere(v.text[from:to]) {
				return tidyName(v.text[from:to], "company"), from, to
			}
		}
	}
	return "", 0, 0
}

// companyBehindTitle reads the company in a subject of the form "Dock Supervisor at Thornfield Logistics".
func (v *view) companyBehindTitle() (c string, from, to int) {
	if _, _, end := v.titleAtCompany(); end > 0 {
		c, _, _ = companyAfter(v.subject, v.subjToks, end)
	}
	return c, -1, -1
}

// titleAtCompany finds the capitalised words before "at" and a name in the subject.
func (v *view) titleAtCompany() (role string, from, to int) {
	for i := 1; i+1 < len(v.subjToks); i++ {
		switch v.subjToks[i].hash {
		case hAt, hBei, hChez, hBij:
		default:
			continue
		}
		if a, b := nameSpan(v.subject, v.subjToks, i+1, false); b <= a || !hasWord(v.subject[a:b]) || v.subject[a] <= '9' {
			continue
		}
		k := i - 1
		for k > 0 && titleWord(v.subject, v.subjToks, k-1) && joins(v.subject[v.subjToks[k-1].end:v.subjToks[k].start], true) {
			k--
		}
		if !titleWord(v.subject, v.subjToks, k) {
			continue
		}
		from, to = int(v.subjToks[k].start), closeParen(v.subject, int(v.subjToks[k].start), int(v.subjToks[i-1].end))
		if strings.IndexByte(v.subject[from:to], ' ') < 0 || namesPerson(v.subject[from:to]) && !isOccupation(v.subject[from:to]) && i > 1 && personBefore(v, k) {
			continue
		}
		return v.subject[from:to], from, to
	}
	return "", 0, 0
}

// personBefore reports whether "with" stands before a word of the subject: a name follows, not a role.
func personBefore(v *view, k int) bool { return k > 0 && v.subjToks[k-1].hash == hWith }

// titleWord reports whether a word of a subject can belong to the title of a role.
func titleWord(text string, toks []token, i int) bool {
	w := text[toks[i].start:toks[i].end]
	r, _ := utf8.DecodeRuneInString(w)
	if !unicode.IsUpper(r) {
		return connects(strings.ToLower(w), true) && w != "to" && w != "for" && i > 0
	}
	switch strings.ToLower(w) {
	case "re", "fw", "fwd", "interview", "application", "offer", "update", "rejection", "invitation", "thanks", "thank", "confirmed", "call", "chat",
		"ihre", "deine", "dein", "votre", "your", "tu", "sua", "opportunity", "opportunities", "job", "role", "position", "hse", "career", "careers", "aw", "wg", "bewerbung", "for":
		return false
	}
	return true
}

// senderName is the display name without the desk or the system behind it.
func senderName(name string) string {
	for _, sep := range []string{" via ", " at ", " from ", " @ ", " | ", " (", " bei ", " chez "} {
		if k := strings.Index(name, sep); k > 0 {
			name = name[:k]
		}
	}
	return strings.TrimSpace(name)
}

// speaksAsI finds the first person singular, which people use and companies do not.
var speaksAsI = regexp.MustCompile(`\bI(?:['’](?:m|ve|d|ll)\b| [a-z])|\b(?:[Ii]ch|[Jj]e|[Ii]k|[Yy]o|[Ee]u) [a-zà-ÿ]|\b[Jj]['’]ai\b|\b(?:de|laat) (?:me|mij) [a-z]`)

// senderIsPerson reports whether a person signs the mail: the address names them, or the text speaks as one.
func (v *view) senderIsPerson() bool {
	name := senderName(v.name)
	if !namesPerson(name) || companyOfName(v.name) != "" && !strings.Contains(v.name, " via ") && senderName(v.name) == v.name {
		return false
	}
	first, _, _ := strings.Cut(foldText(name), " ")
	local, _, _ := strings.Cut(strings.NewReplacer("-", ".", "_", ".").Replace(v.local), "+")
	parts := strings.Split(local, ".")
	switch {
	case parts[0] == first || len(parts) > 1 && strings.HasSuffix(foldText(name), parts[len(parts)-1]):
		return true
	case v.flags.freeMail, strings.HasSuffix(v.name, " via LinkedIn"):
		return true
	case v.sender == nil:
		return !v.flags.noreply && !deskLocal(v.local)
	case (deskLocal(v.local) || v.flags.noreply) && !strings.HasPrefix(foldText(v.subject), "re "):
		return v.signedBy(first) && !v.corroborated(name)
	}
	return speaksAsI.MatchString(v.text)
}

// deskLocal reports whether the local part of an address is a desk's: jobs, karriere, talent.
func deskLocal(local string) bool {
	local, _, _ = strings.Cut(local, "+")
	for _, w := range strings.FieldsFunc(local, func(r rune) bool { return r == '.' || r == '-' || r == '_' }) {
		if deskWord(w) {
			return true
		}
	}
	return false
}

// signedBy reports whether a line near the end of the text is the sender's first name; or the whole of it, with an I in
// the text or an office below.
func (v *view) signedBy(first string) bool {
	full := foldText(senderName(v.name))
	lines := strings.Split(strings.TrimSpace(v.text), "\n")
	lines = lines[max(0, len(lines)-6):]
	for i, line := range lines {
		switch foldText(strings.TrimSpace(line)) {
		case first:
			return true
		case full:
			return speaksAsI.MatchString(v.text) || i+1 < len(lines) && office.MatchString(lines[i+1])
		}
	}
	return false
}

// office finds the offices of those who sign for an employer.
var office = regexp.MustCompile(`(?i)\b(?:recruit|talent|manager|director|partner|head of|lead\b|specialist|coordinator|chargée? de|personal|sourc|hr\b|principal|owner|founder)`)

// corroborated reports whether the subject, or a line of the text with more in it, names what a display name says.
func (v *view) corroborated(name string) bool {
	if wordsWithin(name, v.subject) {
		return true
	}
	for line := range strings.SplitSeq(v.text, "\n") {
		if f := foldText(line); len(f) > len(name)+8 && strings.Contains(" "+f+" ", " "+foldText(name)+" ") {
			return true
		}
	}
	return false
}

// companyOfSender takes the company from the display name: "Acme Hiring Team", "Jane Doe at Acme", or the whole of it
// in mail of a tracking system that is not a person's.
func (v *view) companyOfSender() string {
	if v.flags.freeMail {
		return ""
	}
	c := companyOfName(v.name)
	system := v.sender != nil && (v.sender.kind == "ats" || v.sender.kind == "test" || v.sender.kind == "board")
	switch {
	case c == "" && !system, v.senderIsPerson() && (c == "" || wordsWithin(c, senderName(v.name))):
		return ""
	case c == "":
		if c = senderName(v.name); namesPerson(c) && !v.corroborated(c) {
			return "" // Alder Finch may be a company or a person
		}
	case v.claimed != nil && !system:
		return ""
	}
	first, _, _ := strings.Cut(c, " ")
	if len(c) < 3 || v.sender != nil && strings.EqualFold(first, v.sender.name) || v.claimed != nil && strings.EqualFold(c, v.claimed.name) ||
		deskWord(foldText(c)) || strings.IndexByte(c, '@') >= 0 || v.sender != nil && strings.EqualFold(c, v.sender.name) {
		return ""
	}
	return c
}

// companyOfDomain finds words of the text or the subject that, written together, are the name of the sender's own
// domain, or of its place below a tracking system's: "Tinderbox Games" for tinderboxgames.com.
func (v *view) companyOfDomain() string {
	label, _, _ := strings.Cut(v.org, ".")
	if v.sender != nil {
		label, _, _ = strings.Cut(v.host, ".")
		if v.sender.kind != "ats" || v.org == v.host {
			return ""
		}
	}
	label = strings.ReplaceAll(label, "-", "")
	if len(label) < 5 || v.flags.freeMail {
		return ""
	}
	if c := joinedWords(v.text, v.toks, label); c != "" {
		return c
	}
	return joinedWords(v.subject, v.subjToks, label)
}

// joinedWords returns capitalised words in a row that are a label when they are written together.
func joinedWords(text string, toks []token, label string) string {
	for i := range toks {
		joined := ""
		for k := i; k < len(toks) && k < i+5 && k < maxFactTokens; k++ {
			if toks[k].kind != word || k > i && strings.ContainsAny(text[toks[k-1].end:toks[k].start], "\n.!?:;,") {
				break
			}
			joined += strings.ReplaceAll(foldText(text[toks[k].start:toks[k].end]), " ", "")
			if !strings.HasPrefix(label, joined) {
				break
			}
			r, _ := utf8.DecodeRuneInString(text[toks[i].start:])
			if joined == label && unicode.IsUpper(r) {
				return text[toks[i].start:toks[k].end]
			}
		}
	}
	return ""
}

// namesPerson is personName without the names that end like a company's.
func namesPerson(s string) bool {
	words := strings.Fields(foldText(s))
	for _, w := range words {
		if organisationWord(w) {
			return false
		}
	}
	return personName(s)
}

// organisationWord reports whether a word belongs to the name of an organisation.
func organisationWord(w string) bool {
	switch w {
	case "partners", "co", "hotels", "hotel", "foods", "logistics", "energy", "energie", "games", "care", "health", "clinic", "hospital", "insurance",
		"university", "institute", "foundation", "studio", "studios", "media", "digital", "analytics", "capital", "ventures", "consulting", "holdings",
		"airways", "railways", "stadtwerke", "kliniken", "dental", "brewing", "distribution", "living", "union", "council", "county", "government",
		"college", "school", "trust", "society", "museum", "theatre", "utilities", "mutual", "stores", "freightways", "chemicals", "dairies", "transport",
		"versicherungen", "versicherung", "stiftung", "verlag", "klinik", "kurs", "papiers", "bikes", "homes", "works", "industries", "robotics", "biotech",
		"pharma", "aerospace", "avionics", "mobility", "networks", "security", "cosmetics", "bakery", "farms", "construction", "builders":
		return true
	}
	return false
}
