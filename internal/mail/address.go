package mail

import "strings"

// parseAddresses reads an address header leniently: groups are flattened, comments become names when there is no
// other, routes are dropped, `Doe, John <j@x>` is one person, a semicolon separates as a comma does. What holds no
// address is kept as a name without address only when nothing else was found.
func parseAddresses(raw, hint string) []Address {
	var out []Address
	pendingName := ""
	for _, item := range splitAddresses(raw) {
		if len(out) >= MaxAddresses {
			break
		}
		a, angle := parseAddress(item, hint)
		switch {
		case a.Address == "" && a.Name == "":
			continue
		case a.Address == "":
			pendingName = joinName(pendingName, a.Name)
			continue
		case angle && pendingName != "":
			a.Name = joinName(pendingName, a.Name)
		}
		pendingName = ""
		out = append(out, a)
	}
	if len(out) == 0 && pendingName != "" {
		out = append(out, Address{Name: pendingName})
	}
	return out
}

func joinName(a, b string) string {
	if a == "" || b == "" {
		return a + b
	}
	return a + ", " + b
}

// splitAddresses cuts a header value at its commas and semicolons outside quotes, comments and angle brackets, and
// drops the names of groups.
func splitAddresses(s string) []string {
	var out []string
	start, comment := 0, 0
	quoted, angle := false, false
	lastQuote, lastParen, lastClose := strings.LastIndexByte(s, '"'), strings.LastIndexByte(s, ')'), strings.LastIndexByte(s, '>')
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == '\\' && (quoted || comment > 0):
			i++
		case c == '"' && comment == 0:
			quoted = !quoted && (angle || lastQuote > i)
		case quoted:
		case c == '(':
			if comment > 0 || lastParen > i {
				comment++
			}
		case c == ')' && comment > 0:
			comment--
		case comment > 0:
		case c == '<':
			angle = lastClose > i
		case c == '>':
			angle = false
		case angle:
		case c == ',' || c == ';':
			out = append(out, s[start:i])
			start = i + 1
		case c == ':' && isGroupName(s[start:i]):
			start = i + 1
		}
	}
	return append(out, s[min(start, len(s)):])
}

// isGroupName reports whether s, which stands before a colon, can be the name of a group and not a part of an address.
func isGroupName(s string) bool {
	return strings.TrimSpace(s) != "" && !strings.ContainsAny(s, "@<") && !strings.EqualFold(strings.TrimSpace(s), "mailto")
}

// parseAddress reads one mailbox; angle reports whether the address stood in angle brackets.
func parseAddress(s, hint string) (a Address, angle bool) {
	s = strings.Trim(s, " \t\r\n")
	s = strings.TrimPrefix(s, "mailto:")
	name, addr := s, ""
	if i := lastAngle(s); i >= 0 {
		rest := s[i+1:]
		end := strings.IndexByte(rest, '>')
		if end < 0 {
			end = len(rest)
		}
		name, addr, angle = s[:i], rest[:end], true
		if after := strings.TrimSpace(rest[min(end+1, len(rest)):]); strings.TrimSpace(name) == "" && strings.HasPrefix(after, "(") {
			name = after
		}
		if i := strings.LastIndexByte(addr, ':'); i >= 0 && (strings.HasPrefix(addr, "@") || strings.HasPrefix(addr, "mailto:")) {
			addr = addr[i+1:]
		}
	}
	name, comment := splitComment(name)
	if !angle {
		name, addr = bareAddress(name)
	}
	name = decodeHeader(unquoteName(name), hint)
	if name == "" {
		name = decodeHeader(comment, hint)
	}
	addr = cleanAddress(addr, hint)
	if strings.EqualFold(name, addr) && angle {
		return Address{Name: name, Address: addr}, true
	}
	return Address{Name: name, Address: addr}, angle
}

// lastAngle returns the index of the bracket that opens the address, or -1. Brackets in quotes do not count.
func lastAngle(s string) int {
	quoted, at, lastQuote := false, -1, strings.LastIndexByte(s, '"')
	for i := 0; i < len(s); i++ {
		switch s[i] {
		case '\\':
			if quoted {
				i++
			}
		case '"':
			quoted = !quoted && lastQuote > i
		case '<':
			if !quoted {
				at = i
			}
		}
	}
	return at
}

// bareAddress finds an address without brackets in s; the rest is its name.
func bareAddress(s string) (name, addr string) {
	s = strings.TrimSpace(s)
	if strings.HasPrefix(s, `"`) { // "local part"@example.com, or a quoted address
		if value, rest := unquote(s); strings.HasPrefix(rest, "@") {
			return "", `"` + value + `"` + rest
		} else if strings.TrimSpace(rest) == "" && looksLikeAddress(value) {
			return "", value
		}
	}
	for _, f := range strings.Fields(s) {
		if strings.IndexByte(f, '@') > 0 && !strings.HasPrefix(f, "=?") {
			return strings.TrimSpace(strings.Replace(s, f, "", 1)), f
		}
	}
	return s, ""
}

func looksLikeAddress(s string) bool {
	at := strings.LastIndexByte(s, '@')
	return at > 0 && at < len(s)-1 && !strings.ContainsAny(s, " \t,;")
}

// splitComment takes the comments out of s, but for those in quotes.
func splitComment(s string) (rest, comment string) {
	if strings.IndexByte(s, '(') < 0 {
		return s, ""
	}
	var out, in strings.Builder
	quoted, depth := false, 0
	for i := 0; i < len(s); i++ {
		c := s[i]
		switch {
		case c == '\\' && i+1 < len(s):
			w := &out
			if depth > 0 {
				w = &in
			} else {
				w.WriteByte(c)
			}
			i++
			w.WriteByte(s[i])
			continue
		case c == '"' && depth == 0:
			quoted = !quoted
		case quoted:
		case c == '(':
			if depth++; depth == 1 {
				continue
			}
		case c == ')' && depth > 0:
			if depth--; depth == 0 {
				continue
			}
		}
		if depth > 0 {
			in.WriteByte(c)
		} else {
			out.WriteByte(c)
		}
	}
	if depth > 0 { // never closed: no comment
		return s, ""
	}
	if strings.Contains(strings.TrimSpace(out.String()), " ") && !strings.Contains(out.String(), "@") {
		return strings.TrimSpace(s), "" // "Jane Doe (Acme) <…>": the comment belongs to the name
	}
	return out.String(), in.String()
}

// unquoteName removes quotes and their escapes wherever they stand in a name.
func unquoteName(s string) string {
	s = strings.TrimSpace(s)
	if strings.IndexByte(s, '"') < 0 && strings.IndexByte(s, '\\') < 0 {
		return strings.Trim(s, "'")
	}
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		switch {
		case s[i] == '\\' && i+1 < len(s):
			i++
			b.WriteByte(s[i])
		case s[i] == '"':
		default:
			b.WriteByte(s[i])
		}
	}
	return strings.TrimSpace(b.String())
}

// cleanAddress drops blanks, quotes around and control characters of an address.
func cleanAddress(s, hint string) string {
	if s == "" {
		return ""
	}
	s = decodeHeader(s, hint)
	if strings.ContainsAny(s, " \t(") && !strings.HasPrefix(s, `"`) {
		s, _ = splitComment(s)
		s = strings.Join(strings.Fields(s), "")
	}
	return strings.Trim(s, "'<>,;")
}
