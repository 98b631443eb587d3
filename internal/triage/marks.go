package triage

import (
	"iter"
	"strings"
	"unicode"
)

// maxMarks bounds the marks of a mail.
const maxMarks = 400

// A markSet gathers distinct hashes of marks. A mark is a kind and a value.
type markSet struct {
	seen map[uint32]bool
	out  []uint32
}

func (s *markSet) add(kind, value string) { s.hash(kind, hashString(value)) }

func (s *markSet) hash(kind string, h uint64) {
	h = (h*31 ^ hashString(kind)) * 0x9E3779B97F4A7C15
	x := uint32(h >> (64 - wordBits))
	if len(s.out) == maxMarks || s.seen[x] {
		return
	}
	s.seen[x] = true
	s.out = append(s.out, x)
}

// marks hashes how a mail is made: what the sender's own software wrote into the header, where the links lead, the
// elements of the HTML.
func (v *view) marks() []uint32 {
	s := &markSet{seen: make(map[uint32]bool, 128), out: make([]uint32, 0, 128)}
	v.headerMarks(s)
	v.addressMarks(s)
	v.subjectMarks(s)
	v.linkMarks(s)
	for _, t := range v.html.tags[:v.html.tagCount] {
		s.hash("tag", t)
	}
	return s.out
}

// headerMarks hashes the header fields that the sender's own software wrote, their order and the shapes of their
// values. What servers on the way add is left out: it tells who received a mail, not who wrote it.
func (v *view) headerMarks(s *markSet) {
	prev, mailer, id := "", "", ""
	for i := range v.m.Headers {
		h := &v.m.Headers[i]
		name := strings.ToLower(h.Name)
		value := h.Value[:min(len(h.Value), 300)]
		switch name {
		case "x-mailer", "user-agent":
			mailer, _, _ = strings.Cut(foldText(value[:min(len(value), 40)]), " ")
			s.add("mailer", mailer)
			s.add("mailer shape", valueShape(value, 40))
		case "x-priority", "importance", "x-msmail-priority", "content-transfer-encoding", "precedence", "x-mimeole":
			s.add(name, foldText(value[:min(len(value), 20)]))
		case "content-type":
			s.contentType(value)
		case "date":
			s.add("date", valueShape(value, 40))
			s.add("zone", value[strings.LastIndexByte(value, ' ')+1:])
		case "message-id":
			id = valueShape(strings.Trim(value, "<> "), 24)
			s.add("id", id)
			s.add("id length", string(rune('a'+min(25, strings.IndexByte(value+"@", '@')/3))))
		}
		if !ownHeader(name) {
			continue
		}
		s.add("header", name)
		s.add("spelt", h.Name)
		s.add("order", prev+" "+name)
		prev = name
	}
	s.add("mailer and id", mailer+" "+id)
	s.idHost(v)
}

// ownHeader reports whether a header field is written by the sender's software.
func ownHeader(name string) bool {
	switch name {
	case "from", "to", "subject", "mime-version", "content-type", "content-transfer-encoding", "date", "message-id", "x-mailer", "user-agent",
		"x-priority", "importance", "x-msmail-priority", "precedence", "x-mimeole", "organization", "errors-to", "sender",
		"x-accept-language", "reply-to", "cc", "in-reply-to", "references", "disposition-notification-to", "x-originating-ip",
		"feedback-id", "list-id", "list-unsubscribe", "list-unsubscribe-post", "auto-submitted", "x-sender", "x-campaign", "x-face", "x-url",
		"thread-index", "thread-topic", "content-class", "x-encoding", "content-language", "mail-followup-to", "x-operating-system",
		"content-disposition", "comments", "x-library", "x-rot13", "x-auto-response-suppress", "x-report-abuse", "x-csa-complaints":
		return true
	}
	return false
}

// contentType hashes the type of the whole message, its parameters and the shape of its boundary, which tells the
// software that made it.
func (s *markSet) contentType(value string) {
	t, rest, _ := strings.Cut(value, ";")
	t = strings.ToLower(strings.TrimSpace(t))
	s.add("type", t)
	low := strings.ToLower(rest)
	if _, c, ok := strings.Cut(low, "charset="); ok {
		s.add("charset", foldText(c[:min(len(c), 16)]))
	}
	if k := strings.Index(low, "boundary="); k >= 0 {
		s.add("boundary", valueShape(rest[k+len("boundary="):], 20))
	}
	for p := range strings.SplitSeq(low, ";") {
		n, _, _ := strings.Cut(strings.TrimSpace(p), "=")
		s.add("type parameter", t+" "+n)
	}
}

