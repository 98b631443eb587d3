package handlers

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/labstack/echo/v4"

	"applylens/internal/auth"
	"applylens/internal/db"
	"applylens/internal/errs"
	"applylens/internal/search"
	"applylens/views"
)

const (
	savedMost  = 50 // searches that one user may keep
	alertsMost = 200
)

// savedCreate keeps a search under a name.
func (s *Server) savedCreate(c echo.Context) error {
	kept, err := s.readSaved(c)
	if err != nil {
		return err
	}
	_, err = s.DB.As(userID(c)).SavedCreate(c.Request().Context(), db.SavedCreateParams{UserID: userID(c), Name: kept.Name, Query: kept.Query, Alert: kept.Alert, Most: savedMost})
	switch {
	case errors.Is(err, pgx.ErrNoRows):
		return errs.BadInput("You have a saved search of that name already, or " + strconv.Itoa(savedMost) + " of them, which is as many as there can be.")
	case err != nil:
		return err
	}
	return c.Redirect(http.StatusSeeOther, backTo(c))
}

// readSaved reads the form of a saved search; its query is kept in the canonical form.
func (s *Server) readSaved(c echo.Context) (kept db.SavedUpdateParams, err error) {
	q := search.Parse(c.FormValue("query"), s.Now().In(zoneOf(auth.UserOf(c))))
	kept = db.SavedUpdateParams{UserID: userID(c), Name: strings.TrimSpace(c.FormValue("name")), Query: q.String(), Alert: c.FormValue("alert")}
	switch {
	case q.Root == nil:
		return kept, errs.BadInput("Write what to search for.")
	case kept.Name == "" || len([]rune(kept.Name)) > 100:
		return kept, errs.BadInput("Give the search a name of at most 100 characters.")
	case len(q.Warnings) > 0:
		return kept, errs.BadInput("A part of the search has no effect: " + q.Warnings[0].Msg + ".")
	case kept.Alert == "email" && !s.SendsMail:
		return kept, errs.BadInput("No mail server is set up here, so that alerts cannot come by e-mail.")
	case kept.Alert != "none" && kept.Alert != "app" && kept.Alert != "email":
		return kept, errs.BadInput("Choose whether to be told about new mail.")
	}
	return kept, nil
}

// savedPage lists the saved searches, to rename, edit, order and delete them, and the history.
func (s *Server) savedPage(c echo.Context) error {
	p, err := s.page(c, "Searches", "settings")
	if err != nil {
		return err
	}
	q, ctx := s.DB.As(p.User.ID), c.Request().Context()
	saved, err := q.SavedList(ctx, p.User.ID)
	if err != nil {
		return err
	}
	history, err := q.HistoryList(ctx, db.HistoryListParams{UserID: p.User.ID, MaxRows: historyKept})
	if err != nil {
		return err
	}
	return s.render(c, http.StatusOK, views.SavedPage(p, saved, history))
}

// savedChange saves, moves or deletes a saved search: the button that was pressed says which.
func (s *Server) savedChange(c echo.Context) error {
	id, err := paramID(c)
	if err != nil {
		return err
	}
	ctx, q := c.Request().Context(), s.DB.As(userID(c))
	var n int64
	switch c.FormValue("do") {
	case "delete":
		n, err = q.SavedDelete(ctx, db.SavedDeleteParams{UserID: userID(c), ID: id})
	case "up":
		n, err = s.savedMove(ctx, userID(c), id, -1)
	case "down":
		n, err = s.savedMove(ctx, userID(c), id, 1)
	default:
		n, err = s.savedUpdate(c, id)
	}
	switch {
	case err != nil:
		return err
	case n == 0:
		return errs.NotFound
	}
	return c.Redirect(http.StatusSeeOther, "/settings/searches")
}

