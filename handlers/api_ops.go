package handlers

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"applylens/internal/agent"
	"applylens/internal/db"
	"applylens/internal/errs"
	"applylens/internal/slo"
	"applylens/internal/slo/watch"
)

// agentView is how an agent fared in a stretch of time.
type agentView struct {
	Name         string    `json:"name"`
	Version      string    `json:"version"`
	State        string    `json:"state" doc:"on, off or killed; absent when it does not run yet"`
	Runs         int64     `json:"runs"`
	OK           int64     `json:"ok"`
	Failed       int64     `json:"failed"`
	Timeout      int64     `json:"timeout"`
	OverBudget   int64     `json:"over_budget"`
	Denied       int64     `json:"denied"`
	Items        int64     `json:"items"`
	CostMicroUSD int64     `json:"cost_microusd"`
	P50Seconds   float64   `json:"p50_seconds" doc:"Upper edge of its bucket; 0 without runs"`
	P95Seconds   float64   `json:"p95_seconds"`
	LastAt       time.Time `json:"last_at" doc:"Year 1 for never"`
}

type agentListIn struct {
	Hours int `query:"hours" minimum:"1" maximum:"2160" default:"24" doc:"How far back"`
}

type agentListOut struct {
	Body struct {
		Agents []agentView `json:"agents"`
	}
}

func (a *api) agentList(ctx context.Context, user db.User, in *agentListIn) (*agentListOut, error) {
	states, err := agent.States(ctx, a.DB.Operator(user.ID), a.Now().Add(-time.Duration(in.Hours)*time.Hour))
	if err != nil {
		return nil, err
	}
	out := &agentListOut{}
	out.Body.Agents = make([]agentView, len(states))
	for i, st := range states {
		r := agentRow(st, nil)
		out.Body.Agents[i] = agentView{r.Name, r.Version, r.State, r.Total, r.OK, r.Failed, r.Timeout, r.OverBudget, r.Denied, r.Items, r.Cost,
			r.P50.Seconds(), r.P95.Seconds(), r.LastAt}
	}
	return out, nil
}

// runView is one run of an agent.
type runView struct {
	ID           uuid.UUID       `json:"id" format:"uuid"`
	Agent        string          `json:"agent"`
	Version      string          `json:"version"`
	UserID       *int64          `json:"user_id"`
	Trigger      string          `json:"trigger"`
	DryRun       bool            `json:"dry_run"`
	StartedAt    time.Time       `json:"started_at"`
	DurationUS   int64           `json:"duration_us"`
	Outcome      string          `json:"outcome" enum:"ok,failed,timeout,over_budget,denied"`
	Items        int32           `json:"items"`
	CostMicroUSD int64           `json:"cost_microusd"`
	Error        string          `json:"error"`
	Detail       json.RawMessage `json:"detail" doc:"Mode, coverage and the like"`
}

type runListIn struct {
	Limit   int       `query:"limit" minimum:"1" maximum:"200" default:"50"`
	After   string    `query:"after" maxLength:"200" doc:"next of the page before"`
	Agent   string    `query:"agent" maxLength:"50"`
	Outcome string    `query:"outcome" enum:"ok,failed,timeout,over_budget,denied"`
	Trigger string    `query:"trigger" enum:"person,push,schedule,api,agent"`
	From    time.Time `query:"from" doc:"Began at this time or later"`
	To      time.Time `query:"to" doc:"Began before"`
}

type runListOut struct {
	Body struct {
		Runs []runView `json:"runs"`
		Next string    `json:"next" doc:"after of the next page; empty at the end"`
	}
}

// runList lists the runs of everybody, for operators.
func (a *api) runList(ctx context.Context, user db.User, in *runListIn) (*runListOut, error) {
	return a.runs(ctx, a.DB.Operator(user.ID), 0, in)
}

// ownRunList lists what agents did for the person.
func (a *api) ownRunList(ctx context.Context, user db.User, in *runListIn) (*runListOut, error) {
	return a.runs(ctx, a.DB.Owner(user.ID), user.ID, in)
}

func (a *api) runs(ctx context.Context, conn db.DBTX, of int64, in *runListIn) (*runListOut, error) {
	rows, next, err := agent.List(ctx, conn, agent.Filter{Agent: in.Agent, Outcome: agent.Outcome(in.Outcome), Trigger: agent.Trigger(in.Trigger),
		UserID: of, From: in.From, To: in.To, After: in.After}, in.Limit)
	if err != nil {
		return nil, err
	}
	out := &runListOut{}
	out.Body.Next, out.Body.Runs = next, make([]runView, len(rows))
	for i, r := range rows {
		out.Body.Runs[i] = runView{r.ID, r.Agent, r.Version, r.UserID, r.Trigger, r.DryRun, r.StartedAt, r.DurationUs, r.Outcome, r.Items, r.CostMicrousd, r.Error, r.Detail}
	}
	return out, nil
}

type sloListOut struct {
	Body struct {
		Objectives []slo.Report `json:"objectives" doc:"As they stood at the last evaluation"`
	}
}

func (a *api) sloList(ctx context.Context, _ db.User, _ *struct{}) (*sloListOut, error) {
	reports, err := watch.Reports(ctx, a.DB.Queries)
	out := &sloListOut{}
	out.Body.Objectives = reports
	return out, err
}

