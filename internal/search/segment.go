package search

import (
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

const (
	maxWord    = 64  // bytes of a word as written; longer runs are noise, such as keys and encoded data
	maxURLWord = 24  // bytes of a word in the path of a URL
	maxWhole   = 120 // bytes of an address or host name kept whole
	maxParts   = 32  // words in one chain
)

// A part is one word of a chain: s[start:end] of the source, buf[lo:hi] normalised.
type part struct{ start, end, lo, hi int }

// A segmenter cuts a text into chains of words. A chain is one word, or several with exactly one of . @ - _ + ' between
// them: "offer", "e-mail", "anna.smith+jobs@mail.example.com". Words are runs of letters, digits and marks; each
// character of a script without spaces, and each emoji, is a word. Words are normalised to NFKC, lower case and base
// letters (é → e, ß → ss). Of a URL the scheme and what follows ? or # are left out, and a final 's of a word is.
type segmenter struct {
	s     string
	i     int
	inURL bool

	buf    []byte
	parts  []part
	whole  bool // the chain is an address, a host or file name, or such as c++, and findable as a whole: buf
	broken bool // a word of the chain was left out, so there is no whole
	at     int  // index of the @ in buf, or -1
}

func (c *segmenter) reset(s string) { c.s, c.i, c.inURL = s, 0, false }

// next reads the next chain that has a word in it.
func (c *segmenter) next() bool {
	for c.skip() {
		c.buf, c.parts, c.whole, c.broken, c.at = c.buf[:0], c.parts[:0], false, false, -1
		c.chain()
		if len(c.parts) == 1 && len(c.s)-c.i > 3 && c.s[c.i:c.i+3] == "://" {
			c.inURL = true
			c.i += 3
			continue
		}
		if len(c.parts) > 0 {
			return true
		}
	}
	return false
}

// skip goes to the next word character.
func (c *segmenter) skip() bool {
	for c.i < len(c.s) {
		b := c.s[c.i]
		if b < utf8.RuneSelf {
			if classes[b] == letter {
				return true
			}
			c.i++
			if c.inURL {
				c.urlByte(b)
			}
			continue
		}
		r, n := utf8.DecodeRuneInString(c.s[c.i:])
		if wordRune(r) {
			return true
		}
		c.i += n
	}
	return false
}

// urlByte leaves the URL at a byte that ends it, and passes over its query and fragment.
func (c *segmenter) urlByte(b byte) {
	if b == '?' || b == '#' {
		for c.i < len(c.s) && !endsURL(c.s[c.i]) {
			c.i++
		}
		c.inURL = false
	}
	if endsURL(b) {
		c.inURL = false
	}
}

func endsURL(b byte) bool {
	switch b {
	case ' ', '\n', '\r', '\t', '<', '>', '"', ')', ']', '\'':
		return true
	}
	return false
}

// chain reads words and the joints between them, beginning at a word character.
func (c *segmenter) chain() {
	for len(c.parts) < maxParts {
		c.word()
		n := c.joint()
		if n == 0 {
			break
		}
		if b := c.s[c.i]; b == '.' || b == '@' {
			c.whole = true
			if b == '@' {
				c.at = len(c.buf)
			}
			c.buf = append(c.buf, b)
		} else if n == 1 {
			c.buf = append(c.buf, b)
		} else {
			c.buf = append(c.buf, '\'')
		}
		c.i += n
		if c.possessive(n) {
			return
		}
	}
	c.language()
}

// joint returns the length of the joint at c.i when a word character follows it.
func (c *segmenter) joint() int {
	if c.i >= len(c.s) {
		return 0
	}
	n := 1
	switch b := c.s[c.i]; b {
	case '.', '@', '-', '_', '+', '\'':
	case 0xE2: // ’
		if n = len("’"); len(c.s)-c.i < n || c.s[c.i:c.i+n] != "’" {
			return 0
		}
	default:
		return 0
	}
	r, _ := utf8.DecodeRuneInString(c.s[c.i+n:])
	if r < utf8.RuneSelf && classes[byte(r)] == letter || r >= utf8.RuneSelf && r != utf8.RuneError && wordRune(r) {
		return n
	}
	return 0
}

// possessive drops the s after an apostrophe of n bytes when it ends the chain.
func (c *segmenter) possessive(n int) bool {
	if last := c.buf[len(c.buf)-1]; last != '\'' || c.s[c.i] != 's' && c.s[c.i] != 'S' {
		return false
	}
	c.i++
	r, _ := utf8.DecodeRuneInString(c.s[c.i:])
	if c.i < len(c.s) && wordRune(r) || c.joint() > 0 {
		c.i--
		return false
	}
	c.buf = c.buf[:len(c.buf)-1]
	return true
}

// language takes the signs of c++ and c# with the letter, or they would be found by every c.
func (c *segmenter) language() {
	if len(c.parts) != 1 || len(c.buf) != 1 || c.i >= len(c.s) {
		return
	}
	n := 0
	if c.s[c.i] == '#' && !c.inURL {
		n = 1
	} else if len(c.s)-c.i >= 2 && c.s[c.i:c.i+2] == "++" {
		n = 2
	}
	if r, _ := utf8.DecodeRuneInString(c.s[c.i+n:]); n > 0 && !wordRune(r) {
		c.buf = append(c.buf, c.s[c.i:c.i+n]...)
		c.i += n
		c.whole = true
	}
}

// word reads one word, or the run of words of a script without spaces, into buf and parts.
func (c *segmenter) word() {
	start, lo, plain := c.i, len(c.buf), true
	for c.i < len(c.s) {
		b := c.s[c.i]
		if b < utf8.RuneSelf {
			if classes[b] != letter {
				break
			}
			if plain {
				c.buf = append(c.buf, lower[b])
			}
			c.i++
			continue
		}
		r, n := utf8.DecodeRuneInString(c.s[c.i:])
		if !wordRune(r) {
			break
		}
		if alone(r) {
			if c.i > start {
				break
			}
			c.i += n
			c.buf = norm.NFKC.AppendString(c.buf, c.s[start:c.i])
			c.parts = append(c.parts, part{start, c.i, lo, len(c.buf)})
			return
		}
		plain = false
		c.i += n
	}
	limit := maxWord
	if c.inURL {
		limit = maxURLWord
	}
	if c.i-start > limit {
		c.buf, c.broken = c.buf[:lo], true
		return
	}
	if !plain {
		c.buf = fold(c.buf[:lo], c.s[start:c.i])
	}
	if c.broken = c.broken || len(c.buf) == lo; len(c.buf) > lo {
		c.parts = append(c.parts, part{start, c.i, lo, len(c.buf)})
	}
}

// fold appends s in lower case, compatible forms and base letters.
func fold(dst []byte, s string) []byte {
	seen := false
	mark := len(dst)
	for _, r := range norm.NFKD.String(s) {
		switch {
		case accent(r) || !wordRune(r) || unicode.Is(unicode.Cf, r):
			continue
		case unicode.IsLetter(r) || unicode.IsNumber(r):
			seen = true
		}
		r = unicode.ToLower(r)
		if base := baseLetters(r); base != "" {
			dst = append(dst, base...)
		} else {
			dst = utf8.AppendRune(dst, r)
		}
	}
	if !seen {
		return dst[:mark]
	}
	return dst
}

// baseLetters spells letters that are not composed of a base and a mark.
func baseLetters(r rune) string {
	switch r {
	case 'ß':
		return "ss"
	case 'æ':
		return "ae"
	case 'œ':
		return "oe"
	case 'ø':
		return "o"
	case 'đ', 'ð':
		return "d"
	case 'ł':
		return "l"
	case 'þ':
		return "th"
	case 'ı':
		return "i"
	case 'ħ':
		return "h"
	case 'ς':
		return "σ"
	}
	return ""
}

// accent tells marks that are folded away: those of Latin, Greek and Cyrillic, Hebrew points, Arabic vowels, and the
// selectors of variants.
func accent(r rune) bool {
	return r >= 0x300 && r <= 0x36F || r >= 0x591 && r <= 0x5C7 || r >= 0x64B && r <= 0x65F || r == 0x670 ||
		r == 0x640 || r >= 0xFE00 && r <= 0xFE0F
}

// wordRune tells that r belongs to a word; invisible joiners and soft hyphens do, and are dropped from it.
func wordRune(r rune) bool {
	if r < utf8.RuneSelf {
		return r >= 0 && classes[byte(r)] == letter
	}
	return unicode.IsLetter(r) || unicode.IsNumber(r) || unicode.IsMark(r) || r == 0xAD || r == 0x200C || r == 0x200D || emoji(r)
}

func emoji(r rune) bool { return r >= 0x1F300 && unicode.Is(unicode.So, r) }

// alone tells that r is a word by itself: characters of scripts that put no blanks between words, and emoji.
func alone(r rune) bool {
	if r < 0x0E00 {
		return false
	}
	return unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Thai, unicode.Lao, unicode.Khmer,
		unicode.Myanmar) || emoji(r)
}

const letter = 1

// classes marks ASCII letters and digits.
var classes = asciiTable(func(b byte) byte { return letter })

// lower maps ASCII letters and digits to lower case.
var lower = asciiTable(func(b byte) byte {
	if b >= 'A' && b <= 'Z' {
		b += 'a' - 'A'
	}
	return b
})

func asciiTable(f func(byte) byte) (t [256]byte) {
	for b := range byte(utf8.RuneSelf) {
		if b >= '0' && b <= '9' || b >= 'A' && b <= 'Z' || b >= 'a' && b <= 'z' {
			t[b] = f(b)
		}
	}
	return t
}
