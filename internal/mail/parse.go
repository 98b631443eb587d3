package mail

import (
	"bytes"
	"fmt"
	"strings"
)

// Parse reads one message. It never fails: whatever is wrong is said in Warnings and the rest is kept. The result
// holds no slice of raw.
func Parse(raw []byte) *Message {
	m := &Message{}
	p := &parser{m: m}
	if len(raw) > MaxMessageBytes {
		p.warn(fmt.Sprintf("the message has %d bytes; only the first %d were read", len(raw), MaxMessageBytes))
		raw = raw[:MaxMessageBytes]
	}
	raw = normaliseCR(raw)
	envelope := envelopeDate(raw)
	raw = skipPreamble(raw)
	fields, body, ok, cut := splitHeader(raw)
	if cut {
		p.warn("the header is longer than the limit and was cut")
	}
	if !ok {
		p.warn("the message has no header")
	}
	root := newPart(fields, body, "text/plain", "")
	p.hint = root.contentType.params["charset"]
	p.headers(fields, envelope)
	w := &walker{warn: p.warn}
	w.walk(root, 0, &w.roles)
	p.body(&w.roles)
	m.normalise()
	return m
}

// A parser fills one Message.
type parser struct {
	m      *Message
	hint   string // charset of the message, for 8-bit headers
	warned map[string]bool
	events map[string]bool // keys of the events in Calendar

	tnefHTML, tnefText string // the body that winmail.dat holds
}

// warn adds a sentence once.
func (p *parser) warn(s string) {
	if p.warned[s] || len(p.m.Warnings) >= MaxWarnings {
		return
	}
	if p.warned == nil {
		p.warned = map[string]bool{}
	}
	p.warned[s] = true
	p.m.Warnings = append(p.m.Warnings, clean(s))
}

// normaliseCR gives a message whose lines end with CR alone ordinary line ends.
func normaliseCR(raw []byte) []byte {
	head := raw[:min(len(raw), 8192)]
	if bytes.IndexByte(head, '\n') >= 0 || bytes.IndexByte(head, '\r') < 0 {
		return raw
	}
	return bytes.ReplaceAll(raw, []byte{'\r'}, []byte{'\n'})
}

// headers fills everything that the header of the message says.
func (p *parser) headers(fields []field, envelope string) {
	m := p.m
	m.Headers = make([]Header, 0, len(fields))
	for _, f := range fields {
		m.Headers = append(m.Headers, Header{clean(f.name), decodeHeader(f.value, p.hint)})
	}
	m.From = p.addresses(fields, "From", true)
	m.To = p.addresses(fields, "To", false)
	m.Cc = p.addresses(fields, "Cc", false)
	m.Bcc = p.addresses(fields, "Bcc", false)
	m.ReplyTo = p.addresses(fields, "Reply-To", true)
	if len(m.From) == 0 {
		if m.From = p.addresses(fields, "Sender", true); len(m.From) > 0 {
			p.warn("no From address; the Sender is used")
		} else {
			p.warn("no From address")
		}
	}
	m.Subject = m.Header("Subject")
	m.MessageID = firstID(m.Header("Message-ID"))
	if ids := idList(m.Header("In-Reply-To")); len(ids) > 0 {
		m.InReplyTo = ids[0]
	}
	m.References = idList(strings.Join(m.values("References"), " "))
	p.date(envelope)
	m.Auth = authResults(m.Headers)
	m.List = listHeaders(m)
}

// addresses reads an address header. Of a header that may stand only once (RFC 5322, section 3.6) the first that
// holds an address counts; the others are a trick of forgers.
func (p *parser) addresses(fields []field, name string, once bool) []Address {
	var out []Address
	seen := 0
	for _, f := range fields {
		if !strings.EqualFold(f.name, name) || f.value == "" {
			continue
		}
		seen++
		if once && len(out) > 0 && out[0].Address != "" {
			continue
		}
		found := parseAddresses(f.value, p.hint)
		if once {
			out = found
		} else {
			out = append(out, found...)
		}
	}
	if once && seen > 1 {
		p.warn(fmt.Sprintf("%d %s headers; the first is used", seen, name))
	}
	return out
}

// date takes the Date header, else the newest Received header, else the "From " line of the mbox.
func (p *parser) date(envelope string) {
	m := p.m
	raw := m.Header("Date")
	if t, ok := parseDate(raw); ok {
		m.Date = t
		return
	}
	problem := "no Date header"
	if raw != "" {
		problem = "the Date header cannot be read"
	}
	for _, v := range m.values("Received") {
		if i := strings.LastIndexByte(v, ';'); i >= 0 {
			if t, ok := parseDate(v[i+1:]); ok {
				m.Date = t
				p.warn(problem + "; the date of the newest Received header is used")
				return
			}
		}
	}
	if t, ok := parseDate(envelope); ok {
		m.Date = t
		p.warn(problem + "; the date of the mailbox line is used")
		return
	}
	p.warn(problem)
}

// envelopeDate returns the date of a leading "From sender date" line, or "".
func envelopeDate(raw []byte) string {
	if !bytes.HasPrefix(raw, []byte("From ")) {
		return ""
	}
	line, _ := cutLine(raw)
	parts := strings.SplitN(string(line), " ", 3)
	if len(parts) < 3 {
		return ""
	}
	return clean(parts[2])
}

// values returns every value of a header, top down.
func (m *Message) values(name string) []string {
	var out []string
	for _, h := range m.Headers {
		if strings.EqualFold(h.Name, name) {
			out = append(out, h.Value)
		}
	}
	return out
}

// idList returns the message ids of a References or In-Reply-To header without brackets, each once. Ids without
// brackets count when they hold an @.
func idList(s string) []string {
	var out []string
	add := func(id string) {
		id = strings.Join(strings.Fields(id), "")
		if id == "" || len(id) > 998 || len(out) >= 200 {
			return
		}
		for _, have := range out {
			if have == id {
				return
			}
		}
		out = append(out, id)
	}
	if !strings.Contains(s, "<") {
		for _, f := range strings.FieldsFunc(s, func(r rune) bool { return r == ' ' || r == ',' || r == ';' }) {
			if strings.Contains(f, "@") && !strings.Contains(f, `"`) {
				add(strings.Trim(f, "<>"))
			}
		}
		return out
	}
	for {
		i := strings.IndexByte(s, '<')
		if i < 0 {
			return out
		}
		s = s[i+1:]
		end := strings.IndexAny(s, "<>")
		if end < 0 {
			add(s)
			return out
		}
		add(s[:end])
		s = s[end:]
	}
}

func firstID(s string) string {
	if ids := idList(s); len(ids) > 0 {
		return ids[0]
	}
	return strings.Join(strings.Fields(strings.Trim(s, "<> ")), "")
}
