package search

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

// clock is a Saturday afternoon in Berlin.
func clock(t testing.TB) time.Time {
	t.Helper()
	zone, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	return time.Date(2026, 1, 31, 15, 4, 5, 0, zone)
}

// tree prints the shape of a query for comparison: (and a "b c" from:x).
func tree(n *Node) string {
	if n == nil {
		return "nothing"
	}
	name := map[Kind]string{And: "and", Or: "or", Not: "not", Scope: "scope", Around: fmt.Sprint("around", n.N)}[n.Kind]
	if n.Kind == Term {
		s := n.String()
		if n.Ignored {
			s += "?"
		}
		return s
	}
	parts := []string{name}
	for _, k := range n.Kids {
		parts = append(parts, tree(k))
	}
	return "(" + strings.Join(parts, " ") + ")"
}

func TestParse(t *testing.T) {
	for _, c := range [...]struct{ query, tree, canonical string }{
		{"", "nothing", ""},
		{"  ", "nothing", ""},
		{"offer", "offer", "offer"},
		{"offer letter", "(and offer letter)", "offer letter"},
		{"offer AND letter", "(and offer letter)", "offer letter"},
		{"and or not", "(and and or not)", "and or not"},
		{"a OR b", "(or a b)", "a OR b"},
		{"a | b|c", "(or a b c)", "a OR b OR c"},
		{"a b OR c d", "(or (and a b) (and c d))", "a b OR c d"},
		{"a (b OR c) d", "(and a (or b c) d)", "a (b OR c) d"},
		{"{a b} c", "(and (or a b) c)", "(a OR b) c"},
		{"{a {b c} (d e)}", "(or a b c (and d e))", "a OR b OR c OR d e"},
		{"((a))", "a", "a"},
		{"(a b) c", "(and a b c)", "a b c"},
		{"-a", "(not a)", "-a"},
		{"!a NOT b", "(and (not a) (not b))", "-a -b"},
		{"--a -(-b)", "(and a b)", "a b"},
		{"-(a b)", "(not (and a b))", "-(a b)"},
		{"well-known e-mail", "(and well-known e-mail)", "well-known e-mail"},
		{"offer - letter -- now", "(and offer letter now)", "offer letter now"},
		{"+running shoes", "(and +running shoes)", "+running shoes"},
		{`"exact  phrase"`, `"exact phrase"`, `"exact phrase"`},
		{`“smart quotes”`, `"smart quotes"`, `"smart quotes"`},
		{`"half a phr"*`, `"half a phr"*`, `"half a phr"*`},
		{"inter* view", "(and inter* view)", "inter* view"},
		{`~"a warm welcome"`, `~"a warm welcome"`, `~"a warm welcome"`},
		{"~welcome", `~"welcome"`, `~"welcome"`},
		{"a AROUND 5 b", "(around5 a b)", "a AROUND 5 b"},
		{"x a AROUND(3) b y", "(and x (around3 a b) y)", "x a AROUND 3 b y"},
		{`-"a b" AROUND 4 c`, `(not (around4 "a b" c))`, `-"a b" AROUND 4 c`},
		{"a AROUND b", `(and a "AROUND" b)`, `a "AROUND" b`},
		{"a AROUND (5 b)", `(and a "AROUND" 5 b)`, `a "AROUND" 5 b`},
		{"from:anna", "from:anna", "from:anna"},
		{"FROM:anna", "from:anna", "from:anna"},
		{"from: anna", "from:anna", "from:anna"},
		{"from: -anna", "(not anna)", "-anna"},
		{"from:-anna", "from:-anna", "from:-anna"},
		{"-from:me to:me", "(and (not from:me) to:me)", "-from:me to:me"},
		{`subject:"job offer"`, `subject:"job offer"`, `subject:"job offer"`},
		{"subject:(job offer)", "(scope subject:job subject:offer)", "subject:(job offer)"},
		{"subject:(job OR -offer)", "(scope (or subject:job (not subject:offer)))", "subject:(job OR -offer)"},
		{"subject:{job offer}", "(scope (or subject:job subject:offer))", "subject:(job OR offer)"},
		{"subject:(job)", "subject:job", "subject:job"},
		{"subject:(a from:b)", "(scope (and subject:a from:b))", "subject:(a from:b)"},
		{"subject:(a AROUND 2 b)", "(around2 subject:a subject:b)", "subject:a AROUND 2 subject:b"},
		{"tag:x msgid:<a@b.c>", "(and label:x message-id:<a@b.c>)", "label:x message-id:<a@b.c>"},
		{"is:needs_review IS:Unread", "(and is:needs-review is:unread)", "is:needs-review is:unread"},
		{"in:Anywhere in:Projects/2026", "(and in:anywhere in:Projects/2026)", "in:anywhere in:Projects/2026"},
		{"category:job-alert", "category:job_alert", "category:job_alert"},
		{"risk:>70 conf:<0.8", "(and risk:>70 conf:<0.8)", "risk:>70 conf:<0.8"},
		{"after:last monday x", `(and after:"last monday" x)`, `after:"last monday" x`},
		{"after:last week", `after:"last week"`, `after:"last week"`},
		{"https://example.com/a?b=c", "https://example.com/a?b=c", "https://example.com/a?b=c"},
		{"Re: offer", "(and Re: offer)", "Re: offer"},
		{"12:30 a.m.", "(and 12:30 a.m.)", "12:30 a.m."},
		{"fromm:anna", "fromm:anna", "fromm:anna"},
		{"foo:(a b)", "(and a b)", "a b"},
		{"is:foo x", "(and is:foo? x)", "is:foo x"},
		{"after:soon", "after:soon?", "after:soon"},
		{"from: OR x", "x", "x"},
		{"a OR", "a", "a"}, {"OR a", "a", "a"}, {"AND a AND", "a", "a"}, {"NOT", "nothing", ""},
		{"(a", "a", "a"}, {"a)", "a", "a"}, {"(a}", "a", "a"}, {`"a b`, `"a b"`, `"a b"`}, {"()", "nothing", ""},
		{"a\x00b \xff", "(and a b \uFFFD)", "a b \uFFFD"},
	} {
		q := Parse(c.query, clock(t))
		got := tree(q.Root)
		if q.Root != nil && q.Root.Kind == Scope && q.Root.Kids[0].Kind == And && !strings.Contains(c.tree, "(and") {
			got = "(scope " + strings.TrimPrefix(tree(q.Root.Kids[0]), "(and ")
		}
		if got != c.tree || q.String() != c.canonical {
			t.Errorf("Parse(%q) = %s, prints %q; want %s, %q", c.query, got, q.String(), c.tree, c.canonical)
		}
		stable(t, q)
	}
}

