package mail

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"html"
	"strings"
)

// body fills Text, HTML, VisibleText, Attachments and Calendar.
func (p *parser) body(roles *bodyRoles) {
	m := p.m
	for _, a := range roles.attached {
		p.attach(a)
	}
	m.HTML = p.htmlBody(roles.html)
	var quoted string // Text with its quoted regions marked
	m.Text, quoted = p.textBody(roles)
	if strings.TrimSpace(m.Text) == "" {
		quoted = p.tnefBody()
	}
	m.VisibleText = VisibleText(quoted)
}

// textBody joins the text parts; HTML that stands for text is rendered. Where the plain part only says to look at the
// HTML, the HTML tells what is visible; where it is empty, the HTML is the text too.
func (p *parser) textBody(roles *bodyRoles) (text, quoted string) {
	text, quoted = p.joinText(roles.text)
	if hasHTML(roles.html) && !hasHTML(roles.text) && isStub(text) {
		rendered, marked := p.joinText(roles.html)
		if strings.TrimSpace(text) == "" {
			text = rendered
		}
		if strings.TrimSpace(rendered) != "" {
			quoted = marked
		}
	}
	return text, quoted
}

// joinText gives the parts as text, whole and with the quoted regions of HTML marked.
func (p *parser) joinText(parts []*part) (text, quoted string) {
	var all, marked strings.Builder
	for _, part := range parts {
		var t, q string
		if part.contentType.value == "text/html" {
			r := p.render(part)
			t, q = r.text, r.quoted
		} else {
			t = p.text(part)
			q = t
		}
		if all.Len() > 0 && t != "" {
			all.WriteByte('\n')
			marked.WriteByte('\n')
		}
		all.WriteString(t)
		marked.WriteString(q)
	}
	return p.cap(all.String()), p.cap(marked.String())
}

// tnefBody takes the body of winmail.dat for a mail without one, and returns its text with the quotes marked.
func (p *parser) tnefBody() (quoted string) {
	switch {
	case p.tnefHTML != "":
		p.m.HTML = p.tnefHTML
		r := renderHTML(strings.ToValidUTF8(p.tnefHTML[:min(len(p.tnefHTML), MaxTextBytes)], ""))
		p.m.Text, quoted = p.cap(r.text), p.cap(r.quoted)
	case p.tnefText != "":
		p.m.Text = p.cap(unixLines(p.tnefText))
		quoted = p.m.Text
	}
	return quoted
}

// cap cuts a text at MaxTextBytes.
func (p *parser) cap(s string) string {
	if len(s) <= MaxTextBytes {
		return s
	}
	p.warn(fmt.Sprintf("the text has %d bytes; only the first %d were kept", len(s), MaxTextBytes))
	return strings.ToValidUTF8(s[:MaxTextBytes], "")
}

func hasHTML(parts []*part) bool {
	for _, p := range parts {
		if p.contentType.value == "text/html" {
			return true
		}
	}
	return false
}

// isStub reports whether a plain text only stands in for the HTML: nothing, or a short note about it.
func isStub(s string) bool {
	s = strings.TrimSpace(s)
	if s == "" || len(s) > 400 {
		return s == ""
	}
	lower := strings.ToLower(s)
	for _, w := range []string{"html", "in your browser", "im browser", "web browser", "web version", "webversion", "votre navigateur", "su navegador", "multi-part message", "multipart message"} {
		if strings.Contains(lower, w) {
			return true
		}
	}
	return false
}

// text decodes a plain part.
func (p *parser) text(part *part) string {
	if part.decoded == nil {
		s := unixLines(p.decode(part))
		switch {
		case part.contentType.value == "text/enriched" || part.contentType.value == "text/richtext":
			s = stripEnriched(s)
		case strings.EqualFold(part.contentType.params["format"], "flowed"):
			s = unflow(s, strings.EqualFold(part.contentType.params["delsp"], "yes"))
		}
		part.decoded = &s
	}
	return *part.decoded
}

// decode undoes the transfer encoding and the charset of a text part.
func (p *parser) decode(part *part) string {
	b := p.transfer(part)
	limit := MaxHTMLBytes
	if part.contentType.value != "text/html" {
		limit = 2 * MaxTextBytes
	}
	if len(b) > limit {
		p.warn(fmt.Sprintf("a text part has %d bytes; only the first %d were kept", len(b), limit))
		b = b[:limit]
	}
	charset := part.contentType.params["charset"]
	if part.contentType.value == "text/html" && (charset == "" || isUTF8Like(normalCharset(charset)) && !isASCII(b)) {
		if meta := metaCharset(b); meta != "" && (charset == "" || !validUTF8(b)) {
			charset = meta
		}
	}
	b = bytes.TrimPrefix(b, []byte("\xef\xbb\xbf"))
	s, believed := decodeText(b, charset)
	if !believed && charset != "" {
		p.warn("text is not in its declared charset " + cleanLine(clean(charset)) + "; the charset was guessed")
	}
	return s
}

func (p *parser) transfer(part *part) []byte {
	enc := value(part.fields, "Content-Transfer-Encoding")
	if len(enc) >= 6 && strings.EqualFold(enc[:6], "base64") && strings.HasPrefix(part.contentType.value, "text/") && isProse(part.body) {
		p.warn("a text part that is said to be base64 is not; it was taken as it is")
		return part.body
	}
	b, known := decodeTransfer(part.body, enc)
	if !known {
		p.warn("unknown transfer encoding " + cleanLine(clean(enc)) + "; the part was taken as it is")
	}
	return b
}

