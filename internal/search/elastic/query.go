package elastic

import (
	"math"
	"math/big"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"applylens/internal/search"
	"applylens/internal/search/postings"
)

// An unsupportedError is a condition that only Postgres knows.
type unsupportedError struct{ field string }

func (e *unsupportedError) Error() string { return "the search index does not know " + e.field }

// parts are the fields of the parts of an email.
var parts = [...]struct {
	class postings.Class
	field string
}{{postings.Subject, "subject"}, {postings.From, "from"}, {postings.Recipients, "recipients"}, {postings.Body, "body"}}

func fieldsOf(in postings.Class) (fields []string) {
	for _, p := range parts {
		if in&p.class != 0 {
			fields = append(fields, p.field)
		}
	}
	return fields
}

func occur(how string, kids []object) object {
	if len(kids) == 1 && how != "must_not" {
		return kids[0]
	}
	clauses := object{how: kids}
	if how == "should" {
		clauses["minimum_should_match"] = 1
	}
	return object{"bool": clauses}
}

func term(field string, value any) object   { return object{"term": object{field: value}} }
func terms(field string, values any) object { return object{"terms": object{field: values}} }

// compile writes a condition as a query.
func compile(c *search.Condition) (object, error) {
	switch c.Kind {
	case search.Word:
		return word(c.Slots[0], c.In), nil
	case search.Phrase:
		return phrase(c), nil
	case search.Near:
		return near(c), nil
	case search.Filter:
		return filter(c.Filter)
	}
	var kids []object
	for _, k := range c.Kids {
		made, err := compile(k)
		if err != nil {
			return nil, err
		}
		kids = append(kids, made)
	}
	return occur(map[search.ConditionKind]string{search.All: "filter", search.Any: "should", search.None: "must_not"}[c.Kind], kids), nil
}

// longestBeginning is the max_gram of the layout.
const longestBeginning = 10

// word finds any of the wanted of a slot in a part of the email.
func word(s search.Slot, in postings.Class) object {
	fields := []string{"all"}
	if in != 0 && in != postings.Anywhere {
		fields = fieldsOf(in)
	}
	var kids []object
	for _, w := range s.Wanted {
		if rest, marked := strings.CutPrefix(w.Word, "="); marked {
			kids = append(kids, wanted("marks", search.Wanted{Word: rest, Prefix: w.Prefix}))
			continue
		}
		for _, f := range fields {
			kids = append(kids, wanted(f, w))
		}
	}
	return occur("should", kids)
}

func wanted(field string, w search.Wanted) object {
	switch {
	case !w.Prefix:
		return term(field, w.Word)
	case field == "all" && utf8.RuneCountInString(w.Word) <= longestBeginning:
		return term("typed", w.Word)
	}
	return object{"prefix": object{field: w.Word}}
}

// phrase finds words at their distances in one part of the email. A last word that may go on is a query of its own.
func phrase(c *search.Condition) object {
	last := c.Slots[len(c.Slots)-1].Wanted
	whole := slices.DeleteFunc(slices.Clone(last), func(w search.Wanted) bool { return w.Prefix })
	var kids []object
	for _, field := range fieldsOf(c.In) {
		for _, w := range last {
			if w.Prefix {
				kids = append(kids, object{"match_phrase_prefix": object{field: object{"query": spelt(c.Slots, []search.Wanted{w}), "max_expansions": 5000}}})
			}
		}
		if len(whole) > 0 {
			kids = append(kids, object{"match_phrase": object{field: spelt(c.Slots, whole)}})
		}
	}
	return occur("should", kids)
}

// spelt writes slots as the analyzer "places" reads them, with last for the last.
func spelt(slots []search.Slot, last []search.Wanted) string {
	var b strings.Builder
	for i, s := range slots {
		if i > 0 {
			b.WriteByte(' ')
			b.WriteString(strings.Repeat(search.TokenHole+" ", s.At-slots[i-1].At-1))
		}
		words := s.Wanted
		if i == len(slots)-1 {
			words = last
		}
		for k, w := range words {
			if k > 0 {
				b.WriteString(search.TokenAlso)
			}
			b.WriteString(w.Word)
		}
	}
	return b.String()
}

// near finds two phrases at most so many words apart, in either order, in one part of the email.
func near(c *search.Condition) object {
	var kids []object
	for _, field := range fieldsOf(c.Kids[0].In) {
		left, right := spanned(c.Kids[0], field), spanned(c.Kids[1], field)
		for _, order := range [][]object{{left, right}, {right, left}} {
			kids = append(kids, object{"span_near": object{"clauses": order, "slop": c.Within - 1, "in_order": true}})
		}
	}
	return occur("should", kids)
}

func spanned(c *search.Condition, field string) object {
	var clauses []object
	for i, s := range c.Slots {
		if i > 0 {
			if gap := s.At - c.Slots[i-1].At - 1; gap > 0 {
				clauses = append(clauses, object{"span_gap": object{field: gap}})
			}
		}
		var any []object
		for _, w := range s.Wanted {
			if w.Prefix {
				any = append(any, object{"span_multi": object{"match": object{"prefix": object{field: w.Word}}}})
			} else {
				any = append(any, object{"span_term": object{field: w.Word}})
			}
		}
		if len(any) == 1 {
			clauses = append(clauses, any[0])
		} else {
			clauses = append(clauses, object{"span_or": object{"clauses": any}})
		}
	}
	if len(clauses) == 1 {
		return clauses[0]
	}
	return object{"span_near": object{"clauses": clauses, "slop": 0, "in_order": true}}
}

// between is a range of whole numbers; scale is how often one of the index goes into one of the query.
func between(field string, r search.Range, scale int64) object {
	bounds := object{}
	if !math.IsInf(r.Min, 0) {
		bounds["gte"] = least(r.Min, scale, r.MinOpen)
	}
	if !math.IsInf(r.Max, 0) {
		bounds["lte"] = -least(-r.Max, scale, r.MaxOpen)
	}
	return object{"range": object{field: bounds}}
}

// least is the least whole number that is at least v times the scale, or more than it when open. v is read with the 15
// digits that Postgres keeps of a float8 that becomes a numeric.
func least(v float64, scale int64, open bool) int64 {
	exact, ok := new(big.Rat).SetString(strconv.FormatFloat(min(max(v, -1<<52), 1<<52), 'g', 15, 64))
	if !ok {
		return 0
	}
	exact.Mul(exact, new(big.Rat).SetInt64(scale))
	n := new(big.Int).Div(exact.Num(), exact.Denom()) // the denominator is positive: rounded down
	if open || !exact.IsInt() {
		n.Add(n, big.NewInt(1))
	}
	return n.Int64()
}

func during(r search.Range) object {
	bounds := object{}
	if !r.From.IsZero() {
		bounds["gte"] = r.From.UnixMicro()
	}
	if !r.To.IsZero() {
		bounds["lt"] = r.To.UnixMicro()
	}
	return object{"range": object{"at": bounds}}
}

func unsupported(n *search.Node) error {
	switch n.Field {
	case search.Meaning, search.Like:
		return &unsupportedError{"meaning"}
	case "is", "has":
		return &unsupportedError{n.Field + ":" + n.Value}
	}
	return &unsupportedError{n.Field + ":"} // its value is a person's, and operators read reasons
}
