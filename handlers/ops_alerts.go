package handlers

import (
	"errors"
	"net/http"
	"slices"
	"strconv"

	"github.com/jackc/pgx/v5"
	"github.com/labstack/echo/v4"

	"applylens/internal/db"
	"applylens/internal/errs"
	"applylens/internal/slo"
	"applylens/internal/slo/watch"
	"applylens/views"
)

const alertsSize = 50

// alertClasses are the classes of alerts, the loudest first.
func alertClasses() []string {
	return []string{string(slo.Page), string(slo.HardDown), string(slo.Slow), string(slo.Ticket), string(slo.Exhausted), string(slo.NoData), string(slo.Overcount)}
}

// opsAlerts lists alerts: what fires first, then what is over.
func (s *Server) opsAlerts(c echo.Context) error {
	before, err := beforeID(c)
	if err != nil {
		return err
	}
	ctx, list := c.Request().Context(), views.OpsAlerts{Objective: c.QueryParam("objective"), Classes: alertClasses()}
	if list.Firing, err = s.DB.AlertOpen(ctx); err != nil {
		return err
	}
	if list.Objective == "" {
		list.Over, err = s.DB.ConsoleAlertHistory(ctx, db.ConsoleAlertHistoryParams{BeforeID: before, MaxRows: alertsSize + 1})
	} else {
		list.Over, err = s.DB.AlertList(ctx, db.AlertListParams{Objective: &list.Objective, BeforeID: before, MaxRows: alertsSize + 1})
		list.Firing = slices.DeleteFunc(list.Firing, func(a db.Alert) bool { return a.Objective != list.Objective })
	}
	if err != nil {
		return err
	}
	if len(list.Over) > alertsSize {
		list.Over = list.Over[:alertsSize]
		q := c.QueryParams()
		q.Set("before", strconv.FormatInt(list.Over[alertsSize-1].ID, 10))
		list.Next = "/ops/alerts?" + q.Encode()
	}
	list.Over = slices.DeleteFunc(list.Over, func(a db.Alert) bool { return a.ResolvedAt == nil })
	if list.Silences, err = s.DB.SilenceList(ctx, 20); err != nil {
		return err
	}
	if list.Channels, err = s.alertChannels(ctx); err != nil {
		return err
	}
	promised, err := slo.Objectives()
	if err != nil {
		return err
	}
	for _, o := range promised {
		list.Objectives = append(list.Objectives, o.Name)
	}
	p, err := s.page(c, "Alerts", "ops")
	if err != nil {
		return err
	}
	return s.render(c, http.StatusOK, views.OpsAlertsPage(p, list))
}

// opsAlert is one alert, what became of it and who was told.
func (s *Server) opsAlert(c echo.Context) (err error) {
	var a views.OpsAlert
	if a.Alert, err = s.alertOf(c); err != nil {
		return err
	}
	ctx := c.Request().Context()
	if a.Events, err = s.DB.AlertEvents(ctx, a.Alert.ID); err != nil {
		return err
	}
	if a.Deliveries, err = s.DB.AlertDeliveries(ctx, a.Alert.ID); err != nil {
		return err
	}
	p, err := s.page(c, "Alert", "ops")
	if err != nil {
		return err
	}
	return s.render(c, http.StatusOK, views.OpsAlertPage(p, a))
}

// alertOf is the alert that the address names.
func (s *Server) alertOf(c echo.Context) (db.Alert, error) {
	id, err := strconv.ParseInt(c.Param("id"), 10, 64)
	if err != nil {
		return db.Alert{}, errs.NotFound
	}
	a, err := s.DB.AlertGet(c.Request().Context(), id)
	if errors.Is(err, pgx.ErrNoRows) {
		return a, errs.NotFound
	}
	return a, err
}

// opsAlertAcknowledge notes that the person has taken an alert on.
func (s *Server) opsAlertAcknowledge(c echo.Context) error {
	a, err := s.alertOf(c)
	if err != nil {
		return err
	}
	if err := watch.Acknowledge(c.Request().Context(), s.DB, userID(c), a.ID, c.FormValue("reason"), s.Now()); err != nil {
		return err
	}
	return c.Redirect(http.StatusSeeOther, "/ops/alerts/"+strconv.FormatInt(a.ID, 10))
}

// opsAlertRetry tells a channel again what it refused.
func (s *Server) opsAlertRetry(c echo.Context) error {
	a, err := s.alertOf(c)
	if err != nil {
		return err
	}
	channel := c.FormValue("channel")
	if !slices.Contains(s.Channels, channel) {
		return errs.BadInput("This channel is not configured, so there is nobody to tell.")
	}
	if _, err := s.DB.AlertRetry(c.Request().Context(), db.AlertRetryParams{AlertID: a.ID, Channel: channel, At: s.Now()}); err != nil {
		return err
	}
	return c.Redirect(http.StatusSeeOther, "/ops/alerts/"+strconv.FormatInt(a.ID, 10))
}

// opsSilence keeps alerts from people until a time.
func (s *Server) opsSilence(c echo.Context) error {
	until, err := formTime(c, "until")
	if err != nil {
		return err
	}
	objective, class := c.FormValue("objective"), c.FormValue("class")
	if class != "" && !slices.Contains(alertClasses(), class) {
		return errs.BadInput("There is no such class of alerts.")
	}
	if _, err := watch.Silence(c.Request().Context(), s.DB.Queries, userID(c), objective, class, c.FormValue("reason"), s.Now(), until); err != nil {
		return err
	}
	return c.Redirect(http.StatusSeeOther, "/ops/alerts#silences")
}

// opsSilenceEnd ends a silence before its time.
func (s *Server) opsSilenceEnd(c echo.Context) error {
	id, err := strconv.ParseInt(c.Param("id"), 10, 64)
	if err != nil {
		return errs.NotFound
	}
	n, err := s.DB.SilenceEnd(c.Request().Context(), db.SilenceEndParams{ID: id, EndedAt: s.Now(), EndedBy: userID(c)})
	switch {
	case err != nil:
		return err
	case n == 0:
		return errs.NotFound
	}
	return c.Redirect(http.StatusSeeOther, "/ops/alerts#silences")
}
