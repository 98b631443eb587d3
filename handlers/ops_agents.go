package handlers

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/labstack/echo/v4"

	"applylens/internal/agent"
	"applylens/internal/auth"
	"applylens/internal/db"
	"applylens/internal/errs"
	"applylens/internal/ingest"
	"applylens/internal/jobs"
	"applylens/internal/search"
	"applylens/internal/slo"
	"applylens/views"
)

// opsAgents lists the six agents as they fared.
func (s *Server) opsAgents(c echo.Context) error {
	window := windowOf(c)
	states, err := agent.States(c.Request().Context(), s.DB.Operator(userID(c)), s.Now().Add(-window.Back))
	if err != nil {
		return err
	}
	promises, err := slo.Objectives()
	if err != nil {
		return err
	}
	rows := make([]views.AgentRow, len(states))
	for i, st := range states {
		rows[i] = agentRow(st, promises)
	}
	p, err := s.page(c, "Agents", "ops")
	if err != nil {
		return err
	}
	return s.render(c, http.StatusOK, views.AgentsPage(p, window.Name, rows))
}

// windowOf is the stretch of time that was asked for; 24 hours if none was.
func windowOf(c echo.Context) views.Window {
	all := views.Windows()
	for _, w := range all {
		if w.Name == c.QueryParam("window") {
			return w
		}
	}
	return all[0]
}

// agentRow is a state as pages show it.
func agentRow(st agent.State, promises []slo.Objective) views.AgentRow {
	row := views.AgentRow{Name: st.Agent.Name, Version: st.Agent.Version, About: st.Agent.About, State: st.Switch.State, Reason: st.Switch.Reason,
		SwitchedAt: st.Switch.ChangedAt, Total: st.Total, OK: st.Runs[agent.OK], Failed: st.Runs[agent.Failed], Timeout: st.Runs[agent.Timeout],
		OverBudget: st.Runs[agent.OverBudget], Denied: st.Runs[agent.Denied], Items: st.Items, Cost: st.Cost, P50: st.Quantile(0.5), P95: st.Quantile(0.95),
		LastAt: st.LastAt, Live: st.Live}
	switch {
	case !st.Agent.Runs():
		row.State = "absent"
	case row.State == "":
		row.State = agent.On
	}
	if f := st.Failure; f != nil {
		row.Failure = &views.AgentFailure{ID: f.ID.String(), At: f.At, Outcome: string(f.Outcome), Error: f.Error}
	}
	text, latency := promise(st.Agent.Name, promises)
	row.Promise, row.Histogram = text, views.NewHistogram(st.Buckets, st.Edges, latency)
	return row
}

// promise is what is promised of an agent, in short, and the latency of a run; 0 where that is promised by the item.
func promise(name string, all []slo.Objective) (text string, latency time.Duration) {
	var parts []string
	for _, o := range all {
		switch {
		case o.Subject != name:
		case o.SLI == slo.Latency:
			text := strconv.FormatFloat(float64(o.Limit)/1e6, 'f', -1, 64) + " s"
			if o.InBulk {
				parts = append(parts, text+" an item")
				continue
			}
			parts, latency = append(parts, text), time.Duration(o.Limit)*time.Microsecond
		case o.SLI == slo.Success:
			parts = append(parts, strconv.FormatFloat(float64(o.TargetBP)/100, 'f', -1, 64)+" %")
		}
	}
	return strings.Join(parts, ", "), latency
}

// opsAgent is all about one agent.
func (s *Server) opsAgent(c echo.Context) error {
	a, ok := agent.Find(c.Param("name"))
	if !ok || !a.Runs() {
		return errs.NotFound
	}
	ctx, user, window := c.Request().Context(), auth.UserOf(c), windowOf(c)
	page := views.AgentPage{Window: window.Name, Limits: limitsOf(a.Limits), Admin: auth.Admin.Allows(auth.Role(user.Role)), UserID: user.ID,
		Triage: a.Name == agent.InboxTriage, Search: a.Name == agent.InboxSearch}
	if err := s.readAgent(ctx, user.ID, a, s.Now().Add(-window.Back), &page); err != nil {
		return err
	}
	p, err := s.page(c, a.Name, "ops")
	if err != nil {
		return err
	}
	return s.render(c, http.StatusOK, views.AgentDetail(p, page))
}

func (s *Server) readAgent(ctx context.Context, user int64, a agent.Agent, since time.Time, page *views.AgentPage) error {
	conn := s.DB.Operator(user)
	promises, err := slo.Objectives()
	if err != nil {
		return err
	}
	states, err := agent.States(ctx, conn, since)
	if err != nil {
		return err
	}
	for _, st := range states {
		if st.Agent.Name == a.Name {
			page.Row = agentRow(st, promises)
		}
	}
	versions, err := agent.Versions(ctx, db.New(conn), a, since)
	if err != nil {
		return err
	}
	for _, v := range versions {
		page.Versions = append(page.Versions, agentRow(v, promises))
	}
	history, err := db.New(conn).AgentSwitchList(ctx, db.AgentSwitchListParams{Agent: a.Name, MaxRows: 20})
	if err != nil {
		return err
	}
	for _, h := range history {
		page.History = append(page.History, views.AgentSwitch{State: h.State, Reason: h.Reason, By: userText(h.ChangedBy), At: h.ChangedAt})
	}
	page.Live, err = liveRuns(ctx, conn, a.Name)
	return err
}

