package handlers

import (
	"net/http"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"applylens/internal/auth"
	"applylens/internal/db"
	"applylens/internal/errs"
	"applylens/views"
)

// settingsPage is the account: name, time zone, remote images, what is stored.
func (s *Server) settingsPage(c echo.Context) error {
	p, err := s.page(c, "Account", "settings")
	if err != nil {
		return err
	}
	q, ctx := s.DB.As(p.User.ID), c.Request().Context()
	facts, err := q.SettingsFacts(ctx, db.SettingsFactsParams{UserID: p.User.ID, MaxRows: views.CountedMails + 1})
	if err != nil {
		return err
	}
	samples, err := q.SettingsSampleCount(ctx, p.User.ID)
	if err != nil {
		return err
	}
	return s.render(c, http.StatusOK, views.SettingsPage(p, facts, samples, s.Version, c.QueryParam("saved") != ""))
}

func (s *Server) settingsSave(c echo.Context) error {
	user := auth.UserOf(c)
	name, zone := strings.TrimSpace(c.FormValue("name")), strings.TrimSpace(c.FormValue("time_zone"))
	if len(name) > 200 {
		return errs.BadInput("A name can have 200 characters at most.")
	}
	if _, err := time.LoadLocation(zone); err != nil || zone == "" || zone == "Local" {
		return errs.BadInput("That time zone is not known. Write it as in “Europe/Berlin” or “America/New_York”.")
	}
	err := s.DB.As(user.ID).UserUpdate(c.Request().Context(), db.UserUpdateParams{UserID: user.ID, Name: name, TimeZone: zone,
		Theme: user.Theme, Images: c.FormValue("images") != ""})
	if err != nil {
		return err
	}
	return c.Redirect(http.StatusSeeOther, "/settings?saved=1")
}

// sessionsPage lists where the user is signed in.
func (s *Server) sessionsPage(c echo.Context) error {
	p, err := s.page(c, "Sessions", "settings")
	if err != nil {
		return err
	}
	rows, err := s.DB.As(p.User.ID).SessionList(c.Request().Context(), p.User.ID)
	if err != nil {
		return err
	}
	return s.render(c, http.StatusOK, views.SessionsPage(p, rows, auth.SessionOf(c)))
}

// sessionRevoke ends one session of the user.
func (s *Server) sessionRevoke(c echo.Context) error {
	id, err := paramID(c)
	if err != nil {
		return err
	}
	n, err := s.DB.As(userID(c)).SessionDelete(c.Request().Context(), db.SessionDeleteParams{UserID: userID(c), ID: id})
	if err != nil {
		return err
	}
	if n == 0 {
		return errs.NotFound
	}
	return c.Redirect(http.StatusSeeOther, "/settings/sessions")
}

// sessionRevokeOthers ends all sessions of the user but the one in use.
func (s *Server) sessionRevokeOthers(c echo.Context) error {
	_, err := s.DB.As(userID(c)).SessionDeleteOthers(c.Request().Context(), db.SessionDeleteOthersParams{UserID: userID(c), Keep: auth.SessionOf(c)})
	if err != nil {
		return err
	}
	return c.Redirect(http.StatusSeeOther, "/settings/sessions")
}

// appearancePage lets the user choose a theme.
func (s *Server) appearancePage(c echo.Context) error {
	p, err := s.page(c, "Appearance", "settings")
	if err != nil {
		return err
	}
	return s.render(c, http.StatusOK, views.AppearancePage(p))
}

func (s *Server) appearanceSave(c echo.Context) error {
	user, theme := auth.UserOf(c), c.FormValue("theme")
	switch theme {
	case "system", "light", "dark":
	default:
		return errs.BadInput("Choose one of the three themes.")
	}
	err := s.DB.As(user.ID).UserUpdate(c.Request().Context(), db.UserUpdateParams{UserID: user.ID, Name: user.Name, TimeZone: user.TimeZone,
		Theme: theme, Images: user.Images})
	if err != nil {
		return err
	}
	return c.Redirect(http.StatusSeeOther, "/settings/appearance")
}

// keyboardPage lists all keys.
func (s *Server) keyboardPage(c echo.Context) error {
	p, err := s.page(c, "Keyboard", "settings")
	if err != nil {
		return err
	}
	return s.render(c, http.StatusOK, views.KeyboardPage(p))
}
