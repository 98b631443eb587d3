package mail

import (
	"sort"
	"strconv"
	"strings"
)

// A mediaType is a parsed Content-Type or Content-Disposition.
type mediaType struct {
	value  string            // lower case: "text/plain", "attachment"
	params map[string]string // lower-case names, decoded values
}

// parseMedia reads a Content-Type or Content-Disposition header. It never fails: what cannot be read is left out.
// RFC 2231 pieces are joined and decoded, encoded words in values are decoded too, and an unquoted value may hold
// blanks and separators up to the next semicolon.
func parseMedia(raw string) mediaType {
	raw = strings.TrimSpace(raw)
	end := strings.IndexByte(raw, ';')
	if end < 0 {
		end = len(raw)
	}
	mt := mediaType{value: strings.ToLower(strings.Trim(raw[:end], " \t\r\n\"'"))}
	if i := strings.IndexAny(mt.value, " \t"); i > 0 {
		mt.value = strings.TrimRight(mt.value[:i], ",")
	}
	if strings.Contains(mt.value, "=") { // only parameters
		mt.value, end = "", -1
	}
	if end >= len(raw) {
		return mt
	}
	mt.params = map[string]string{}
	var pieces []piece
	for rest := raw[end+1:]; rest != ""; {
		var name, value string
		name, value, rest = nextParam(rest)
		if name == "" {
			continue
		}
		if base, p, ok := splitPiece(name, value); ok {
			p.name = base
			pieces = append(pieces, p)
		} else if _, dup := mt.params[name]; !dup {
			mt.params[name] = decodeHeader(value, "")
		}
	}
	for name, value := range joinPieces(pieces) {
		mt.params[name] = value
	}
	return mt
}

// nextParam reads one name=value of s and returns what follows it.
func nextParam(s string) (name, value, rest string) {
	s = strings.TrimLeft(s, " \t\r\n;")
	i := strings.IndexAny(s, "=;")
	if i < 0 || s[i] == ';' {
		if i < 0 {
			return "", "", ""
		}
		return "", "", s[i+1:]
	}
	name = strings.ToLower(strings.TrimSpace(s[:i]))
	s = strings.TrimLeft(s[i+1:], " \t\r\n")
	if strings.HasPrefix(s, `"`) {
		value, rest = unquote(s)
		return name, value, rest
	}
	if i = strings.IndexByte(s, ';'); i < 0 {
		i = len(s)
	}
	return name, strings.Trim(s[:i], " \t\r\n'"), s[i:]
}

// unquote reads the quoted string at the start of s.
func unquote(s string) (value, rest string) {
	var b strings.Builder
	for i := 1; i < len(s); i++ {
		switch c := s[i]; {
		case c == '\\' && i+1 < len(s) && (s[i+1] == '"' || s[i+1] == '\\'):
			i++
			b.WriteByte(s[i])
		case c == '"':
			return b.String(), s[i+1:]
		default:
			b.WriteByte(c)
		}
	}
	return b.String(), ""
}

// A piece is one part of an RFC 2231 value.
type piece struct {
	name    string
	index   int
	encoded bool
	value   string
}

func splitPiece(name, value string) (base string, p piece, ok bool) {
	base, rest, found := strings.Cut(name, "*")
	if !found {
		return "", p, false
	}
	p = piece{value: value, encoded: rest == "" || strings.HasSuffix(rest, "*")}
	p.index, _ = strconv.Atoi(strings.TrimSuffix(rest, "*"))
	return base, p, true
}

// joinPieces joins the pieces of each name in order, with the charset that the first of them declares.
func joinPieces(pieces []piece) map[string]string {
	if len(pieces) == 0 {
		return nil
	}
	sort.SliceStable(pieces, func(i, j int) bool { return pieces[i].index < pieces[j].index })
	raw, charset := map[string][]byte{}, map[string]string{}
	for _, p := range pieces {
		value := p.value
		if p.encoded {
			if _, begun := raw[p.name]; !begun {
				if parts := strings.SplitN(value, "'", 3); len(parts) == 3 {
					charset[p.name], value = parts[0], parts[2]
				}
			}
			raw[p.name] = append(raw[p.name], unpercent(value)...)
			continue
		}
		raw[p.name] = append(raw[p.name], value...)
	}
	out := map[string]string{}
	for name, b := range raw {
		out[name] = cleanLine(decodeCharset(b, charset[name]))
		if strings.Contains(out[name], "=?") {
			out[name] = decodeHeader(out[name], "")
		}
	}
	return out
}

func unpercent(s string) []byte {
	out := make([]byte, 0, len(s))
	for i := 0; i < len(s); i++ {
		if s[i] == '%' && i+2 < len(s) && unhex(s[i+1]) >= 0 && unhex(s[i+2]) >= 0 {
			out = append(out, byte(unhex(s[i+1])<<4|unhex(s[i+2])))
			i += 2
			continue
		}
		out = append(out, s[i])
	}
	return out
}