// stable checks what holds for each query: printing is stable under parsing, positions are in order and inside.
func stable(t *testing.T, q *Query) {
	t.Helper()
	again := Parse(q.String(), q.Now)
	if again.String() != q.String() || tree(again.Root) != tree(q.Root) {
		t.Errorf("%q prints %q, which is read as %s and prints %q", q.Source, q.String(), tree(again.Root), again.String())
	}
	if len(q.String()) > MaxLength {
		t.Errorf("%d bytes", len(q.String()))
	}
	for _, w := range q.Warnings {
		if w.Pos < 0 || w.End < w.Pos || w.End > len(q.Source) || w.Msg == "" {
			t.Errorf("%q: bad warning %+v", q.Source, w)
		}
	}
	if q.Root != nil {
		inside(t, q, q.Root)
	}
}

func inside(t *testing.T, q *Query, n *Node) {
	t.Helper()
	if n.Pos < 0 || n.End <= n.Pos || n.End > len(q.Source) {
		t.Errorf("%q: %s at %d–%d", q.Source, n, n.Pos, n.End)
	}
	if wants := map[Kind]int{And: 2, Or: 2, Not: 1, Scope: 1, Around: 2}[n.Kind]; len(n.Kids) < wants || n.Kind >= Not && len(n.Kids) != wants {
		t.Errorf("%q: %d kids under %d", q.Source, len(n.Kids), n.Kind)
	}
	for _, k := range n.Kids {
		inside(t, q, k)
	}
}

