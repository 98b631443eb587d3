package search

import (
	"slices"
	"strings"
	"time"
)

// A Form is a query as a form asks for it, for people who do not write operators. Every field may be empty.
type Form struct {
	All      string // words that all stand in it
	Phrase   string // words that stand in this order
	Any      string // words of which one is enough
	None     string // words that do not stand in it
	Subject  string
	From, To string
	Company  string
	Role     string
	Category string
	Label    string
	In       string // a place
	After    string // days, as 2026-01-31
	Before   string
	Larger   string // a size, as 10M
	Is, Has  []string
	Rest     string // a query of parts that the form has no field for
}

// Query returns the canonical query of a form, read by the clock of now.
func (f Form) Query(now time.Time) string {
	var parts []string
	for _, w := range strings.Fields(f.All) {
		parts = append(parts, bare(w, now))
	}
	if p := unquoted(f.Phrase); p != "" {
		parts = append(parts, `"`+p+`"`)
	}
	if any := strings.Fields(f.Any); len(any) > 0 {
		for i, w := range any {
			any[i] = bare(w, now)
		}
		parts = append(parts, "{"+strings.Join(any, " ")+"}")
	}
	for _, w := range strings.Fields(f.None) {
		parts = append(parts, "-"+bare(w, now))
	}
	for _, v := range [...]struct{ field, value string }{{"from", f.From}, {"to", f.To}, {"subject", f.Subject}, {"company", f.Company}, {"role", f.Role},
		{"category", f.Category}, {"label", f.Label}, {"in", f.In}, {"after", f.After}, {"before", f.Before}, {"larger", f.Larger}} {
		if value := unquoted(v.value); value != "" {
			parts = append(parts, Part(v.field, value))
		}
	}
	for _, v := range f.Is {
		parts = append(parts, "is:"+unquoted(v))
	}
	for _, v := range f.Has {
		parts = append(parts, "has:"+unquoted(v))
	}
	if rest := Parse(f.Rest, now); rest.Root != nil {
		parts = append(parts, "("+rest.String()+")")
	}
	return Parse(strings.Join(parts, " "), now).String()
}

// unquoted is a text without quotes, which nothing can stand for within them.
func unquoted(s string) string {
	return strings.Join(strings.Fields(strings.ReplaceAll(s, `"`, " ")), " ")
}

// bare is a word as text, quoted when it would be read as anything else.
func bare(w string, now time.Time) string {
	w = unquoted(w)
	if q := Parse(w, now); q.Root != nil && q.Root.Kind == Term && q.Root.Field == "" && q.Root.Value == strings.TrimSuffix(w, "*") && len(q.Warnings) == 0 {
		return q.String()
	}
	return `"` + w + `"`
}

// Form returns the query as a form, whose Query is the same but for the order of its parts. What the form has no
// field for, or has one for that is taken, goes into Rest.
func (q *Query) Form() (f Form) {
	var all, none, rest []string
	for _, n := range q.parts() {
		inner, negated := n, n.Kind == Not
		if negated {
			inner = n.Kids[0]
		}
		word := inner.Kind == Term && inner.Field == "" && !inner.Quoted && !inner.Exact
		switch {
		case word && negated:
			none = append(none, inner.String())
		case word:
			all = append(all, inner.String())
		case !f.take(n):
			rest = append(rest, n.String())
		}
	}
	f.All, f.None, f.Rest = strings.Join(all, " "), strings.Join(none, " "), (&Query{Root: join(And, q.rest(rest))}).String()
	return f
}

// rest parses parts again, so that they print as they stand together.
func (q *Query) rest(parts []string) (nodes []*Node) {
	for _, p := range parts {
		nodes = append(nodes, Parse(p, q.Now).Root)
	}
	return nodes
}

// take puts a part into its field, if the form has it and it is free.
func (f *Form) take(n *Node) bool {
	if n.Kind == Or && f.Any == "" && !slices.ContainsFunc(n.Kids, func(k *Node) bool { return k.Kind != Term || k.Field != "" || k.Quoted || k.Exact }) {
		var words []string
		for _, k := range n.Kids {
			words = append(words, k.String())
		}
		f.Any = strings.Join(words, " ")
		return true
	}
	if n.Kind != Term || n.Prefix || n.Exact || n.Ignored {
		return false
	}
	switch n.Field {
	case "is":
		f.Is = append(f.Is, n.Value)
		return slices.Contains(FormIs(), n.Value) || f.drop(&f.Is)
	case "has":
		f.Has = append(f.Has, n.Value)
		return slices.Contains(FormHas(), n.Value) || f.drop(&f.Has)
	case "after", "before":
		if _, err := time.Parse(time.DateOnly, n.Value); err != nil {
			return false
		}
	}
	to := f.field(n)
	if to == nil || *to != "" || Part(n.Field, n.Value) != n.String() && n.Field != "" {
		return false
	}
	*to = n.Value
	return true
}

func (f *Form) drop(list *[]string) bool {
	*list = (*list)[:len(*list)-1]
	return false
}

func (f *Form) field(n *Node) *string {
	switch n.Field {
	case "":
		if n.Quoted {
			return &f.Phrase
		}
	case "from":
		return &f.From
	case "to":
		return &f.To
	case "subject":
		return &f.Subject
	case "company":
		return &f.Company
	case "role":
		return &f.Role
	case "category":
		return &f.Category
	case "label":
		return &f.Label
	case "in":
		return &f.In
	case "after":
		return &f.After
	case "before":
		return &f.Before
	case "larger":
		return &f.Larger
	}
	return nil
}

// FormIs and FormHas list the boxes of the form.
func FormIs() []string { return []string{"unread", "starred", "needs-reply", "awaiting"} }

// FormHas lists what mail may have, of the form.
func FormHas() []string { return []string{"attachment", "pdf", "invitation"} }
