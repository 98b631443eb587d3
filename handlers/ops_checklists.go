package handlers

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgtype"
	"github.com/labstack/echo/v4"

	"applylens/internal/auth"
	"applylens/internal/db"
	"applylens/internal/errs"
	"applylens/views"
)

// opsChecklists are the lists of the handbook, evaluated and ticked as they stand.
func (s *Server) opsChecklists(c echo.Context) error {
	lists, err := s.readChecklists(c.Request().Context(), userID(c))
	if err != nil {
		return err
	}
	p, err := s.page(c, "Checklists", "ops")
	if err != nil {
		return err
	}
	return s.render(c, http.StatusOK, views.ChecklistsPage(p, lists))
}

func (s *Server) readChecklists(ctx context.Context, user int64) ([]views.Checklist, error) {
	lists, now := views.Checklists(), s.Now()
	ticks, err := db.New(s.DB.Operator(user)).ConsoleTicks(ctx, db.ConsoleTicksParams{Day: date(begins("daily", now)), Week: date(begins("weekly", now)), Month: date(begins("monthly", now))})
	if err != nil {
		return nil, err
	}
	board, err := s.readSLOs(ctx, user)
	if err != nil {
		return nil, err
	}
	overnight, err := s.DB.ConsoleOvernight(ctx, now.Add(-24*time.Hour))
	if err != nil {
		return nil, err
	}
	for i := range lists {
		lists[i].Begins = begins(lists[i].Name, now)
		for k := range lists[i].Lines {
			line := &lists[i].Lines[k]
			if n := slices.IndexFunc(ticks, func(t db.ConsoleTicksRow) bool { return t.List == lists[i].Name && t.Line == line.Key }); n >= 0 {
				line.Tick = &views.CheckTick{Name: ticks[n].DoneName, Note: ticks[n].Note, At: ticks[n].DoneAt}
			}
			evaluate(line, board, overnight, now)
		}
	}
	return lists, nil
}

// evaluate fills in what the program knows of a line.
func evaluate(line *views.CheckLine, board views.SLOs, overnight db.ConsoleOvernightRow, now time.Time) {
	kept, broken := board.Kept()
	fresh := now.Sub(board.At) < freshEnough
	switch line.Key {
	case "objectives":
		line.Known, line.OK = fresh && kept+broken > 0, broken == 0
		line.Evidence = fmt.Sprintf("%d of %d objectives with data are kept", kept, kept+broken)
	case "budget":
		spent, low := board.Spent()
		line.Known, line.OK = fresh && kept+broken > 0, spent+low == 0
		line.Evidence = fmt.Sprintf("%d spent, %d below a quarter", spent, low)
	case "overnight":
		line.Evidence = fmt.Sprintf("%d fired in 24 hours, %d of them still fire and nobody has taken them on", overnight.Fired, overnight.Untaken)
	}
	if line.By == views.CheckProgram && !fresh {
		line.Evidence = "the last evaluation is too old, or there was none"
	}
}

// begins is the day, the Monday or the first of the month at which a list's stretch began, in UTC.
func begins(list string, now time.Time) time.Time {
	day := now.UTC().Truncate(24 * time.Hour)
	switch list {
	case "weekly":
		return day.AddDate(0, 0, -(int(day.Weekday())+6)%7)
	case "monthly":
		return day.AddDate(0, 0, 1-day.Day())
	}
	return day
}

func date(t time.Time) pgtype.Date { return pgtype.Date{Time: t, Valid: true} }

// opsChecklistTick ticks a line in the person's name. Only lines that a person can judge are ticked.
func (s *Server) opsChecklistTick(c echo.Context) error {
	user, list, key, note := auth.UserOf(c), c.FormValue("list"), c.FormValue("line"), strings.TrimSpace(c.FormValue("note"))
	known := slices.ContainsFunc(views.Checklists(), func(l views.Checklist) bool {
		return l.Name == list && slices.ContainsFunc(l.Lines, func(x views.CheckLine) bool { return x.Key == key && x.By == views.CheckPerson })
	})
	name := user.Name
	switch {
	case !known:
		return errs.BadInput("There is no such line, or nobody can tick it.")
	case len([]rune(note)) > 500:
		return errs.BadInput("A note has at most 500 characters.")
	case name == "":
		name = "user " + strconv.FormatInt(user.ID, 10)
	}
	n, err := db.New(s.DB.Operator(user.ID)).ConsoleTick(c.Request().Context(), db.ConsoleTickParams{List: list, Begins: date(begins(list, s.Now())), Line: key,
		Note: note, DoneBy: user.ID, DoneName: name})
	switch {
	case err != nil:
		return err
	case n == 0:
		return errs.Conflict("Somebody has ticked this already.")
	}
	return c.Redirect(http.StatusSeeOther, "/ops/checklists")
}
