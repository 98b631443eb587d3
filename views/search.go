package views

import (
	"net/url"

	"applylens/internal/search"
)

// A Search is what the search page shows.
type Search struct {
	Query  *search.Query
	Result search.Result
	List   List
	Begun  bool // the last word counts as the beginning of one, since it is still being typed
}

// searchURL is the page of a query.
func searchURL(query string) string {
	if query == "" {
		return "/search"
	}
	return "/search?q=" + url.QueryEscape(query)
}

// examples are queries to try.
func examples() [][2]string {
	return [][2]string{
		{"category:interview newer_than:30d", "interviews of the last month"},
		{"is:needs-reply", "mail that waits for your answer"},
		{"has:pdf from:me", "PDFs you sent"},
		{`"next steps" -category:newsletter`, "a phrase, without newsletters"},
		{"risk:>60 in:anywhere", "what looked dangerous, wherever it lies"},
		{"after:2026-01-01 before:2026-02-01", "between two days"},
	}
}

// total says how many mails matched, as far as they were counted.
func (s Search) total() string {
	switch {
	case s.Result.More:
		return "more than " + count(s.Result.Total, "mail")
	case s.Result.Total < 0:
		return ""
	case s.Result.Total == 0 && s.Result.Loose > 0:
		return "none with all the words"
	}
	return count(s.Result.Total, "mail")
}

// fixed is the query with a warning's suggestion in place.
func (s Search) fixed(w search.Warning) string {
	src := s.Query.Source
	if w.Pos < 0 || w.End > len(src) || w.Pos > w.End {
		return src
	}
	return src[:w.Pos] + w.Suggest + src[w.End:]
}

// token is what a warning is about.
func (s Search) token(w search.Warning) string {
	src := s.Query.Source
	if w.Pos < 0 || w.End > len(src) || w.Pos >= w.End {
		return ""
	}
	return src[w.Pos:w.End]
}

// Pieces cuts a text at spans: the odd pieces lie within one.
func Pieces(text string, spans []search.Span) []string {
	at, out := 0, []string{}
	for _, s := range spans {
		if s.Start < at || s.End > len(text) || s.End <= s.Start {
			continue
		}
		out = append(out, text[at:s.Start], text[s.Start:s.End])
		at = s.End
	}
	return append(out, text[at:])
}

func escape(s string) string { return url.QueryEscape(s) }

func negateLabel(c search.Chip) string {
	if c.Negated {
		return "Only with " + c.Text
	}
	return "Only without " + c.Text
}

// mode says which engine answered, and in which order.
func (s Search) mode() string {
	text := "Searched by " + s.Result.Mode
	if s.Begun {
		text += ", the last word as a beginning"
	}
	order := ", best first."
	if !s.Result.Ranked {
		order = ", newest first."
	}
	if s.Result.Instead != "" {
		order += " Not by Elasticsearch: " + s.Result.Instead + "."
	}
	return text + order
}