func TestParseWarns(t *testing.T) {
	for _, c := range [...]struct {
		query, at, msg, suggest string
	}{
		{"hello fromm:anna", "fromm:anna", `no field "fromm"`, "from:anna"},
		{"subjct:offer", "subjct:offer", "searched as text", "subject:offer"},
		{"zzzzz:offer", "zzzzz:offer", "searched as text", ""},
		{"zzzzz:(a b)", "zzzzz:", "no field", ""},
		{"a is:unraed", "is:unraed", "left out", "is:unread"},
		{"category:ofer", "category:ofer", "left out", "category:offer"},
		{"after:2026-13-01", "after:2026-13-01", "wants a date", ""},
		{"larger:big", "larger:big", "wants a size", ""},
		{"risk:>much", "risk:>much", "wants a number", ""},
		{"from:", "from:", "wants a value", ""},
		{"a OR", "OR", "both sides", ""},
		{"(a b", "(", "not closed", ""},
		{`x "a b`, `"a b`, "not closed", ""},
		{"a ) b", ")", "nothing was opened", ""},
		{"in*view", "in*view", "end of a word", ""},
		{"a AROUND b", "AROUND", "searched as text", ""},
		{"a AROUND 99 b", "AROUND", "at most 20", ""},
		{"-", "", "", ""},
		{"https://x.org/a", "", "", ""},
	} {
		q := Parse(c.query, clock(t))
		if c.msg == "" {
			if len(q.Warnings) > 0 {
				t.Errorf("%q warns %+v", c.query, q.Warnings)
			}
			continue
		}
		if len(q.Warnings) != 1 {
			t.Errorf("%q warns %+v, want one", c.query, q.Warnings)
			continue
		}
		w := q.Warnings[0]
		if q.Source[w.Pos:w.End] != c.at || !strings.Contains(w.Msg, c.msg) || w.Suggest != c.suggest {
			t.Errorf("%q warns at %q %q, suggests %q", c.query, q.Source[w.Pos:w.End], w.Msg, w.Suggest)
		}
	}
}

func TestParseDates(t *testing.T) {
	const day = "2006-01-02"
	for _, c := range [...]struct{ query, from, to string }{
		{"after:2026-01-31", "2026-01-31", ""},
		{"newer:2026/1/5", "2026-01-05", ""},
		{"before:01/05/2026", "", "2026-01-05"},
		{"older:2026", "", "2026-01-01"},
		{"date:2026-02", "2026-02-01", "2026-03-01"},
		{"date:2025", "2025-01-01", "2026-01-01"},
		{"date:2026-01-01..2026-01-15", "2026-01-01", "2026-01-16"},
		{"date:..2026-01-15", "", "2026-01-16"},
		{"date:>2026-01-15", "2026-01-16", ""},
		{"date:<=2026-01-15", "", "2026-01-16"},
		{"on:yesterday", "2026-01-30", "2026-01-31"},
		{"date:today", "2026-01-31", "2026-02-01"},
		{"after:monday", "2026-01-26", ""},
		{"date:saturday", "2026-01-31", "2026-02-01"},
		{`date:"last saturday"`, "2026-01-24", "2026-01-25"},
		{"date:last-saturday", "2026-01-24", "2026-01-25"},
		{"date:next saturday", "2026-02-07", "2026-02-08"},
		{"date:this week", "2026-01-26", "2026-02-02"},
		{"date:last month", "2025-12-01", "2026-01-01"},
		{"date:last year", "2025-01-01", "2026-01-01"},
		{"after:1769900400", "2026-02-01", ""},
		{"after:1769900400000", "2026-02-01", ""},
	} {
		q := Parse(c.query, clock(t))
		if q.Root == nil || q.Root.Kind != Term || q.Root.Ignored {
			t.Errorf("%q: %s %+v", c.query, tree(q.Root), q.Warnings)
			continue
		}
		for i, p := range [...]struct {
			got  time.Time
			want string
		}{{q.Root.Range.From, c.from}, {q.Root.Range.To, c.to}} {
			got := ""
			if !p.got.IsZero() {
				got = p.got.Format(day)
				if h, m, s := p.got.Clock(); h+m+s != 0 {
					got = p.got.String()
				}
			}
			if got != p.want {
				t.Errorf("%q bound %d is %q, want %q", c.query, i, got, p.want)
			}
		}
	}
	now := clock(t)
	if got := Parse("newer_than:3d", now).Root.Range.From; !got.Equal(now.AddDate(0, 0, -3)) {
		t.Errorf("newer_than:3d begins %v", got)
	}
	if got := Parse("older_than:1y", now).Root.Range.To; !got.Equal(now.AddDate(-1, 0, 0)) {
		t.Errorf("older_than:1y ends %v", got)
	}
	if got := Parse("deadline:<7d", now).Root.Range.To; !got.Equal(now.AddDate(0, 0, 7)) {
		t.Errorf("deadline:<7d ends %v", got)
	}
}