// SLOName names an objective.
type SLOName struct {
	Subject string `path:"subject" maxLength:"50" doc:"Such as inbox.search"`
	SLI     string `path:"sli" enum:"latency,success,freshness,cost,availability,lag"`
}

func (n SLOName) name() string { return n.Subject + "/" + n.SLI }

type sloOut struct{ Body slo.Report }

func (a *api) sloGet(ctx context.Context, _ db.User, in *SLOName) (*sloOut, error) {
	report, err := watch.Report(ctx, a.DB.Queries, in.name())
	return &sloOut{report}, err
}

type budgetIn struct {
	SLOName
	Days int `query:"days" minimum:"1" maximum:"90" default:"30"`
}

type budgetOut struct {
	Body struct {
		Points []slo.Point `json:"points"`
	}
}

// sloBudget is the budget of an objective over time, in at most 360 points.
func (a *api) sloBudget(ctx context.Context, _ db.User, in *budgetIn) (*budgetOut, error) {
	report, err := watch.Report(ctx, a.DB.Queries, in.name())
	if err != nil {
		return nil, err
	}
	points, err := watch.Chart(ctx, a.DB.Queries, report, in.Days, 360)
	out := &budgetOut{}
	out.Body.Points = points
	return out, err
}

// alertView is one spell in which an alert fires.
type alertView struct {
	ID             int64      `json:"id"`
	Objective      string     `json:"objective"`
	Class          string     `json:"class"`
	Pair           string     `json:"pair" doc:"The windows that decided, such as 1h/5m"`
	FiredAt        time.Time  `json:"fired_at"`
	ResolvedAt     *time.Time `json:"resolved_at"`
	AcknowledgedAt *time.Time `json:"acknowledged_at"`
	Silenced       bool       `json:"silenced"`
}

type alertListIn struct {
	Limit     int    `query:"limit" minimum:"1" maximum:"200" default:"50"`
	Before    int64  `query:"before" minimum:"0" default:"0" doc:"next of the page before"`
	Objective string `query:"objective" maxLength:"100"`
}

type alertListOut struct {
	Body struct {
		Alerts []alertView `json:"alerts"`
		Next   int64       `json:"next" doc:"before of the next page; 0 at the end"`
	}
}

func (a *api) alertList(ctx context.Context, _ db.User, in *alertListIn) (*alertListOut, error) {
	p := db.AlertListParams{BeforeID: in.Before, MaxRows: int32(in.Limit)} //nolint:gosec // at most 200
	if in.Objective != "" {
		p.Objective = &in.Objective
	}
	rows, err := a.DB.AlertList(ctx, p)
	if err != nil {
		return nil, err
	}
	out := &alertListOut{}
	out.Body.Alerts = make([]alertView, len(rows))
	for i, r := range rows {
		out.Body.Alerts[i] = alertOf(r)
	}
	if n := len(rows); n == in.Limit {
		out.Body.Next = rows[n-1].ID
	}
	return out, nil
}

func alertOf(r db.Alert) alertView {
	return alertView{r.ID, r.Objective, r.Class, r.Pair, r.FiredAt, r.ResolvedAt, r.AcknowledgedAt, r.Silenced}
}

type alertOut struct{ Body alertView }

func (a *api) alertGet(ctx context.Context, _ db.User, in *ByID) (*alertOut, error) {
	r, err := a.DB.AlertGet(ctx, in.ID)
	if errors.Is(err, pgx.ErrNoRows) {
		return nil, errs.NotFound
	}
	return &alertOut{alertOf(r)}, err
}

type alertAckIn struct {
	ByID
	Key  string `header:"Idempotency-Key" maxLength:"200" pattern:"^[!-~]*$"`
	Body struct {
		Note string `json:"note" maxLength:"500"`
	}
}

func (a *api) alertAcknowledge(ctx context.Context, user db.User, in *alertAckIn) (*alertOut, error) {
	if _, err := a.alertGet(ctx, user, &in.ByID); err != nil {
		return nil, err
	}
	if err := watch.Acknowledge(ctx, a.DB, user.ID, in.ID, in.Body.Note, a.Now()); err != nil {
		return nil, err
	}
	return a.alertGet(ctx, user, &in.ByID)
}

type silenceIn struct {
	Key  string `header:"Idempotency-Key" maxLength:"200" pattern:"^[!-~]*$"`
	Body struct {
		Objective string    `json:"objective,omitempty" maxLength:"100" doc:"Empty is all"`
		Class     string    `json:"class,omitempty" enum:"page,ticket,hard_down,slow,exhausted,no_data,overcount"`
		Reason    string    `json:"reason" minLength:"1" maxLength:"500"`
		Until     time.Time `json:"until"`
	}
}

type silenceOut struct {
	Body struct {
		ID int64 `json:"id"`
	}
}

func (a *api) alertSilence(ctx context.Context, user db.User, in *silenceIn) (*silenceOut, error) {
	b := in.Body
	out := &silenceOut{}
	var err error
	out.Body.ID, err = watch.Silence(ctx, a.DB.Queries, user.ID, b.Objective, b.Class, b.Reason, a.Now(), b.Until)
	return out, err
}
