package handlers

import (
	"context"
	"errors"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/labstack/echo/v4"
	"github.com/riverqueue/river"

	"applylens/internal/action"
	"applylens/internal/auth"
	"applylens/internal/db"
	"applylens/internal/errs"
	"applylens/internal/jobs"
	"applylens/views"
)

// actionCreate does something with emails or threads: those named in the form, or all that match a list.
func (s *Server) actionCreate(c echo.Context) error {
	intent, err := s.readIntent(c)
	if err != nil {
		return err
	}
	target, err := s.readTarget(c)
	if err != nil {
		return err
	}
	if c.FormValue("all") != "" && c.FormValue("preview") != "" {
		return s.actionPreview(c, intent, target)
	}
	made, err := s.do(c.Request().Context(), userID(c), intent, target)
	if err != nil {
		return err
	}
	return s.actionAnswer(c, views.Toast{Text: describe(intent, made.Count), ActionID: made.ID, Running: made.Count > action.Inline})
}

// do writes an action and carries it out at once, or queues it when it is large. Both are one transaction.
func (s *Server) do(ctx context.Context, userID int64, intent action.Intent, target action.Target) (made action.Made, err error) {
	err = s.DB.Tx(ctx, userID, func(q *db.Queries, tx pgx.Tx) error {
		made, err = action.Make(ctx, q, userID, intent, target, s.Now())
		if err != nil {
			return err
		}
		if intent.Kind == action.Snooze {
			_, err = s.Jobs.InsertTx(ctx, tx, jobs.SnoozeWakeArgs{UserID: userID, Until: intent.Until.UTC()},
				&river.InsertOpts{ScheduledAt: intent.Until, UniqueOpts: river.UniqueOpts{ByArgs: true}})
			if err != nil {
				return err
			}
		}
		if made.Count > action.Inline {
			_, err = s.Jobs.InsertTx(ctx, tx, jobs.ActionRunArgs{UserID: userID, ActionID: made.ID}, nil)
			return err
		}
		for done := false; !done; {
			if done, err = action.RunStep(ctx, q, userID, made.ID); err != nil {
				return err
			}
		}
		return nil
	})
	return made, err
}

func (s *Server) readIntent(c echo.Context) (action.Intent, error) {
	in := action.Intent{Kind: action.Kind(c.FormValue("kind")), Label: strings.TrimSpace(c.FormValue("label")), Category: c.FormValue("category"), Priority: c.FormValue("priority"), Actor: "person"}
	if key := c.FormValue("key"); key != "" && len(key) <= 64 {
		in.Key = "page " + key // the same form sent again, because its answer was lost, is one action
	}
	if in.Kind != action.Snooze {
		return in, nil
	}
	until, err := action.ParseTime(c.FormValue("until"), s.Now().In(zoneOf(auth.UserOf(c))))
	in.Until = until
	return in, err
}

func (s *Server) readTarget(c echo.Context) (action.Target, error) {
	form, err := c.FormParams()
	if err != nil {
		return action.Target{}, errs.BadInput("The form could not be read.")
	}
	if form.Get("all") != "" {
		threads, err := s.matchingThreads(c, form.Get("list"))
		return action.Target{Threads: threads}, err
	}
	var t action.Target
	if t.Threads, err = ids(form["thread"]); err != nil {
		return t, err
	}
	if t.Emails, err = ids(form["email"]); err != nil {
		return t, err
	}
	if len(t.Threads)+len(t.Emails) == 0 {
		return t, errs.BadInput("Select some mail first.")
	}
	return t, nil
}

func ids(values []string) ([]int64, error) {
	out := make([]int64, 0, len(values))
	for _, v := range values {
		id, err := strconv.ParseInt(v, 10, 64)
		if err != nil {
			return nil, errs.NotFound
		}
		out = append(out, id)
	}
	return out, nil
}

