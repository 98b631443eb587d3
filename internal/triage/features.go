package triage

import (
	"math"
	"strings"
	"sync"
	"unicode"

	"applylens/internal/mail"
)

// Features are what the learned model sees of a mail: hashes of the words and their neighbours that occur, and the
// named signals of the rules, each about 0 to 1. Word hashes are distinct and in the order of their first place.
type Features struct {
	Words   []uint32
	Signals []float32 // Signals[i] belongs to SignalNames()[i]
}

// Limits of the words that the model reads; what decides stands at the top.
const (
	maxModelTokens = 700
	maxModelWords  = 1800
)

// Extract returns the features of a mail.
func Extract(in Input) Features {
	v := see(in)
	return v.features(v.signals(), v.ruleScores())
}

func (v *view) features(r *riskSum, rules [classCount]float64) Features {
	return Features{Words: v.words(), Signals: v.signalVector(r, rules)}
}

// wordBits is the width of the hashes of words.
const wordBits = 18

// A wordSet gathers distinct hashes.
type wordSet struct {
	seen [1 << wordBits / 64]uint64
	out  []uint32
}

func (s *wordSet) add(h uint64, salt uint64) {
	h = (h ^ salt) * 0x9E3779B97F4A7C15
	x := uint32(h >> (64 - wordBits))
	if s.seen[x>>6]&(1<<(x&63)) != 0 || len(s.out) >= maxModelWords {
		return
	}
	s.seen[x>>6] |= 1 << (x & 63)
	s.out = append(s.out, x)
}

// Salts keep the kinds of word features apart.
const (
	saltWord    = 0x01
	saltPair    = 0x5bd1e995
	saltStem    = 0x7f4a7c15a3
	saltSubject = 0x1b873593cc
	saltSubPair = 0x85ebca6b11
	saltName    = 0x27d4eb2f77
	saltLetters = 0xc2b2ae3d27
	saltTLD     = 0x165667b19e
	saltHeader  = 0x2545f4914f
	saltPath    = 0x6c62272e07
	saltLinkTLD = 0x9ae16a3b2f
	saltTag     = 0xd6e8feb866
	saltPhrase  = 0xff51afd7ed
)

// phraseWords hashes which lines of the phrase table were found: at all, in the subject, at the top, in a condition.
func (v *view) phraseWords(s *wordSet) {
	for i := range v.subjHits {
		s.add(uint64(v.subjHits[i].id), saltPhrase+1)
		s.add(uint64(v.subjHits[i].id), saltPhrase)
	}
	var conditional int32 = -1
	for i := range v.hits {
		h := &v.hits[i]
		if h.group == gConditional {
			conditional = h.sent
		}
		where := uint64(3)
		switch {
		case h.sent == conditional:
			where = 2
		case h.sent < 4:
			where = 4
		}
		s.add(uint64(h.id), saltPhrase+where)
		s.add(uint64(h.id), saltPhrase)
		s.add(uint64(h.group), saltPhrase+4+where)
	}
}

// headerWords hashes what the sender's own software wrote into the header. What servers on the way add is left out: it
// tells who received a mail, not who wrote it.
func (v *view) headerWords(s *wordSet) {
	for i := range v.m.Headers {
		h := &v.m.Headers[i]
		switch name := strings.ToLower(h.Name); name {
		case "x-mailer", "user-agent":
			w, _, _ := strings.Cut(foldText(h.Value[:min(len(h.Value), 40)]), " ")
			s.add(hashString(w), saltHeader)
			s.add(hashString("x-mailer"), saltHeader+1)
		case "x-priority", "importance", "x-msmail-priority", "content-transfer-encoding", "precedence":
			s.add(hashString(name+foldText(h.Value[:min(len(h.Value), 20)])), saltHeader)
		case "content-type":
			t, rest, _ := strings.Cut(strings.ToLower(h.Value), ";")
			s.add(hashString(strings.TrimSpace(t)), saltHeader)
			if _, c, ok := strings.Cut(rest, "charset="); ok {
				s.add(hashString(foldText(c[:min(len(c), 16)])), saltHeader+2)
			}
		case "x-mimeole", "organization", "errors-to", "sender", "mime-version", "x-accept-language", "reply-to", "cc", "date",
			"message-id", "in-reply-to", "references", "disposition-notification-to", "x-originating-ip", "feedback-id", "list-id",
			"list-unsubscribe", "list-unsubscribe-post", "auto-submitted", "x-sender", "x-campaign", "x-face", "x-url":
			s.add(hashString(name), saltHeader+1)
		}
	}
	if id := v.m.MessageID; id != "" {
		at := strings.LastIndexByte(id, '@')
		switch host := id[at+1:]; {
		case at < 0 || strings.IndexByte(host, '.') < 0:
			s.add(1, saltHeader+3)
		case orgDomain(strings.ToLower(host)) == v.org:
			s.add(2, saltHeader+3)
		default:
			s.add(3, saltHeader+3)
		}
	}
}

