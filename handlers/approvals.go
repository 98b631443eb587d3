package handlers

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"time"

	"github.com/labstack/echo/v4"

	"applylens/internal/action"
	"applylens/internal/auth"
	"applylens/internal/db"
	"applylens/internal/errs"
	"applylens/internal/jobs"
	"applylens/views"
)

const (
	approvalsShown  = 20  // of a kind
	approvalsKind   = 100 // of one kind, when it is opened alone
	approvalsAtOnce = 500
)

// approvalsPage shows what agents propose, by kind, and what was decided lately.
func (s *Server) approvalsPage(c echo.Context) error {
	ctx, user, now := c.Request().Context(), auth.UserOf(c), s.Now()
	page := views.Approvals{Kind: c.QueryParam("kind"), Seen: now, Done: c.QueryParam("done")}
	kinds, err := s.DB.As(user.ID).ApprovalKinds(ctx, db.ApprovalKindsParams{UserID: user.ID, Now: now})
	if err != nil {
		return err
	}
	for _, k := range kinds {
		most := int32(approvalsShown)
		if page.Kind == k.Kind {
			most = approvalsKind
		} else if page.Kind != "" {
			continue
		}
		rows, err := s.DB.As(user.ID).ApprovalList(ctx, db.ApprovalListParams{UserID: user.ID, Kind: k.Kind, Now: now, MaxRows: most})
		if err != nil {
			return err
		}
		page.Kinds = append(page.Kinds, views.ApprovalKind{ApprovalKindsRow: k, Rows: rows})
	}
	if page.Decided, err = s.DB.As(user.ID).ApprovalDecided(ctx, db.ApprovalDecidedParams{UserID: user.ID, MaxRows: 20}); err != nil {
		return err
	}
	if auth.Admin.Allows(auth.Role(user.Role)) {
		if page.Second, err = db.New(s.DB.Operator(user.ID)).ApprovalsAwaiting(ctx, 50); err != nil {
			return err
		}
	}
	p, err := s.page(c, "Approvals", "approvals")
	if err != nil {
		return err
	}
	return s.render(c, http.StatusOK, views.ApprovalsPage(p, page))
}

// approvalsDecide approves or denies all proposals of a kind that the person was shown: those made up to then.
func (s *Server) approvalsDecide(c echo.Context) error {
	kind, approve := c.Param("kind"), c.FormValue("decision") == "approve"
	seen, err := time.Parse(time.RFC3339Nano, c.FormValue("seen"))
	if err != nil || !approve && c.FormValue("decision") != "deny" {
		return errs.BadInput("Approve or deny.")
	}
	n, more, err := s.decideAll(c.Request().Context(), userID(c), kind, approve, seen)
	if err != nil {
		return err
	}
	said := plural(n, "proposal")
	if approve {
		said += " approved."
	} else {
		said += " denied."
	}
	if more {
		said += " There are more: press again for the next."
	}
	return c.Redirect(http.StatusSeeOther, "/approvals?"+url.Values{"done": {said}}.Encode())
}

// decideAll decides on the newest proposals of a kind. Each is a transaction of its own; one that somebody decided
// meanwhile is passed over.
func (s *Server) decideAll(ctx context.Context, user int64, kind string, approve bool, seen time.Time) (n int64, more bool, err error) {
	ids, err := s.DB.As(user).ApprovalIDs(ctx, db.ApprovalIDsParams{UserID: user, Kind: kind, Seen: seen, Now: s.Now(), MaxRows: approvalsAtOnce + 1})
	if err != nil {
		return 0, false, err
	}
	more = len(ids) > approvalsAtOnce
	for _, id := range ids[:min(len(ids), approvalsAtOnce)] {
		_, err := s.decide(ctx, user, id, approve)
		switch status, _ := errs.Shown(err); {
		case err == nil:
			n++
		case status != http.StatusConflict:
			return n, more, err
		}
	}
	return n, more, nil
}

// approvalSecond is an admin's decision on what another person has approved and cannot be undone.
func (s *Server) approvalSecond(c echo.Context) error {
	id, err := paramID(c)
	if err != nil {
		return err
	}
	owner, err := strconv.ParseInt(c.FormValue("owner"), 10, 64)
	if err != nil || !slices.Contains([]string{"approve", "deny"}, c.FormValue("decision")) {
		return errs.BadInput("Approve or deny.")
	}
	ctx := c.Request().Context()
	approved, err := action.DecideSecond(ctx, s.DB, userID(c), owner, id, c.FormValue("decision") == "approve", c.FormValue("reason"), s.Now())
	if err != nil {
		return err
	}
	if approved { // if this is lost, the sweep finds the approved action
		if _, err := s.Jobs.Insert(ctx, jobs.ActionRunArgs{UserID: owner, ActionID: id}, nil); err != nil {
			return err
		}
	}
	return c.Redirect(http.StatusSeeOther, "/approvals")
}