// actionPreview shows how many emails an action over a whole list would touch, and asks.
func (s *Server) actionPreview(c echo.Context, intent action.Intent, target action.Target) error {
	user := userID(c)
	var count int64
	undo := errors.New("only counted")
	err := s.DB.Tx(c.Request().Context(), user, func(q *db.Queries, _ pgx.Tx) error {
		made, err := action.Make(c.Request().Context(), q, user, intent, target, s.Now())
		count = made.Count
		if err != nil {
			return err
		}
		return undo
	})
	if err != nil && !errors.Is(err, undo) {
		return err
	}
	form, _ := c.FormParams() // read before
	return s.render(c, http.StatusOK, views.BulkPreview(views.Bulk{Kind: string(intent.Kind), Threads: len(target.Threads), Emails: count, Form: form, Back: backTo(c), Theme: auth.UserOf(c).Theme}))
}

// actionUndo puts back what an action changed, or one email of it.
func (s *Server) actionUndo(c echo.Context) error {
	id, err := paramID(c)
	if err != nil {
		return err
	}
	if v := c.FormValue("email"); v != "" {
		emails, err := ids([]string{v})
		if err != nil {
			return err
		}
		err = action.UndoEmail(c.Request().Context(), s.DB, userID(c), id, emails[0])
		if err != nil {
			return err
		}
		return s.actionAnswer(c, views.Toast{Text: "Undone."})
	}
	queued, err := s.undo(c.Request().Context(), userID(c), id)
	if err != nil {
		return err
	}
	if queued {
		return s.actionAnswer(c, views.Toast{Text: "Undoing: that is a lot of mail, and goes on while you work.", Running: true})
	}
	return s.actionAnswer(c, views.Toast{Text: "Undone."})
}

// undo undoes an action at once, or queues that when the action is large.
func (s *Server) undo(ctx context.Context, userID, id int64) (queued bool, err error) {
	a, err := s.DB.As(userID).ActionGet(ctx, db.ActionGetParams{UserID: userID, ID: id})
	switch {
	case errors.Is(err, pgx.ErrNoRows):
		return false, errs.NotFound
	case err != nil:
		return false, err
	case a.ItemCount > action.Inline && a.State != "undone":
		_, err = s.Jobs.Insert(ctx, jobs.ActionUndoArgs{UserID: userID, ActionID: id}, nil)
		return true, err
	}
	return false, action.Undo(ctx, s.DB, userID, id)
}

// actionUndoSince undoes all that was done in the last minutes.
func (s *Server) actionUndoSince(c echo.Context) error {
	minutes, err := strconv.Atoi(c.FormValue("minutes"))
	if err != nil || minutes < 1 || minutes > 60*24*30 {
		return errs.BadInput("Choose a time between a minute and 30 days.")
	}
	since := s.Now().Add(-time.Duration(minutes) * time.Minute)
	mails, err := s.DB.As(userID(c)).ActionSinceMails(c.Request().Context(), db.ActionSinceMailsParams{UserID: userID(c), Since: since})
	if err != nil {
		return err
	}
	if mails > action.Inline {
		if _, err := s.Jobs.Insert(c.Request().Context(), jobs.ActionUndoArgs{UserID: userID(c), Since: &since}, nil); err != nil {
			return err
		}
		return s.actionAnswer(c, views.Toast{Text: "Undoing: that is a lot of mail, and goes on while you work.", Running: true})
	}
	n, err := action.UndoSince(c.Request().Context(), s.DB, userID(c), since)
	if err != nil {
		return err
	}
	return s.actionAnswer(c, views.Toast{Text: plural(int64(n), "action") + " undone."})
}