// liveRuns lists the runs in progress that the connection may see; of one agent, or of all.
func liveRuns(ctx context.Context, conn db.DBTX, name string) (live []views.LiveRun, err error) {
	rows, err := db.New(conn).RunLive(ctx, 100)
	for _, r := range rows {
		if name == "" || r.Agent == name {
			live = append(live, views.LiveRun{ID: r.ID.String(), Agent: r.Agent, Version: r.Version, Trigger: r.Trigger, User: userText(r.UserID),
				DryRun: r.DryRun, Stopping: r.CancelAt != nil, Items: r.Items, StartedAt: r.StartedAt})
		}
	}
	return live, err
}

// userText names a user as operators see one: by number.
func userText(id *int64) string {
	if id == nil {
		return "nobody"
	}
	return "user " + strconv.FormatInt(*id, 10)
}

func limitsOf(l agent.Limits) [][2]string {
	var all [][2]string
	add := func(set bool, name, value string) {
		if !set {
			value = "no limit"
		}
		all = append(all, [2]string{name, value})
	}
	money := func(micro int64) string { return fmt.Sprintf("$%.2f", float64(micro)/1e6) }
	add(l.Time > 0, "Time of a run", l.Time.String())
	add(l.Items > 0, "Items of a run", strconv.Itoa(l.Items))
	add(l.Cost > 0, "Cost of a run", money(l.Cost))
	add(l.DayCost > 0, "Cost of a day for a user", money(l.DayCost))
	add(l.DayItems > 0, "Items of a day for a user", strconv.FormatInt(l.DayItems, 10))
	return all
}

// opsAgentSwitch decides whether an agent may run.
func (s *Server) opsAgentSwitch(c echo.Context) error {
	user, name := auth.UserOf(c), c.Param("name")
	err := s.Agents.Switch(c.Request().Context(), user.ID, auth.Admin.Allows(auth.Role(user.Role)), name, c.FormValue("state"), c.FormValue("reason"))
	if err != nil {
		return err
	}
	return c.Redirect(http.StatusSeeOther, "/ops/agents/"+name)
}

// opsAgentRun runs an agent on request: judges mail again, as a dry run or for good, or searches one's own mail.
func (s *Server) opsAgentRun(c echo.Context) error {
	switch c.Param("name") {
	case agent.InboxTriage:
		return s.judgeNow(c)
	case agent.InboxSearch:
		return s.searchNow(c)
	}
	return errs.NotFound
}

func (s *Server) judgeNow(c echo.Context) error {
	newest, err := strconv.Atoi(c.FormValue("newest"))
	if err != nil || newest < 1 || newest > 100_000 {
		return errs.BadInput("Choose between 1 and 100,000 mails.")
	}
	user, err := strconv.ParseInt(c.FormValue("user"), 10, 64)
	if err != nil {
		return errs.BadInput("Name the user by number.")
	}
	if c.FormValue("dry") != "" {
		run, err := s.compare(c.Request().Context(), user, newest)
		if err != nil {
			return err
		}
		return c.Redirect(http.StatusSeeOther, "/ops/runs/"+run.String())
	}
	if _, err := s.Jobs.Insert(c.Request().Context(), jobs.JudgeMailArgs{UserID: user, Newest: newest}, nil); err != nil {
		return err
	}
	return c.Redirect(http.StatusSeeOther, fmt.Sprintf("/ops/runs?agent=%s&user=%d", agent.InboxTriage, user))
}

// compare sets stored verdicts beside those of this program, and makes sure that the run can be looked at.
func (s *Server) compare(ctx context.Context, user int64, newest int) (uuid.UUID, error) {
	box, err := jobs.MailboxOf(ctx, s.DB, user, string(agent.Person))
	if err != nil {
		return uuid.Nil, err
	}
	rows, err := s.DB.As(user).JudgeNewest(ctx, db.JudgeNewestParams{UserID: user, BeforeAt: s.Now().Add(time.Hour), BeforeID: 1 << 62, MaxRows: int32(min(newest, ingest.MaxRejudged))})
	switch {
	case err != nil:
		return uuid.Nil, err
	case len(rows) == 0:
		return uuid.Nil, errs.BadInput("There is no mail to judge.")
	}
	ids := make([]int64, len(rows))
	for i, row := range rows {
		ids[i] = row.ID
	}
	found, err := s.Agents.Compare(ctx, s.Ingest, box, ids, agent.Person)
	return found.Run, errors.Join(err, s.Agents.Flush(ctx))
}

func (s *Server) searchNow(c echo.Context) error {
	ctx, user := c.Request().Context(), auth.UserOf(c)
	q := search.Parse(c.FormValue("q"), s.Now().In(zoneOf(user)))
	if q.Root == nil {
		return errs.BadInput("Search for something first.")
	}
	req := search.Request{UserID: user.ID, Me: []string{user.Email}, Limit: 50}
	_, err := s.Agents.Search(ctx, agent.Person, q, req, func(ctx context.Context) (search.Result, error) {
		return s.Search.Search(ctx, s.DB.Owner(user.ID), q, req)
	})
	if err := errors.Join(err, s.Agents.Flush(ctx)); err != nil {
		return err
	}
	return c.Redirect(http.StatusSeeOther, "/ops/runs?"+url.Values{"agent": {agent.InboxSearch}, "user": {strconv.FormatInt(user.ID, 10)}}.Encode())
}
