package triage

import (
	"unicode/utf8"
)

// Limits that keep one judgement bounded, whatever the length of the mail. Long mails are read at both ends: the
// message stands at the top, the small print at the bottom.
const (
	maxHeadBytes = 12000
	maxTailBytes = 3000
	maxTokens    = 2600
)

// A token is one word of a text: where it stands (byte offsets), the hashes of its folded form and the sentence it
// belongs to.
type token struct {
	start, end int32
	hash       uint64
	stem       uint64 // hash of the first five letters, 0 for shorter words
	sent       int32
	kind       tokenKind
}

// A tokenKind tells words from numbers, links and addresses.
type tokenKind uint8

const (
	word tokenKind = iota
	number
	link
	address
)

const (
	fnvOffset = 14695981039346656037
	fnvPrime  = 1099511628211
)

// hashString is the hash that tokenise gives to a folded word.
func hashString(s string) uint64 {
	h := uint64(fnvOffset)
	for i := 0; i < len(s); i++ {
		h = (h ^ uint64(s[i])) * fnvPrime
	}
	return h
}

// tokenise splits s into words. Words are folded before they are hashed: lower case, no diacritics, no apostrophes,
// so that "DON’T" and "dont" are one. Links, addresses and numbers keep their place but not their spelling.
func tokenise(s string, out []token) []token {
	t := tokeniser{s: s, out: out}
	head, tail := len(s), len(s)
	if len(s) > maxHeadBytes+maxTailBytes {
		head, tail = maxHeadBytes, len(s)-maxTailBytes
	}
	t.run(0, head)
	if tail < len(s) {
		t.breakSentence()
		t.run(tail, len(s))
	}
	return t.out
}

// A tokeniser walks over one text.
type tokeniser struct {
	s      string
	out    []token
	sent   int32
	inSent bool // the current sentence has a token
}

func (t *tokeniser) breakSentence() {
	if t.inSent {
		t.sent++
		t.inSent = false
	}
}

func (t *tokeniser) run(i, end int) {
	lineStart := i
	for i < end && len(t.out) < maxTokens {
		c := t.s[i]
		switch {
		case c == '\n':
			if blankAhead(t.s, i+1, end) || i-lineStart < 50 {
				t.breakSentence()
			}
			i++
			lineStart = i
		case c == '.' || c == '!' || c == '?':
			if i+1 >= end || t.s[i+1] <= ' ' || c != '.' || t.s[i+1] == '"' {
				t.breakSentence()
			}
			i++
		case c < utf8.RuneSelf && !isWordByte(c):
			i++
		default:
			i = t.one(i, end)
		}
	}
}

// one reads the token at i and returns the offset behind it.
func (t *tokeniser) one(i, end int) int {
	if j := linkEnd(t.s, i, end); j > i {
		t.add(i, j, linkHash, 0, link)
		return j
	}
	h, stem, j, letters, digits := foldWord(t.s, i, end)
	if letters+digits == 0 {
		_, n := utf8.DecodeRuneInString(t.s[i:end])
		return i + max(n, 1)
	}
	if j < end && t.s[j] == '@' && j+1 < end && isWordByte(t.s[j+1]) {
		j = addressEnd(t.s, j, end)
		t.add(i, j, addressHash, 0, address)
		return j
	}
	kind := word
	if letters == 0 {
		kind = number
		for j+1 < end && (t.s[j] == '.' || t.s[j] == ',' || t.s[j] == ':') && t.s[j+1] >= '0' && t.s[j+1] <= '9' {
			for j++; j < end && t.s[j] >= '0' && t.s[j] <= '9'; j++ {
				h = (h ^ uint64(t.s[j])) * fnvPrime
			}
		}
	}
	t.add(i, j, h, stem, kind)
	return j
}

func (t *tokeniser) add(i, j int, h, stem uint64, k tokenKind) {
	t.out = append(t.out, token{start: int32(i), end: int32(j), hash: h, stem: stem, sent: t.sent, kind: k})
	t.inSent = true
}

// foldWord reads a word at i: its hashes, its end, and how many letters and digits it holds.
func foldWord(s string, i, end int) (h, stem uint64, j, letters, digits int) {
	h = fnvOffset
	j = i
	for j < end {
		if letters == 5 && stem == 0 {
			stem = h
		}
		c := s[j]
		if c < utf8.RuneSelf {
			switch {
			case c >= 'a' && c <= 'z':
				letters++
			case c >= 'A' && c <= 'Z':
				c |= 0x20
				letters++
			case c >= '0' && c <= '9':
				digits++
			case c == '\'' && letters > 0 && j+1 < end && isLetterByte(s[j+1]):
				j++
				continue
			default:
				return h, stem, j, letters, digits
			}
			h = (h ^ uint64(c)) * fnvPrime
			j++
			continue
		}
		r, n := utf8.DecodeRuneInString(s[j:end])
		f := foldRune(r)
		if f == "" {
			if (r == '’' || r == '‘' || r == 'ʼ') && letters > 0 && j+n < end && isLetterByte(s[j+n]) || isIgnorable(r) {
				j += n
				continue
			}
			return h, stem, j, letters, digits
		}
		for k := 0; k < len(f); k++ {
			h = (h ^ uint64(f[k])) * fnvPrime
		}
		letters++
		j += n
	}
	return h, stem, j, letters, digits
}

// Hashes that stand for every link and every address.
var (
	linkHash    = hashString("<link>")
	addressHash = hashString("<address>")
)

// linkEnd returns the end of a URL that starts at i, or i.
func linkEnd(s string, i, end int) int {
	c := s[i] | 0x20
	if c != 'h' && c != 'w' {
		return i
	}
	rest := s[i:min(end, i+8)]
	if !hasPrefixFold(rest, "http://") && !hasPrefixFold(rest, "https://") && !hasPrefixFold(rest, "www.") {
		return i
	}
	j := i
	for j < end && s[j] > ' ' && s[j] != '>' && s[j] != '<' && s[j] != '"' && s[j] != ')' && s[j] != ']' {
		j++
	}
	for j > i && (s[j-1] == '.' || s[j-1] == ',' || s[j-1] == ';' || s[j-1] == '!' || s[j-1] == '?') {
		j--
	}
	return j
}

func addressEnd(s string, j, end int) int {
	j++
	for j < end && (isWordByte(s[j]) || ((s[j] == '.' || s[j] == '-') && j+1 < end && isWordByte(s[j+1]))) {
		j++
	}
	return j
}

func blankAhead(s string, i, end int) bool {
	for i < end && (s[i] == ' ' || s[i] == '\t' || s[i] == '\r') {
		i++
	}
	return i >= end || s[i] == '\n' || s[i] == '-' || s[i] == '*' || s[i] == '>'
}

func isWordByte(c byte) bool {
	return isLetterByte(c) || c >= '0' && c <= '9'
}

func isLetterByte(c byte) bool {
	return c|0x20 >= 'a' && c|0x20 <= 'z' || c >= utf8.RuneSelf
}

func isIgnorable(r rune) bool {
	return r == 0x200B || r == 0x200C || r == 0x200D || r == 0xFEFF || r == 0xAD || r == 0x2060 || r == 0x34F ||
		r >= 0x300 && r <= 0x36F
}

// hasPrefixFold is strings.HasPrefix without regard to ASCII case; prefix is lower case.
func hasPrefixFold(s, prefix string) bool {
	if len(s) < len(prefix) {
		return false
	}
	for i := 0; i < len(prefix); i++ {
		c := s[i]
		if c >= 'A' && c <= 'Z' {
			c |= 0x20
		}
		if c != prefix[i] {
			return false
		}
	}
	return true
}
