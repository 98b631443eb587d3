package handlers

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/a-h/templ"
	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/labstack/echo/v4"

	"applylens/internal/agent"
	"applylens/internal/auth"
	"applylens/internal/db"
	"applylens/internal/errs"
	"applylens/views"
)

const runsSize = 100

// opsRuns lists the runs of everybody, filtered.
func (s *Server) opsRuns(c echo.Context) error {
	return s.listRuns(c, s.DB.Operator(userID(c)), "/ops/runs", "Runs", views.OpsRunsPage)
}

// runsPage lists one's own runs.
func (s *Server) runsPage(c echo.Context) error {
	return s.listRuns(c, s.DB.Owner(userID(c)), "/runs", "What agents did for you", views.RunsPage)
}

func (s *Server) listRuns(c echo.Context, conn db.DBTX, base, title string, view func(views.Page, views.Runs) templ.Component) error {
	filter, err := s.runFilter(c, base == "/runs")
	if err != nil {
		return err
	}
	rows, next, err := agent.List(c.Request().Context(), conn, filter, runsSize)
	if err != nil {
		return err
	}
	list := views.Runs{Base: base, Filter: c.QueryParams()}
	for _, row := range rows {
		list.Rows = append(list.Rows, runRow(row, base == "/ops/runs"))
	}
	for _, a := range agent.All() {
		list.Agents = append(list.Agents, a.Name)
	}
	for _, t := range agent.Triggers() {
		list.Triggers = append(list.Triggers, string(t))
	}
	for _, o := range agent.Outcomes() {
		list.Outcomes = append(list.Outcomes, string(o))
	}
	if next != "" {
		q := c.QueryParams()
		q.Set("after", next)
		list.Next = base + "?" + q.Encode()
	}
	if filter.After == "" {
		if list.Live, err = liveRuns(c.Request().Context(), conn, filter.Agent); err != nil {
			return err
		}
	}
	p, err := s.page(c, title, placeOf(base))
	if err != nil {
		return err
	}
	return s.render(c, http.StatusOK, view(p, list))
}

func placeOf(base string) string {
	if base == "/runs" {
		return "runs"
	}
	return "ops"
}

// runFilter reads which runs are asked for. Times are in the zone of the user.
func (s *Server) runFilter(c echo.Context, own bool) (agent.Filter, error) {
	f := agent.Filter{Agent: c.QueryParam("agent"), Version: c.QueryParam("version"), Outcome: agent.Outcome(c.QueryParam("outcome")),
		Trigger: agent.Trigger(c.QueryParam("trigger")), Dry: c.QueryParam("dry"), After: c.QueryParam("after")}
	if own {
		f.UserID = userID(c)
	} else if v := c.QueryParam("user"); v != "" {
		id, err := strconv.ParseInt(v, 10, 64)
		if err != nil {
			return f, errs.BadInput("A user is named by number.")
		}
		f.UserID = id
	}
	for name, to := range map[string]*time.Time{"from": &f.From, "to": &f.To} {
		v := c.QueryParam(name)
		if v == "" {
			continue
		}
		t, err := time.ParseInLocation("2006-01-02T15:04", v, zoneOf(auth.UserOf(c)))
		if err != nil {
			return f, errs.BadInput("A time is written as 2026-11-25T14:30.")
		}
		*to = t
	}
	return f, nil
}

func runRow(r agent.Row, users bool) views.RunRow {
	row := views.RunRow{ID: r.ID.String(), Agent: r.Agent, Version: r.Version, Trigger: r.Trigger, Outcome: r.Outcome, Error: r.Error, DryRun: r.DryRun,
		StartedAt: r.StartedAt, Took: time.Duration(r.DurationUs) * time.Microsecond, Items: r.Items, Cost: r.CostMicrousd, Detail: r.Detail}
	if users {
		row.User = userText(r.UserID)
	}
	return row
}

// opsRun shows one run to operators: all but what may speak of a person's mail.
func (s *Server) opsRun(c echo.Context) error {
	return s.showRun(c, s.DB.Operator(userID(c)), "/ops", views.OpsRunPage)
}

// runPage shows one of one's own runs in full.
func (s *Server) runPage(c echo.Context) error {
	return s.showRun(c, s.DB.Owner(userID(c)), "", views.OwnRunPage)
}

func (s *Server) showRun(c echo.Context, conn db.DBTX, base string, view func(views.Page, views.RunPage) templ.Component) error {
	ctx := c.Request().Context()
	run, err := findRun(ctx, conn, c.Param("id"), base == "", userID(c))
	if err != nil {
		return err
	}
	page := views.RunPage{Base: base, Run: run, Private: base != "" && run.UserID != nil}
	if base != "" {
		page.User = userText(run.UserID)
	}
	if err := s.readRun(ctx, conn, &page); err != nil {
		return err
	}
	if base == "" {
		if err := s.readOwnRun(ctx, userID(c), &page); err != nil {
			return err
		}
	}
	p, err := s.page(c, "Run of "+run.Agent, placeOf(base+"/runs"))
	if err != nil {
		return err
	}
	return s.render(c, http.StatusOK, view(p, page))
}