func TestParseNumbers(t *testing.T) {
	for query, want := range map[string]string{
		"larger:10M":      "(10485760,+Inf]",
		"size:10k":        "(10240,+Inf]",
		"smaller:1.5MB":   "[-Inf,1572864)",
		"size:1M..2M":     "[1048576,2097152]",
		"size:<=500":      "[-Inf,500]",
		"risk:>70":        "(70,+Inf]",
		"risk:70":         "[70,70]",
		"risk:high":       "[60,79]",
		"risk:>=high":     "[60,+Inf]",
		"risk:20..medium": "[20,59]",
		"conf:<0.8":       "[-Inf,0.8)",
		"conf:>=80%":      "[0.8,+Inf]",
	} {
		n := Parse(query, clock(t)).Root
		open, shut := "[", "]"
		if n.Range.MinOpen {
			open = "("
		}
		if n.Range.MaxOpen {
			shut = ")"
		}
		if got := fmt.Sprintf("%s%v,%v%s", open, fmt.Sprintf("%.10g", n.Range.Min), fmt.Sprintf("%.10g", n.Range.Max), shut); got != want || n.Ignored {
			t.Errorf("%q is %s, want %s", query, got, want)
		}
	}
}

func TestParseLimits(t *testing.T) {
	for _, source := range []string{
		strings.Repeat("ab ", 5000), strings.Repeat("a|", 3000), strings.Repeat("(", 3000) + "a" + strings.Repeat(")", 3000),
		strings.Repeat("-(a ", 1000), strings.Repeat("subject:(a from:b ", 200), strings.Repeat("é", 4000),
		strings.Repeat("{(a OR b) c} ", 300), strings.Repeat("older:", 800), strings.Repeat("~a ", 2000), strings.Repeat("a AROUND 1 to:(", 250), strings.Repeat("a AROUND ", 400),
	} {
		begin := time.Now()
		q := Parse(source, clock(t))
		if took := time.Since(begin); took > 200*time.Millisecond {
			t.Errorf("%.20q took %v", source, took)
		}
		stable(t, q)
		terms := 0
		q.Terms(func(*Node, bool) { terms++ })
		if terms > MaxTerms || len(q.Source) > MaxLength || len(q.Warnings) == 0 {
			t.Errorf("%.20q: %d terms of %d bytes, %d warnings", source, terms, len(q.Source), len(q.Warnings))
		}
	}
}

func TestChips(t *testing.T) {
	q := Parse(`offer -from:anna (a OR b) subject:(x y) "u v" is:foo`, clock(t))
	var got []string
	for _, c := range q.Chips() {
		got = append(got, fmt.Sprintf("%s|%s|%v|%s", c.Label, c.Text, c.Negated, q.Source[c.Start:c.End]))
	}
	want := []string{"Word|offer|false|offer", "From|anna|true|-from:anna", "Any of|a OR b|false|(a OR b)",
		"Subject|x y|false|subject:(x y)", `Phrase|"u v"|false|"u v"`, "Is|foo|false|is:foo"}
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("chips are\n%s", strings.Join(got, "\n"))
	}
	for _, c := range [...]struct{ got, want string }{
		{q.Remove(1), `offer (a OR b) subject:(x y) "u v" is:foo`},
		{q.Negate(1), `offer from:anna (a OR b) subject:(x y) "u v" is:foo`},
		{q.Negate(2), `offer -from:anna -(a OR b) subject:(x y) "u v" is:foo`},
		{q.Replace(0, "p OR q"), `(p OR q) -from:anna (a OR b) subject:(x y) "u v" is:foo`},
		{q.Replace(0, " "), `-from:anna (a OR b) subject:(x y) "u v" is:foo`},
		{Parse("a", clock(t)).Remove(0), ""},
		{Parse("a OR b", clock(t)).Negate(0), "-(a OR b)"},
	} {
		if c.got != c.want {
			t.Errorf("got %q, want %q", c.got, c.want)
		}
	}
	if q.Remove(0); q.String() != `offer -from:anna (a OR b) subject:(x y) "u v" is:foo` {
		t.Errorf("editing changed the query: %s", q)
	}
}

func FuzzParse(f *testing.F) {
	for _, s := range []string{`a (b OR -c) {d "e f"*} ~"g" from:(h !i) size:1M..2M conf:<0.8`, "x AROUND(3) y after:last monday",
		"subject:(subject:-foo b AND", "+~a*|b)}", "NOT -(NOT a b) foo:bar Re: 12:30 from: to: x", "label:“ü”* ((((", "a AROUND (5 b) +subject:c*"} {
		f.Add(s)
	}
	now := time.Date(2026, 1, 31, 15, 4, 5, 0, time.UTC)
	f.Fuzz(func(t *testing.T, source string) {
		q := Parse(source, now)
		stable(t, q)
		for i := range q.Chips() {
			for _, edited := range []string{q.Remove(i), q.Negate(i), q.Replace(i, "x y")} {
				if len(edited) < MaxLength && Parse(edited, now).String() != edited {
					t.Errorf("%q edited is %q, which prints %q", source, edited, Parse(edited, now).String())
				}
			}
		}
	})
}
