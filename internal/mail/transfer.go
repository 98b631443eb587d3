package mail

import (
	"bytes"
	"strings"
)

// decodeTransfer undoes a Content-Transfer-Encoding. An unknown one is taken as none; known reports it.
func decodeTransfer(body []byte, encoding string) (out []byte, known bool) {
	encoding = strings.ToLower(strings.Trim(encoding, " \t\"';"))
	if i := strings.IndexAny(encoding, " \t;("); i > 0 {
		encoding = encoding[:i]
	}
	switch encoding {
	case "base64":
		return decodeBase64(body), true
	case "quoted-printable", "qp", "quoted_printable":
		return decodeQP(body), true
	case "x-uuencode", "uuencode", "x-uue", "uue":
		return decodeUU(body), true
	case "", "7bit", "8bit", "binary", "7-bit", "8-bit", "none":
		return body, true
	}
	return body, false
}

// isProse reports whether b cannot be base64: among its first characters too many stand outside of the alphabet.
func isProse(b []byte) bool {
	all, other := 0, 0
	for _, c := range b[:min(len(b), 2000)] {
		if c == '\r' || c == '\n' {
			continue
		}
		all++
		if base64Value(c) < 0 && c != '=' {
			other++
		}
	}
	return all >= 40 && other*12 > all
}

// decodeQP decodes quoted-printable; broken escapes stay as they are, blanks before a line end are dropped.
func decodeQP(b []byte) []byte {
	if bytes.IndexByte(b, '=') < 0 {
		return b
	}
	out := make([]byte, 0, len(b))
	for len(b) > 0 {
		i := bytes.IndexByte(b, '=')
		if i < 0 {
			return append(out, b...)
		}
		out = append(out, b[:i]...)
		b = b[i+1:]
		if len(b) >= 2 && unhex(b[0]) >= 0 && unhex(b[1]) >= 0 {
			out = append(out, byte(unhex(b[0])<<4|unhex(b[1])))
			b = b[2:]
			continue
		}
		if n := softBreak(b); n > 0 {
			b = b[n:]
			continue
		}
		if len(b) > 0 {
			out = append(out, '=')
		}
	}
	return out
}

// softBreak returns the length of blanks and a line end at the start of b, or 0.
func softBreak(b []byte) int {
	for i, c := range b {
		switch c {
		case ' ', '\t', '\r':
		case '\n':
			return i + 1
		default:
			return 0
		}
	}
	return len(b)
}

// decodeUU decodes the first uuencoded file of b.
func decodeUU(b []byte) []byte {
	var out []byte
	begun := false
	for len(b) > 0 {
		var line []byte
		line, b = cutLine(b)
		switch {
		case !begun:
			begun = bytes.HasPrefix(line, []byte("begin "))
		case bytes.Equal(line, []byte("end")):
			return out
		case len(line) > 0:
			out = append(out, decodeUULine(line)...)
		}
	}
	return out
}

func decodeUULine(line []byte) []byte {
	want := int(line[0]-32) & 63
	line = line[1:]
	out := make([]byte, 0, want+3)
	for len(out) < want && len(line) > 0 {
		var g [4]byte
		for i := range g {
			if i < len(line) {
				g[i] = (line[i] - 32) & 63
			}
		}
		out = append(out, g[0]<<2|g[1]>>4, g[1]<<4|g[2]>>2, g[2]<<6|g[3])
		line = line[min(4, len(line)):]
	}
	return out[:min(want, len(out))]
}