// findRun reads a run that the connection may see; an operator's own page shows the operator's runs alone.
func findRun(ctx context.Context, conn db.DBTX, param string, own bool, user int64) (db.Run, error) {
	id, err := uuid.Parse(param)
	if err != nil {
		return db.Run{}, errs.NotFound
	}
	run, err := db.New(conn).RunGet(ctx, id)
	if errors.Is(err, pgx.ErrNoRows) || err == nil && own && (run.UserID == nil || *run.UserID != user) {
		return run, errs.NotFound
	}
	return run, err
}

// readRun reads what lies beside a run. Postgres gives each reader only what is for that reader.
func (s *Server) readRun(ctx context.Context, conn db.DBTX, page *views.RunPage) error {
	q, run := db.New(conn), page.Run
	steps, err := q.RunSteps(ctx, db.RunStepsParams{StartedAt: run.StartedAt, RunID: run.ID})
	if err == nil {
		err = json.Unmarshal(steps, &page.Steps)
	}
	if err != nil && !errors.Is(err, pgx.ErrNoRows) {
		return err
	}
	children, err := q.RunChildren(ctx, db.RunChildrenParams{ID: run.ID, MaxRows: 200})
	if err != nil {
		return err
	}
	for _, ch := range children {
		page.Children = append(page.Children, views.RunRow{ID: ch.ID.String(), Agent: ch.Agent, Outcome: ch.Outcome, Items: ch.Items, Took: time.Duration(ch.DurationUs) * time.Microsecond})
	}
	if page.Private {
		return nil
	}
	if page.Artefacts, err = q.RunArtefacts(ctx, db.RunArtefactsParams{StartedAt: run.StartedAt, RunID: run.ID}); err != nil {
		return err
	}
	detail, err := q.RunDetail(ctx, db.RunDetailParams{StartedAt: run.StartedAt, RunID: run.ID})
	if errors.Is(err, pgx.ErrNoRows) {
		return nil
	}
	var out bytes.Buffer
	if err == nil && string(detail.Output) != "null" {
		err = json.Indent(&out, detail.Output, "", "  ")
	}
	page.Input, page.Output = detail.Input, out.String()
	return err
}

// readOwnRun reads, for the owner of a run, what it proposed and the mails it judged.
func (s *Server) readOwnRun(ctx context.Context, user int64, page *views.RunPage) (err error) {
	q := s.DB.As(user)
	page.Proposed = true
	if page.Actions, err = q.ApprovalRunActions(ctx, db.ApprovalRunActionsParams{UserID: user, RunID: page.Run.ID, MaxRows: 400}); err != nil {
		return err
	}
	var verdicts []agent.MailVerdict
	if page.Run.Agent != agent.InboxTriage || json.Unmarshal([]byte(page.Output), &verdicts) != nil {
		return nil
	}
	of := make(map[[32]byte]agent.MailVerdict, len(verdicts))
	var identities [][]byte
	for _, v := range verdicts {
		if id := v.Identity(); len(id) == 32 {
			of[[32]byte(id)] = v
			identities = append(identities, id)
		}
	}
	mails, err := q.JudgeFound(ctx, db.JudgeFoundParams{UserID: user, Identities: identities})
	for _, m := range mails {
		v := of[[32]byte(m.Identity)]
		page.Judged = append(page.Judged, views.JudgedMail{JudgeFoundRow: m, Verdict: v.Category, Priority: v.Priority, Score: v.Risk, Unsure: v.NeedsReview})
	}
	return err
}

// opsRunDocument and runDocument send a document of a run, as a file to keep.
func (s *Server) opsRunDocument(c echo.Context) error {
	return s.runDocumentOf(c, s.DB.Operator(userID(c)), false)
}

func (s *Server) runDocument(c echo.Context) error {
	return s.runDocumentOf(c, s.DB.Owner(userID(c)), true)
}

func (s *Server) runDocumentOf(c echo.Context, conn db.DBTX, own bool) error {
	ctx := c.Request().Context()
	run, err := findRun(ctx, conn, c.Param("id"), own, userID(c))
	if err != nil {
		return err
	}
	name, err := url.PathUnescape(c.Param("name"))
	if err != nil {
		return errs.NotFound
	}
	doc, err := db.New(conn).RunArtefact(ctx, db.RunArtefactParams{StartedAt: run.StartedAt, RunID: run.ID, Name: name})
	if errors.Is(err, pgx.ErrNoRows) {
		return errs.NotFound
	}
	if err != nil {
		return err
	}
	c.Response().Header().Set("Content-Disposition", fmt.Sprintf("attachment; filename=%q", run.ID.String()+"-"+name))
	return c.Blob(http.StatusOK, doc.MediaType+"; charset=utf-8", []byte(doc.Body))
}

// opsRunCancel and runCancel ask for a run in progress to be stopped.
func (s *Server) opsRunCancel(c echo.Context) error {
	return s.cancelRun(c, s.DB.Operator(userID(c)))
}

func (s *Server) runCancel(c echo.Context) error {
	return s.cancelRun(c, s.DB.Owner(userID(c)))
}

func (s *Server) cancelRun(c echo.Context, conn db.DBTX) error {
	id, err := uuid.Parse(c.Param("id"))
	if err != nil {
		return errs.NotFound
	}
	found, err := db.New(conn).RunCancel(c.Request().Context(), id)
	switch {
	case err != nil:
		return err
	case !found:
		return errs.NotFound
	}
	return c.Redirect(http.StatusSeeOther, backTo(c))
}
