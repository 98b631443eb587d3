package handlers

import (
	"net/http"

	"github.com/labstack/echo/v4"

	"applylens/views"
)

// helpPage shows all keys and how to search.
func (s *Server) helpPage(c echo.Context) error {
	p, err := s.page(c, "Help and keys", "help")
	if err != nil {
		return err
	}
	return s.render(c, http.StatusOK, views.HelpPage(p))
}
