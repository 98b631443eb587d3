package handlers

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/labstack/echo/v4"

	"applylens/internal/db"
	"applylens/internal/errs"
	"applylens/internal/gmail"
	"applylens/internal/jobs"
	"applylens/views"
)

// accountsPage shows a user's mailboxes and how their sync stands.
func (s *Server) accountsPage(c echo.Context) error {
	p, err := s.page(c, "Mailboxes", "settings")
	if err != nil {
		return err
	}
	accounts, err := s.accounts(c.Request().Context(), userID(c))
	if err != nil {
		return err
	}
	return s.render(c, http.StatusOK, views.AccountsPage(p, accounts, s.Gmail != nil))
}

// accounts reads a user's accounts with what happened to them.
func (s *Server) accounts(ctx context.Context, user int64) ([]views.Account, error) {
	q := s.DB.As(user)
	rows, err := q.AccountList(ctx, user)
	if err != nil {
		return nil, err
	}
	quotas, err := s.quotas(ctx, user)
	if err != nil {
		return nil, err
	}
	all := make([]views.Account, len(rows))
	for i, row := range rows {
		a := accountView(row, s.Now())
		if quota, used := quotas[row.ID]; used {
			a.Quota = &quota
		}
		events, err := q.GmailEvents(ctx, db.GmailEventsParams{UserID: user, AccountID: row.ID, MaxRows: 20})
		if err != nil {
			return nil, err
		}
		for _, e := range events {
			a.Events = append(a.Events, views.AccountEvent{At: e.At, Kind: e.Kind, Detail: e.Detail})
		}
		if row.Parked > 0 {
			parked, err := q.GmailParked(ctx, db.GmailParkedParams{UserID: user, AccountID: row.ID})
			if err != nil {
				return nil, err
			}
			for _, m := range parked {
				a.ParkedMails = append(a.ParkedMails, views.ParkedMail{Attempts: m.Attempts, RetryAt: m.RetryAt, Error: m.Error})
			}
		}
		all[i] = a
	}
	return all, nil
}

// accountView turns a row into what is shown. A pause is a state of its own, over the one it interrupts.
func accountView(row db.AccountListRow, now time.Time) views.Account {
	a := views.Account{ID: row.ID, Address: row.Address, State: row.State, Cause: row.Cause, Since: row.Since, ConnectedAt: row.CreatedAt, LastSync: row.SyncedAt,
		LastPush: row.PushedAt, WatchUntil: row.WatchUntil, WatchError: row.WatchError, Total: row.Total,
		Ledger:     views.Ledger{Received: row.Received, Stored: row.Stored, Waiting: row.Wanted, Parked: row.Parked, Deleted: row.Deleted},
		ComparedAt: row.ReconciledAt, Missing: row.Missing, Surplus: row.Surplus, Differing: row.Differing, ResyncedAt: row.ResyncedAt,
		WaitingChanges: row.PendingChanges, RefusedChanges: row.FailedChanges,
		MayModify: gmail.Has(row.Scopes, gmail.ScopeModify), MaySend: gmail.Has(row.Scopes, gmail.ScopeSend),
		Pushes: row.WatchUntil != nil && row.WatchUntil.After(now)}
	if row.PausedUntil != nil && row.PausedUntil.After(now) {
		a.State, a.Since, a.PausedUntil = "paused", *row.PausedAt, row.PausedUntil
		a.Cause = "Google lets a program do only so much in a minute. It goes on by itself; nothing is lost."
		if !strings.HasPrefix(row.PauseCause, "Gmail answered") {
			a.Cause = row.PauseCause
		}
	}
	if a.Pushes && row.WatchError == "" && row.WatchUntil.Before(now.Add(48*time.Hour)) {
		a.WatchError = "the watch ends in less than 48 hours and was not renewed"
	}
	if row.SyncedAt != nil && a.State == "live" {
		a.LagSeconds = max(0, int64(now.Sub(*row.SyncedAt).Seconds()))
	}
	if row.BackfillAt != nil && (row.State == "backfilling" || row.State == "connecting") {
		a.ReadyAt = estimate(*row.BackfillAt, now, row.Stored, row.Total)
		a.RecentReadyAt = estimate(*row.BackfillAt, now, row.Stored, row.RecentTotal)
	}
	a.WayOut = views.WayOut(a.State)
	return a
}

