package mail

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// Bounds of what can introduce a quote.
const (
	maxAttributionLines = 5
	maxAttributionBytes = 400
	maxHeaderBlockLines = 30
)

// isQuotedLine reports whether a line carries a quotation mark. Arrows around a link are none.
func isQuotedLine(line string) bool {
	t := strings.TrimLeft(line, " \t")
	if len(line)-len(t) > 4 || t == "" {
		return false
	}
	if t[0] == '>' {
		return !strings.HasSuffix(t, "<<<") && !strings.HasPrefix(strings.TrimLeft(t, ">"), "From ") && t != "> wrote:"
	}
	if i := strings.IndexByte(t, '>'); i > 0 && i <= 4 && strings.HasPrefix(t[i:], "> ") { // "JS> text"
		for _, c := range t[:i] {
			if c < 'A' || c > 'Z' {
				return false
			}
		}
		return true
	}
	return strings.HasPrefix(t, "| ") && !strings.HasSuffix(t, "|")
}

// attributionAt looks for an attribution that ends at line i ("On … wrote:") and returns the line it begins at and
// what stands before it on that line.
func attributionAt(lines []string, i int) (start int, before string, ok bool) {
	last := strings.TrimSpace(lines[i])
	if !endsLikeAttribution(last) || len(last) > maxAttributionBytes {
		return 0, "", false
	}
	joined, blanks, weak := "", 0, -1
	for j := i; j >= 0 && j > i-maxAttributionLines; j-- {
		line := strings.TrimSpace(lines[j])
		if line == "" {
			if blanks++; blanks > 1 || weak >= 0 && strings.TrimSpace(lines[j+1]) != "<" {
				break
			}
			continue
		}
		if joined = line + " " + joined; len(joined) > maxAttributionBytes || j < i && (endsSentence(line) || isQuotedLine(line)) {
			break
		}
		if j == i && !hasVerb(strings.ToLower(line)) && !endsWithAddress(line) {
			return 0, "", false
		}
		at, strong, found := attributionStart(line, joined)
		switch {
		case found && strong:
			return j, trimDashes(line[:at]), true
		case found && weak < 0:
			weak = j
		}
	}
	return weak, "", weak >= 0
}

func endsSentence(line string) bool {
	return strings.HasSuffix(line, ".") || strings.HasSuffix(line, "!") || strings.HasSuffix(line, "?")
}

func endsLikeAttribution(s string) bool {
	if s == "" {
		return false
	}
	switch s[len(s)-1] {
	case ':', '-', '>':
		return true
	case '*', '_':
		return strings.HasSuffix(strings.TrimRight(s, "*_"), ":")
	}
	return strings.HasSuffix(s, "：") || strings.HasSuffix(s, "wrote") || strings.HasSuffix(s, "schrieb")
}

func hasVerb(lower string) bool {
	for _, v := range attributionVerbs {
		if strings.Contains(lower, v) {
			return true
		}
	}
	return false
}

// endsWithAddress knows lines such as "2014-10-17 11:28 GMT+03:00 Name <a@b.example>:".
func endsWithAddress(line string) bool {
	t := strings.TrimRight(line, ": ")
	return strings.HasSuffix(t, ">") && strings.Contains(t, "@")
}

// attributionStart finds where the attribution begins in its first line. joined is that line with the following ones.
// A weak start is a name or an address, which may be the second line of an attribution.
func attributionStart(line, joined string) (at int, strong, ok bool) {
	lower := strings.ToLower(line)
	all := strings.ToLower(joined)
	if len(lower) != len(line) { // folding changed the length: offsets would not fit
		lower = line
	}
	hasDate := strings.ContainsAny(all, "0123456789")
	verb := hasVerb(all)
	trimmed := strings.TrimLeft(lower, "-*_ ")
	lead := len(lower) - len(trimmed)
	if !hasDate && !strings.Contains(all, "@") {
		if lead >= 3 && verb && strings.HasSuffix(strings.TrimSpace(all), "--") { // ---- John Smith wrote ----
			return 0, true, true
		}
		return 0, false, false
	}
	if (dateLike(trimmed) || startsWithDay(trimmed) && hasClock(trimmed)) && endsWithAddress(strings.TrimSpace(joined)) {
		return 0, true, true
	}
	if !verb {
		return 0, false, false
	}
	for _, s := range attributionStarts {
		if strings.HasPrefix(trimmed, s) {
			return 0, true, true
		}
	}
	if startsWithDate(trimmed) {
		return 0, true, true
	}
	named := startsWithName(trimmed, all)
	if at, ok := midLineStart(lower); ok && !(named && hasVerb(lower[:at])) {
		return at, true, true
	}
	return 0, false, named
}