// linkWords hashes the endings of link hosts, the words of link paths, and the kinds of elements in the HTML.
func (v *view) linkWords(s *wordSet) {
	for i := range v.html.anchors {
		if i == 12 {
			break
		}
		a := &v.html.anchors[i]
		if a.host == "" {
			scheme, _, _ := strings.Cut(a.href, ":")
			s.add(hashString(strings.ToLower(scheme[:min(len(scheme), 12)])), saltLinkTLD)
			continue
		}
		s.add(hashString(a.host[strings.LastIndexByte(a.host, '.')+1:]), saltLinkTLD)
		path := a.href[min(len(a.href), 8):]
		if k := strings.IndexByte(path, '/'); k >= 0 {
			for w := range strings.FieldsFuncSeq(path[k:min(len(path), k+100)], func(r rune) bool { return !unicode.IsLetter(r) }) {
				if len(w) >= 2 && len(w) <= 14 {
					s.add(hashString(strings.ToLower(w)), saltPath)
				}
			}
		}
	}
	for _, t := range v.html.tags[:v.html.tagCount] {
		s.add(t, saltTag)
	}
}

// words hashes words, pairs and stems of the text, words and pairs of the subject, words of the display name, and
// four-letter runs of the subject.
func (v *view) words() []uint32 {
	s := &wordSet{out: make([]uint32, 0, min(maxModelWords, 3*len(v.toks)+80))}
	for i := range v.subjToks {
		h := shape(v.subject, &v.subjToks[i])
		s.add(h, saltSubject)
		s.add(h, saltWord)
		if i > 0 {
			s.add(pair(shape(v.subject, &v.subjToks[i-1]), h), saltSubPair)
		}
	}
	s.letters(foldText(v.subject[:min(len(v.subject), 120)]))
	var name [16]token
	for _, t := range tokenise(v.name, name[:0]) {
		s.add(t.hash, saltName)
	}
	s.add(hashString(v.org[strings.LastIndexByte(v.org, '.')+1:]), saltTLD)
	v.phraseWords(s)
	v.headerWords(s)
	v.linkWords(s)
	prev := uint64(0)
	for i := 0; i < len(v.toks) && i < maxModelTokens; i++ {
		t := &v.toks[i]
		h := shape(v.text, t)
		s.add(h, saltWord)
		if t.stem != 0 {
			s.add(t.stem, saltStem)
		}
		if i > 0 {
			s.add(pair(prev, h), saltPair)
		}
		prev = h
	}
	return s.out
}

// letters adds the runs of four letters of a folded text.
func (s *wordSet) letters(t string) {
	for i := 0; i+4 <= len(t); i++ {
		s.add(hashString(t[i:i+4]), saltLetters)
	}
}

// shape is the hash of a word, or of the length of a number.
func shape(text string, t *token) uint64 {
	if t.kind == number {
		return uint64(1000 + min(8, t.end-t.start))
	}
	return t.hash
}

func pair(a, b uint64) uint64 { return a*31 ^ (b<<17 | b>>47) }

// structureNames are the signals that are neither groups, rule scores, kinds of senders nor lines of the risk table.
const structureNames = "list unsubscribe bulk auto noreply reply forward free_mail to_owner known many_to calendar attachment thread_job " +
	"career_local job_context links_0 links_1 links_5 links_15 links_40 images_1 images_8 html has_html_only text_short text_mid text_long " +
	"reply_headers fake_reply self_sent fancy_letters subject_empty subject_caps subject_exclaim subject_question subject_digits subject_emoji subject_money subject_spaces subject_long " +
	"reader_named no_to no_from no_date host_invalid host_deep name_empty name_odd name_person name_address name_is_domain foreign_links " +
	"own_links text_caps text_exclaim text_money latin_share odd_words question_last no_headers hidden tracking org_in_text subject_tag " +
	"link_no_dot plain_links auth_none_all times many_times dates amounts large_amount questions last_asks weekdays"

