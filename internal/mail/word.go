package mail

import (
	"encoding/base64"
	"strings"
)

// maxWordBytes bounds an encoded word. RFC 2047 allows 75, which few senders heed.
const maxWordBytes = 16 << 10

// decodeHeader turns a raw header value into text: encoded words (RFC 2047) are decoded, also those that stand
// without a blank between or hold blanks; 8-bit text is read as UTF-8, else as hint, else by guess.
func decodeHeader(raw, hint string) string {
	if !strings.Contains(raw, "=?") {
		return cleanLine(decodeRaw(raw, hint))
	}
	var out strings.Builder
	out.Grow(len(raw))
	var held []byte // decoded bytes of adjacent words of one charset, which may split a character
	heldCharset := ""
	flush := func() {
		if len(held) > 0 {
			out.WriteString(decodeCharset(held, heldCharset))
			held = held[:0]
		}
	}
	for rest := raw; rest != ""; {
		i := strings.Index(rest, "=?")
		if i < 0 {
			flush()
			out.WriteString(decodeRaw(rest, hint))
			break
		}
		between := rest[:i]
		charset, data, size, ok := parseWord(rest[i:])
		if !ok {
			flush()
			out.WriteString(decodeRaw(rest[:i+2], hint))
			rest = rest[i+2:]
			continue
		}
		if len(held) == 0 || strings.Trim(between, " \t\r\n") != "" {
			flush()
			out.WriteString(decodeRaw(between, hint))
		} else if !strings.EqualFold(charset, heldCharset) {
			flush()
		}
		heldCharset = charset
		held = append(held, data...)
		rest = rest[i+size:]
	}
	flush()
	return cleanLine(out.String())
}

// parseWord reads one encoded word at the start of s and returns its charset, bytes and length.
func parseWord(s string) (charset string, data []byte, size int, ok bool) {
	q1 := strings.IndexByte(s[2:], '?')
	if q1 <= 0 || q1 > 60 {
		return "", nil, 0, false
	}
	q1 += 2
	if len(s) < q1+3 || s[q1+2] != '?' {
		return "", nil, 0, false
	}
	end := strings.Index(s[q1+3:min(len(s), q1+3+maxWordBytes)], "?=")
	if end < 0 {
		return "", nil, 0, false
	}
	text := s[q1+3 : q1+3+end]
	charset, _, _ = strings.Cut(s[2:q1], "*") // RFC 2231 language
	switch s[q1+1] {
	case 'B', 'b':
		data = decodeBase64([]byte(text))
	case 'Q', 'q':
		data = decodeQ(text)
	default:
		return "", nil, 0, false
	}
	return charset, data, q1 + 3 + end + 2, true
}

// decodeQ decodes the Q encoding; a broken escape stays as it is.
func decodeQ(s string) []byte {
	out := make([]byte, 0, len(s))
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == '_':
			out = append(out, ' ')
		case c == '=' && i+2 < len(s) && unhex(s[i+1]) >= 0 && unhex(s[i+2]) >= 0:
			out = append(out, byte(unhex(s[i+1])<<4|unhex(s[i+2])))
			i += 2
		default:
			out = append(out, c)
		}
	}
	return out
}

// cleanLine makes one line of s: no NUL, no line ends, no other control characters, no blanks around it.
func cleanLine(s string) string {
	bad := false
	for i := 0; i < len(s); i++ {
		if s[i] < 32 || s[i] == 127 {
			bad = true
			break
		}
	}
	if bad {
		s = strings.Map(func(r rune) rune {
			switch {
			case r == '\r' || r == 0 || r == 127:
				return -1
			case r < 32:
				return ' '
			}
			return r
		}, s)
	}
	return strings.TrimSpace(s)
}

// base64Value knows the alphabets of base64 and base64url; other characters are -1.
func base64Value(c byte) int {
	switch {
	case c >= 'A' && c <= 'Z':
		return int(c - 'A')
	case c >= 'a' && c <= 'z':
		return int(c-'a') + 26
	case c >= '0' && c <= '9':
		return int(c-'0') + 52
	case c == '+' || c == '-':
		return 62
	case c == '/' || c == '_':
		return 63
	}
	return -1
}

// decodeBase64 decodes what is base64 in b and passes over everything else. Padding ends the data, unless the next
// line is base64 again, as in joined pieces: list servers add footers in plain text.
func decodeBase64(b []byte) []byte {
	out := make([]byte, len(b)/4*3+3)
	if n, err := base64.StdEncoding.Decode(out, b); err == nil { // ignores CR and LF
		return out[:n]
	}
	out = out[:0]
	var group, n int
	for i := 0; i < len(b); i++ {
		v := base64Value(b[i])
		switch {
		case v >= 0:
			group = group<<6 | v
			if n++; n == 4 {
				out = append(out, byte(group>>16), byte(group>>8), byte(group))
				group, n = 0, 0
			}
		case b[i] == '=' && n > 0:
			out = appendGroup(out, group, n)
			group, n = 0, 0
			_, next := cutLine(b[i:])
			if !isBase64Line(next) {
				return out
			}
			i = len(b) - len(next) - 1
		}
	}
	return appendGroup(out, group, n)
}

// isBase64Line reports whether b begins with a line of nothing but whole groups of base64.
func isBase64Line(b []byte) bool {
	line, _ := cutLine(b)
	for i, c := range line {
		if c == '=' && i >= len(line)-2 {
			continue
		}
		if base64Value(c) < 0 || c == '-' || c == '_' {
			return false
		}
	}
	return len(line) > 0 && len(line)%4 == 0
}

// appendGroup appends the one or two bytes of an unfinished group of n characters.
func appendGroup(out []byte, group, n int) []byte {
	switch n {
	case 2:
		return append(out, byte(group>>4))
	case 3:
		return append(out, byte(group>>10), byte(group>>2))
	}
	return out
}

func unhex(c byte) int {
	switch {
	case c >= '0' && c <= '9':
		return int(c - '0')
	case c >= 'A' && c <= 'F':
		return int(c-'A') + 10
	case c >= 'a' && c <= 'f':
		return int(c-'a') + 10
	}
	return -1
}
