package search

import (
	"fmt"
	"math"
	"strings"
	"time"
)

// textual tells that the term is found by words, so that +, * and AROUND make sense.
func (n *Node) textual() bool {
	if n.Field == "" {
		return true
	}
	f := fieldOf(n.Field)
	return f != nil && f.kind == typeText
}

// field reads the value after "name:".
func (p *parser) field(name token, scope string) *Node {
	f := fieldOf(name.text)
	inner := scope
	if f != nil {
		inner = f.Name
	} else {
		p.unknownField(token{pos: name.pos, end: name.end})
	}
	if p.pos < len(p.s) && (p.s[p.pos] == '(' || p.s[p.pos] == '{') {
		return p.scope(name, inner)
	}
	v := lexValue(p.s, p.pos)
	if v.kind == tokWord && v.text == "" && !v.prefix { // "from: anna"
		next := p.peek()
		switch {
		case next.kind == tokOpen || next.kind == tokOpenAny:
			return p.scope(name, inner)
		case next.kind != tokWord && next.kind != tokPhrase:
			p.warn(name.pos, name.end, name.text+": wants a value", "")
			return nil
		}
		v = next
	}
	p.pos = v.end
	if f != nil && f.kind == typeDate && v.kind == tokWord {
		v = p.dateWords(v)
	}
	return p.term(inner, v, name.pos)
}

// scope reads name:( … ) or name:{ … }.
func (p *parser) scope(name token, field string) *Node {
	n := p.group(p.peek(), field)
	if n == nil {
		return nil
	}
	n.Pos = name.pos
	return scoped(n, field)
}

func scoped(n *Node, field string) *Node {
	switch {
	case field == "" || n.Kind == Term || n.Kind == Around || n.Kind == Scope:
		return n
	case n.Kind == Not:
		n.Kids[0] = scoped(n.Kids[0], field)
		return n
	}
	return &Node{Kind: Scope, Pos: n.Pos, End: n.End, Field: field, Kids: []*Node{n}}
}

// dateWords joins "last monday" and its like, which people do not quote.
func (p *parser) dateWords(v token) token {
	switch strings.ToLower(v.text) {
	case "last", "this", "next":
	default:
		return v
	}
	t := p.peek()
	joined := v.text + " " + t.text
	if _, _, ok := parseDate(joined, p.now, false); !ok || t.kind != tokWord || t.prefix {
		v.kind = tokPhrase // so that no later edit joins it with what comes to stand behind it
		return v
	}
	p.pos = t.end
	return token{kind: tokPhrase, text: strings.ToLower(joined), pos: v.pos, end: t.end}
}

// term makes the leaf of a word or phrase, and reads the value as its field wants it.
func (p *parser) term(field string, t token, pos int) *Node {
	if t.unclosed {
		p.warn(t.pos, t.end, "this quotation is not closed: it goes on to the end", "")
	}
	if t.text == "" {
		if t.prefix {
			p.warn(pos, t.end, "* wants the beginning of a word before it", "")
		}
		return nil
	}
	if p.terms++; p.terms > MaxTerms {
		if p.terms == MaxTerms+1 {
			p.warn(pos, len(p.s), fmt.Sprintf("more than %d words and filters: the rest was left out", MaxTerms), "")
		}
		return nil
	}
	n := &Node{Kind: Term, Pos: pos, End: t.end, Field: field, Value: t.text, Quoted: t.kind == tokPhrase, Prefix: t.prefix}
	if field == "" || field == Meaning {
		p.innerStar(n, t)
		return n
	}
	p.value(n, fieldOf(field), t)
	return n
}

func (p *parser) innerStar(n *Node, t token) {
	if !n.Quoted && n.Field != "filename" && strings.Contains(n.Value, "*") {
		p.warn(t.pos, t.end, "* counts only at the end of a word", "")
	}
}

