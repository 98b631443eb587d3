package handlers

import (
	"net/http"

	"github.com/labstack/echo/v4"

	"applylens/internal/db"
	"applylens/internal/errs"
	"applylens/views"
)

// learnedPage lists what the person taught by correcting categories.
func (s *Server) learnedPage(c echo.Context) error {
	p, err := s.page(c, "Learned", "settings")
	if err != nil {
		return err
	}
	rows, err := s.DB.As(p.User.ID).LearnedList(c.Request().Context(), p.User.ID)
	if err != nil {
		return err
	}
	return s.render(c, http.StatusOK, views.LearnedPage(p, rows))
}

// learnedForget unlearns what was taught about a sender and a category. Mail that was judged by it stays as it is.
func (s *Server) learnedForget(c echo.Context) error {
	n, err := s.DB.As(userID(c)).LearnedDelete(c.Request().Context(), db.LearnedDeleteParams{UserID: userID(c), Sender: c.FormValue("sender"), Category: c.FormValue("category")})
	if err != nil {
		return err
	}
	if n == 0 {
		return errs.NotFound
	}
	return c.Redirect(http.StatusSeeOther, "/settings/learned")
}