// idHost tells whose name the message identifier bears.
func (s *markSet) idHost(v *view) {
	id := v.m.MessageID
	if id == "" {
		return
	}
	at := strings.LastIndexByte(id, '@')
	switch host := id[at+1:]; {
	case at < 0 || strings.IndexByte(host, '.') < 0:
		s.add("id host", "none")
	case orgDomain(strings.ToLower(host)) == v.org:
		s.add("id host", "sender")
	default:
		s.add("id host", "other")
	}
}

// addressMarks hashes how the addresses are written.
func (v *view) addressMarks(s *markSet) {
	s.add("tld", v.org[strings.LastIndexByte(v.org, '.')+1:])
	s.add("local", valueShape(v.local, 16))
	for _, name := range [...]string{"From", "To", "Reply-To"} {
		x := v.m.Header(name)
		s.add("form of "+name, addressForm(x))
	}
	if v.name != "" {
		s.add("name", valueShape(v.name, 24))
	}
}

// addressForm reduces an address header to its signs: "Jane Doe <a@b>" becomes "n n <@>".
func addressForm(x string) string {
	var b strings.Builder
	inWord := false
	for i := 0; i < len(x) && b.Len() < 16; i++ {
		c := x[i]
		switch {
		case isWordByte(c) || c >= 0x80 || c == '.' || c == '-' || c == '_':
			if !inWord {
				b.WriteByte('n')
			}
			inWord = true
			continue
		case c == ' ' || c == '\t':
			if inWord {
				b.WriteByte(' ')
			}
		default:
			b.WriteByte(c)
		}
		inWord = false
	}
	return b.String()
}

// valueShape reduces a value to the kinds of its signs, runs counted once: "20020801.af3@x" becomes "0.a0@a".
func valueShape(x string, most int) string {
	var b strings.Builder
	var last byte
	for i := 0; i < len(x) && b.Len() < most; i++ {
		c := x[i]
		switch {
		case c >= 'a' && c <= 'z':
			c = 'a'
		case c >= 'A' && c <= 'Z':
			c = 'A'
		case c >= '0' && c <= '9':
			c = '0'
		case c >= 0x80:
			c = 'u'
		}
		if c != last || c != 'a' && c != 'A' && c != '0' && c != 'u' {
			b.WriteByte(c)
		}
		last = c
	}
	return b.String()
}

// subjectMarks hashes the way the subject ends: mass mailings append numbers and letters that nobody reads.
func (v *view) subjectMarks(s *markSet) {
	last := v.subject[strings.LastIndexByte(v.subject, ' ')+1:]
	s.add("subject end", valueShape(last, 12))
	if n := len(last); n >= 3 && n <= 12 && vowels(last)*5 < n {
		s.add("subject end", "no vowels")
	}
}

func vowels(w string) int {
	n := 0
	for i := 0; i < len(w); i++ {
		if strings.IndexByte("aeiouyAEIOUY", w[i]) >= 0 {
			n++
		}
	}
	return n
}

// linkMarks hashes the endings of link hosts, their shapes, the words of link paths, and how parameters are written.
func (v *view) linkMarks(s *markSet) {
	for i := range v.html.anchors {
		if i == 12 {
			break
		}
		s.link(v.html.anchors[i].href, v.html.anchors[i].host)
	}
	n := 0
	for i := range v.toks {
		if v.toks[i].kind == link && n < 12 {
			n++
			href := v.text[v.toks[i].start:v.toks[i].end]
			s.link(href, hostOf(href))
		}
	}
}

func (s *markSet) link(href, host string) {
	if host == "" {
		scheme, _, _ := strings.Cut(href, ":")
		s.add("scheme", strings.ToLower(scheme[:min(len(scheme), 12)]))
		return
	}
	s.add("link tld", host[strings.LastIndexByte(host, '.')+1:])
	s.add("link host", valueShape(host, 20))
	path := linkPath(href)
	if path == "" {
		s.add("link path", "none")
		return
	}
	s.add("link path", valueShape(path, 12))
	for w := range pathWords(href) {
		s.add("path", w)
	}
}

// linkPath is what follows the host of a link, up to 100 bytes.
func linkPath(href string) string {
	rest := href[min(len(href), 8):]
	k := strings.IndexByte(rest, '/')
	if k < 0 {
		return ""
	}
	return rest[k:min(len(rest), k+100)]
}

// pathWords yields the words of the path of a link, lower case.
func pathWords(href string) iter.Seq[string] {
	return func(yield func(string) bool) {
		for w := range strings.FieldsFuncSeq(linkPath(href), func(r rune) bool { return !unicode.IsLetter(r) }) {
			if len(w) >= 2 && len(w) <= 14 && !yield(strings.ToLower(w)) {
				return
			}
		}
	}
}
