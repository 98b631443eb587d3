package handlers

import (
	"net/http"
	"strings"

	"github.com/labstack/echo/v4"

	"applylens/internal/auth"
	"applylens/internal/search"
	"applylens/views"
)

// searchBuild is the search as a form; sent, it goes on to the query that it makes.
func (s *Server) searchBuild(c echo.Context) error {
	found, _, err := s.readSearch(c)
	if err != nil {
		return err
	}
	now := s.Now().In(zoneOf(auth.UserOf(c)))
	if c.QueryParam("go") != "" {
		return c.Redirect(http.StatusSeeOther, found.URL(readForm(c).Query(now)))
	}
	p, err := s.page(c, "Search form", "search")
	if err != nil {
		return err
	}
	p.Search = found.Query.Source
	return s.render(c, http.StatusOK, views.SearchForm(p, found, found.Query.Form()))
}

func readForm(c echo.Context) search.Form {
	q := c.QueryParams()
	get := func(name string) string { return strings.TrimSpace(q.Get(name)) }
	return search.Form{All: get("all"), Phrase: get("phrase"), Any: get("any"), None: get("none"), Subject: get("subject"), From: get("from"), To: get("to"),
		Company: get("company"), Role: get("role"), Category: get("category"), Label: get("label"), In: get("in"), After: get("after"), Before: get("before"),
		Larger: get("larger"), Is: q["is"], Has: q["has"], Rest: get("rest")}
}
