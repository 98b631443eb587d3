package handlers

import (
	"net/http"
	"net/url"
	"time"

	"github.com/labstack/echo/v4"

	"applylens/internal/auth"
	"applylens/internal/db"
	"applylens/internal/errs"
	"applylens/internal/search"
	"applylens/views"
)

// searchPage answers a query, as one types or at once.
func (s *Server) searchPage(c echo.Context) error {
	user := auth.UserOf(c)
	now := s.Now().In(zoneOf(user))
	found := views.Search{Query: search.Parse(c.QueryParam("q"), now)}
	if found.Query.Root != nil {
		asked := found.Query
		if isHTMX(c) && c.QueryParam("typed") != "" {
			asked, found.Begun = begun(c.QueryParam("q"), now)
		}
		if err := s.find(c, asked, &found); err != nil {
			return err
		}
	}
	if isHTMX(c) && c.QueryParam("after") != "" {
		return s.render(c, http.StatusOK, views.ListRows(found.List, now))
	}
	p, err := s.page(c, "Search", "search")
	if err != nil {
		return err
	}
	p.Search = c.QueryParam("q")
	if isHTMX(c) {
		c.Response().Header().Set("HX-Replace-Url", p.Path)
		return s.render(c, http.StatusOK, views.SearchMain(p, found))
	}
	return s.render(c, http.StatusOK, views.SearchPage(p, found))
}

// begun is a query whose last word is still being typed: it stands for all words that begin so.
func begun(source string, now time.Time) (*search.Query, bool) {
	q := search.Parse(source, now)
	var last *search.Node
	q.Terms(func(n *search.Node, negated bool) {
		last = n
		if negated {
			last = nil
		}
	})
	if last == nil || last.End != len(q.Source) || last.Quoted || last.Prefix || last.Exact || last.Ignored {
		return q, false
	}
	switch last.Field {
	case "", "from", "to", "subject", "body", "filename":
		last.Prefix = true
	}
	return q, last.Prefix
}

// engine is what answers searches: Elasticsearch where it is set up, with the word index of Postgres under it.
func (s *Server) engine() search.Engine {
	if s.Elastic != nil {
		return s.Elastic
	}
	return &s.Search
}

// find runs the query and makes rows of its hits: one for each thread, with what matched marked.
func (s *Server) find(c echo.Context, asked *search.Query, found *views.Search) error {
	ctx, user := c.Request().Context(), auth.UserOf(c)
	me := []string{user.Email}
	result, err := s.engine().Search(ctx, s.DB.Owner(user.ID), asked, search.Request{UserID: user.ID, Me: me, Limit: rowsAsked(c), After: c.QueryParam("after")})
	if err != nil {
		return err
	}
	found.Result = result
	best := map[int64]search.Hit{}
	var threads []int64
	for _, h := range result.Hits {
		if _, seen := best[h.ThreadID]; !seen {
			best[h.ThreadID] = h
			threads = append(threads, h.ThreadID)
		}
	}
	source := url.Values{"q": {c.QueryParam("q")}}
	list := views.List{From: source.Encode(), Found: map[int64]views.Found{}}
	if list.Rows, err = s.DB.As(user.ID).InboxRows(ctx, db.InboxRowsParams{UserID: user.ID, Ids: threads}); err != nil {
		return err
	}
	mark := s.Search.Analyzer.Highlighter(asked, me)
	for _, row := range list.Rows {
		h, who := best[row.ID], views.Who(row)
		list.Found[row.ID] = views.Found{EmailID: h.ID, Who: views.Pieces(who, mark.Spans("from", who)),
			Subject: views.Pieces(h.Subject, h.SubjectSpans), Snippet: views.Pieces(h.Snippet.Text, h.Snippet.Spans)}
	}
	if result.Next != "" {
		source.Set("after", result.Next)
		if found.Begun {
			source.Set("typed", "1")
		}
		list.Next = "/search?" + source.Encode()
	}
	found.List = list
	return nil
}

// searchThreads returns the threads of all mail that matches a query. A query of which a part has no effect is refused:
// it matches more than its writer means.
func (s *Server) searchThreads(c echo.Context, query string, most int) ([]int64, error) {
	ctx, user := c.Request().Context(), auth.UserOf(c)
	q := search.Parse(query, s.Now().In(zoneOf(user)))
	if q.Root == nil {
		return nil, errs.BadInput("Search for something first.")
	}
	emails, warnings, err := s.engine().IDs(ctx, s.DB.Owner(user.ID), q, search.Request{UserID: user.ID, Me: []string{user.Email}}, most)
	if err != nil {
		return nil, err
	}
	if len(warnings) > 0 {
		return nil, errs.BadInput("A part of the search has no effect: " + warnings[0].Msg + ". Mend it before you act on all that matches.")
	}
	return s.DB.As(user.ID).SearchPageThreads(ctx, db.SearchPageThreadsParams{UserID: user.ID, EmailIds: emails})
}
