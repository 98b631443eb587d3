package mail

import (
	"bytes"
	"strings"
)

// A field is one header field as it stands in the message: unfolded, not decoded.
type field struct {
	name  string
	value string // may hold bytes that are not UTF-8
}

// splitHeader cuts raw into its header fields and the body after the first blank line. A line that is no field is
// joined to the field before it when fields follow, and begins the body when none follow. ok is false when raw does
// not start with a header at all; body is then all of raw.
func splitHeader(raw []byte) (fields []field, body []byte, ok, cut bool) {
	rest := raw
	limit := min(len(raw), MaxHeaderBytes)
	fields = make([]field, 0, 24)
	used := 0
	var folded []byte // the value of the last field, while it has several lines
	unfold := func() {
		if folded != nil {
			fields[len(fields)-1].value, folded = string(folded), nil
		}
	}
	defer unfold()
	for len(rest) > 0 {
		line, after := cutLine(rest)
		if len(line) == 0 || isBlank(line) && (after == nil || !startsField(after)) {
			return fields, after, len(fields) > 0, cut
		}
		used += len(rest) - len(after)
		if used > limit || len(fields) >= MaxHeaders {
			cut = true
			rest = after
			continue
		}
		switch colon := fieldColon(line); {
		case line[0] == ' ' || line[0] == '\t':
			if n := len(fields); n > 0 {
				folded = join(folded, fields[n-1].value, line)
			}
		case colon > 0:
			unfold()
			fields = append(fields, field{string(bytes.TrimRight(line[:colon], " \t")), string(bytes.Trim(line[colon+1:], " \t"))})
		case len(fields) == 0:
			return nil, raw, false, cut
		case fieldsFollow(after):
			folded = join(folded, fields[len(fields)-1].value, line)
		default:
			return fields, rest, true, cut
		}
		rest = after
	}
	return fields, nil, len(fields) > 0, cut
}

// join adds a continuation line to what is unfolded so far, which begins with the value of the field's first line.
func join(folded []byte, value string, line []byte) []byte {
	if folded == nil {
		folded = []byte(value)
	}
	next := bytes.Trim(line, " \t")
	if len(folded) > 0 && len(next) > 0 {
		folded = append(folded, ' ')
	}
	return append(folded, next...)
}

// cutLine returns the first line without its end (LF, CRLF or CRCRLF) and what follows it.
func cutLine(b []byte) (line, after []byte) {
	i := bytes.IndexByte(b, '\n')
	if i < 0 {
		return bytes.TrimRight(b, "\r"), nil
	}
	return bytes.TrimRight(b[:i], "\r"), b[i+1:]
}

func isBlank(line []byte) bool { return len(bytes.TrimSpace(line)) == 0 }

// fieldColon returns the index of the colon that ends a field name at the start of line, or -1.
func fieldColon(line []byte) int {
	for i, c := range line {
		switch {
		case c == ':':
			if len(bytes.TrimRight(line[:i], " \t")) == 0 {
				return -1
			}
			return i
		case c == ' ' || c == '\t':
			if rest := bytes.TrimLeft(line[i:], " \t"); len(rest) == 0 || rest[0] != ':' {
				return -1
			}
		case c <= 32 || c >= 127 || i > 120:
			return -1
		}
	}
	return -1
}

func startsField(b []byte) bool {
	line, _ := cutLine(b)
	return fieldColon(line) > 0 && isKnownField(string(line[:fieldColon(line)]))
}

// fieldsFollow reports whether a well-known field stands before the next blank line.
func fieldsFollow(b []byte) bool {
	for n := 0; n < 50 && len(b) > 0; n++ {
		line, after := cutLine(b)
		if len(line) == 0 {
			return false
		}
		if i := fieldColon(line); i > 0 && isKnownField(string(line[:i])) {
			return true
		}
		b = after
	}
	return false
}

// isKnownField reports whether name is a field that only a message header has.
func isKnownField(name string) bool {
	switch strings.ToLower(strings.TrimRight(name, " \t")) {
	case "from", "to", "cc", "subject", "date", "message-id", "received", "return-path", "mime-version", "content-type",
		"content-transfer-encoding", "content-disposition", "content-id", "delivered-to", "reply-to", "references",
		"in-reply-to", "sender", "list-id", "x-mailer", "dkim-signature", "authentication-results":
		return true
	}
	return strings.HasPrefix(strings.ToLower(name), "x-")
}

// LooksLikeHeader reports whether raw begins as a mail does: a few header fields of which one is well known.
func LooksLikeHeader(raw []byte) bool {
	raw = skipPreamble(raw)
	if i := bytes.IndexByte(raw, '\n'); i < 0 && bytes.IndexByte(raw, '\r') > 0 {
		raw = bytes.ReplaceAll(raw[:min(len(raw), 4096)], []byte{'\r'}, []byte{'\n'})
	}
	for n := 0; n < 100 && len(raw) > 0; n++ {
		line, after := cutLine(raw)
		i := fieldColon(line)
		switch {
		case len(line) == 0:
			return false
		case i > 0 && isKnownField(string(line[:i])) && !strings.HasPrefix(strings.ToLower(string(line[:i])), "x-"):
			return true
		case i <= 0 && line[0] != ' ' && line[0] != '\t' && n == 0:
			return false
		}
		raw = after
	}
	return false
}

// skipPreamble drops what may stand before the first field: a byte order mark, blank lines, the "From " line of an
// mbox and an escaped one.
func skipPreamble(raw []byte) []byte {
	raw = bytes.TrimPrefix(raw, []byte("\xef\xbb\xbf"))
	for len(raw) > 0 {
		switch {
		case raw[0] == '\n' || raw[0] == '\r':
			raw = raw[1:]
		case bytes.HasPrefix(raw, []byte("From ")) || bytes.HasPrefix(raw, []byte(">From ")):
			_, raw = cutLine(raw)
		default:
			return raw
		}
	}
	return raw
}