// value reads n.Value by the type of its field; what makes no sense is kept, ignored and told.
func (p *parser) value(n *Node, f *Field, t token) {
	ok, want := true, ""
	switch f.kind {
	case typeText:
		p.innerStar(n, t)
		return
	case typeID, typeLabel:
		if v, known := f.valueOf(n.Value); known && !n.Prefix {
			n.Value, n.Quoted = v, false
		}
		return
	case typeEnum:
		p.enum(n, f, t)
		return
	case typeDate:
		n.Range, ok = dateRange(f.Name, n.Value, p.now)
		want = "a date (2026-01-31, 3d, yesterday)"
	case typeSize:
		n.Range, ok = numberRange(n.Value, parseSize)
		n.Range = sizeRange(f.Name, n.Value, n.Range)
		want = "a size (500K, 10M)"
	case typeNumber:
		n.Range, ok = numberRange(n.Value, numberOf(f.Name))
		want = "a number (>70, 0.5..0.8)"
	}
	if !ok || n.Prefix {
		n.Ignored = true
		p.warn(n.Pos, n.End, fmt.Sprintf("%s: wants %s: left out", f.Name, want), "")
	}
}

func (p *parser) enum(n *Node, f *Field, t token) {
	v, ok := f.valueOf(n.Value)
	if ok && !n.Prefix {
		n.Value, n.Quoted = v, false
		return
	}
	n.Ignored = true
	msg, suggest := fmt.Sprintf("%s: does not know %q: left out", f.Name, n.Value), nearest(strings.ToLower(n.Value), f.Values)
	if suggest != "" {
		msg += fmt.Sprintf("; did you mean %s:%s?", f.Name, suggest)
		suggest = f.Name + ":" + suggest
	}
	p.warn(n.Pos, t.end, msg, suggest)
}

// bounds splits "<a", "<=a", ">a", ">=a", "=a", "a..b", "a..", "..b" and "a".
func bounds(v string) (op, a, b string) {
	for _, op := range [...]string{"<=", ">=", "<", ">", "="} {
		if rest, ok := strings.CutPrefix(v, op); ok {
			return op, strings.TrimSpace(rest), ""
		}
	}
	if a, b, ok := strings.Cut(v, ".."); ok {
		return "..", strings.TrimSpace(a), strings.TrimSpace(b)
	}
	return "", v, ""
}

// numberRange reads a value of a number field; read returns the closed interval that one number or name stands for.
func numberRange(v string, read func(string) (low, high float64, ok bool)) (Range, bool) {
	r := Range{Min: math.Inf(-1), Max: math.Inf(1)}
	op, a, b := bounds(v)
	if op == ".." {
		okA, okB := true, true
		if a != "" {
			r.Min, _, okA = read(a)
		}
		if b != "" {
			_, r.Max, okB = read(b)
		}
		return r, okA && okB && (a != "" || b != "")
	}
	low, high, ok := read(a)
	switch op {
	case "<":
		r.Max, r.MaxOpen = low, true
	case "<=":
		r.Max = high
	case ">":
		r.Min, r.MinOpen = high, true
	case ">=":
		r.Min = low
	default:
		r.Min, r.Max = low, high
	}
	return r, ok
}

// sizeRange gives size:, larger: and smaller: of a bare size the meaning that Gmail gives them.
func sizeRange(field, v string, r Range) Range {
	if op, _, _ := bounds(v); op != "" {
		return r
	}
	if field == "smaller" {
		return Range{Min: math.Inf(-1), Max: r.Max, MaxOpen: true}
	}
	return Range{Min: r.Min, Max: math.Inf(1), MinOpen: true}
}

// dateRange reads a value of a date field.
func dateRange(field, v string, now time.Time) (Range, bool) {
	op, a, b := bounds(v)
	future := field == "deadline"
	if op == ".." {
		var r Range
		okA, okB := true, true
		if a != "" {
			r.From, _, okA = parseDate(a, now, future)
		}
		if b != "" {
			_, r.To, okB = parseDate(b, now, future)
		}
		return r, okA && okB && (a != "" || b != "")
	}
	from, to, ok := parseDate(a, now, future)
	switch {
	case future && op == "<" && from.After(now): // a deadline that is still to come
		return Range{From: now, To: from}, ok
	case future && op == "<=" && to.After(now):
		return Range{From: now, To: to}, ok
	case op == "<" || op == "" && (field == "before" || field == "older_than"):
		return Range{To: from}, ok
	case op == "<=":
		return Range{To: to}, ok
	case op == ">":
		return Range{From: to}, ok
	case op == ">=" || op == "" && (field == "after" || field == "newer_than"):
		return Range{From: from}, ok
	case from.Equal(to) && from.Before(now): // date:3d: since then
		return Range{From: from, To: now}, ok
	case from.Equal(to):
		return Range{From: now, To: to}, ok
	}
	return Range{From: from, To: to}, ok
}
