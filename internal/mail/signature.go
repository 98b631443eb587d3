package mail

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// Bounds of what counts as the end of a mail.
const (
	maxSignatureLines = 12 // lines with text after a sign-off
	maxDelimitedLines = 25 // lines with text after "-- "
	maxSignatureWidth = 72 // characters
)

// dropTail removes footers, disclaimers and signatures from the end until nothing more is found. The first line stays.
func dropTail(lines []string) []string {
	cuts := []func([]string) int{cutDelimiter, cutListFooter, cutMobile, cutDisclaimer, cutSignOff, cutDashName}
	for round := 0; round < 4; round++ {
		before := len(lines)
		for _, cut := range cuts {
			if at := cut(lines); at > 0 && at < len(lines) {
				if rest := trimBlank(lines[:at]); len(rest) > 0 {
					lines = rest
				}
			}
		}
		if len(lines) == before {
			break
		}
	}
	return lines
}

// tail returns the index of the line from which at most n lines with text follow.
func tail(lines []string, n int) int {
	for i := len(lines) - 1; i >= 0; i-- {
		if strings.TrimSpace(lines[i]) == "" {
			continue
		}
		if n--; n < 0 {
			return i + 1
		}
	}
	return 0
}

// cutDelimiter finds the first "-- " near the end (RFC 3676, section 4.3), also without its blank or longer.
func cutDelimiter(lines []string) int {
	for i := max(1, tail(lines, maxDelimitedLines)); i < len(lines); i++ {
		t := strings.TrimSpace(lines[i])
		switch t {
		case "--", "---", "—", "––", "-- --", "__":
			if t == "--" || shortLines(lines[i+1:], maxSignatureLines) {
				return i
			}
		}
	}
	return 0
}

// shortLines reports whether at most n lines with text follow and none is longer than a signature's.
func shortLines(lines []string, n int) bool {
	for _, line := range lines {
		t := strings.TrimSpace(line)
		if t == "" {
			continue
		}
		if n--; n < 0 || utf8.RuneCountInString(t) > maxSignatureWidth && !strings.Contains(t, "://") {
			return false
		}
	}
	return true
}

// cutListFooter finds the footer that a list server added: a rule and below it words of list servers.
func cutListFooter(lines []string) int {
	from := max(1, tail(lines, 14))
	for i := from; i < len(lines); i++ {
		if !isRule(lines[i], 10) && !strings.HasPrefix(lines[i], "--~--~") && !strings.Contains(lines[i], "Yahoo! Groups") {
			continue
		}
		if rest := strings.ToLower(strings.Join(lines[i:], "\n")); hasAny(rest, listFooterWords) {
			return i
		}
	}
	at, ok := lastParagraph(lines)
	if ok && len(lines)-at <= 6 && hasAny(strings.ToLower(strings.Join(lines[at:], "\n")), listFooterStrong) {
		return at
	}
	return 0
}

// lastParagraph returns the first line of the last paragraph, when there is one before it.
func lastParagraph(lines []string) (int, bool) {
	i := len(lines)
	for i > 0 && strings.TrimSpace(lines[i-1]) != "" {
		i--
	}
	return i, i > 0
}

func hasAny(s string, words []string) bool {
	for _, w := range words {
		if strings.Contains(s, w) {
			return true
		}
	}
	return false
}

// cutMobile finds "Sent from my iPhone" and its kin in the last lines.
func cutMobile(lines []string) int {
	for i := max(1, tail(lines, 4)); i < len(lines); i++ {
		t := strings.ToLower(strings.Trim(lines[i], " \t*_<>[]"))
		if len(t) > 120 {
			continue
		}
		for _, w := range mobilePrefixes {
			if strings.HasPrefix(t, w) {
				return i
			}
		}
		for _, w := range mobileEndings {
			if strings.HasSuffix(strings.TrimRight(t, ".!"), w) {
				return i
			}
		}
	}
	return 0
}