// actionDecide approves or denies what an agent proposed.
func (s *Server) actionDecide(c echo.Context) error {
	id, err := paramID(c)
	if err != nil {
		return err
	}
	approve := c.FormValue("decision") == "approve"
	if !approve && c.FormValue("decision") != "deny" {
		return errs.BadInput("Approve or deny.")
	}
	approved, err := s.decide(c.Request().Context(), userID(c), id, approve)
	switch {
	case err != nil:
		return err
	case !approve:
		return s.actionAnswer(c, views.Toast{Text: "Denied: it stays where it is."})
	case !approved:
		return s.actionAnswer(c, views.Toast{Text: "You have approved it. It cannot be undone, so another person must approve it as well."})
	}
	return s.actionAnswer(c, views.Toast{Text: "Approved and done.", ActionID: id})
}

// decide decides on a proposal, and carries out what is approved then: at once, or as a job when it is large.
func (s *Server) decide(ctx context.Context, userID, id int64, approve bool) (approved bool, err error) {
	err = s.DB.Tx(ctx, userID, func(q *db.Queries, tx pgx.Tx) error {
		if approved, err = action.Decide(ctx, q, userID, id, approve, s.Now()); err != nil || !approved {
			return err
		}
		done, err := action.RunStep(ctx, q, userID, id)
		if err == nil && !done {
			_, err = s.Jobs.InsertTx(ctx, tx, jobs.ActionRunArgs{UserID: userID, ActionID: id}, nil)
		}
		return err
	})
	return approved, err
}

// actionAnswer sends a toast to htmx, and everyone else back to where they were.
func (s *Server) actionAnswer(c echo.Context, toast views.Toast) error {
	if isHTMX(c) {
		c.Response().Header().Set("HX-Trigger", "mail-changed")
		return s.render(c, http.StatusOK, views.ToastItem(toast))
	}
	return c.Redirect(http.StatusSeeOther, backTo(c))
}

// backTo is the local path a form came from; never another site.
func backTo(c echo.Context) string {
	back := c.FormValue("back")
	control := strings.ContainsFunc(back, func(r rune) bool { return r < ' ' || r == '\\' || r == 0x7f })
	if !strings.HasPrefix(back, "/") || strings.HasPrefix(back, "//") || control {
		return "/"
	}
	return back
}

func paramID(c echo.Context) (int64, error) {
	id, err := strconv.ParseInt(c.Param("id"), 10, 64)
	if err != nil || id <= 0 {
		return 0, errs.NotFound
	}
	return id, nil
}

func zoneOf(u db.User) *time.Location {
	zone, err := time.LoadLocation(u.TimeZone)
	if err != nil {
		return time.UTC
	}
	return zone
}

func describe(in action.Intent, n int64) string {
	mails := plural(n, "mail")
	switch in.Kind {
	case action.Archive:
		return mails + " archived."
	case action.Inbox:
		return mails + " moved to the inbox."
	case action.Trash:
		return mails + " moved to the trash."
	case action.Spam:
		return mails + " marked as spam."
	case action.Quarantine:
		return mails + " put into quarantine."
	case action.Release:
		return mails + " released to the inbox."
	case action.Snooze:
		return mails + " snoozed until " + in.Until.Format("Mon 2 Jan 15:04") + "."
	case action.Read:
		return mails + " marked as read."
	case action.Unread:
		return mails + " marked as unread."
	case action.Star:
		return mails + " starred."
	case action.Unstar:
		return mails + " without a star."
	case action.Label:
		return mails + " labelled “" + in.Label + "”."
	case action.Unlabel:
		return "“" + in.Label + "” taken off " + mails + "."
	case action.Categorise:
		return mails + " moved to " + views.CategoryName(in.Category) + "."
	case action.Confirm:
		return "Noted: the category of " + mails + " is right."
	case action.Prioritise:
		return mails + " set to " + in.Priority + " priority."
	case action.NeedsReply:
		return mails + " marked as waiting for a reply."
	case action.NoReply:
		return mails + " marked as needing no reply."
	}
	return "Done."
}

func plural(n int64, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return strconv.FormatInt(n, 10) + " " + noun + "s"
}
