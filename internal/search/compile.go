package search

import (
	"math"
	"slices"
	"strconv"
	"strings"
)

// A compiler turns a tree into conditions on emails e. Values of the user become arguments, never SQL.
type compiler struct {
	text    textQuery
	meaning *asking
	userID  int64
	args    []any

	shown    []string // of spam and trash, those that the query asks for
	anywhere bool
	warnings []Warning
}

// arg adds an argument and returns its place holder.
func (c *compiler) arg(v any) string {
	c.args = append(c.args, v)
	return "$" + strconv.Itoa(len(c.args))
}

func (c *compiler) warn(n *Node, msg string) {
	w := Warning{Pos: n.Pos, End: n.End, Msg: msg}
	if !slices.Contains(c.warnings, w) {
		c.warnings = append(c.warnings, w)
	}
}

func (c *compiler) notYet(n *Node, what string) string {
	c.warn(n, what+" is not searchable yet: left out")
	return ""
}

// An idSet is an argument that is known once the words were looked up: the ids of the emails that satisfy a clause.
type idSet struct{ clause *clause }

// condition returns n as SQL, or "" when it sets no condition. A subtree of text becomes one set of ids.
func (c *compiler) condition(n *Node) string {
	if words, ok := c.text.write(n); ok {
		if words == nil {
			return ""
		}
		return c.match(words)
	}
	switch n.Kind {
	case And:
		words, rest := c.split(n)
		return group(append(c.conditions(rest), c.matches(words)...), " and ")
	case Or:
		return c.or(n)
	case Not:
		if inner := c.condition(n.Kids[0]); inner != "" {
			return "not (" + inner + ")"
		}
		return ""
	case Scope:
		return c.condition(n.Kids[0])
	case Term:
		if !n.Ignored {
			return c.filter(n)
		}
	}
	return ""
}

// match finds the emails whose words satisfy a clause.
func (c *compiler) match(words *clause) string {
	return "e.id = any (" + c.arg(idSet{words}) + "::bigint[])"
}

func (c *compiler) matches(words *clause) []string {
	if words == nil {
		return nil
	}
	return []string{c.match(words)}
}

func (c *compiler) conditions(nodes []*Node) (parts []string) {
	for _, n := range nodes {
		if p := c.condition(n); p != "" {
			parts = append(parts, p)
		}
	}
	return parts
}

// split parts an And into what is text and the rest.
func (c *compiler) split(n *Node) (words *clause, rest []*Node) {
	var text []*clause
	for _, k := range n.Kids {
		if words, ok := c.text.write(k); ok {
			text = append(text, words)
		} else {
			rest = append(rest, k)
		}
	}
	return joined(clauseAnd, text), rest
}

// loosened is split for an And of which any of the plain words will do, nil when it has less than two, and for the same
// And without its plain words, if it has some.
func (c *compiler) loosened(n *Node) (loose, free *clause, some bool) {
	var plain, rest []*clause
	for _, k := range n.Kids {
		words, ok := c.text.write(k)
		if ok && k.Kind == Term && k.Field == "" && !k.Quoted && words != nil {
			plain = append(plain, words)
		} else if ok {
			rest = append(rest, words)
		}
	}
	free = joined(clauseAnd, slices.Clone(rest))
	if len(plain) > 1 {
		loose = joined(clauseAnd, append(rest, joined(clauseOr, plain)))
	}
	return loose, free, len(plain) > 0
}

// or merges the kids that are text into one set. A kid without a condition is left out, as it is from an and.
func (c *compiler) or(n *Node) string {
	var text []*clause
	var parts []string
	for _, k := range n.Kids {
		if words, ok := c.text.write(k); ok {
			text = append(text, words)
		} else if p := c.condition(k); p != "" {
			parts = append(parts, p)
		}
	}
	return group(append(parts, c.matches(joined(clauseOr, text))...), " or ")
}

// group joins parts in brackets.
func group(parts []string, op string) string {
	switch len(parts) {
	case 0:
		return ""
	case 1:
		return parts[0]
	}
	return "(" + strings.Join(parts, op) + ")"
}

// sees notes which hidden places the query asks for.
func (c *compiler) sees(n *Node, negated bool) {
	if !negated && n.Field == "in" {
		c.anywhere = c.anywhere || n.Value == "anywhere"
		c.shown = append(c.shown, n.Value)
	}
}

// hidden returns the places that are left out: spam and trash, unless they are asked for.
func (c *compiler) hidden() (places []string) {
	for _, p := range [...]string{"spam", "trash"} {
		if !c.anywhere && !slices.Contains(c.shown, p) {
			places = append(places, p)
		}
	}
	return places
}

// between returns a condition on a number; whole says that the column holds integers, with which integers are compared
// quickest.
func (c *compiler) between(column string, whole bool, r Range) string {
	var parts []string
	add := func(op string, v, rounded float64) {
		switch {
		case math.IsInf(v, 0):
		case whole:
			parts = append(parts, column+op+c.arg(int64(min(max(rounded, -1<<62), 1<<62)))+"::bigint")
		default:
			parts = append(parts, column+op+c.arg(v)+"::float8::numeric")
		}
	}
	if r.MinOpen {
		add(" > ", r.Min, math.Floor(r.Min))
	} else {
		add(" >= ", r.Min, math.Ceil(r.Min))
	}
	if r.MaxOpen {
		add(" < ", r.Max, math.Ceil(r.Max))
	} else {
		add(" <= ", r.Max, math.Floor(r.Max))
	}
	return group(parts, " and ")
}

// during returns a condition on a time.
func (c *compiler) during(column string, r Range) string {
	var parts []string
	if !r.From.IsZero() {
		parts = append(parts, column+" >= "+c.arg(r.From)+"::timestamptz")
	}
	if !r.To.IsZero() {
		parts = append(parts, column+" < "+c.arg(r.To)+"::timestamptz")
	}
	return group(parts, " and ")
}

// folded is the form in which names of labels are compared: blanks, slashes and dashes are the same, as in Gmail.
func folded(name string) string {
	return strings.NewReplacer(" ", "-", "/", "-", "_", "-").Replace(strings.ToLower(name))
}