// estimate says when so many messages will be here, at the pace measured so far; nil where too little was measured.
func estimate(began, now time.Time, done, total int64) *time.Time {
	spent := now.Sub(began)
	if done < 20 || spent < 5*time.Second || done >= total {
		return nil
	}
	at := now.Add(time.Duration(float64(spent) / float64(done) * float64(total-done)))
	return &at
}

// account returns one of the user's accounts; another's is not found.
func (s *Server) account(c echo.Context, id int64) (db.AccountGetRow, error) {
	a, err := s.DB.As(userID(c)).AccountGet(c.Request().Context(), db.AccountGetParams{UserID: userID(c), ID: id})
	if errors.Is(err, pgx.ErrNoRows) {
		return a, errs.NotFound
	}
	return a, err
}

// accountSync has an account looked at now.
func (s *Server) accountSync(c echo.Context) error {
	id, err := paramID(c)
	if err != nil {
		return err
	}
	if _, err := s.account(c, id); err != nil {
		return err
	}
	err = s.DB.Tx(c.Request().Context(), userID(c), func(q *db.Queries, _ pgx.Tx) error {
		if err := q.AccountDirty(c.Request().Context(), db.AccountDirtyParams{UserID: userID(c), ID: id, Now: s.Now()}); err != nil {
			return err
		}
		return q.GmailDue(c.Request().Context())
	})
	if err != nil {
		return err
	}
	return c.Redirect(http.StatusSeeOther, "/settings/accounts")
}

// accountDisconnect ends the connection; the mail stays, or goes with it as the person chose.
func (s *Server) accountDisconnect(c echo.Context) error {
	id, err := paramID(c)
	if err != nil {
		return err
	}
	if s.Gmail == nil {
		return errNoGoogle
	}
	if err := s.Gmail.Disconnect(c.Request().Context(), userID(c), id); err != nil {
		return err
	}
	if c.FormValue("mail") == "delete" {
		return s.forget(c, id)
	}
	return c.Redirect(http.StatusSeeOther, "/settings/accounts")
}

// accountForget deletes the mail of an account that was disconnected before.
func (s *Server) accountForget(c echo.Context) error {
	id, err := paramID(c)
	if err != nil {
		return err
	}
	a, err := s.account(c, id)
	switch {
	case err != nil:
		return err
	case a.State != "disconnected":
		return errs.Conflict("Disconnect the account first.")
	}
	return s.forget(c, id)
}

func (s *Server) forget(c echo.Context, id int64) error {
	if _, err := s.Jobs.Insert(c.Request().Context(), jobs.GmailForgetArgs{UserID: userID(c), AccountID: id}, nil); err != nil {
		return err
	}
	return c.Redirect(http.StatusSeeOther, "/settings/accounts")
}

// accountsOverview shows operators the accounts of everybody, the worst first, without addresses or mail.
func (s *Server) accountsOverview(c echo.Context) error {
	p, err := s.page(c, "All mailboxes", "settings")
	if err != nil {
		return err
	}
	rows, err := s.DB.GmailOverview(c.Request().Context(), 500)
	if err != nil {
		return err
	}
	fresh, err := s.DB.GmailFreshness(c.Request().Context(), s.Now().Add(-24*time.Hour))
	if err != nil {
		return err
	}
	quota, err := s.overviewQuota(c.Request().Context())
	if err != nil {
		return err
	}
	return s.render(c, http.StatusOK, views.AccountsOverview(p, rows, fresh, quota))
}

// accountsSetup shows the admin whether Google is set up right, and the remedy where it is not.
func (s *Server) accountsSetup(c echo.Context) error {
	p, err := s.page(c, "Setup of Google", "settings")
	if err != nil {
		return err
	}
	if s.Patient == nil {
		return errNoGoogle
	}
	patient, err := s.Patient(c.Request().Context())
	if err != nil {
		return err
	}
	var rows []views.SetupRow
	for _, f := range gmail.Doctor(c.Request().Context(), patient) {
		rows = append(rows, views.SetupRow(f))
	}
	return s.render(c, http.StatusOK, views.AccountsSetup(p, rows))
}
