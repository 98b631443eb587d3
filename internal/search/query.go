// Package search turns what a person types into answers: a grammar (Parse), the text analysis shared by indexing and
// querying (Vector, Analyse), marks for what matched (Highlighter), and the compiler to Postgres (Postgres). The
// grammar, the analysis and the marks are pure; only Postgres.Search touches a database. Start at Parse.
package search

import (
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// Limits of a query. What goes beyond is cut, with a warning; a query is never refused.
const (
	MaxLength = 4096 // bytes, of the source and of the canonical form
	MaxDepth  = 16   // nested groups
	MaxTerms  = 128  // words, phrases and filters
	MaxAround = 20   // words between the two sides of AROUND
)

// A Query is a parsed search: the tree, and what could not be taken at its word.
type Query struct {
	Source   string // as given, but valid UTF-8 and cut to MaxLength; positions refer to it
	Root     *Node  // nil when there is nothing to search for
	Warnings []Warning
	Now      time.Time // the clock and the zone in which dates were read
}

// A Warning tells about one token that was not understood or not obeyed.
type Warning struct {
	Pos     int    `json:"pos"` // bytes of Query.Source
	End     int    `json:"end"`
	Msg     string `json:"msg"`
	Suggest string `json:"suggest,omitempty"` // what to write between Pos and End instead; may be empty
}

// A Kind is the kind of a Node.
type Kind uint8

// Kinds of nodes. And and Or have two kids or more, Not and Scope one, Around two terms, a Term none.
const (
	And Kind = iota
	Or
	Not
	Scope  // field:( … ): the terms below carry the field themselves, the node only keeps the way it is written
	Around // two terms at most N words apart, in either order
	Term
)

// A Node is one node of the tree.
type Node struct {
	Kind     Kind
	Pos, End int // bytes of Query.Source
	Kids     []*Node
	N        int // Around: words

	Field   string // Scope and Term: canonical name; "" is any text, "~" is meaning
	Value   string // Term: never empty, without quotes and without the final star
	Quoted  bool   // the words stand next to each other in this order
	Prefix  bool   // the last word may go on
	Exact   bool   // +word: no other forms of the word
	Ignored bool   // the value makes no sense for the field: no effect, and a warning says so
	Range   Range  // of fields of dates, sizes and numbers
}

// A Range is the meaning of a value of a date, a size or a number. Times are half-open: From ≤ t < To, zero means
// without a bound. Numbers are bounded by Min and Max (±Inf without a bound), which are excluded when open.
type Range struct {
	From, To         time.Time
	Min, Max         float64
	MinOpen, MaxOpen bool
}

// Terms calls f for each term, in order, with whether it stands under an odd number of negations.
func (q *Query) Terms(f func(n *Node, negated bool)) {
	if q.Root != nil {
		q.Root.terms(f, false)
	}
}

func (n *Node) terms(f func(*Node, bool), negated bool) {
	if n.Kind == Term {
		f(n, negated)
		return
	}
	for _, k := range n.Kids {
		k.terms(f, negated != (n.Kind == Not))
	}
}

// Typing takes the last word as unfinished, so that it is found by its beginning, when the source ends with it.
func (q *Query) Typing() {
	var last *Node
	q.Terms(func(n *Node, _ bool) { last = n })
	if last != nil && last.End == len(q.Source) && last.textual() && !last.Quoted && runes(last.Value) > 1 {
		last.Prefix = true
	}
}

// String returns the canonical form: one space between terms, upper-case OR, canonical field names. Parsing it gives
// the same tree, and the same String.
func (q *Query) String() string {
	if q.Root == nil {
		return ""
	}
	return q.Root.String()
}

// String returns the canonical form of the node as a query of its own.
func (n *Node) String() string {
	var b strings.Builder
	n.print(&b, "", false)
	return b.String()
}

// print writes n inside the field scope; tight means that n is an operand that an OR or a list of words must be
// bracketed for.
func (n *Node) print(b *strings.Builder, scope string, tight bool) {
	switch n.Kind {
	case And, Or:
		if tight {
			b.WriteByte('(')
			defer b.WriteByte(')')
		}
		for i, k := range n.Kids {
			if i > 0 {
				b.WriteByte(' ')
			}
			if i > 0 && n.Kind == Or {
				b.WriteString("OR ")
			}
			k.print(b, scope, n.Kind == And || k.Kind == Or)
		}
	case Not:
		b.WriteByte('-')
		n.Kids[0].print(b, scope, true)
	case Scope:
		b.WriteString(n.Field + ":(")
		n.Kids[0].print(b, n.Field, false)
		b.WriteByte(')')
	case Around:
		n.Kids[0].print(b, scope, true)
		b.WriteString(" AROUND " + strconv.Itoa(n.N) + " ")
		n.Kids[1].print(b, scope, true)
	case Term:
		n.printTerm(b, scope)
	}
}

func (n *Node) printTerm(b *strings.Builder, scope string) {
	if n.Exact {
		b.WriteByte('+')
	}
	if n.Field == Meaning {
		b.WriteString(`~"` + n.Value + `"`)
		return
	}
	if n.Field != scope || (scope != "" && !n.Quoted && !plain(n.Value)) {
		b.WriteString(n.Field + ":")
	}
	if n.Quoted {
		b.WriteString(`"` + n.Value + `"`)
	} else {
		b.WriteString(n.Value)
	}
	if n.Prefix {
		b.WriteByte('*')
	}
}

// plain tells whether a bare value reads the same with and without its field in front.
func plain(v string) bool {
	if keyword(v) || strings.Contains(v, ":") {
		return false
	}
	c := v[0]
	return c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= 0x80
}

func keyword(v string) bool { return v == "OR" || v == "AND" || v == "NOT" || v == "AROUND" }

func runes(s string) int { return utf8.RuneCountInString(s) }