// cutDisclaimer finds the last paragraphs that speak only of confidentiality, viruses and paper.
func cutDisclaimer(lines []string) int {
	cut := 0
	end := len(lines)
	for n := 0; n < 6; n++ {
		at, ok := lastParagraph(lines[:end])
		if !ok {
			return cut
		}
		paragraph := strings.ToLower(strings.Join(lines[at:end], " "))
		if !isDisclaimer(paragraph) {
			return cut
		}
		cut, end = at, at
		for end > 0 && strings.TrimSpace(lines[end-1]) == "" {
			end--
		}
		if end > 0 && isRule(lines[end-1], 5) {
			cut = end - 1
			end--
			for end > 0 && strings.TrimSpace(lines[end-1]) == "" {
				end--
			}
		}
	}
	return cut
}

func isDisclaimer(paragraph string) bool {
	if hasAny(paragraph, disclaimerStrong) {
		return true
	}
	hits := 0
	for _, w := range disclaimerWords {
		if strings.Contains(paragraph, w) {
			hits++
		}
	}
	return hits >= 2
}

// cutSignOff finds a closing phrase near the end that only short lines follow: a name, a title, numbers, links.
func cutSignOff(lines []string) int {
	for i := max(1, tail(lines, maxSignatureLines)); i < len(lines); i++ {
		if isSignOff(lines[i]) && signatureLike(lines[i+1:]) {
			return i
		}
	}
	return 0
}

// isSignOff reports whether a line is a closing phrase and little more.
func isSignOff(line string) bool {
	t := strings.ToLower(strings.Trim(line, " \t*_,.!-–—~"))
	if t == "" || len(t) > 60 {
		return false
	}
	for _, w := range signOffs {
		if t == w {
			return true
		}
		if strings.HasPrefix(t, w) && len(w) > 3 && !strings.ContainsAny(t, ".?:") {
			rest := t[len(w):]
			if strings.HasPrefix(rest, ",") || strings.HasPrefix(rest, " ") && len(strings.Fields(rest)) <= 3 {
				return !strings.HasPrefix(rest, " for ")
			}
		}
	}
	return false
}

// signatureLike reports whether the lines after a sign-off are short and no sentences.
func signatureLike(lines []string) bool {
	for _, line := range lines {
		t := strings.TrimSpace(line)
		lower := strings.ToLower(t)
		switch {
		case t == "":
		case strings.HasPrefix(lower, "ps") && len(t) > 2 && !unicode.IsLetter(rune(t[2])), strings.HasPrefix(lower, "p.s"):
			return false
		case strings.HasSuffix(t, "?"):
			return false
		case utf8.RuneCountInString(t) > maxSignatureWidth && !strings.Contains(t, "://"):
			return false
		case strings.HasSuffix(t, ".") && len(strings.Fields(t)) > 7:
			return false
		}
	}
	return true
}

// cutDashName finds a last line "-Name" or "- Name".
func cutDashName(lines []string) int {
	i := len(lines) - 1
	if i < 1 {
		return 0
	}
	name := strings.TrimLeft(strings.TrimSpace(lines[i]), "-–— ")
	if len(lines[i]) == len(name) || name == "" || len(name) > 24 || len(strings.Fields(name)) > 2 || !isDash(lines[i]) {
		return 0
	}
	for _, c := range strings.TrimRight(name, ".") {
		if !unicode.IsLetter(c) && c != ' ' && c != '.' {
			return 0
		}
	}
	for j := i - 1; j >= 0; j-- {
		if before := strings.TrimSpace(lines[j]); before != "" {
			if isDash(before) || strings.HasSuffix(before, ":") {
				return 0 // the end of a list
			}
			return i
		}
	}
	return 0
}

func isDash(line string) bool {
	t := strings.TrimSpace(line)
	return strings.HasPrefix(t, "-") || strings.HasPrefix(t, "–") || strings.HasPrefix(t, "—")
}
