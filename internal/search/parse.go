package search

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// Parse reads a query. It never fails: what it cannot understand it says in Warnings and otherwise takes as text or
// leaves out. Dates are read by the clock and in the zone of now.
//
//	query := or
//	or    := and (("OR" | "|") and)*
//	and   := ("AND"? unary)+
//	unary := ("-" | "!" | "NOT" | "+")* atom ("AROUND" n atom)?
//	atom  := "(" or ")" | "{" unary* "}" | field ":" value | '"' phrase '"' "*"? | "~" phrase | word "*"?
//	value := word | '"' phrase '"' | "(" or ")" | "{" unary* "}" | a ".." b | ("<" | "<=" | ">" | ">=") a
func Parse(source string, now time.Time) *Query {
	source = strings.ReplaceAll(strings.ToValidUTF8(source, "\uFFFD"), "\x00", " ")
	cut := len(source) > MaxLength
	source = cutAt(source, MaxLength)
	for {
		p := &parser{s: source, now: now}
		q := &Query{Source: source, Root: p.or(""), Now: now, Warnings: p.warnings}
		over := len(q.String()) - MaxLength
		if over > 0 {
			cut = true
			source = cutAt(source, len(source)-over)
			continue
		}
		if cut {
			q.warn(len(source), len(source), "the query is too long: the rest was left out", "")
		}
		slices.SortStableFunc(q.Warnings, func(a, b Warning) int { return a.Pos - b.Pos })
		return q
	}
}

func (q *Query) warn(pos, end int, msg, suggest string) {
	q.Warnings = append(q.Warnings, Warning{Pos: pos, End: end, Msg: msg, Suggest: suggest})
}

// cutAt shortens s to at most n bytes without splitting a rune.
func cutAt(s string, n int) string {
	if len(s) <= n {
		return s
	}
	n = max(n, 0)
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n]
}

type parser struct {
	s        string
	pos      int
	now      time.Time
	depth    int
	skipped  int // opening brackets that went too deep and whose closing ones do not count
	terms    int
	warnings []Warning
}

func (p *parser) warn(pos, end int, msg, suggest string) {
	p.warnings = append(p.warnings, Warning{Pos: pos, End: end, Msg: msg, Suggest: suggest})
}

func (p *parser) peek() token { return lex(p.s, p.pos) }

func (p *parser) or(scope string) *Node {
	var all []*Node
	for {
		n := p.and(scope)
		if n != nil {
			all = append(all, n)
		}
		t := p.peek()
		if t.kind != tokOr {
			return join(Or, all)
		}
		p.pos = t.end
		if next := p.peek().kind; n == nil || next == tokEnd || next == tokClose || next == tokCloseAny {
			p.warn(t.pos, t.end, "OR wants something on both sides", "")
		}
	}
}

func (p *parser) and(scope string) *Node {
	var all []*Node
	for {
		switch t := p.peek(); t.kind {
		case tokEnd, tokClose, tokCloseAny, tokOr:
			if p.stray(t) {
				continue
			}
			return join(And, all)
		case tokAnd:
			p.pos = t.end
			if len(all) == 0 {
				p.warn(t.pos, t.end, "AND wants something on both sides", "")
			}
		default:
			if n := p.unary(scope); n != nil {
				all = append(all, n)
			}
		}
	}
}

// stray takes a closing bracket that closes nothing: one whose opening one was left out, or that has none.
func (p *parser) stray(t token) bool {
	switch {
	case t.kind != tokClose && t.kind != tokCloseAny:
		return false
	case p.skipped > 0:
		p.skipped--
	case p.depth > 0:
		return false
	default:
		p.warn(t.pos, t.end, "nothing was opened that this bracket could close", "")
	}
	p.pos = t.end
	return true
}

// any reads the alternatives between braces.
func (p *parser) any(scope string) *Node {
	var all []*Node
	for {
		switch t := p.peek(); t.kind {
		case tokEnd, tokClose, tokCloseAny:
			if p.stray(t) {
				continue
			}
			return join(Or, all)
		case tokOr, tokAnd:
			p.pos = t.end
		default:
			if n := p.unary(scope); n != nil {
				all = append(all, n)
			}
		}
	}
}

func (p *parser) unary(scope string) *Node {
	start, negated, exact := p.peek().pos, false, false
	for {
		t := p.peek()
		if t.kind == tokNot {
			negated = !negated
		} else if t.kind == tokPlus {
			exact = true
		} else {
			break
		}
		p.pos = t.end
	}
	n := p.atom(scope)
	if n == nil {
		return nil
	}
	if exact && n.Kind == Term && n.textual() {
		n.Exact = true
	}
	n = p.around(n, scope)
	if negated {
		return negate(n, start)
	}
	return n
}