func (s *Server) savedUpdate(c echo.Context, id int64) (int64, error) {
	kept, err := s.readSaved(c)
	if err != nil {
		return 0, err
	}
	kept.ID = id
	n, err := s.DB.As(userID(c)).SavedUpdate(c.Request().Context(), kept)
	if err != nil || n > 0 {
		return n, err
	}
	rows, err := s.DB.As(userID(c)).SavedList(c.Request().Context(), userID(c))
	if err == nil && slices.ContainsFunc(rows, func(r db.SavedListRow) bool { return r.ID == id }) {
		err = errs.BadInput("You have another saved search of that name.")
	}
	return 0, err
}

// savedMove moves a saved search by one place; n is 0 when there is none with this id.
func (s *Server) savedMove(ctx context.Context, userID, id int64, by int) (n int64, err error) {
	err = s.DB.Tx(ctx, userID, func(q *db.Queries, _ pgx.Tx) error {
		rows, err := q.SavedList(ctx, userID)
		if err != nil {
			return err
		}
		ids := make([]int64, len(rows))
		for i, row := range rows {
			ids[i] = row.ID
		}
		at := slices.Index(ids, id)
		if at < 0 {
			return nil
		}
		n = 1
		if to := at + by; to >= 0 && to < len(ids) {
			ids[at], ids[to] = ids[to], ids[at]
		}
		return q.SavedOrder(ctx, db.SavedOrderParams{UserID: userID, Ids: ids})
	})
	return n, err
}

// savedOpen goes to the results of a saved search and marks what it found as seen.
func (s *Server) savedOpen(c echo.Context) error {
	id, err := paramID(c)
	if err != nil {
		return err
	}
	ctx, q := c.Request().Context(), s.DB.As(userID(c))
	rows, err := q.SavedList(ctx, userID(c))
	if err != nil {
		return err
	}
	at := slices.IndexFunc(rows, func(r db.SavedListRow) bool { return r.ID == id })
	if at < 0 {
		return errs.NotFound
	}
	if err := q.SavedSeen(ctx, db.SavedSeenParams{UserID: userID(c), ID: id}); err != nil {
		return err
	}
	return c.Redirect(http.StatusSeeOther, views.SearchURL(rows[at].Query))
}

// alertsPage lists what saved searches found lately, and marks it as seen.
func (s *Server) alertsPage(c echo.Context) error {
	ctx, user := c.Request().Context(), auth.UserOf(c)
	rows, err := s.DB.As(user.ID).SavedHitList(ctx, db.SavedHitListParams{UserID: user.ID, MaxRows: alertsMost})
	if err != nil {
		return err
	}
	if c.Request().Header.Get("X-Live") == "" {
		if err := s.DB.As(user.ID).SavedSeen(ctx, db.SavedSeenParams{UserID: user.ID}); err != nil {
			return err
		}
	}
	p, err := s.page(c, "Alerts", "alerts")
	if err != nil {
		return err
	}
	return s.render(c, http.StatusOK, views.AlertsPage(p, rows))
}

// historyChange forgets one search or all, or turns the history on or off: the button that was pressed says which.
func (s *Server) historyChange(c echo.Context) (err error) {
	ctx, user := c.Request().Context(), userID(c)
	q := s.DB.As(user)
	switch c.FormValue("do") {
	case "forget":
		_, err = q.HistoryDelete(ctx, db.HistoryDeleteParams{UserID: user, Query: c.FormValue("query")})
	case "clear":
		err = q.HistoryClear(ctx, user)
	case "on":
		err = q.HistorySwitch(ctx, db.HistorySwitchParams{UserID: user, OnOff: true})
	case "off":
		if err = q.HistorySwitch(ctx, db.HistorySwitchParams{UserID: user, OnOff: false}); err == nil {
			err = q.HistoryClear(ctx, user)
		}
	default:
		err = errs.BadInput("Choose what to do with the history.")
	}
	if err != nil {
		return err
	}
	return c.Redirect(http.StatusSeeOther, backTo(c))
}
