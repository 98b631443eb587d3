package mail

import (
	"bytes"
	"strings"
)

// A part is one leaf of the tree of a message.
type part struct {
	fields      []field
	contentType mediaType
	disposition mediaType
	name        string // declared file name, decoded
	body        []byte // as transferred, not decoded
	parent      string // media type of the multipart around it, "" for the message itself
	first       bool   // the first part of its multipart

	decoded  *string    // the text, once decoded
	rendered *rendering // the HTML as text, once rendered
}

// A walker collects the leaves of a message and what was wrong with it.
type walker struct {
	parts []*part
	roles bodyRoles
	warn  func(string)
	count int
}

// bodyRoles gathers the parts that make the body, chosen as RFC 8621, section 4.1.4 describes.
type bodyRoles struct {
	text, html, attached []*part
}

// value returns the first field of that name.
func value(fields []field, name string) string {
	for _, f := range fields {
		if len(f.name) == len(name) && strings.EqualFold(f.name, name) {
			return f.value
		}
	}
	return ""
}

// newPart reads the MIME fields of one part. defaultType holds where no Content-Type says otherwise.
func newPart(fields []field, body []byte, defaultType, parent string) *part {
	p := &part{fields: fields, body: body, parent: parent}
	p.contentType = parseMedia(value(fields, "Content-Type"))
	if p.contentType.value == "" || !strings.Contains(p.contentType.value, "/") {
		p.contentType.value = guessType(p.contentType.value, defaultType)
	}
	if v := value(fields, "Content-Disposition"); v != "" {
		p.disposition = parseMedia(v)
	}
	p.name = fileName(p.disposition.params["filename"])
	if p.name == "" {
		p.name = fileName(p.contentType.params["name"])
	}
	return p
}

// guessType repairs a type without a slash, such as "text" or "html".
func guessType(declared, defaultType string) string {
	switch declared {
	case "html":
		return "text/html"
	case "multipart":
		return "multipart/mixed"
	}
	return defaultType
}

