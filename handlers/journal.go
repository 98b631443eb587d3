package handlers

import (
	"math"
	"net/http"
	"time"

	"github.com/labstack/echo/v4"

	"applylens/internal/db"
	"applylens/views"
)

const journalSize = 100

// journalPage lists what was done to the mailbox, newest first.
func (s *Server) journalPage(c echo.Context) error {
	before, err := readCursor(c.QueryParam("after"))
	if err != nil {
		return err
	}
	j := views.Journal{}
	if before == nil {
		before = &cursor{s.Now().Add(time.Hour), math.MaxInt64}
	} else {
		j.After = &before.at
	}
	j.Rows, err = s.DB.As(userID(c)).JournalList(c.Request().Context(),
		db.JournalListParams{UserID: userID(c), BeforeAt: before.at, BeforeID: before.id, MaxRows: journalSize})
	if err != nil {
		return err
	}
	if n := len(j.Rows); n == journalSize {
		j.Next = "/journal?after=" + cursor{j.Rows[n-1].CreatedAt, j.Rows[n-1].ID}.String()
	}
	p, err := s.page(c, "Journal", "journal")
	if err != nil {
		return err
	}
	return s.render(c, http.StatusOK, views.JournalPage(p, j))
}
