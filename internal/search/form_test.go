package search

import (
	"slices"
	"strings"
	"testing"
)

func TestFormQuery(t *testing.T) {
	for want, f := range map[string]Form{
		"":                                      {},
		`offer letter "next steps" {a b} -spam`: {All: "offer letter", Phrase: "next steps", Any: "a b", None: "spam"},
		`"from:x" "OR" "-a" a*`:                 {All: `from:x OR -a a*`},
		`from:"Anna Smith" to:me subject:"a b"`: {From: "Anna Smith", To: "me", Subject: `"a b"`},
		"category:offer label:Acme in:archive after:2026-01-02 before:2026-02-01 larger:5M": {Category: "offer", Label: "Acme", In: "archive", After: "2026-01-02",
			Before: "2026-02-01", Larger: "5M"},
		"is:unread has:pdf (x OR from:y)": {Is: []string{"unread"}, Has: []string{"pdf"}, Rest: "x OR from:y"},
	} {
		if got, want := f.Query(clock(t)), Parse(want, clock(t)).String(); got != want && f.Rest == "" {
			t.Errorf("%+v is %s, want %s", f, got, want)
		}
	}
}

// A form that is filled in from a query gives the same query, but for the order of its parts.
func TestFormKeepsTheQuery(t *testing.T) {
	for _, source := range []string{
		"", "offer", "offer letter -spam", `"next steps" "b c"`, "a OR b", "{a b} {c d}", "from:anna from:bob", `from:"Anna Smith" to:me`,
		"is:unread is:muted has:pdf has:drive", "after:2026-01-02 before:3d", "larger:5M smaller:6M", "category:offer label:a/b in:archive",
		"-from:x (a OR from:y)", "+exact pre* subject:(a b)", `a AROUND 3 b ~"meaning"`, "company:acme role:dev deadline:<7d", "x OR y z",
	} {
		q := Parse(source, clock(t))
		again := Parse(q.Form().Query(clock(t)), clock(t))
		if got, want := sorted(again), sorted(q); got != want {
			t.Errorf("%q became %q by way of %+v", source, again.String(), q.Form())
		}
	}
}

// sorted is a query with its parts in the order of their text.
func sorted(q *Query) string {
	var parts []string
	for _, n := range q.parts() {
		parts = append(parts, n.String())
	}
	slices.Sort(parts)
	return strings.Join(parts, " | ")
}
