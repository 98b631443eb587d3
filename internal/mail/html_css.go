package mail

import (
	"strings"

	"github.com/tdewolff/parse/v2"
	"github.com/tdewolff/parse/v2/css"
)

// cssToken is one token of CSS as sent.
type cssToken struct {
	kind css.TokenType
	text string
}

// cssTokens cuts CSS into tokens; a comment becomes a space, for it separates.
func cssTokens(src string) []cssToken {
	lex := css.NewLexer(parse.NewInputString(strings.ReplaceAll(src, "\x00", "")))
	toks := make([]cssToken, 0, len(src)/4+4)
	for {
		kind, text := lex.Next()
		switch kind {
		case css.ErrorToken:
			return toks
		case css.CommentToken:
			toks = append(toks, cssToken{css.WhitespaceToken, " "})
		case css.CDOToken, css.CDCToken:
		default:
			toks = append(toks, cssToken{kind, string(text)})
		}
	}
}

// inlineStyle returns a style attribute with the allowed declarations only.
func (s *sanitiser) inlineStyle(src string) string {
	if src == "" || len(src) > 64<<10 {
		return ""
	}
	if out, ok := s.styles[src]; ok {
		return out
	}
	before := s.out.Blocked
	s.cssURLs = true
	out := string(s.declarations(nil, cssTokens(src)))
	if s.out.Blocked == before { // blocked images are counted at every place
		s.styles[src] = out
	}
	return out
}

// declarations appends the allowed declarations of a block.
func (s *sanitiser) declarations(b []byte, toks []cssToken) []byte {
	for len(toks) > 0 {
		decl := toks[:declEnd(toks)]
		toks = toks[min(len(decl)+1, len(toks)):]
		decl = trimSpace(decl)
		if len(decl) < 3 || decl[0].kind != css.IdentToken {
			continue
		}
		value := trimSpace(decl[1:])
		if len(value) < 2 || value[0].kind != css.ColonToken {
			continue
		}
		name := strings.ToLower(decl[0].text)
		kind := cssProperties[name]
		if kind == 0 {
			continue
		}
		mark := len(b)
		if mark > 0 && b[mark-1] != '{' {
			b = append(b, ';')
		}
		b = append(b, name...)
		b = append(b, ':')
		empty := len(b)
		var ok bool
		if b, ok = s.value(b, kind, trimSpace(value[1:])); !ok || len(b) == empty {
			b = b[:mark]
		}
	}
	return b
}

// declEnd returns where the first declaration ends: at a semicolon outside brackets.
func declEnd(toks []cssToken) int {
	depth := 0
	for i, t := range toks {
		switch t.kind {
		case css.SemicolonToken:
			if depth <= 0 {
				return i
			}
		case css.LeftParenthesisToken, css.LeftBracketToken, css.LeftBraceToken, css.FunctionToken:
			depth++
		case css.RightParenthesisToken, css.RightBracketToken, css.RightBraceToken:
			depth--
		}
	}
	return len(toks)
}

// value appends one value. It is not ok when a token is not on the list.
func (s *sanitiser) value(b []byte, kind cssKind, toks []cssToken) ([]byte, bool) {
	depth := 0
	for _, t := range toks {
		switch t.kind {
		case css.WhitespaceToken:
			if n := len(b); b[n-1] != ' ' && b[n-1] != ':' {
				b = append(b, ' ')
			}
			continue
		case css.URLToken:
			u, ok := s.cssImage(kind, t.text)
			if !ok {
				return b, false
			}
			if u != "" {
				b = append(b, `url("`+u+`")`...)
			}
			continue
		case css.FunctionToken:
			if depth++; depth > 4 || !cssFunctions[strings.ToLower(t.text)] {
				return b, false
			}
		case css.RightParenthesisToken:
			if depth--; depth < 0 {
				return b, false
			}
		case css.LeftParenthesisToken:
			if depth++; depth == 1 || depth > 4 {
				return b, false // only inside calc()
			}
		case css.StringToken:
			v, ok := cssString(kind, t.text)
			if !ok {
				return b, false
			}
			b = append(b, v...)
			continue
		default:
			if !plainToken(t) {
				return b, false
			}
		}
		b = append(b, t.text...)
	}
	if depth != 0 {
		return b, false
	}
	for len(b) > 0 && b[len(b)-1] == ' ' {
		b = b[:len(b)-1]
	}
	return b, true
}

// plainToken reports whether a token may be written as it is.
func plainToken(t cssToken) bool {
	switch t.kind {
	case css.IdentToken:
		return len(t.text) <= 64 && onlyIn(t.text, "-_")
	case css.HashToken:
		return len(t.text) <= 9 && onlyIn(t.text[1:], "")
	case css.NumberToken, css.PercentageToken:
		return len(t.text) <= 12 && onlyIn(t.text, "+-.%")
	case css.DimensionToken:
		unit := strings.ToLower(strings.TrimLeft(t.text, "+-.0123456789"))
		return len(t.text) <= 16 && cssUnits[unit]
	case css.CommaToken:
		return true
	case css.DelimToken:
		return len(t.text) == 1 && strings.Contains("/+-*!", t.text)
	}
	return false
}

// cssString returns a string that may stand in a font list.
func cssString(kind cssKind, text string) (string, bool) {
	if kind != cssFont || len(text) < 2 || len(text) > 80 || text[len(text)-1] != text[0] {
		return "", false
	}
	inner := text[1 : len(text)-1]
	if !onlyIn(inner, " -_.") {
		return "", false
	}
	return "'" + inner + "'", true
}

// cssImage returns the address of a url() as the reader loads it; "" when it is blocked.
func (s *sanitiser) cssImage(kind cssKind, text string) (string, bool) {
	if kind != cssImages || !s.cssURLs {
		return "", false
	}
	inner := strings.TrimSpace(strings.TrimSuffix(text[len("url("):], ")"))
	if n := len(inner); n >= 2 && (inner[0] == '"' || inner[0] == '\'') && inner[n-1] == inner[0] {
		inner = inner[1 : n-1]
	}
	if strings.ContainsAny(inner, `\"`) {
		return "", false
	}
	return cssURL(s.image(inner)), true
}

// cssURL makes an address fit for url("…") by percent-encoding what could end it.
func cssURL(u string) string {
	if strings.ContainsAny(u, "\"'\\()<> \n\r\t\f") {
		return percentEncode(u)
	}
	return u
}

func trimSpace(toks []cssToken) []cssToken {
	for len(toks) > 0 && toks[0].kind == css.WhitespaceToken {
		toks = toks[1:]
	}
	for len(toks) > 0 && toks[len(toks)-1].kind == css.WhitespaceToken {
		toks = toks[:len(toks)-1]
	}
	return toks
}
