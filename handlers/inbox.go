package handlers

import (
	"net/http"
	"strconv"

	"github.com/labstack/echo/v4"

	"applylens/internal/auth"
	"applylens/internal/db"
	"applylens/views"
)

const (
	listSize    = 30  // more than a screen shows; the next stretch is fetched before one gets there
	maxListSize = 500 // of a page that a live update asks for again
)

// inboxPage lists threads, newest first: the inbox, one of its splits, another place, a category or a label.
func (s *Server) inboxPage(c echo.Context) error {
	filter, err := readFilter(c.QueryParams())
	if err != nil {
		return err
	}
	list, err := s.inboxList(c, filter)
	if err != nil {
		return err
	}
	if isHTMX(c) {
		return s.render(c, http.StatusOK, views.ListRows(list, s.Now().In(zoneOf(auth.UserOf(c)))))
	}
	p, err := s.page(c, filter.Title(), filter.Place())
	if err != nil {
		return err
	}
	if !p.Frame.HasMail && p.Frame.Filling == "" {
		return c.Redirect(http.StatusSeeOther, "/welcome") // the first run
	}
	if filter.In == "quarantine" && p.Frame.QuarantineProposed > 0 {
		list.Proposed, err = s.DB.As(p.User.ID).InboxProposals(c.Request().Context(), db.InboxProposalsParams{UserID: p.User.ID, MaxRows: listSize})
		if err != nil {
			return err
		}
	}
	return s.render(c, http.StatusOK, views.InboxPage(p, list))
}

// inboxList reads one stretch of a list and the address of the next.
func (s *Server) inboxList(c echo.Context, filter views.Filter) (views.List, error) {
	list := views.List{Filter: filter, From: filter.Query()}
	after, err := readCursor(c.QueryParam("after"))
	if err != nil {
		return list, err
	}
	if after != nil {
		list.After = &after.at
	}
	n := rowsAsked(c)
	ctx := c.Request().Context()
	ids, err := s.listIDs(ctx, userID(c), filter, after, n+1)
	if err != nil {
		return list, err
	}
	more := len(ids) > n
	list.Rows, err = s.DB.AsPlanned(userID(c)).InboxRows(ctx, db.InboxRowsParams{UserID: userID(c), Ids: ids[:min(n, len(ids))]})
	if err != nil {
		return list, err
	}
	if more && len(list.Rows) > 0 {
		last := list.Rows[len(list.Rows)-1]
		q := filter.Values()
		q.Set("after", cursor{last.LastAt, last.ID}.String())
		list.Next = "/?" + q.Encode()
	}
	return list, nil
}

// rowsAsked is how many rows to send: a live update asks for as many as the page had.
func rowsAsked(c echo.Context) int {
	n, err := strconv.Atoi(c.QueryParam("rows"))
	if err != nil {
		return listSize
	}
	return min(max(n, listSize), maxListSize)
}