// htmlBody joins the HTML parts; plain parts between them are escaped. Without any HTML part it is empty.
func (p *parser) htmlBody(parts []*part) string {
	if !hasHTML(parts) {
		return ""
	}
	if len(parts) == 1 {
		return p.htmlText(parts[0])
	}
	var b strings.Builder
	for _, part := range parts {
		if part.contentType.value == "text/html" {
			b.WriteString(p.htmlText(part))
		} else if t := p.text(part); strings.TrimSpace(t) != "" {
			b.WriteString(`<div style="white-space: pre-wrap">` + html.EscapeString(t) + "</div>")
		}
		if b.Len() > MaxHTMLBytes {
			p.warn("more HTML than the limit; the rest was left out")
			break
		}
	}
	return b.String()
}

func (p *parser) htmlText(part *part) string {
	if part.decoded == nil {
		s := p.decode(part)
		part.decoded = &s
	}
	return *part.decoded
}

func (p *parser) render(part *part) rendering {
	if part.rendered == nil {
		s := p.htmlText(part)
		if len(s) > MaxTextBytes {
			p.warn("the HTML is long; only its first part was rendered as text")
			s = strings.ToValidUTF8(s[:MaxTextBytes], "")
		}
		r := renderHTML(s)
		part.rendered = &r
	}
	return *part.rendered
}

// metaCharset returns the charset that the head of an HTML text declares, or "".
func metaCharset(b []byte) string {
	head := strings.ToLower(string(b[:min(len(b), 2048)]))
	i := strings.Index(head, "charset=")
	if i < 0 || !strings.Contains(head[:i], "<meta") && !strings.Contains(head[:i], "<?xml") {
		return ""
	}
	rest := strings.TrimLeft(head[i+len("charset="):], `"' `)
	if end := strings.IndexAny(rest, "\"'> /;"); end >= 0 {
		rest = rest[:end]
	}
	return rest
}

// unixLines turns CRLF and CR into LF.
func unixLines(s string) string {
	if strings.IndexByte(s, '\r') < 0 {
		return s
	}
	s = strings.ReplaceAll(s, "\r\n", "\n")
	return strings.ReplaceAll(s, "\r", "\n")
}

// unflow joins the lines of format=flowed (RFC 3676) within one depth of quoting.
func unflow(s string, delsp bool) string {
	var b strings.Builder
	b.Grow(len(s))
	open, openDepth := false, 0
	for len(s) > 0 {
		line := s
		if i := strings.IndexByte(s, '\n'); i >= 0 {
			line, s = s[:i], s[i+1:]
		} else {
			s = ""
		}
		depth := 0
		for depth < len(line) && line[depth] == '>' {
			depth++
		}
		text := strings.TrimPrefix(line[depth:], " ")
		if open && (depth != openDepth || text == "-- ") {
			b.WriteByte('\n')
			open = false
		}
		if !open && depth > 0 {
			b.WriteString(strings.Repeat(">", depth) + " ")
		}
		flowed := strings.HasSuffix(text, " ") && text != "-- "
		if flowed && delsp {
			text = text[:len(text)-1]
		}
		b.WriteString(text)
		if open = flowed; !flowed {
			b.WriteByte('\n')
		}
		openDepth = depth
	}
	return b.String()
}

// stripEnriched drops the commands of text/enriched (RFC 1896).
func stripEnriched(s string) string {
	var b strings.Builder
	param := 0
	for i := 0; i < len(s); i++ {
		if s[i] == '<' {
			if strings.HasPrefix(s[i:], "<<") {
				b.WriteByte('<')
				i++
				continue
			}
			end := strings.IndexByte(s[i:], '>')
			if end > 0 && end < 64 {
				switch strings.ToLower(s[i : i+end+1]) {
				case "<param>":
					param++
				case "</param>":
					param = max(0, param-1)
				}
				i += end
				continue
			}
		}
		if param == 0 {
			b.WriteByte(s[i])
		}
	}
	return b.String()
}

// attach adds one part as an attachment and reads what is inside of calendars and TNEF.
func (p *parser) attach(part *part) {
	data := p.transfer(part)
	if part.contentType.value == "text/calendar" || part.contentType.value == "application/ics" || strings.HasSuffix(strings.ToLower(part.name), ".ics") {
		p.calendar(data, part.contentType.params["charset"], part.contentType.params["method"])
	}
	if isTNEF(part.contentType.value, part.name, data) {
		if p.tnef(data) {
			return
		}
	}
	p.add(attachmentName(part, data), part.contentType.value, data, contentID(part), part.disposition.value == "inline" || part.parent == "multipart/related")
}

func (p *parser) add(name, contentType string, data []byte, cid string, inline bool) {
	sum := sha256.Sum256(data)
	p.m.Attachments = append(p.m.Attachments, Attachment{
		Filename: clean(name), ContentType: clean(contentType), Size: int64(len(data)),
		SHA256: hex.EncodeToString(sum[:]), ContentID: cid, Inline: inline, Data: bytes.Clone(data),
	})
}

func contentID(part *part) string {
	return strings.Trim(decodeHeader(value(part.fields, "Content-ID"), ""), "<> ")
}

// attachmentName gives a name where the sender gave none: an enclosed mail is named by its subject.
func attachmentName(part *part, data []byte) string {
	if part.name != "" {
		return part.name
	}
	switch part.contentType.value {
	case "message/rfc822", "message/global":
		fields, _, _, _ := splitHeader(skipPreamble(data))
		subject := fileName(strings.NewReplacer("/", "-", `\`, "-").Replace(decodeHeader(value(fields, "Subject"), "")))
		if subject == "" {
			subject = "message"
		}
		return subject + ".eml"
	case "text/calendar":
		return "invite.ics"
	case "application/pgp-signature":
		return "signature.asc"
	}
	return ""
}
