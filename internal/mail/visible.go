package mail

import (
	"strings"
)

// maxVisibleLines bounds the lines that VisibleText looks at; later ones are left out.
const maxVisibleLines = 20000

// VisibleText returns what the writer of a mail wrote in it: text without quoted mail and its introductions, without
// signature, legal disclaimer and list footer. Answers between quoted lines stay. A mail that says nothing of its own
// but forwards something keeps what it forwards; what would leave nothing at all is not stripped.
func VisibleText(text string) string {
	lines := splitLines(text)
	own := trimBlank(dropQuotes(lines))
	if len(own) == 0 {
		own = trimBlank(unquoteLines(lines))
	}
	return strings.Join(squeeze(dropTail(own)), "\n")
}

func splitLines(text string) []string {
	lines := make([]string, 0, 64)
	for text != "" && len(lines) < maxVisibleLines {
		line := text
		if i := strings.IndexByte(text, '\n'); i >= 0 {
			line, text = text[:i], text[i+1:]
		} else {
			text = ""
		}
		lines = append(lines, strings.TrimRight(line, " \t\r\u00a0"))
	}
	return lines
}

// A splitter is where quoted mail is introduced.
type splitter struct {
	start, end int    // lines
	before     string // own text before it on its first line
	forward    bool
}

// splitterAt looks for a splitter whose first line, or for attributions whose last line, is i.
func splitterAt(lines []string, i int) (splitter, bool) {
	line := lines[i]
	if line == "" {
		return splitter{}, false
	}
	if isForwardLine(line) {
		return splitter{start: i, end: i + 1, forward: true}, true
	}
	if isOriginalLine(line) {
		end := i + 1
		for end < len(lines) && lines[end] == "" {
			end++
		}
		if end < len(lines) {
			if e, ok := headerBlock(lines, end); ok {
				return splitter{start: i, end: e}, true
			}
		}
		return splitter{start: i, end: i + 1}, true
	}
	if end, ok := headerBlock(lines, i); ok {
		return splitter{start: i, end: end}, true
	}
	if start, before, ok := attributionAt(lines, i); ok {
		return splitter{start: start, end: i + 1, before: before}, true
	}
	return splitter{}, false
}

// dropQuotes leaves out quoted lines and what a splitter introduces.
func dropQuotes(lines []string) []string {
	quotes := hasQuotes(lines)
	own := make([]string, 0, len(lines))
	kept := 0 // a splitter cannot begin before this line
	for i := 0; i < len(lines); i++ {
		if isQuotedLine(lines[i]) {
			if !quotes {
				own = append(own, lines[i])
				continue
			}
			own = dropIntroduction(own)
			i = skipQuoted(lines, i) - 1
			kept = i + 1
			continue
		}
		s, ok := splitterAt(lines, i)
		if !ok || s.start < kept {
			own = append(own, lines[i])
			continue
		}
		own = dropRule(own[:len(own)-(i-s.start)])
		if s.before != "" {
			own = append(own, s.before)
		}
		if s.forward && wordCount(own) < 6 {
			return append(own, lines[s.start:]...)
		}
		next := nextLine(lines, s.end)
		if s.forward || next >= len(lines) || !isQuotedLine(lines[next]) {
			return own
		}
		quotes = true
		i = s.end - 1
		kept = s.end
	}
	return own
}

// dropIntroduction removes a last line that only says whom the quote after it is from.
func dropIntroduction(own []string) []string {
	n := len(own)
	for n > 0 && own[n-1] == "" {
		n--
	}
	if n > 0 && introduces(own[n-1]) {
		return own[:n-1]
	}
	return own
}

// quotedParagraph is the length from which a single quoted line is taken as an unwrapped paragraph, in bytes.
const quotedParagraph = 66

// hasQuotes reports whether lines with a quotation mark are quotes: two in a row, a long one, or one right after its
// introduction. Short single ones are how some newsletters mark their links.
func hasQuotes(lines []string) bool {
	for i, line := range lines {
		if !isQuotedLine(line) {
			continue
		}
		if len(line) >= quotedParagraph && !strings.HasPrefix(line, ">>") || i > 0 && introduces(lines[i-1]) {
			return true
		}
		if i+1 < len(lines) && (isQuotedLine(lines[i+1]) ||
			i+2 < len(lines) && isQuotedLine(lines[i+2]) && isSpilled(line, lines[i+1])) {
			return true
		}
		if strings.TrimSpace(line) == ">" {
			return true
		}
	}
	return false
}

// skipQuoted returns the index after a run of quoted lines, with the short rests that a mail program broke off them.
func skipQuoted(lines []string, i int) int {
	for i < len(lines) {
		switch {
		case isQuotedLine(lines[i]):
			i++
		case i+1 < len(lines) && isQuotedLine(lines[i+1]) && isSpilled(lines[i-1], lines[i]):
			i++
		case lines[i] == "" && nextLine(lines, i) < len(lines) && isQuotedLine(lines[nextLine(lines, i)]):
			i = nextLine(lines, i)
		default:
			return i
		}
	}
	return i
}

// isSpilled reports whether line is the end of the quoted line before it, wrapped without a mark.
func isSpilled(before, line string) bool {
	if strings.HasPrefix(strings.TrimSpace(line), "(http") || strings.HasSuffix(line, ")") && strings.Contains(before, "(http") {
		return true
	}
	if len(before) < 66 || len(line) > 40 || line == "" {
		return false
	}
	c := line[0]
	return c >= 'a' && c <= 'z' || c >= '0' && c <= '9'
}

func nextLine(lines []string, i int) int {
	for i < len(lines) && lines[i] == "" {
		i++
	}
	return i
}

// dropRule removes the line of underscores or dashes that Outlook draws above a header block.
func dropRule(own []string) []string {
	n := len(own)
	for n > 0 && own[n-1] == "" {
		n--
	}
	if n > 0 && isRule(own[n-1], 5) {
		return own[:n-1]
	}
	return own
}

// isRule reports whether a line is at least n marks and nothing else.
func isRule(line string, n int) bool {
	t := strings.TrimSpace(line)
	return len(t) >= n && strings.Trim(t, "_-=*~") == ""
}

// unquoteLines removes quotation marks, for a mail that is nothing but a quote.
func unquoteLines(lines []string) []string {
	out := make([]string, 0, len(lines))
	for _, line := range lines {
		if isQuotedLine(line) {
			line = strings.TrimLeft(line, "> \t")
		}
		out = append(out, line)
	}
	return out
}

func wordCount(lines []string) int {
	n := 0
	for _, line := range lines {
		n += len(strings.Fields(line))
	}
	return n
}

func trimBlank(lines []string) []string {
	for len(lines) > 0 && strings.TrimSpace(lines[0]) == "" {
		lines = lines[1:]
	}
	for len(lines) > 0 && strings.TrimSpace(lines[len(lines)-1]) == "" {
		lines = lines[:len(lines)-1]
	}
	return lines
}

// squeeze turns runs of blank lines into one.
func squeeze(lines []string) []string {
	out := lines[:0:0]
	blank := false
	for _, line := range lines {
		if line == "" && blank {
			continue
		}
		blank = line == ""
		out = append(out, line)
	}
	return out
}
