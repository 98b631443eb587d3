package search

import (
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
)

// A compiler turns a tree into conditions on emails e. Values of the user become arguments, never SQL.
type compiler struct {
	text   textQuery
	userID int64
	args   []any

	shown    []string // of spam and trash, those that the query asks for
	anywhere bool
	words    bool // there are words to mark
	now      time.Time
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

// condition returns n as SQL, or "" when it sets no condition. A subtree of text becomes one call of the text index.
func (c *compiler) condition(n *Node) string {
	if q, anchored, ok := c.text.write(n); ok {
		switch {
		case q == "":
			return ""
		case anchored:
			return c.match(q)
		case n.Kind == Not:
			if inner, anchored, _ := c.text.write(n.Kids[0]); anchored {
				return "not " + c.match(inner)
			}
		}
	}
	switch n.Kind {
	case And:
		return c.and(n)
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

// match finds the emails whose text matches; the function has its own owner filter.
func (c *compiler) match(q string) string {
	return "e.id in (select email_match(" + c.arg(q) + "::tsquery))"
}

// and merges the kids that are text into one call.
func (c *compiler) and(n *Node) string {
	words, rest := c.split(n)
	var parts []string
	if words != nil {
		parts = append(parts, c.condition(words))
	}
	for _, k := range rest {
		if p := c.condition(k); p != "" {
			parts = append(parts, p)
		}
	}
	return group(parts, " and ")
}

// split parts an And into what is text, if some word of it must be there, and the rest.
func (c *compiler) split(n *Node) (words *Node, rest []*Node) {
	var text []*Node
	someAnchored := false
	for _, k := range n.Kids {
		if q, anchored, ok := c.text.write(k); ok && q != "" {
			someAnchored = someAnchored || anchored
			text = append(text, k)
		} else {
			rest = append(rest, k)
		}
	}
	if !someAnchored {
		return nil, n.Kids
	}
	return join(And, text), rest
}

// or merges the kids that are text into one call. A kid without a condition is left out, as it is from an and.
func (c *compiler) or(n *Node) string {
	var text []*Node
	var parts []string
	for _, k := range n.Kids {
		if q, anchored, ok := c.text.write(k); ok && anchored && q != "" {
			text = append(text, k)
		} else if p := c.condition(k); p != "" {
			parts = append(parts, p)
		}
	}
	if len(text) > 0 {
		q, _, _ := c.text.write(join(Or, text))
		parts = append(parts, c.match(q))
	}
	return group(parts, " or ")
}

// places returns the condition that leaves out spam and trash, unless they are asked for.
func (c *compiler) places() string {
	if c.anywhere {
		return ""
	}
	var hidden []string
	for _, p := range [...]string{"spam", "trash"} {
		if !slices.Contains(c.shown, p) {
			hidden = append(hidden, p)
		}
	}
	if len(hidden) == 0 {
		return ""
	}
	return "e.place <> all (" + c.arg(hidden) + "::text[])"
}

// between returns a condition on a number.
func (c *compiler) between(column, kind string, r Range) string {
	var parts []string
	add := func(op string, v float64) {
		if !math.IsInf(v, 0) {
			parts = append(parts, column+op+c.arg(v)+"::float8"+kind)
		}
	}
	if r.MinOpen {
		add(" > ", r.Min)
	} else {
		add(" >= ", r.Min)
	}
	if r.MaxOpen {
		add(" < ", r.Max)
	} else {
		add(" <= ", r.Max)
	}
	return group(parts, " and ")
}

// during returns a condition on the time of receipt.
func (c *compiler) during(r Range) string {
	var parts []string
	if !r.From.IsZero() {
		parts = append(parts, "e.received_at >= "+c.arg(r.From)+"::timestamptz")
	}
	if !r.To.IsZero() {
		parts = append(parts, "e.received_at < "+c.arg(r.To)+"::timestamptz")
	}
	return group(parts, " and ")
}

// folded is the form in which names of labels are compared: blanks, slashes and dashes are the same, as in Gmail.
func folded(name string) string {
	return strings.NewReplacer(" ", "-", "/", "-", "_", "-").Replace(strings.ToLower(name))
}