// senderKinds are the kinds of senders.txt.
const senderKinds = "ats test schedule board free social shop travel dev bulk"

// SignalNames returns the names of the signals in their fixed order.
func SignalNames() []string {
	var out []string
	for _, c := range Classes() {
		out = append(out, "group:"+string(c))
	}
	for _, n := range strings.Fields(themeNames) {
		out = append(out, "group:"+n)
	}
	for i := range groupCount {
		out = append(out, "subject:"+strings.TrimPrefix(out[i], "group:"))
	}
	for _, c := range Classes() {
		out = append(out, "rule:"+string(c))
	}
	for _, c := range Classes() {
		out = append(out, "p:"+string(c))
	}
	for _, k := range strings.Fields(senderKinds) {
		out = append(out, "sender:"+k)
	}
	for _, c := range Classes() {
		out = append(out, "sends:"+string(c))
	}
	for i := range riskTable {
		out = append(out, "risk:"+riskTable[i].name)
	}
	for _, n := range strings.Fields(structureNames) {
		out = append(out, "is:"+n)
	}
	return out
}

// A signalWriter fills the vector in the order of SignalNames.
type signalWriter struct{ out []float32 }

func (w *signalWriter) put(x float64) { w.out = append(w.out, float32(x)) }

func (w *signalWriter) flag(b bool) {
	if b {
		w.out = append(w.out, 1)
	} else {
		w.out = append(w.out, 0)
	}
}

func (v *view) signalVector(r *riskSum, rules [classCount]float64) []float32 {
	w := &signalWriter{out: make([]float32, 0, 2*int(groupCount)+4*classCount+len(riskTable)+80)}
	for g := range groupCount {
		w.put(math.Min(1.5, math.Max(0, v.sums[g])/12))
	}
	for g := range groupCount {
		w.flag(v.subj[g])
	}
	for _, x := range rules {
		w.put(math.Max(0, x) / 12)
	}
	for _, p := range softmax(rules, ruleTemperature) {
		w.put(p)
	}
	for k := range strings.FieldsSeq(senderKinds) {
		w.flag(v.sender != nil && v.sender.kind == k)
	}
	var sends [classCount]bool
	if v.sender != nil {
		for _, c := range v.sender.sends {
			sends[c] = true
		}
	}
	for _, b := range sends {
		w.flag(b)
	}
	for i := range riskTable {
		w.put(r.share(&riskTable[i]))
	}
	v.structure(w)
	return w.out
}

// structure writes the signals of structureNames.
func (v *view) structure(w *signalWriter) {
	f := v.flags
	for _, b := range [...]bool{f.list, f.unsubscribe, f.bulk, f.auto, f.noreply, f.reply, f.forward, f.freeMail, f.toOwner, f.known, f.manyTo,
		f.calendar, f.attachment, f.threadJob, careerLocal(v.local)} {
		w.flag(b)
	}
	w.put(math.Min(1, v.jobContext()/12))
	links := len(v.html.anchors)
	for _, b := range [...]bool{links == 0, links >= 1 && links < 5, links >= 5 && links < 15, links >= 15 && links < 40, links >= 40,
		v.html.images >= 1 && v.html.images < 8, v.html.images >= 8, v.m.HTML != "", v.m.HTML != "" && htmlOnly(v.m),
		len(v.toks) < 25, len(v.toks) >= 25 && len(v.toks) < 200, len(v.toks) >= 700} {
		w.flag(b)
	}
	v.replyShape(w)
	v.subjectShape(w)
	v.senderShape(w)
	v.textShape(w)
	v.statements(w)
}

