package handlers

import (
	"net/http"
	"strings"

	"github.com/labstack/echo/v4"

	"applylens/internal/auth"
	"applylens/internal/db"
	"applylens/views"
)

const (
	historyKept     = 200 // searches of one user
	historyShown    = 8
	historyLongest  = 500 // characters
	suggestedBefore = 4   // of the history, and of saved searches, while one types
)

// searchFacets is what the mail that matches is like, as the panel beside the results.
func (s *Server) searchFacets(c echo.Context) error {
	found, asked, err := s.readSearch(c)
	if err != nil {
		return err
	}
	if found.Query.Root == nil {
		return c.NoContent(http.StatusNoContent)
	}
	user := auth.UserOf(c)
	facets, err := s.Search.Facets(c.Request().Context(), s.DB.Owner(user.ID), asked, request(user))
	if err != nil {
		return err
	}
	found.Facets = &facets
	return s.render(c, http.StatusOK, views.SearchFacets(found))
}

// searchSuggest is the list below the field while one types.
func (s *Server) searchSuggest(c echo.Context) error {
	ctx, user, typed := c.Request().Context(), auth.UserOf(c), c.QueryParam("q")
	if len(typed) > historyLongest {
		return c.NoContent(http.StatusNoContent)
	}
	offers, err := s.Search.Suggest(ctx, s.DB.Owner(user.ID), typed, request(user))
	if err != nil {
		return err
	}
	list := views.Suggestions{Typed: typed, Offers: offers}
	if list.Saved, list.History, err = s.before(c, strings.ToLower(strings.TrimSpace(typed))); err != nil {
		return err
	}
	return s.render(c, http.StatusOK, views.SuggestionList(list))
}

// before returns the user's saved searches and searches of before that have what is typed in them.
func (s *Server) before(c echo.Context, typed string) (saved []db.SavedListRow, history []string, err error) {
	ctx, user := c.Request().Context(), auth.UserOf(c)
	all, err := s.DB.AsPlanned(user.ID).SavedList(ctx, user.ID)
	if err != nil {
		return nil, nil, err
	}
	for _, row := range all {
		if strings.Contains(strings.ToLower(row.Name), typed) && len(saved) < suggestedBefore {
			saved = append(saved, row)
		}
	}
	if !user.SearchHistory {
		return saved, nil, nil
	}
	rows, err := s.DB.AsPlanned(user.ID).HistoryList(ctx, db.HistoryListParams{UserID: user.ID, MaxRows: historyKept})
	if err != nil {
		return nil, nil, err
	}
	for _, row := range rows {
		if query := strings.ToLower(row.Query); strings.HasPrefix(query, typed) && query != typed && len(history) < suggestedBefore {
			history = append(history, row.Query)
		}
	}
	return saved, history, nil
}

// searchNote keeps a search that was made on purpose in the history, and reads what the page tells of before.
func (s *Server) searchNote(c echo.Context, found *views.Search) (err error) {
	ctx, user := c.Request().Context(), auth.UserOf(c)
	q := s.DB.AsPlanned(user.ID)
	if found.Query.Root == nil {
		if found.Saved, err = q.SavedList(ctx, user.ID); err != nil {
			return err
		}
		found.History, err = q.HistoryList(ctx, db.HistoryListParams{UserID: user.ID, MaxRows: historyShown})
		return err
	}
	canonical := found.Query.String()
	if user.SearchHistory && len(canonical) <= historyLongest && c.QueryParam("after") == "" && c.Request().Header.Get("X-Live") == "" {
		err = q.HistoryUse(ctx, db.HistoryUseParams{UserID: user.ID, Query: canonical, UsedAt: s.Now(), Keep: historyKept - 1})
	}
	return err
}
