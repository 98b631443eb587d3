package handlers

import (
	"net/http"

	"github.com/labstack/echo/v4"

	"applylens/views"
)

// welcomePage is the first run, and later the place to bring in more mail: connect, import, or look at the sample.
func (s *Server) welcomePage(c echo.Context) error {
	p, err := s.page(c, "Bring in mail", "welcome")
	if err != nil {
		return err
	}
	imports, err := s.DB.As(p.User.ID).SettingsImports(c.Request().Context(), p.User.ID)
	if err != nil {
		return err
	}
	return s.render(c, http.StatusOK, views.WelcomePage(p, imports, s.Gmail != nil))
}
