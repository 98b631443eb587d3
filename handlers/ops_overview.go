package handlers

import (
	"context"
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/labstack/echo/v4"

	"applylens/internal/db"
	"applylens/internal/errs"
	"applylens/internal/jobs"
	"applylens/views"
)

const (
	changesShown = 30
	ledgerSize   = 50
	freshEnough  = 5 * time.Minute // of an evaluation
)

// opsOverview answers whether the promises are kept, now.
func (s *Server) opsOverview(c echo.Context) error {
	o, err := s.readOverview(c.Request().Context(), userID(c))
	if err != nil {
		return err
	}
	p, err := s.page(c, "Operations", "ops")
	if err != nil {
		return err
	}
	return s.render(c, http.StatusOK, views.OverviewPage(p, o))
}

func (s *Server) readOverview(ctx context.Context, user int64) (o views.Overview, err error) {
	now := s.Now()
	if o.SLOs, err = s.readSLOs(ctx, user); err != nil {
		return o, err
	}
	o.Evaluated = now.Sub(o.SLOs.At) < freshEnough
	if o.Firing, err = s.DB.AlertOpen(ctx); err != nil {
		return o, err
	}
	o.Changes, err = db.New(s.DB.Operator(user)).ConsoleChanges(ctx, db.ConsoleChangesParams{Since: now.Add(-24 * time.Hour), MaxRows: changesShown + 1})
	if err != nil {
		return o, err
	}
	if o.More = len(o.Changes) > changesShown; o.More {
		o.Changes = o.Changes[:changesShown]
	}
	if o.Channels, err = s.alertChannels(ctx); err != nil {
		return o, err
	}
	if o.Failing, err = s.failingJobs(ctx); err != nil || s.Gmail == nil {
		return o, err
	}
	o.GmailSet = true
	accounts, err := s.DB.GmailOverview(ctx, 500)
	for _, a := range accounts {
		if a.State == "needs_reconnect" || a.State == "error" {
			o.Accounts++
		}
	}
	return o, err
}

// alertChannels are the ways to tell people of alerts, as they stand.
func (s *Server) alertChannels(ctx context.Context) ([]views.AlertChannel, error) {
	rows, err := s.DB.AlertChannels(ctx)
	channels := make([]views.AlertChannel, len(rows))
	for i, r := range rows {
		channels[i] = views.AlertChannel{AlertChannelsRow: r, Configured: slices.Contains(s.Channels, r.Channel)}
	}
	return channels, err
}

// failingJobs are the kinds of jobs that failed and will be tried again, or were given up in a week.
func (s *Server) failingJobs(ctx context.Context) (failing []views.JobCount, err error) {
	counts, err := jobs.Counts(ctx, s.DB.Conn)
	for _, n := range counts {
		if n.State == "retryable" || n.State == "discarded" {
			failing = append(failing, views.JobCount{Kind: n.Kind, State: n.State, Jobs: n.Jobs})
		}
	}
	return failing, err
}

// opsBudget is what is left of the budgets, and the ledger of what spent them.
func (s *Server) opsBudget(c echo.Context) error {
	before, err := beforeID(c)
	if err != nil {
		return err
	}
	ctx, now := c.Request().Context(), s.Now()
	board, err := s.readSLOs(ctx, userID(c))
	if err != nil {
		return err
	}
	spells, err := s.DB.ConsoleLedger(ctx, db.ConsoleLedgerParams{Now: now, Since: now.AddDate(0, 0, -90), BeforeID: before, MaxRows: ledgerSize + 1})
	if err != nil {
		return err
	}
	b := views.Budget{SLOs: board}
	if len(spells) > ledgerSize {
		spells = spells[:ledgerSize]
		b.Next = "/ops/budget?before=" + strconv.FormatInt(spells[ledgerSize-1].ID, 10)
	}
	for _, spell := range spells {
		row := views.LedgerRow{ConsoleLedgerRow: spell}
		if i := slices.IndexFunc(board.Rows, func(r views.SLORow) bool { return r.Objective.Name == spell.Objective }); i >= 0 {
			row.Allowed = board.Rows[i].Allowed
		}
		b.Ledger = append(b.Ledger, row)
	}
	p, err := s.page(c, "Error budget", "ops")
	if err != nil {
		return err
	}
	return s.render(c, http.StatusOK, views.BudgetPage(p, b))
}

// beforeID is the cursor of a list that is paged by number; 0 for its beginning.
func beforeID(c echo.Context) (int64, error) {
	text := c.QueryParam("before")
	if text == "" {
		return 0, nil
	}
	id, err := strconv.ParseInt(text, 10, 64)
	if err != nil || id < 1 {
		return 0, errs.BadInput("The address of this page is broken; begin again at the first page.")
	}
	return id, nil
}