// fileName keeps the last element of a path and drops what a file system or a header would stumble over.
func fileName(s string) string {
	if i := strings.LastIndexAny(s, `/\`); i >= 0 {
		s = s[i+1:]
	}
	s = cleanLine(s)
	if len(s) > 255 {
		s = strings.ToValidUTF8(s[:255], "")
	}
	if s == "." || s == ".." {
		return ""
	}
	return s
}

// walk descends into p.
func (w *walker) walk(p *part, depth int, roles *bodyRoles) {
	if w.count++; w.count > MaxParts {
		if w.count == MaxParts+1 {
			w.warn("more parts than the limit; the rest was left out")
		}
		return
	}
	if !strings.HasPrefix(p.contentType.value, "multipart/") {
		w.leaf(p, roles)
		return
	}
	if depth >= MaxDepth {
		w.warn("parts nested deeper than the limit; the rest was taken as text")
		p.contentType.value = "text/plain"
		w.leaf(p, roles)
		return
	}
	children, problem := splitParts(p)
	if problem != "" {
		w.warn(problem)
	}
	if children == nil {
		p.contentType.value = "text/plain"
		if looksLikeHTML(p.body) {
			p.contentType.value = "text/html"
		}
		w.leaf(p, roles)
		return
	}
	w.children(p, children, depth, roles)
}

func (w *walker) children(p *part, children [][]byte, depth int, roles *bodyRoles) {
	defaultType := "text/plain"
	if p.contentType.value == "multipart/digest" {
		defaultType = "message/rfc822"
	}
	collected := roles
	if p.contentType.value == "multipart/alternative" {
		collected = &bodyRoles{}
	}
	for i, raw := range children {
		fields, body, ok, cut := splitHeader(raw)
		if cut {
			w.warn("a part's header is longer than the limit and was cut")
		}
		if !ok {
			fields, body = nil, raw
			if line, after := cutLine(raw); isBlank(line) {
				body = after
			}
		}
		child := newPart(fields, body, defaultType, p.contentType.value)
		child.first = i == 0
		w.walk(child, depth+1, collected)
	}
	if collected != roles {
		mergeAlternative(roles, collected)
	}
}

// mergeAlternative adds the forms of one alternative: its plain text to the text and its HTML to the HTML; where one
// of them is missing the other stands for both.
func mergeAlternative(roles, alt *bodyRoles) {
	roles.attached = append(roles.attached, alt.attached...)
	var plain, html []*part
	for _, p := range alt.text {
		if p.contentType.value != "text/html" {
			plain = append(plain, p)
		}
	}
	for _, p := range alt.html {
		if p.contentType.value == "text/html" {
			html = append(html, p)
		}
	}
	plain, html = preferPlain(plain), lastForm(html)
	if len(plain) == 0 {
		plain = html
	}
	if len(html) == 0 {
		html = plain
	}
	roles.text = append(roles.text, plain...)
	roles.html = append(roles.html, html...)
}

// preferPlain drops enriched text where there is plain text too, and keeps the first of several plain forms.
func preferPlain(parts []*part) []*part {
	var plain []*part
	form := false
	for _, p := range parts {
		direct := p.parent == "multipart/alternative"
		if p.contentType.value != "text/plain" || direct && form {
			continue
		}
		form = form || direct
		plain = append(plain, p)
	}
	if len(plain) == 0 {
		return parts
	}
	return plain
}

// lastForm keeps the last, the richest, of several HTML forms; parts of a multipart within stay.
func lastForm(parts []*part) []*part {
	var out []*part
	for i, p := range parts {
		if p.parent == "multipart/alternative" && i+1 < len(parts) && parts[i+1].parent == p.parent {
			continue
		}
		out = append(out, p)
	}
	return out
}

// leaf sorts one leaf into the body or the attachments.
func (w *walker) leaf(p *part, roles *bodyRoles) {
	w.parts = append(w.parts, p)
	if !p.isBody() {
		roles.attached = append(roles.attached, p)
		return
	}
	roles.text = append(roles.text, p)
	roles.html = append(roles.html, p)
}

// isBody reports whether p is shown as a part of the message and not offered as a file.
func (p *part) isBody() bool {
	switch p.contentType.value {
	case "text/plain", "text/html", "text/enriched", "text/richtext", "text/x-amp-html", "text/markdown":
	default:
		return false
	}
	if p.contentType.value == "text/x-amp-html" || p.disposition.value == "attachment" {
		return false
	}
	if p.name == "" {
		return true
	}
	return p.first && p.parent != "multipart/mixed" || p.parent == ""
}

// splitParts cuts the body of a multipart at its boundary. nil children mean that the body cannot be cut.
func splitParts(p *part) (children [][]byte, problem string) {
	boundary := p.contentType.params["boundary"]
	body := p.body
	if boundary == "" || !hasBoundary(body, boundary) {
		if enc := strings.ToLower(value(p.fields, "Content-Transfer-Encoding")); strings.HasPrefix(enc, "base64") || strings.HasPrefix(enc, "quoted") {
			if decoded, _ := decodeTransfer(body, enc); boundary != "" && hasBoundary(decoded, boundary) {
				p.body, body = decoded, decoded
			}
		}
	}
	if boundary == "" || !hasBoundary(body, boundary) {
		guess := guessBoundary(body)
		if guess == "" {
			return nil, "a multipart without its boundary was taken as text"
		}
		boundary, problem = guess, "a multipart without its boundary was cut at the one that its body shows"
	}
	children, closed := cutAt(body, []byte("--"+boundary))
	if !closed && problem == "" {
		problem = "a multipart has no end; the message may be truncated"
	}
	return children, problem
}

func hasBoundary(body []byte, boundary string) bool {
	_, _, _, ok := nextBoundary(body, []byte("--"+boundary))
	return ok
}

// nextBoundary finds the first boundary line: its start, the start of what follows and whether it is the last one.
func nextBoundary(body, delimiter []byte) (start, after int, last, ok bool) {
	for from := 0; ; {
		i := bytes.Index(body[from:], delimiter)
		if i < 0 {
			return 0, 0, false, false
		}
		start = from + i
		end := start + len(delimiter)
		from = end
		if start > 0 && body[start-1] != '\n' && body[start-1] != '\r' {
			continue
		}
		rest := body[end:]
		if bytes.HasPrefix(rest, []byte("--")) {
			last, rest = true, rest[2:]
		}
		line, next := cutLine(rest)
		if !last && !isBlank(line) {
			continue
		}
		return start, len(body) - len(next), last, true
	}
}

// cutAt returns what stands between the boundary lines; closed reports whether the last one was there.
func cutAt(body, delimiter []byte) (children [][]byte, closed bool) {
	_, after, last, ok := nextBoundary(body, delimiter)
	children = [][]byte{}
	for ok && !last && len(children) <= MaxParts {
		body = body[after:]
		var start int
		start, after, last, ok = nextBoundary(body, delimiter)
		if !ok {
			if !isBlank(body) || len(children) == 0 {
				children = append(children, body)
			}
			return children, false
		}
		children = append(children, trimLineEnd(body[:start]))
	}
	return children, last
}

// trimLineEnd removes the line end that belongs to the boundary.
func trimLineEnd(b []byte) []byte {
	b = bytes.TrimSuffix(b, []byte("\n"))
	return bytes.TrimSuffix(b, []byte("\r"))
}

// guessBoundary returns the text after "--" of the first line that looks like a boundary and is followed by a
// Content- field, or "".
func guessBoundary(body []byte) string {
	for n := 0; n < 200 && len(body) > 0; n++ {
		line, after := cutLine(body)
		if len(line) > 4 && len(line) < 200 && bytes.HasPrefix(line, []byte("--")) && bytes.IndexByte(line, ' ') < 0 {
			next, _ := cutLine(after)
			if len(next) > 8 && strings.EqualFold(string(next[:8]), "content-") {
				return string(line[2:])
			}
		}
		body = after
	}
	return ""
}

func looksLikeHTML(b []byte) bool {
	head := bytes.ToLower(bytes.TrimSpace(b[:min(len(b), 1024)]))
	return bytes.HasPrefix(head, []byte("<!doctype html")) || bytes.HasPrefix(head, []byte("<html")) || bytes.Contains(head, []byte("<body"))
}