// statements counts what a mail states: times of day, dates, sums of money, questions.
func (v *view) statements(w *signalWriter) {
	times, dates, amounts, large, days := 0, 0, 0, false, 0
	for i := 0; i < len(v.toks) && i < 500; i++ {
		t := &v.toks[i]
		if weekdays()[t.hash] {
			days++
		}
		if t.kind == word && monthNames()[t.hash] != 0 && (i > 0 && v.toks[i-1].kind == number || i+1 < len(v.toks) && v.toks[i+1].kind == number) {
			dates++
		}
		if c := v.text[t.start]; c < '0' || c > '9' {
			continue
		}
		if _, _, ok := v.timeAt(i); ok {
			times++
		} else if code, _, _ := v.currency(i); code != "" {
			amounts++
			x, ok := parseAmount(v.word(i))
			large = large || ok && x >= 1000
		}
	}
	questions := strings.Count(v.text[:min(len(v.text), 4000)], "?")
	w.flag(times > 0)
	w.flag(times > 2)
	w.flag(dates > 0)
	w.flag(amounts > 0)
	w.flag(large)
	w.put(math.Min(1, float64(questions)/3))
	w.flag(len(v.toks) > 0 && v.endsWithQuestion(len(v.toks)-1))
	w.flag(days > 0)
}

// weekdays holds the hashes of the names of the days of the week in six languages.
var weekdays = sync.OnceValue(func() map[uint64]bool {
	m := map[uint64]bool{}
	for n := range strings.FieldsSeq("monday tuesday wednesday thursday friday saturday sunday mon tue tues wed thu thurs fri montag dienstag " +
		"mittwoch donnerstag freitag samstag sonntag lundi mardi mercredi jeudi vendredi samedi dimanche lunes martes miercoles jueves " +
		"viernes sabado domingo maandag dinsdag woensdag donderdag vrijdag zaterdag zondag segunda terca quarta quinta sexta tomorrow " +
		"morgen demain manana amanha") {
		m[hashString(n)] = true
	}
	return m
})

// htmlOnly reports whether the message has no text part of its own.
func htmlOnly(m *mail.Message) bool {
	return hasPrefixFold(m.Header("Content-Type"), "text/html")
}

// replyShape tells real answers from those that only say so.
func (v *view) replyShape(w *signalWriter) {
	w.flag(v.m.InReplyTo != "" && v.flags.reply)
	w.flag(v.flags.saysReply)
	self := false
	for _, a := range v.m.To {
		self = self || strings.EqualFold(a.Address, v.local+"@"+v.host)
	}
	w.flag(self)
	w.flag(fancyLetters(v.subject) || fancyLetters(v.name))
}

// fancyLetters reports whether a text uses mathematical letters in place of ordinary ones.
func fancyLetters(s string) bool {
	for _, r := range s {
		if r >= 0x1D400 && r <= 0x1D7FF {
			return true
		}
	}
	return false
}

func (v *view) subjectShape(w *signalWriter) {
	upper, lower, digits, emoji, spaces := 0, 0, 0, false, strings.Contains(v.subject, "    ")
	for _, r := range v.subject {
		switch {
		case unicode.IsUpper(r):
			upper++
		case unicode.IsLower(r):
			lower++
		case r >= '0' && r <= '9':
			digits++
		case r >= 0x2600 && r != unicode.ReplacementChar && !unicode.IsLetter(r) && (r >= 0x1F000 || r <= 0x2BFF):
			emoji = true
		}
	}
	w.flag(strings.TrimSpace(v.subject) == "")
	w.flag(upper > 6 && upper > lower*2)
	w.flag(strings.Contains(v.subject, "!"))
	w.flag(strings.HasSuffix(strings.TrimSpace(v.subject), "?"))
	w.flag(digits >= 5)
	w.flag(emoji)
	w.flag(strings.ContainsAny(v.subject, "$€£%"))
	w.flag(spaces)
	w.flag(len(v.subject) > 80)
}

func (v *view) senderShape(w *signalWriter) {
	w.flag(v.readerNamed())
	w.flag(len(v.m.To) == 0)
	w.flag(v.host == "" && v.local == "")
	w.flag(v.m.Date.IsZero())
	w.flag(v.host != "" && invalidHost(v.host))
	w.flag(strings.Count(v.host, ".") >= 3)
	w.flag(v.name == "")
	w.flag(oddName(v.name))
	w.flag(personName(v.name))
	w.flag(strings.Contains(v.name, "@"))
	label, _, _ := strings.Cut(v.org, ".")
	w.flag(len(label) > 3 && !invalidHost(v.host) && strings.IndexByte(v.name, '@') < 0 && strings.Contains(strings.ReplaceAll(foldText(v.name), " ", ""), label))
	w.flag(v.foreignLinks())
	w.flag(len(v.html.anchors) > 0 && !v.foreignLinks())
}