// startsWithDate reports whether s begins as a date does: digits and a separator, or digits and a month.
func startsWithDate(s string) bool {
	n := 0
	for n < len(s) && s[n] >= '0' && s[n] <= '9' {
		n++
	}
	if n == 0 || n > 4 || n+1 >= len(s) {
		return false
	}
	rest := s[n+1:]
	switch s[n] {
	case '-', '/', '.', ':':
		return rest[0] >= '0' && rest[0] <= '9' || rest[0] == ' ' || startsWithDay(rest)
	case ' ':
		return startsWithDay(rest)
	}
	return false
}

// dateLike reports whether s begins with a year or a day and separators: 2014-10-17, 2011/4/7, 17.10.2014.
func dateLike(s string) bool {
	digits, seps := 0, 0
	for i := 0; i < len(s) && i < 10; i++ {
		switch {
		case s[i] >= '0' && s[i] <= '9':
			digits++
		case s[i] == '-' || s[i] == '/' || s[i] == '.':
			seps++
		default:
			i = 10
		}
	}
	return digits >= 4 && seps == 2
}

// hasClock reports whether s holds a time of day.
func hasClock(s string) bool {
	for i := 1; i+1 < len(s); i++ {
		if s[i] == ':' && s[i-1] >= '0' && s[i-1] <= '9' && s[i+1] >= '0' && s[i+1] <= '9' {
			return true
		}
	}
	return false
}

// startsWithName knows "Jane Doe <jane@x.example> wrote:" and "Jane Doe wrote on 3 May:": few words before the verb.
func startsWithName(line, all string) bool {
	i := strings.Index(all, "wrote")
	if i < 0 {
		if i = strings.Index(all, "schrieb"); i < 0 {
			return false
		}
	}
	words := strings.Fields(all[:i])
	return len(words) <= 6 && strings.Contains(all, "@") || len(words) <= 4 && strings.Contains(all, " on ")
}

// midLineStart finds "… On Wed, Apr 4" behind other text.
func midLineStart(lower string) (int, bool) {
	for from := 0; ; {
		i := strings.Index(lower[from:], "on ")
		if i < 0 {
			return 0, false
		}
		at := from + i
		from = at + 3
		if at == 0 || lower[at-1] != ' ' && lower[at-1] != '-' {
			continue
		}
		if rest := lower[at+3:]; rest != "" && rest[0] >= '0' && rest[0] <= '9' || startsWithDay(rest) {
			return at, true
		}
	}
}

func startsWithDay(s string) bool {
	if len(s) < 3 {
		return false
	}
	switch s[:3] {
	case "mon", "tue", "wed", "thu", "fri", "sat", "sun":
		return true
	}
	return monthOf(s[:3]) > 0
}

func trimDashes(s string) string {
	s = strings.TrimSpace(s)
	return strings.TrimSpace(strings.TrimRight(s, "-"))
}

// introduces reports whether a line names whom the quoted line after it is from: "Jane Doe wrote:", "Quoting Jane:".
func introduces(line string) bool {
	t := strings.ToLower(strings.TrimSpace(line[max(0, len(line)-200):]))
	return strings.HasSuffix(t, ":") && (hasVerb(t) || strings.HasPrefix(t, "quoting "))
}

// isOriginalLine knows "-----Original Message-----" in its languages.
func isOriginalLine(line string) bool { return isRuleWith(line, originalWords) }

// isForwardLine knows "---------- Forwarded message ----------" and its kin.
func isForwardLine(line string) bool {
	line = strings.TrimSpace(firstLines(line, 1))
	if isRuleWith(line, forwardWords) {
		return true
	}
	if len(line) > 200 || !strings.HasSuffix(line, ":") {
		return false
	}
	lower := strings.ToLower(line)
	for _, w := range forwardWords {
		if strings.HasPrefix(lower, w) {
			return true
		}
	}
	return false
}

