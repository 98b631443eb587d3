package handlers

import (
	"errors"
	"net/http"
	"strings"

	"github.com/labstack/echo/v4"

	"applylens/internal/auth"
	"applylens/internal/errs"
	"applylens/internal/llm"
	"applylens/internal/search"
	"applylens/views"
)

// plainAllowed tells whether there is a model, and the user allows it to turn words into queries.
func (s *Server) plainAllowed(c echo.Context) (bool, error) {
	if s.Model == nil {
		return false, nil
	}
	consent, err := s.Model.Consent(c.Request().Context(), userID(c))
	return consent.Search, err
}

// searchPlain asks for what is looked for in plain words.
func (s *Server) searchPlain(c echo.Context) error { return s.showPlain(c, views.Plain{}) }

// searchPlainAsk turns the words into a query and shows it. It runs when the user sends it, as it then stands.
func (s *Server) searchPlainAsk(c echo.Context) error {
	plain := views.Plain{Words: strings.TrimSpace(c.FormValue("words"))}
	if plain.Words == "" || len(plain.Words) > historyLongest {
		return errs.BadInput("Say in 1 to 500 characters what you look for.")
	}
	if ok, err := s.plainAllowed(c); err != nil || !ok {
		return errors.Join(err, errs.NotFound)
	}
	now := s.Now().In(zoneOf(auth.UserOf(c)))
	query, err := s.Agents.PlainWords(c.Request().Context(), s.Model, userID(c), plain.Words, now)
	var failed *llm.Failure
	switch {
	case errors.As(err, &failed):
		plain.Failed = failed.Msg
	case err != nil:
		return err
	default:
		plain.Query = search.Parse(query, now)
	}
	return s.showPlain(c, plain)
}

func (s *Server) showPlain(c echo.Context, plain views.Plain) error {
	if ok, err := s.plainAllowed(c); err != nil || !ok {
		return errors.Join(err, errs.NotFound)
	}
	plain.Model, plain.Host = s.Model.Name, s.Model.Host
	p, err := s.page(c, "Search in plain words", "search")
	if err != nil {
		return err
	}
	return s.render(c, http.StatusOK, views.PlainPage(p, plain))
}