// readerNamed reports whether subject or display name address the reader by the mail address or its local part, as
// mass mailings from stolen lists do.
func (v *view) readerNamed() bool {
	for _, a := range v.m.To {
		local, host := splitAddress(a.Address)
		if len(local) < 3 || host == "" {
			continue
		}
		s := strings.ToLower(v.subject + " " + v.name)
		if strings.Contains(s, local+"@"+host) && local+"@"+host != v.local+"@"+v.host {
			return true
		}
	}
	return false
}

// invalidHost reports whether a host cannot be a public mail domain.
func invalidHost(h string) bool {
	if strings.IndexByte(h, '.') < 0 {
		return true
	}
	for i := 0; i < len(h); i++ {
		if c := h[i]; !isWordByte(c) && c != '.' && c != '-' && c != '_' {
			return true
		}
	}
	return false
}

// oddName reports whether a display name has marks that people and companies do not use.
func oddName(n string) bool {
	odd := 0
	for _, r := range n {
		if r > 0x2000 && !unicode.IsLetter(r) && r != '’' && r != '–' && r != '—' && r != '™' && r != '®' || r >= 0x300 && r < 0x370 ||
			r == '!' || r == '*' || r == '$' || r == '_' || r == '#' {
			odd++
		}
	}
	return odd >= 2 || strings.HasSuffix(strings.TrimSpace(n), ",") || strings.Contains(n, "   ")
}

func (v *view) textShape(w *signalWriter) {
	n := min(len(v.text), 4000)
	upper, letters, exclaim, money, high := 0, 0, 0, 0, 0
	for i := 0; i < n; i++ {
		switch c := v.text[i]; {
		case c >= 'A' && c <= 'Z':
			upper++
			letters++
		case c >= 'a' && c <= 'z':
			letters++
		case c == '!':
			exclaim++
		case c == '$':
			money++
		case c >= 0x80:
			high++
		}
	}
	w.put(math.Min(1, float64(upper)/float64(letters+1)*3))
	w.put(math.Min(1, float64(exclaim)/5))
	w.put(math.Min(1, float64(money)/4))
	w.put(float64(letters) / float64(letters+high+1))
	w.put(v.oddWords())
	w.flag(strings.HasSuffix(strings.TrimSpace(v.text), "?"))
	w.flag(len(v.m.From) == 0 && v.m.MessageID == "" && v.m.Date.IsZero())
	w.flag(v.html.hidden > 0)
	w.flag(len(v.html.anchors) > 2 && v.tracked(v.html.anchors[0].org))
	label, _, _ := strings.Cut(v.org, ".")
	w.flag(len(label) > 3 && indexFold(v.text[:n], label) >= 0)
	w.flag(strings.HasPrefix(strings.TrimPrefix(v.subject, "Re: "), "["))
	bad := false
	for i := range v.html.anchors {
		bad = bad || v.html.anchors[i].host != "" && strings.IndexByte(v.html.anchors[i].host, '.') < 0
	}
	w.flag(bad)
	plain := 0
	for i := range v.toks {
		if v.toks[i].kind == link {
			plain++
		}
	}
	w.put(math.Min(1, float64(plain)/5))
	a := v.m.Auth
	w.flag(a.SPF == "none" && a.DKIM == "none" && a.DMARC != "pass")
}

// oddWords is the share of words that mix letters with digits or capitals inside, as in "ZusteIIung" or "C1alis".
func (v *view) oddWords() float64 {
	n, odd := 0, 0
	for i := 0; i < len(v.toks) && i < 300; i++ {
		if v.toks[i].kind != word {
			continue
		}
		n++
		s := v.text[v.toks[i].start:v.toks[i].end]
		for k := 1; k < len(s); k++ {
			a, b := s[k-1], s[k]
			if a >= 'a' && a <= 'z' && (b >= 'A' && b <= 'Z' || b >= '0' && b <= '9') || a >= '0' && a <= '9' && b >= 'a' && b <= 'z' && k > 2 {
				odd++
				break
			}
		}
	}
	return math.Min(1, 4*float64(odd)/float64(n+1))
}
