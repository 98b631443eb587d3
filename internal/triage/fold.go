package triage

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// latinFold holds the folded spelling of the letters U+00C0 to U+017F, in order, separated by spaces.
const latinFold = "a a a a a a ae c e e e e i i i i d n o o o o o . o u u u u y th ss " +
	"a a a a a a ae c e e e e i i i i d n o o o o o . o u u u u y th y " +
	"a a a a a a c c c c c c c c d d d d e e e e e e e e e e g g g g g g g g h h h h " +
	"i i i i i i i i i i ij ij j j k k k l l l l l l l l l l n n n n n n n n n o o o o o o oe oe " +
	"r r r r r r s s s s s s s s t t t t t t u u u u u u u u u u u u w w y y y z z z z z z s"

// latinTable is latinFold split once.
var latinTable = strings.Split(latinFold, " ")

// foldRune returns the folded form of a letter beyond ASCII: lower case, without diacritics for Latin, itself for
// other scripts, and "" for what is no letter.
func foldRune(r rune) string {
	switch {
	case r >= 0xC0 && r <= 0x17F:
		if f := latinTable[r-0xC0]; f != "." {
			return f
		}
		return ""
	case r < 0x250:
		return ""
	case r >= 0x1D400 && r < 0x1D6A4: // mathematical alphabets: A–Z a–z in turn
		return string('a' + (r-0x1D400)%26)
	case !unicode.IsLetter(r):
		return ""
	}
	return string(unicode.ToLower(r))
}

// foldText returns s as tokenise would read it: folded words separated by single spaces. It is meant for short
// texts such as subjects and display names.
func foldText(s string) string {
	var b strings.Builder
	b.Grow(len(s))
	gap := false
	for i := 0; i < len(s); {
		c := s[i]
		if c < utf8.RuneSelf {
			i++
			switch {
			case c >= 'A' && c <= 'Z':
				c |= 0x20
			case c == '\'':
				continue
			case !isWordByte(c):
				gap = b.Len() > 0
				continue
			}
			if gap {
				b.WriteByte(' ')
				gap = false
			}
			b.WriteByte(c)
			continue
		}
		r, n := utf8.DecodeRuneInString(s[i:])
		i += n
		f := foldRune(r)
		if f == "" {
			if !isIgnorable(r) && r != '’' {
				gap = b.Len() > 0
			}
			continue
		}
		if gap {
			b.WriteByte(' ')
			gap = false
		}
		b.WriteString(f)
	}
	return b.String()
}