func (p *parser) atom(scope string) *Node {
	t := p.peek()
	switch t.kind {
	case tokOpen, tokOpenAny:
		return p.group(t, scope)
	case tokField:
		p.pos = t.end
		return p.field(t, scope)
	case tokWord, tokPhrase:
		p.pos = t.end
		if t.unknown && scope == "" {
			p.unknownField(t)
		}
		if t.text == "AROUND" && !t.prefix {
			t.kind = tokPhrase
		}
		return p.term(scope, t, t.pos)
	case tokMeaning:
		p.pos = t.end
		if t.text == "" {
			p.warn(t.pos, t.end, `~ wants a quotation: ~"like this"`, "")
		}
		t.kind, t.prefix = tokPhrase, false
		return p.term(Meaning, t, t.pos)
	}
	if t.kind == tokAnd { // after a sign: "-AND"
		p.pos = t.end
	}
	p.warn(t.pos, t.end, "NOT wants something after it", "")
	return nil
}

func (p *parser) unknownField(t token) {
	name, value, _ := strings.Cut(p.s[t.pos:t.end], ":")
	suggest := suggestField(name)
	msg := fmt.Sprintf("there is no field %q: searched as text", name)
	if suggest != "" {
		msg += fmt.Sprintf("; did you mean %s:?", suggest)
		suggest += ":" + value
	}
	p.warn(t.pos, t.end, msg, suggest)
}

// group reads from an opening bracket to its closing one, or to the end.
func (p *parser) group(open token, scope string) *Node {
	p.pos = open.end
	if p.depth >= MaxDepth {
		p.skipped++
		p.warn(open.pos, open.end, "too many brackets inside each other: this one was left out", "")
		return nil
	}
	p.depth++
	defer func() { p.depth-- }()
	read, closing := p.or, tokClose
	if open.kind == tokOpenAny {
		read, closing = p.any, tokCloseAny
	}
	n := read(scope)
	t := p.peek()
	switch {
	case t.kind == closing:
		p.pos = t.end
	case t.kind == tokEnd:
		p.warn(open.pos, open.end, "this bracket is not closed: it goes on to the end", "")
	default: // the other kind of bracket
		p.pos = t.end
		p.warn(t.pos, t.end, "the wrong kind of bracket closes here", "")
	}
	if n != nil {
		n.Pos, n.End = open.pos, p.pos
	}
	return n
}

// around joins left with what follows AROUND n, if it does.
func (p *parser) around(left *Node, scope string) *Node {
	op := p.peek()
	if op.kind != tokWord || op.text != "AROUND" || op.prefix || left.Kind != Term || !left.textual() {
		return left
	}
	save := *p
	p.pos = op.end
	n, ok := p.aroundWords()
	if ok && p.wordAhead() {
		if right := p.atom(scope); right != nil && right.Kind == Term && right.textual() && right.Field == left.Field {
			if n > MaxAround {
				p.warn(op.pos, op.end, fmt.Sprintf("AROUND looks at most %d words far", MaxAround), "")
			}
			return &Node{Kind: Around, Pos: left.Pos, End: p.pos, Kids: []*Node{left, right}, N: min(max(n, 1), MaxAround)}
		}
	}
	*p = save
	p.warn(op.pos, op.end, "AROUND wants a word, a number and a word of the same field: searched as text", "")
	return left
}

// wordAhead tells that a word or a phrase comes next, with or without a field, and no group: a group would be read
// twice, and groups within groups 2^depth times.
func (p *parser) wordAhead() bool {
	t := p.peek()
	return t.kind == tokWord || t.kind == tokPhrase || t.kind == tokField && lexValue(p.s, t.end).text != ""
}

// aroundWords reads the number after AROUND, bare or in brackets.
func (p *parser) aroundWords() (int, bool) {
	t := p.peek()
	bracket := t.kind == tokOpen
	if bracket {
		p.pos = t.end
		t = p.peek()
	}
	n, err := strconv.Atoi(t.text)
	if t.kind != tokWord || t.prefix || err != nil || n < 0 {
		return 0, false
	}
	p.pos = t.end
	if bracket {
		if t = p.peek(); t.kind != tokClose {
			return 0, false
		}
		p.pos = t.end
	}
	return n, true
}

// join makes one node of several, flattening those of the same kind; nil of none.
func join(kind Kind, all []*Node) *Node {
	if len(all) == 0 {
		return nil
	}
	if len(all) == 1 {
		return all[0]
	}
	n := &Node{Kind: kind, Pos: all[0].Pos, End: all[len(all)-1].End}
	for _, k := range all {
		if k.Kind == kind {
			n.Kids = append(n.Kids, k.Kids...)
		} else {
			n.Kids = append(n.Kids, k)
		}
	}
	return n
}

// negate wraps n, or unwraps it when it is a negation already.
func negate(n *Node, pos int) *Node {
	if n.Kind == Not {
		return n.Kids[0]
	}
	return &Node{Kind: Not, Pos: pos, End: n.End, Kids: []*Node{n}}
}
