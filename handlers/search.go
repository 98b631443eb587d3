package handlers

import (
	"context"
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/labstack/echo/v4"

	"applylens/internal/agent"
	"applylens/internal/auth"
	"applylens/internal/db"
	"applylens/internal/errs"
	"applylens/internal/search"
	"applylens/views"
)

// searchPage answers a query, as one types or at once.
func (s *Server) searchPage(c echo.Context) error {
	found, asked, err := s.readSearch(c)
	if err != nil {
		return err
	}
	if text, i, ok := chipEdit(c, found); ok {
		return c.Redirect(http.StatusSeeOther, found.URL(found.Query.Replace(i, text)))
	}
	if found.Query.Root != nil {
		if err := s.find(c, asked, &found); err != nil {
			return err
		}
	}
	switch {
	case isHTMX(c) && c.QueryParam("after") != "":
		return s.render(c, http.StatusOK, views.SearchRows(found, found.Query.Now))
	case isHTMX(c):
		header := "HX-Push-Url"
		if c.QueryParam("typed") != "" {
			header = "HX-Replace-Url"
		}
		c.Response().Header().Set(header, found.URL(c.QueryParam("q")))
		return s.render(c, http.StatusOK, views.SearchFound(pathOf(c), found))
	}
	return s.searchShow(c, found)
}

// searchShow answers with the whole page, and keeps what was searched for.
func (s *Server) searchShow(c echo.Context, found views.Search) error {
	ctx, user := c.Request().Context(), auth.UserOf(c)
	if err := s.searchNote(c, &found); err != nil {
		return err
	}
	if c.QueryParam("facets") != "" && found.Query.Root != nil {
		facets, err := s.Search.Facets(ctx, s.DB.Owner(user.ID), found.Query, request(user))
		if err != nil {
			return err
		}
		found.Facets = &facets
	}
	p, err := s.page(c, "Search", "search")
	if err != nil {
		return err
	}
	p.Search = c.QueryParam("q")
	return s.render(c, http.StatusOK, views.SearchPage(p, found))
}

// readSearch reads what is asked for and how it is to be shown. asked is the query that runs: with the last word as a
// beginning while it is being typed.
func (s *Server) readSearch(c echo.Context) (found views.Search, asked *search.Query, err error) {
	now := s.Now().In(zoneOf(auth.UserOf(c)))
	found = views.Search{Query: search.Parse(c.QueryParam("q"), now), Order: search.Order(c.QueryParam("sort")),
		Single: c.QueryParam("group") == "no", Edit: -1, SendsMail: s.SendsMail}
	if !slices.Contains(search.Orders(), found.Order) {
		return found, nil, errs.NotFound
	}
	if i, err := strconv.Atoi(c.QueryParam("edit")); err == nil {
		found.Edit = i
	}
	asked = found.Query
	if isHTMX(c) && c.QueryParam("typed") != "" {
		asked, found.Begun = begun(c.QueryParam("q"), now)
	}
	return found, asked, nil
}

// chipEdit reads a part of the query that was edited in place.
func chipEdit(c echo.Context, found views.Search) (text string, i int, ok bool) {
	i, err := strconv.Atoi(c.QueryParam("chip"))
	if err != nil || i < 0 || i >= len(found.Query.Chips()) {
		return "", 0, false
	}
	return c.QueryParam("text"), i, true
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
	case "", "from", "to", "subject", "body", "filename", "company", "role", "person":
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

// request says in whose mail is searched.
func request(user db.User) search.Request {
	return search.Request{UserID: user.ID, Me: []string{user.Email}}
}

// find runs the query and makes rows of its hits: one for each thread or email, with what matched marked.
func (s *Server) find(c echo.Context, asked *search.Query, found *views.Search) error {
	ctx, user := c.Request().Context(), auth.UserOf(c)
	r := request(user)
	r.Limit, r.After, r.Order = rowsAsked(c), c.QueryParam("after"), found.Order
	result, err := s.Agents.Search(ctx, agent.Person, asked, r, func(ctx context.Context) (search.Result, error) {
		return s.engine().Search(ctx, s.DB.Owner(user.ID), asked, r)
	})
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
	list := views.List{From: found.Values().Encode(), Found: map[int64]views.Found{}}
	if !found.Single {
		if list.Rows, err = s.DB.AsPlanned(user.ID).InboxRows(ctx, db.InboxRowsParams{UserID: user.ID, Ids: threads}); err != nil {
			return err
		}
	}
	mark := s.Search.Analyzer.Highlighter(asked, r.Me)
	for _, row := range list.Rows {
		h, who := best[row.ID], views.Who(row)
		list.Found[row.ID] = views.Found{EmailID: h.ID, Who: views.Pieces(who, mark.Spans("from", who)),
			Subject: views.Pieces(h.Subject, h.SubjectSpans), Snippet: views.Pieces(h.Snippet.Text, h.Snippet.Spans)}
	}
	if result.Next != "" {
		next := found.Values()
		next.Set("after", result.Next)
		if found.Begun {
			next.Set("typed", "1")
		}
		list.Next = "/search?" + next.Encode()
	}
	found.List = list
	return s.advise(c, found)
}

// advise looks for ways out when nothing was found; not while one types, since the next letter may find something.
func (s *Server) advise(c echo.Context, found *views.Search) (err error) {
	if len(found.Result.Hits) > 0 || found.Begun || c.QueryParam("after") != "" {
		return nil
	}
	user := auth.UserOf(c)
	found.Advice, err = s.Search.Advise(c.Request().Context(), s.DB.Owner(user.ID), found.Query, request(user))
	return err
}

// searchThreads returns the threads of all mail that matches a query. A query of which a part has no effect is refused:
// it matches more than its writer means.
func (s *Server) searchThreads(c echo.Context, query string, most int) ([]int64, error) {
	ctx, user := c.Request().Context(), auth.UserOf(c)
	q := search.Parse(query, s.Now().In(zoneOf(user)))
	if q.Root == nil {
		return nil, errs.BadInput("Search for something first.")
	}
	emails, warnings, err := s.engine().IDs(ctx, s.DB.Owner(user.ID), q, request(user), most)
	if err != nil {
		return nil, err
	}
	if len(warnings) > 0 {
		return nil, errs.BadInput("A part of the search has no effect: " + warnings[0].Msg + ". Mend it before you act on all that matches.")
	}
	return s.DB.As(user.ID).SearchPageThreads(ctx, db.SearchPageThreadsParams{UserID: user.ID, EmailIds: emails})
}
