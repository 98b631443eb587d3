package mail

import (
	"strings"

	"github.com/tdewolff/parse/v2/css"
)

// selectors returns the selectors of a rule that may stay, each scoped to the wrapper, and whether one of them depends
// on what the reader does.
func selectors(toks []cssToken) (list string, acted bool) {
	var keep []string
	for len(toks) > 0 && len(keep) < 200 {
		end := 0
		for end < len(toks) && toks[end].kind != css.CommaToken {
			end++
		}
		p := selectorParser{toks: trimSpace(toks[:end])}
		if sel, ok := p.parse(); ok {
			keep = append(keep, sel)
			acted = acted || p.acted
		}
		toks = toks[min(end+1, len(toks)):]
	}
	return strings.Join(keep, ","), acted
}

// selectorParser rewrites one selector.
type selectorParser struct {
	toks  []cssToken
	out   strings.Builder
	root  bool // nothing but the root was written so far
	fresh bool // a compound selector starts here
	acted bool
}

func (p *selectorParser) parse() (string, bool) {
	if len(p.toks) == 0 || len(p.toks) > 80 {
		return "", false
	}
	p.out.WriteString(mailRoot)
	p.root, p.fresh = true, true
	gap := " "
	for len(p.toks) > 0 {
		t := p.toks[0]
		if p.fresh && p.root && isRoot(t) {
			p.toks = p.toks[1:]
			gap, p.fresh = "", false
			continue
		}
		if comb, ok := p.combinator(); ok {
			if p.fresh {
				return "", false // two combinators, or one at the start
			}
			gap, p.fresh = comb, true
			continue
		}
		fresh := p.fresh
		if p.root || fresh {
			p.out.WriteString(gap)
			gap = ""
		}
		p.root = false
		if !p.simple(fresh) {
			return "", false
		}
		p.fresh = false
	}
	return p.out.String(), !p.fresh
}

// isRoot reports whether a token is the type selector html or body.
func isRoot(t cssToken) bool {
	return t.kind == css.IdentToken && (strings.EqualFold(t.text, "body") || strings.EqualFold(t.text, "html"))
}

// combinator reads a combinator with the spaces around it.
func (p *selectorParser) combinator() (string, bool) {
	i, comb := 0, ""
	for i < len(p.toks) {
		t := p.toks[i]
		if t.kind == css.WhitespaceToken {
			if comb == "" {
				comb = " "
			}
		} else if t.kind == css.DelimToken && (t.text == ">" || t.text == "+" || t.text == "~") && comb != ">" && comb != "+" && comb != "~" {
			comb = t.text
		} else {
			break
		}
		i++
	}
	p.toks = p.toks[i:]
	return comb, i > 0
}

// simple reads one simple selector: type, class, id, attribute or pseudo-class.
func (p *selectorParser) simple(first bool) bool {
	t := p.toks[0]
	switch {
	case t.kind == css.IdentToken && first && plainToken(t) && !isRoot(t):
		return p.take(1, strings.ToLower(t.text))
	case t.kind == css.DelimToken && t.text == "*" && first:
		return p.take(1, "*")
	case t.kind == css.HashToken && onlyIn(t.text[1:], "-_"):
		return p.take(1, t.text)
	case t.kind == css.DelimToken && t.text == "." && len(p.toks) > 1 && p.toks[1].kind == css.IdentToken && plainToken(p.toks[1]):
		return p.take(2, "."+p.toks[1].text)
	case t.kind == css.LeftBracketToken:
		return p.attribute()
	case t.kind == css.ColonToken && len(p.toks) > 1 && p.toks[1].kind == css.IdentToken:
		name := strings.ToLower(p.toks[1].text)
		acted, ok := cssPseudo[name]
		p.acted = p.acted || acted
		return ok && p.take(2, ":"+name)
	}
	return false
}

func (p *selectorParser) take(n int, text string) bool {
	p.toks = p.toks[n:]
	p.out.WriteString(text)
	return true
}

// attribute reads [name], [name="value"] and the like.
func (p *selectorParser) attribute() bool {
	if len(p.toks) < 3 || p.toks[1].kind != css.IdentToken {
		return false
	}
	name := strings.ToLower(p.toks[1].text)
	if !cssAttributes[name] {
		return false
	}
	if p.toks[2].kind == css.RightBracketToken {
		return p.take(3, "["+name+"]")
	}
	op, val := p.toks[2].text, p.toks[3:]
	switch op {
	case "=", "~=", "*=", "^=", "$=", "|=":
	default:
		return false
	}
	if len(val) < 2 || val[1].kind != css.RightBracketToken {
		return false
	}
	text := val[0].text
	if val[0].kind == css.StringToken && len(text) >= 2 {
		text = text[1 : len(text)-1]
	}
	if len(text) > 80 || !onlyIn(text, " -_.:#%") {
		return false
	}
	return p.take(5, "["+name+op+`"`+text+`"]`)
}
