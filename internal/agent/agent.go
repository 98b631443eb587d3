// Package agent is the runtime that all agents share, and one file for each agent. An agent is a name, a version, its
// limits and something to run; Runtime.Do runs it, holds it to its limits, and records the run as one row (table runs)
// that SLOs, budgets and pages read. Start at Runtime.Do.
package agent

import (
	"slices"
	"time"

	"applylens/internal/triage"
)

// An Agent is what the runtime knows of one.
type Agent struct {
	Name    string
	Version string // of its judgement: it changes when answers may
	About   string // what it is asked and gives, in a sentence
	Limits  Limits
}

// Limits bound what an agent may use; 0 is no limit. A run that would pass one ends with timeout or over_budget.
type Limits struct {
	Time     time.Duration // of a run
	Items    int           // of a run
	Cost     int64         // of a run, in millionths of a dollar
	DayCost  int64         // of the runs for one user in a day (UTC), in millionths of a dollar
	DayItems int64         // of the runs for one user in a day (UTC)
}

// The names of the agents.
const (
	InboxTriage       = "inbox.triage"
	InboxSearch       = "inbox.search"
	KnowledgeSearch   = "knowledge.search"
	PlannerDeploy     = "planner.deploy"
	WarehouseHealth   = "warehouse.health"
	AnalyticsInsights = "analytics.insights"
)

// Triage judges mail: its runs are chunks of it.
func Triage() Agent {
	return Agent{Name: InboxTriage, Version: triage.Version(), About: "Judges new or chosen mail: category, priority, needs reply, risk, facts, and why.",
		Limits: Limits{Time: time.Minute, Items: 1000, Cost: 5_000_000, DayCost: 20_000_000}}
}

// searchVersion is raised when a change of the search may change answers.
const searchVersion = "1"

// Search finds mail.
func Search() Agent {
	return Agent{Name: InboxSearch, Version: searchVersion, About: "Answers a query over a person's mail: ranked mails, highlights, mode and coverage.",
		Limits: Limits{Time: 20 * time.Second, Cost: 50_000, DayCost: 5_000_000}}
}

// All lists the six agents of the product in their order. Those without a version do not run yet.
func All() []Agent {
	return []Agent{Triage(), Search(),
		{Name: KnowledgeSearch, About: "Answers a question about people, companies, roles and events, with the mails that prove it."},
		{Name: PlannerDeploy, About: "Plans a release: changes, migrations, risks, gates, canary steps, rollback."},
		{Name: WarehouseHealth, About: "Watches the warehouse: freshness, tests, parity, lineage."},
		{Name: AnalyticsInsights, About: "Tells trends, the funnel, response times, anomalies and cost of a period."},
	}
}

// Find returns the agent of a name.
func Find(name string) (Agent, bool) {
	all := All()
	i := slices.IndexFunc(all, func(a Agent) bool { return a.Name == name })
	if i < 0 {
		return Agent{}, false
	}
	return all[i], true
}

// Runs tells whether there is code behind the agent.
func (a Agent) Runs() bool { return a.Version != "" }

// A Trigger says who asked for a run.
type Trigger string

// The triggers.
const (
	Person   Trigger = "person"
	Push     Trigger = "push"
	Schedule Trigger = "schedule"
	API      Trigger = "api"
	Other    Trigger = "agent" // another agent
)

// Triggers lists the triggers.
func Triggers() []Trigger { return []Trigger{Person, Push, Schedule, API, Other} }

// An Outcome is how a run ended.
type Outcome string

// The outcomes. Denied is a run that was not let begin, or was stopped from outside: by a switch, a person, a caller
// that went away, or because what was asked cannot be answered; it is not the agent's fault.
const (
	OK         Outcome = "ok"
	Failed     Outcome = "failed"
	Timeout    Outcome = "timeout"
	OverBudget Outcome = "over_budget"
	Denied     Outcome = "denied"
)

// Outcomes lists the outcomes.
func Outcomes() []Outcome { return []Outcome{OK, Failed, Timeout, OverBudget, Denied} }
