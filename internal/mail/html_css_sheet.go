package mail

import (
	"strings"

	"github.com/tdewolff/parse/v2/css"
)

// mailRoot is the wrapper that every selector is scoped to and that stands for html and body.
const mailRoot = ".mail-body"

// sheet appends the rules of one <style> that may stay.
func (s *sanitiser) sheet(src, media string) {
	if len(s.css)+len(src) > htmlMaxCSS {
		s.warn("style sheet too long: left out")
		return
	}
	toks := cssTokens(src)
	if media = strings.TrimSpace(media); media == "" {
		s.css = s.rules(s.css, toks, 0)
		return
	}
	query, ok := mediaQuery(cssTokens(media))
	if !ok {
		return
	}
	s.css = s.mediaRule(s.css, query, toks, 0)
}

// mediaRule appends the rules inside @media; nothing when none is left.
func (s *sanitiser) mediaRule(b []byte, query string, toks []cssToken, depth int) []byte {
	mark := len(b)
	b = append(b, "@media "+query+"{"...)
	start := len(b)
	if b = s.rules(b, toks, depth+1); len(b) == start {
		return b[:mark]
	}
	return append(b, '}')
}

// rules appends the rules that may stay.
func (s *sanitiser) rules(b []byte, toks []cssToken, depth int) []byte {
	for {
		toks = trimSpace(toks)
		if len(toks) == 0 {
			return b
		}
		head, block, rest := cutRule(toks)
		toks = rest
		if toks == nil && block == nil {
			return b
		}
		if len(head) > 0 && head[0].kind == css.AtKeywordToken {
			b = s.atRule(b, head, block, depth)
			continue
		}
		sel, acted := selectors(head)
		if sel == "" || block == nil {
			continue
		}
		mark := len(b)
		b = append(b, sel...)
		b = append(b, '{')
		start := len(b)
		s.cssURLs = !acted
		if b = s.declarations(b, block); len(b) == start {
			b = b[:mark]
			continue
		}
		b = append(b, '}')
	}
}

// atRule keeps @media; @import, @font-face, @keyframes and all others go.
func (s *sanitiser) atRule(b []byte, head, block []cssToken, depth int) []byte {
	switch strings.ToLower(head[0].text) {
	case "@media":
		if query, ok := mediaQuery(head[1:]); ok && block != nil && depth < 2 {
			return s.mediaRule(b, query, block, depth)
		}
	case "@import":
		s.warn("style sheet or other outside resource removed")
	case "@font-face":
		s.warn("outside font removed")
	}
	return b
}

// cutRule cuts the first rule off: what stands before its block, the block, and the rest. The block is nil for a
// statement that ends with a semicolon; rest is nil at the end.
func cutRule(toks []cssToken) (head, block, rest []cssToken) {
	for i, t := range toks {
		switch t.kind {
		case css.SemicolonToken:
			if toks[0].kind == css.AtKeywordToken {
				return toks[:i], nil, toks[i+1:]
			}
		case css.RightBraceToken:
			return nil, nil, toks[i+1:]
		case css.LeftBraceToken:
			end := blockEnd(toks[i+1:])
			inner := toks[i+1 : i+1+end]
			return toks[:i], inner[:len(inner):len(inner)], toks[min(i+2+end, len(toks)):]
		}
	}
	return nil, nil, nil
}

// blockEnd returns the index of the brace that closes a block.
func blockEnd(toks []cssToken) int {
	depth := 0
	for i, t := range toks {
		switch t.kind {
		case css.LeftBraceToken:
			depth++
		case css.RightBraceToken:
			if depth == 0 {
				return i
			}
			depth--
		}
	}
	return len(toks)
}

// mediaQuery returns a media query made of words, lengths and brackets.
func mediaQuery(toks []cssToken) (string, bool) {
	var b strings.Builder
	depth := 0
	for _, t := range trimSpace(toks) {
		switch t.kind {
		case css.WhitespaceToken:
			b.WriteByte(' ')
			continue
		case css.LeftParenthesisToken:
			depth++
		case css.RightParenthesisToken:
			depth--
		case css.FunctionToken: // "and(" without a space
			word := strings.ToLower(strings.TrimSuffix(t.text, "("))
			if word != "and" && word != "not" && word != "only" {
				return "", false
			}
			b.WriteString(word + " (")
			depth++
			continue
		case css.ColonToken, css.CommaToken:
		case css.IdentToken, css.NumberToken, css.DimensionToken:
			if !plainToken(t) {
				return "", false
			}
		default:
			return "", false
		}
		if depth < 0 || b.Len() > 300 {
			return "", false
		}
		b.WriteString(t.text)
	}
	return b.String(), depth == 0 && b.Len() > 0
}
