package handlers

import (
	"math"
	"net/http"
	"strconv"
	"time"

	"github.com/labstack/echo/v4"

	"applylens/internal/db"
	"applylens/internal/errs"
	"applylens/internal/jobs"
	"applylens/internal/llm"
	"applylens/views"
)

const (
	modelLedgerSize = 50
	countedUnsure   = 10_000
)

// modelsPage says which language model there is, what the user allows it, and what was sent to it.
func (s *Server) modelsPage(c echo.Context) error {
	before, err := readCursor(c.QueryParam("after"))
	if err != nil {
		return err
	}
	if before == nil {
		before = &cursor{s.Now().Add(time.Hour), math.MaxInt64}
	}
	m := views.Models{Saved: c.QueryParam("saved") != "", Further: c.QueryParam("after") != ""}
	ctx, q := c.Request().Context(), s.DB.As(userID(c))
	m.Ledger, err = q.LLMLedger(ctx, db.LLMLedgerParams{UserID: userID(c), BeforeAt: before.at, BeforeID: before.id, MaxRows: modelLedgerSize})
	if err != nil {
		return err
	}
	if n := len(m.Ledger); n == modelLedgerSize {
		m.Next = "/settings/models?after=" + cursor{m.Ledger[n-1].At, m.Ledger[n-1].ID}.String()
	}
	if err := s.modelFacts(c, &m); err != nil {
		return err
	}
	p, err := s.page(c, "Models", "settings")
	if err != nil {
		return err
	}
	return s.render(c, http.StatusOK, views.ModelsPage(p, m))
}

// modelFacts reads the model, the consent, and what was used.
func (s *Server) modelFacts(c echo.Context, m *views.Models) error {
	ctx, q, now := c.Request().Context(), s.DB.As(userID(c)), s.Now().UTC()
	month, err := q.LLMUsed(ctx, db.LLMUsedParams{UserID: userID(c), Since: time.Date(now.Year(), now.Month(), 1, 0, 0, 0, 0, time.UTC)})
	if err != nil {
		return err
	}
	today, err := q.LLMUsed(ctx, db.LLMUsedParams{UserID: userID(c), Since: llm.Day(now)})
	if err != nil {
		return err
	}
	m.Month, m.Today = month, today
	if s.Model == nil {
		return nil
	}
	consent, err := s.Model.Consent(ctx, userID(c))
	if err != nil {
		return err
	}
	unsure, err := q.LLMUnsureCount(ctx, db.LLMUnsureCountParams{UserID: userID(c), MaxRows: countedUnsure})
	m.Model = &views.Model{Name: s.Model.Name, Host: s.Model.Host, PriceIn: s.Model.PriceIn, PriceOut: s.Model.PriceOut, Free: s.Model.Free(), Ready: s.Model.Ready(),
		Triage: consent.Triage, Search: consent.Search, DayCents: consent.DayMicroUSD / 10_000, DayCalls: consent.DayCalls, Unsure: unsure}
	return err
}

// modelsSave keeps what the user allows, and has uncertain mail asked about if that is allowed.
func (s *Server) modelsSave(c echo.Context) error {
	if s.Model == nil {
		return errs.NotFound
	}
	ctx := c.Request().Context()
	cents, err := strconv.ParseInt(c.FormValue("day_cents"), 10, 64)
	calls, err2 := strconv.Atoi(c.FormValue("day_calls"))
	if err != nil || err2 != nil || cents < 0 || cents > 100_000 || calls < 1 || calls > 100_000 {
		return errs.BadInput("A day may cost 0 to 100,000 cents, and have 1 to 100,000 requests.")
	}
	consent := llm.Consent{Triage: c.FormValue("triage") != "", Search: c.FormValue("search") != "", DayMicroUSD: cents * 10_000, DayCalls: calls}
	if err := s.Model.Allow(ctx, userID(c), consent, c.FormValue("all_mail") != ""); err != nil {
		return err
	}
	if consent.Triage {
		if _, err := s.Jobs.Insert(ctx, jobs.ModelOpinionArgs{UserID: userID(c)}, nil); err != nil {
			return err
		}
	}
	return c.Redirect(http.StatusSeeOther, "/settings/models?saved=1")
}