// isRuleWith reports whether a line is dashes, one of the words, dashes. A word alone counts when nothing else is there.
func isRuleWith(line string, words []string) bool {
	t := strings.TrimSpace(line)
	if len(t) < 8 || len(t) > 200 {
		return false
	}
	if t[0] != '-' && t[0] != '_' && t[0] != '*' && t[0] != '=' {
		return false
	}
	inner := strings.ToLower(strings.Trim(t, "-_*= >"))
	for _, w := range words {
		if strings.HasPrefix(inner, w) && len(inner) < len(w)+60 {
			return true
		}
	}
	return false
}

// headerBlock reports whether lines[i:] begins with the block From, Sent, To, Subject that stands above quoted mail,
// and returns the index after it. Two labels suffice when the sender is an address, else three with a subject.
func headerBlock(lines []string, i int) (end int, ok bool) {
	first, val := labelOf(lines[i])
	if first == 0 || first == labelOther {
		return 0, false
	}
	seen, count, address, blanks := first, 1, hasAddress(val) && first != labelSubject, 0
	last := i
	for j := i + 1; j < len(lines) && j < i+maxHeaderBlockLines; j++ {
		if strings.TrimSpace(lines[j]) == "" {
			if blanks++; blanks > 1 {
				break
			}
			continue
		}
		kind, val := labelOf(lines[j])
		if kind == 0 {
			if blanks > 0 || j > last+4 {
				break
			}
			address = address || hasAddress(lines[j]) && seen&labelFrom != 0 && count == 1
			continue
		}
		if seen&kind == 0 {
			count++
		}
		address = address || hasAddress(val) && (kind == labelFrom || kind == labelTo)
		seen |= kind
		last, blanks = j, 0
	}
	switch {
	case seen&labelFrom != 0 && seen&labelSubject != 0 && count >= 3:
	case seen&labelFrom != 0 && seen&labelSent != 0 && count >= 3:
	case seen&labelFrom != 0 && count >= 2 && address:
	case seen&(labelDate|labelSent) != 0 && seen&labelTo != 0 && address:
	default:
		return 0, false
	}
	for last+1 < len(lines) && strings.TrimSpace(lines[last+1]) != "" && last < i+maxHeaderBlockLines && isContinuation(lines[last+1]) {
		last++
	}
	return last + 1, true
}

// isContinuation reports whether a line after the last label still belongs to it: a short rest, or more addresses.
func isContinuation(line string) bool {
	return strings.HasPrefix(line, " ") || strings.HasPrefix(line, "\t")
}

func hasAddress(s string) bool { return strings.IndexByte(s, '@') > 0 }

// labelOf splits "*From:* value" into the kind of the label and the value; 0 is no label.
func labelOf(line string) (labelKind, string) {
	t := strings.TrimLeft(line, " \t*_|")
	colon := strings.IndexByte(t, ':')
	width := 1
	if wide := strings.Index(t, "："); wide >= 0 && (colon < 0 || wide < colon) {
		colon, width = wide, len("：")
	}
	if colon <= 0 || colon > 40 {
		return 0, ""
	}
	label := strings.TrimRight(t[:colon], " \t*\u00a0")
	if utf8.RuneCountInString(label) > 20 {
		return 0, ""
	}
	return headerLabels[strings.ToLower(label)], strings.TrimLeft(t[colon+width:], " \t*")
}

// firstLines returns the first n lines of s that are not blank.
func firstLines(s string, n int) string {
	out := ""
	for n > 0 && s != "" {
		line := s
		if i := strings.IndexByte(s, '\n'); i >= 0 {
			line, s = s[:i], s[i+1:]
		} else {
			s = ""
		}
		if strings.TrimSpace(line) != "" {
			if out != "" {
				out += "\n"
			}
			out += line
			n--
		}
	}
	return out
}

func lastLine(s string) string {
	s = strings.TrimRightFunc(s, unicode.IsSpace)
	return s[strings.LastIndexByte(s, '\n')+1:]
}

// endsWithAttribution reports whether the last lines of s introduce a quote.
func endsWithAttribution(s string) bool {
	s = strings.TrimRightFunc(s[max(0, len(s)-2*maxAttributionBytes):], unicode.IsSpace)
	lines := strings.Split(s, "\n")
	_, _, ok := attributionAt(lines, len(lines)-1)
	return ok
}

// beginsWithAttribution reports whether the first lines of a block introduce a quote.
func beginsWithAttribution(s string) bool {
	lines := strings.Split(strings.TrimSpace(s), "\n")
	for i := range lines {
		if start, _, ok := attributionAt(lines, i); ok && start == 0 {
			return true
		}
	}
	_, ok := headerBlock(lines, 0)
	return ok
}
