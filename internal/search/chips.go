package search

import "slices"

// A Chip is one top-level part of a query, to be shown, removed, negated or edited by itself.
type Chip struct {
	Label   string // the name of the field for people, or what kind of part it is
	Text    string // canonical, without the field and the sign when it is one term
	Query   string // canonical, as a query of its own
	Field   string // canonical, of one term or scope; "" otherwise
	Negated bool
	Ignored bool // has no effect; a warning says why
	Start   int  // bytes of Query.Source
	End     int
}

// Chips returns the top-level parts in order.
func (q *Query) Chips() []Chip {
	var chips []Chip
	for _, n := range q.parts() {
		c := Chip{Start: n.Pos, End: n.End, Query: n.String()}
		if n.Kind == Not {
			c.Negated, n = true, n.Kids[0]
		}
		c.Field, c.Ignored = n.Field, n.Ignored
		c.Label, c.Text = n.label()
		chips = append(chips, c)
	}
	return chips
}

func (n *Node) label() (label, text string) {
	switch n.Kind {
	case And:
		return "All of", n.String()
	case Or:
		return "Any of", n.String()
	case Around:
		return "Near each other", n.String()
	case Scope:
		return fieldOf(n.Field).Label, n.Kids[0].stringIn(n.Field)
	}
	switch {
	case n.Field == Meaning:
		return "Meaning", n.Value
	case n.Field != "":
		return fieldOf(n.Field).Label, n.stringIn(n.Field)
	case n.Quoted:
		return "Phrase", n.String()
	}
	return "Word", n.String()
}

// stringIn prints n as it stands inside the scope of field.
func (n *Node) stringIn(field string) string {
	if n.Kind == Term && !n.Quoted && !n.Prefix && !n.Exact {
		return n.Value
	}
	inner := Node{Kind: Scope, Field: field, Kids: []*Node{n}}
	s := inner.String()
	return s[len(field)+2 : len(s)-1]
}

// parts returns the nodes of the chips.
func (q *Query) parts() []*Node {
	switch {
	case q.Root == nil:
		return nil
	case q.Root.Kind == And:
		return q.Root.Kids
	}
	return []*Node{q.Root}
}

// Remove returns the canonical query without the i-th chip. It panics when there is no such chip, as an index does.
func (q *Query) Remove(i int) string {
	return q.print(slices.Delete(slices.Clone(q.parts()), i, i+1))
}

// Negate returns the canonical query with the i-th chip turned into its opposite.
func (q *Query) Negate(i int) string {
	parts := slices.Clone(q.parts())
	parts[i] = negate(parts[i], parts[i].Pos)
	return q.print(parts)
}

// Replace returns the canonical query with text, itself a query, in the place of the i-th chip.
func (q *Query) Replace(i int, text string) string {
	parts := slices.Clone(q.parts())
	if n := Parse(text, q.Now).Root; n != nil {
		parts[i] = n
		return q.print(parts)
	}
	return q.print(slices.Delete(parts, i, i+1))
}

func (q *Query) print(parts []*Node) string {
	edited := Query{Root: join(And, parts)}
	return edited.String()
}

// With returns the canonical query with a part added at its end, itself a query.
func (q *Query) With(part string) string {
	n := Parse(part, q.Now).Root
	if n == nil {
		return q.String()
	}
	parts := slices.Clone(q.parts())
	if n.Kind == And {
		return q.print(append(parts, n.Kids...))
	}
	return q.print(append(parts, n))
}

// Has returns the number of the chip that is just this part, or -1.
func (q *Query) Has(part string) int {
	return slices.IndexFunc(q.parts(), func(n *Node) bool { return n.String() == part })
}
