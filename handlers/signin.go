package handlers

import (
	"net/http"

	"github.com/labstack/echo/v4"

	"applylens/internal/auth"
	"applylens/views"
)

// signInPage says how to get in.
func (s *Server) signInPage(c echo.Context) error {
	if auth.UserOf(c).ID != 0 {
		return c.Redirect(http.StatusSeeOther, "/")
	}
	return s.render(c, http.StatusOK, views.SignInPage(s.Gmail != nil))
}

// signInLink spends a one-time link.
func (s *Server) signInLink(c echo.Context) error {
	if err := s.Auth.UseLink(c.Response(), c.Request(), c.Param("token")); err != nil {
		return err
	}
	return c.Redirect(http.StatusSeeOther, "/")
}

func (s *Server) signOut(c echo.Context) error {
	if err := s.Auth.SignOut(c.Response(), c.Request()); err != nil {
		return err
	}
	return c.Redirect(http.StatusSeeOther, "/sign-in")
}
