package handlers

import (
	"bytes"
	"context"
	"errors"
	"net/http"
	"strings"

	"github.com/a-h/templ"
	"github.com/labstack/echo/v4"

	"applylens/internal/auth"
	"applylens/internal/errs"
	"applylens/views"
)

// render sends a view. It is built before anything is sent, so that an error can still become the error page; and
// without the request's deadline, since the error page is built when that may be over.
func (s *Server) render(c echo.Context, status int, view templ.Component) error {
	var out bytes.Buffer
	if err := view.Render(context.WithoutCancel(c.Request().Context()), &out); err != nil {
		return err
	}
	return c.HTMLBlob(status, out.Bytes())
}

// showError is the one error page. It shows what is safe, logs the rest, and sends who is not signed in to the door.
func (s *Server) showError(err error, c echo.Context) {
	if c.Response().Committed {
		return
	}
	code, msg := status(err)
	if code >= http.StatusInternalServerError {
		s.Log.ErrorContext(c.Request().Context(), "request failed", "route", c.Path(), "method", c.Request().Method, "error", err)
	}
	if shown := s.errorAnswer(c, code, msg); shown != nil {
		s.Log.ErrorContext(c.Request().Context(), "the error page failed", "error", shown)
	}
}

func (s *Server) errorAnswer(c echo.Context, code int, msg string) error {
	switch {
	case c.Request().Method == http.MethodHead:
		return c.NoContent(code)
	case strings.HasPrefix(c.Request().URL.Path, apiBase):
		return problemAnswer(c, code, msg)
	case isHTMX(c):
		return s.render(c, code, views.ToastItem(views.Toast{Text: msg, Failed: true}))
	case code == errs.SignIn.Status && c.Request().Method == http.MethodGet && strings.Contains(c.Request().Header.Get("Accept"), "text/html"):
		return c.Redirect(http.StatusSeeOther, "/sign-in")
	}
	return s.render(c, code, views.ErrorPage(code, msg, reference(c, code), auth.UserOf(c).Theme))
}

// page is the shell's part of a page: who is signed in, the counts of the rail, the time in the user's zone.
func (s *Server) page(c echo.Context, title, place string) (views.Page, error) {
	user := auth.UserOf(c)
	frame, err := s.DB.AsPlanned(user.ID).LayoutGet(c.Request().Context(), user.ID)
	if err != nil {
		return views.Page{}, errors.Join(errors.New("read the frame of the page"), err)
	}
	rail, err := c.Cookie("rail")
	narrow := err == nil && rail.Value == "narrow"
	return views.Page{Title: title, Place: place, Path: pathOf(c), User: user, Frame: frame, Now: s.Now().In(zoneOf(user)), Narrow: narrow, SendsMail: s.SendsMail}, nil
}

// pathOf is the path and query of a page, without what only says how much of it to send.
func pathOf(c echo.Context) string {
	u := *c.Request().URL
	q := u.Query()
	q.Del("rows")
	q.Del("typed")
	q.Del("edit")
	if len(q) == 0 {
		return u.Path
	}
	u.RawQuery = q.Encode()
	return u.RequestURI()
}
