package search

import (
	"strings"
	"testing"
	"time"
	"unicode/utf8"
)

// marked writes the marks of a text as [ ].
func marked(text string, spans []Span) string {
	var b strings.Builder
	at := 0
	for _, s := range spans {
		b.WriteString(text[at:s.Start] + "[" + text[s.Start:s.End] + "]")
		at = s.End
	}
	return b.String() + text[at:]
}

func TestHighlighterSpans(t *testing.T) {
	var a Analyzer
	for _, c := range [...]struct{ query, field, text, want string }{
		{"interview", "body", "Interviews were interviewed.", "[Interviews] were [interviewed]."},
		{"resume", "subject", "Your résumé", "Your [résumé]"},
		{`"job offer"`, "body", "A job, job offer; offer job", "A job, [job offer]; offer job"},
		{`"well known"`, "body", "a well-known man", "a [well-known] man"},
		{"job offer", "body", "A job offer", "A [job] [offer]"},
		{"inter*", "body", "Interviews and internal winter", "[Interviews] and [internal] winter"},
		{"interviewi*", "body", "the interviewing", "the [interviewing]"},
		{"a -offer", "body", "a offer", "[a] offer"},
		{"subject:offer", "body", "offer", "offer"},
		{"subject:offer", "subject", "offer", "[offer]"},
		{"from:anna@x.org", "from", "Anna <anna@x.org>", "Anna <[anna@x.org]>"},
		{"domain:x.org", "from", "Anna <anna@mail.x.org>", "Anna <[anna@mail.x.org]>"},
		{"from:me", "from", "Me <me@x.org>", "Me <[me@x.org]>"},
		{"c++", "body", "C and C++ code", "C and [C++] code"},
		{"日本", "body", "今日本語", "今[日本]語"},
		{"anna", "body", "Anna’s car", "[Anna]’s car"},
		{"is:unread", "body", "unread", "unread"},
	} {
		h := a.Highlighter(Parse(c.query, clock(t)), []string{"me@x.org"})
		if got := marked(c.text, h.Spans(c.field, c.text)); got != c.want {
			t.Errorf("%q in %s: %q, want %q", c.query, c.field, got, c.want)
		}
	}
}

func TestHighlighterSnippet(t *testing.T) {
	var a Analyzer
	noise := strings.Repeat("nothing to see here ", 40)
	for _, c := range [...]struct{ query, text, want string }{
		{"job offer", noise + "an offer. " + noise + "the\n\n job   offer is here " + noise, "the [job] [offer] is here"},
		{"zebra", "One  two\nthree " + noise, "One two three nothing"},
		{"déjà", noise + "ééééééééééééééééééé déjà vu " + noise, "[déjà] vu"},
	} {
		s := a.Highlighter(Parse(c.query, clock(t)), nil).Snippet("body", c.text, 80)
		if got := marked(s.Text, s.Spans); !strings.Contains(got, c.want) || utf8.RuneCountInString(s.Text) > 80 {
			t.Errorf("%q: %q (%d runes), want %q", c.query, got, utf8.RuneCountInString(s.Text), c.want)
		}
	}
	if s := a.Highlighter(Parse("end", clock(t)), nil).Snippet("body", noise+"end", 80); !s.Before || s.After {
		t.Errorf("at the end: %+v", s)
	}
}

func FuzzHighlighter(f *testing.F) {
	f.Add(`a "b c" d* é`, "A b-c d’s e\u0301 \xff 日本", 10)
	f.Add("o'neil c++ anna@x.org", "O’Neil C++ <anna@x.org> https://x.org/a?b", 5)
	var a Analyzer
	f.Fuzz(func(t *testing.T, query, text string, n int) {
		n = min(max(n, 0), 500)
		h := a.Highlighter(Parse(query, time.Unix(1e9, 0)), []string{"me@x.org"})
		text = strings.ToValidUTF8(text, "?")
		s := h.Snippet("body", text, n)
		if utf8.RuneCountInString(s.Text) > n || !utf8.ValidString(s.Text) {
			t.Errorf("snippet of %d: %q", n, s.Text)
		}
		for _, c := range []struct {
			text  string
			spans []Span
		}{{text, h.Spans("subject", text)}, {s.Text, s.Spans}} {
			at := 0
			for _, sp := range c.spans {
				if sp.Start < at || sp.End <= sp.Start || sp.End > len(c.text) || !utf8.ValidString(c.text[sp.Start:sp.End]) {
					t.Fatalf("span %+v of %q after %d", sp, c.text, at)
				}
				at = sp.End
			}
		}
	})
}
