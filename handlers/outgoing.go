package handlers

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"

	"github.com/jackc/pgx/v5"
	"github.com/labstack/echo/v4"
	"github.com/riverqueue/river"

	"applylens/internal/db"
	"applylens/internal/errs"
	"applylens/internal/gmail"
	"applylens/internal/gmail/gmailsync"
	"applylens/internal/jobs"
	"applylens/views"
)

// outgoingCreate begins an answer to an email.
func (s *Server) outgoingCreate(c echo.Context) error {
	email, err := paramID(c)
	if err != nil {
		return err
	}
	kind := c.FormValue("kind")
	switch {
	case s.Gmail == nil:
		return errNoGoogle
	case !slices.Contains([]string{"reply", "reply_all", "forward"}, kind):
		return errs.BadInput("Choose to reply, to reply to all, or to forward.")
	}
	id, err := s.Gmail.Compose(c.Request().Context(), userID(c), email, kind)
	if err != nil {
		return err
	}
	return c.Redirect(http.StatusSeeOther, fmt.Sprintf("/outgoing/%d", id))
}

// outgoing reads one of the user's letters; another's is not found.
func (s *Server) outgoing(c echo.Context) (db.Outgoing, error) {
	id, err := paramID(c)
	if err != nil {
		return db.Outgoing{}, err
	}
	o, err := s.DB.As(userID(c)).OutgoingGet(c.Request().Context(), db.OutgoingGetParams{UserID: userID(c), ID: id})
	if errors.Is(err, pgx.ErrNoRows) {
		err = errs.NotFound
	}
	return o, err
}

// outgoingPage is where a letter is written, and afterwards how it stands.
func (s *Server) outgoingPage(c echo.Context) error {
	o, err := s.outgoing(c)
	if err != nil {
		return err
	}
	p, err := s.page(c, "Write", "outgoing")
	if err != nil {
		return err
	}
	return s.render(c, http.StatusOK, views.OutgoingPage(p, o))
}

// outgoingList shows what is written here: what is not sent, or what was.
func (s *Server) outgoingList(c echo.Context) error {
	sent := c.QueryParam("in") == "sent"
	p, err := s.page(c, "Letters", "outgoing")
	if err != nil {
		return err
	}
	rows, err := s.DB.As(p.User.ID).OutgoingList(c.Request().Context(), db.OutgoingListParams{UserID: p.User.ID, Sent: sent})
	if err != nil {
		return err
	}
	return s.render(c, http.StatusOK, views.OutgoingList(p, rows, sent))
}

// outgoingSave keeps the draft, and sends it if the person pressed Send: after a time in which it can be taken back.
func (s *Server) outgoingSave(c echo.Context) error {
	o, err := s.outgoing(c)
	if err != nil {
		return err
	}
	here := fmt.Sprintf("/outgoing/%d", o.ID)
	body := c.FormValue("body")
	if len(body) > 1<<20 || len(c.FormValue("subject")) > 2000 || len(c.FormValue("to"))+len(c.FormValue("cc")) > 20_000 {
		return errs.BadInput("That is longer than a letter can be.")
	}
	n, err := s.DB.As(userID(c)).OutgoingSave(c.Request().Context(), db.OutgoingSaveParams{UserID: userID(c), ID: o.ID, Recipients: c.FormValue("to"),
		Copies: c.FormValue("cc"), Subject: c.FormValue("subject"), Body: body, Now: s.Now()})
	switch {
	case err != nil:
		return err
	case n == 0:
		return errs.Conflict("This letter is on its way already.")
	case c.FormValue("send") == "":
		return c.Redirect(http.StatusSeeOther, here)
	}
	if err := s.submit(c, o.ID); errors.Is(err, gmail.ErrScope) { // the first letter: ask for the permission, the draft waits
		return c.Redirect(http.StatusSeeOther, fmt.Sprintf("/settings/accounts/connect?scope=send&account=%d&back=%s", o.AccountID, url.QueryEscape(here)))
	} else if err != nil {
		return err
	}
	return c.Redirect(http.StatusSeeOther, here)
}

// submit has a draft sent when the time to take it back is over. The state and its job are one transaction.
func (s *Server) submit(c echo.Context, id int64) error {
	if s.Gmail == nil {
		return errNoGoogle
	}
	ctx := c.Request().Context()
	if err := s.Gmail.CheckOutgoing(ctx, userID(c), id); err != nil {
		return err
	}
	at := s.Now().Add(gmailsync.TakeBack)
	return s.DB.Tx(ctx, userID(c), func(q *db.Queries, tx pgx.Tx) error {
		n, err := q.OutgoingSubmit(ctx, db.OutgoingSubmitParams{UserID: userID(c), ID: id, SendAt: at})
		if err == nil && n == 0 {
			err = errs.Conflict("This letter is on its way already.")
		}
		if err != nil {
			return err
		}
		_, err = s.Jobs.InsertTx(ctx, tx, jobs.OutgoingSendArgs{UserID: userID(c), OutgoingID: id}, &river.InsertOpts{ScheduledAt: at})
		return err
	})
}

// outgoingCancel takes a letter back.
func (s *Server) outgoingCancel(c echo.Context) error {
	o, err := s.outgoing(c)
	if err != nil {
		return err
	}
	n, err := s.DB.As(userID(c)).OutgoingCancel(c.Request().Context(), db.OutgoingCancelParams{UserID: userID(c), ID: o.ID})
	if err != nil {
		return err
	}
	if n == 0 {
		return errs.Conflict("It is too late: this letter is on its way or was sent.")
	}
	return c.Redirect(http.StatusSeeOther, fmt.Sprintf("/outgoing/%d", o.ID))
}

// outgoingDelete throws a draft away.
func (s *Server) outgoingDelete(c echo.Context) error {
	o, err := s.outgoing(c)
	if err != nil {
		return err
	}
	n, err := s.DB.As(userID(c)).OutgoingDelete(c.Request().Context(), db.OutgoingDeleteParams{UserID: userID(c), ID: o.ID})
	if err == nil && n == 0 {
		err = errs.Conflict("This letter is on its way already.")
	}
	if err != nil {
		return err
	}
	return c.Redirect(http.StatusSeeOther, "/outgoing")
}
