package views

import (
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"applylens/internal/db"
	"applylens/internal/search"
)

// A Search is what the search page shows.
type Search struct {
	Query     *search.Query
	Result    search.Result
	List      List
	Begun     bool // the last word counts as the beginning of one, since it is still being typed
	Order     search.Order
	Single    bool // one row for each email, not for each conversation
	Plain     bool // a model may turn words into a query
	Edit      int  // the chip that is being edited, or -1
	SendsMail bool // the program can send mail of its own

	Advice  search.Advice  // when nothing was found
	Facets  *search.Facets // nil: fetched by a script
	Kept    string         // the name under which the query is saved already
	Saved   []db.SavedListRow
	History []db.HistoryListRow
}

// Values is the search as the parameters of a URL.
func (s Search) Values() url.Values { return s.values(s.Query.Source) }

func (s Search) values(query string) url.Values {
	v := url.Values{}
	if query != "" {
		v.Set("q", query)
	}
	if s.Order != search.Best {
		v.Set("sort", string(s.Order))
	}
	if s.Single {
		v.Set("group", "no")
	}
	return v
}

// URL is the page of another query, shown the same way.
func (s Search) URL(query string) string { return searchPath("/search", s.values(query)) }

func searchPath(path string, v url.Values) string {
	if len(v) == 0 {
		return path
	}
	return path + "?" + v.Encode()
}

// SearchURL is the page of a query.
func SearchURL(query string) string { return Search{}.URL(query) }

// editURL is the page with a chip as a field.
func (s Search) editURL(i int) string {
	v := s.Values()
	v.Set("edit", strconv.Itoa(i))
	return searchPath("/search", v)
}

// orderURL is the page in another order.
func (s Search) orderURL(o search.Order) string {
	s.Order = o
	return s.URL(s.Query.Source)
}

// groupURL is the page with conversations as one row, or each email by itself.
func (s Search) groupURL() string {
	s.Single = !s.Single
	return s.URL(s.Query.Source)
}

func (s Search) facetsURL() string {
	v := s.Values()
	if s.Begun {
		v.Set("typed", "1")
	}
	return searchPath("/search/facets", v)
}

func (s Search) buildURL() string { return searchPath("/search/build", s.Values()) }

// inlineURL is the page with its facets, for browsers without a script.
func (s Search) inlineURL() string {
	v := s.Values()
	v.Set("facets", "1")
	return searchPath("/search", v)
}

// orderName names an order.
func orderName(o search.Order) string {
	switch o {
	case search.Newest:
		return "Newest first"
	case search.Oldest:
		return "Oldest first"
	case search.BySender:
		return "By sender"
	case search.Largest:
		return "Largest first"
	}
	return "Best match"
}

// orderName of Best says what it is for a query of filters alone.
func (s Search) orderName() string {
	if s.Order == search.Best && !s.Result.Ranked {
		return orderName(search.Newest)
	}
	return orderName(s.Order)
}

// examples are queries to try.
func examples() [][2]string {
	return [][2]string{
		{"category:interview newer_than:30d", "interviews of the last month"},
		{"is:needs-reply", "mail that waits for your answer"},
		{"is:awaiting older_than:3d", "mail of yours that nobody answered"},
		{"deadline:<7d", "deadlines of the next seven days"},
		{"has:pdf from:me", "PDFs you sent"},
		{`"next steps" -category:newsletter`, "a phrase, without newsletters"},
		{`company:acme role:"data engineer"`, "a job, however the mail is written"},
		{"risk:>60 in:anywhere", "what looked dangerous, wherever it lies"},
		{"after:2026-01-01 before:2026-02-01", "between two days"},
	}
}

// total says how many mails matched, as far as they were counted.
func (s Search) total() string {
	switch {
	case s.Result.More:
		return "more than " + grouped(s.Result.Total) + " mails"
	case s.Result.Total < 0:
		return ""
	case s.Result.Total == 0 && s.Result.Loose > 0:
		return "none with all the words"
	}
	return mails(s.Result.Total)
}

// grouped writes a number with a thin space between thousands.
func grouped(n int) string {
	digits := strconv.Itoa(n)
	var b strings.Builder
	for i, d := range digits {
		if i > 0 && (len(digits)-i)%3 == 0 {
			b.WriteString(",")
		}
		b.WriteRune(d)
	}
	return b.String()
}

func mails(n int) string {
	if n == 1 {
		return "1 mail"
	}
	return grouped(n) + " mails"
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

func negateLabel(c search.Chip) string {
	if c.Negated {
		return "Only with " + c.Text
	}
	return "Only without " + c.Text
}

// mode says which engine answered, and in which order.
func (s Search) mode() string {
	text := "Searched by " + s.Result.Mode
	if s.Result.Coverage > 0 {
		text += ", over " + perCent(s.Result.Coverage) + " of the mail"
	}
	if s.Begun {
		text += ", the last word as a beginning"
	}
	order := strings.ToLower(s.orderName())
	if s.Result.Ranked {
		order = "best first"
	}
	if s.Result.Instead != "" {
		order += "; not by Elasticsearch: " + s.Result.Instead
	}
	return text + ", " + order + "."
}

// keptName is the name under which a query is saved, of those in the rail.
func keptName(p Page, q *search.Query) string {
	if i := slices.Index(p.Frame.SavedQueries, q.String()); i >= 0 {
		return p.Frame.SavedNames[i]
	}
	return ""
}

// when of a hit; the zone is that of now.
func hitTime(h search.Hit, now time.Time) string { return when(h.ReceivedAt, now) }

func hitWho(h search.Hit) []string {
	if h.FromName == "" {
		return []string{h.FromAddress}
	}
	return Pieces(h.FromName, h.FromSpans)
}

// hitURL is the address of the thread of a hit, at the email.
func (s Search) hitURL(h search.Hit) string {
	return "/t/" + id(h.ThreadID) + "?" + url.Values{"m": {id(h.ID)}, "list": {s.List.From}}.Encode()
}

// boxName names a box of the form.
func boxName(v string) string {
	switch v {
	case "needs-reply":
		return "Needs my reply"
	case "awaiting":
		return "Awaits an answer to me"
	case "pdf":
		return "PDF"
	}
	return title(v)
}
