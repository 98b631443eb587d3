package search

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

type tokenKind uint8

const (
	tokEnd tokenKind = iota
	tokOpen
	tokClose
	tokOpenAny  // {
	tokCloseAny // }
	tokOr
	tokAnd
	tokNot
	tokPlus
	tokWord
	tokPhrase
	tokMeaning
	tokField // name and colon; the value follows
)

// A token is one piece of the source. text is the word without its final star, the phrase without its quotes, or the
// name of the field as typed.
type token struct {
	kind     tokenKind
	text     string
	pos, end int
	prefix   bool
	unclosed bool
	unknown  bool // a word of the form name:value whose name is no field
}

// lex returns the token at or after pos. Signs that touch nothing are skipped like blanks.
func lex(s string, pos int) token {
	for pos < len(s) {
		r, n := utf8.DecodeRuneInString(s[pos:])
		if !blank(r) {
			if n = loneSigns(s[pos:]); n == 0 {
				break
			}
		}
		pos += n
	}
	if pos >= len(s) {
		return token{kind: tokEnd, pos: len(s), end: len(s)}
	}
	if k := punctuation(s[pos]); k != tokEnd {
		return token{kind: k, pos: pos, end: pos + 1}
	}
	if r, _ := utf8.DecodeRuneInString(s[pos:]); quote(r) {
		return lexPhrase(s, pos)
	}
	if s[pos] == '~' {
		t := lexValue(s, pos+1)
		t.kind, t.pos = tokMeaning, pos
		return t
	}
	return lexWord(s, pos)
}

func punctuation(c byte) tokenKind {
	switch c {
	case '(':
		return tokOpen
	case ')':
		return tokClose
	case '{':
		return tokOpenAny
	case '}':
		return tokCloseAny
	case '|':
		return tokOr
	case '-', '!':
		return tokNot
	case '+':
		return tokPlus
	}
	return tokEnd
}

// loneSigns returns the length of the signs at the start of s when nothing follows that they could apply to, as in
// "a -- b"; else 0.
func loneSigns(s string) int {
	rest := strings.TrimLeft(s, "-!+~*")
	if rest != "" {
		if r, _ := utf8.DecodeRuneInString(rest); !blank(r) && !strings.ContainsRune(")}|", r) {
			return 0
		}
	}
	return len(s) - len(rest)
}

// lexWord reads a bare word, an operator in capitals, or the name of a field.
func lexWord(s string, pos int) token {
	t := lexBare(s, pos)
	switch {
	case t.prefix:
	case t.text == "OR":
		t.kind = tokOr
	case t.text == "AND":
		t.kind = tokAnd
	case t.text == "NOT":
		t.kind = tokNot
	}
	colon := fieldName(s[pos:t.end])
	if colon == 0 || strings.HasPrefix(s[pos+colon:], "://") {
		return t
	}
	name, next := s[pos:pos+colon], pos+colon+1
	field := token{kind: tokField, text: name, pos: pos, end: next}
	if fieldOf(name) != nil {
		return field
	}
	if next < t.end {
		t.unknown = true
		return t
	}
	if r, _ := utf8.DecodeRuneInString(s[next:]); next < len(s) && (quote(r) || r == '(' || r == '{') {
		return field
	}
	return t
}

// fieldName returns the length of the name before the colon that makes s a field, or 0.
func fieldName(s string) int {
	for i := 0; i < len(s); i++ {
		c := s[i]
		switch {
		case c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z':
		case i > 0 && (c == '-' || c == '_' || c >= '0' && c <= '9'):
		case c == ':':
			return i
		default:
			return 0
		}
	}
	return 0
}

// lexValue reads a word or phrase at exactly pos, where signs, fields and operators mean nothing.
func lexValue(s string, pos int) token {
	if pos < len(s) {
		if r, _ := utf8.DecodeRuneInString(s[pos:]); quote(r) {
			return lexPhrase(s, pos)
		}
	}
	return lexBare(s, pos)
}

// lexBare reads up to a blank, bracket, quote or bar. The text is empty when nothing is there.
func lexBare(s string, pos int) token {
	end := pos
	for end < len(s) {
		r, n := utf8.DecodeRuneInString(s[end:])
		if blank(r) || quote(r) || strings.ContainsRune("(){}|", r) {
			break
		}
		end += n
	}
	text := strings.TrimRight(s[pos:end], "*")
	return token{kind: tokWord, text: text, pos: pos, end: end, prefix: pos+len(text) < end}
}

func lexPhrase(s string, pos int) token {
	_, n := utf8.DecodeRuneInString(s[pos:])
	t := token{kind: tokPhrase, pos: pos, unclosed: true, end: len(s)}
	body := s[pos+n:]
	for i, r := range body {
		if quote(r) {
			t.unclosed, t.end = false, pos+n+i+utf8.RuneLen(r)
			body = body[:i]
			break
		}
	}
	t.text = strings.Join(strings.FieldsFunc(body, blank), " ")
	for t.end < len(s) && s[t.end] == '*' {
		t.prefix = true
		t.end++
	}
	return t
}

func blank(r rune) bool {
	return unicode.IsSpace(r) || unicode.IsControl(r) || r == 0xFEFF || r == 0x200B
}

// quote takes in the typographic double quotes that word processors and phones put in.
func quote(r rune) bool { return r == '"' || r == '“' || r == '”' || r == '„' }
