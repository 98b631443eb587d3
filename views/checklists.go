package views

import "time"

// A Checklist is a list of the handbook: what is done each day, week or month.
type Checklist struct {
	Name   string // daily, weekly, monthly
	Begins time.Time
	Lines  []CheckLine
}

// A CheckLine is one thing to do.
type CheckLine struct {
	Key  string
	Text string
	By   CheckBy
	Href string // the evidence
	// Of what the program evaluates:
	Known    bool // else it is unknown
	OK       bool
	Evidence string
	// Of what a person ticks:
	Tick *CheckTick
}

// CheckBy says who can tell that a line is done.
type CheckBy int

// Nobody: its feature is not there yet.
const (
	CheckNobody CheckBy = iota
	CheckProgram
	CheckPerson
)

// A CheckTick is who did a line, and when.
type CheckTick struct {
	Name, Note string
	At         time.Time
}

// Checklists are the lists of the handbook, without what is evaluated and ticked.
func Checklists() []Checklist {
	return []Checklist{
		{Name: "daily", Lines: []CheckLine{
			{Key: "objectives", Text: "All agents keep their promises", By: CheckProgram, Href: "/ops/slos"},
			{Key: "overnight", Text: "Review overnight alerts", By: CheckPerson, Href: "/ops/alerts"},
			{Key: "budget", Text: "No error budget is spent or below a quarter", By: CheckProgram, Href: "/ops/budget"},
			{Key: "quality", Text: "Check data quality reports"},
			{Key: "requests", Text: "Review overdue requests of data subjects"},
		}},
		{Name: "weekly", Lines: []CheckLine{
			{Key: "on-call", Text: "Generate the on-call report"},
			{Key: "incidents", Text: "Review incident metrics (time to repair, count by severity)"},
			{Key: "cost", Text: "Analyse cost trends", By: CheckPerson, Href: "/ops/agents?window=7d"},
			{Key: "quality", Text: "Review data quality metrics"},
			{Key: "runbooks", Text: "Update runbooks based on recent incidents"},
		}},
		{Name: "monthly", Lines: []CheckLine{
			{Key: "certificates", Text: "Review and renew certificates", By: CheckPerson},
			{Key: "access", Text: "Audit access and permissions of users", By: CheckPerson},
			{Key: "retention", Text: "Review retention policies and execute deletions"},
			{Key: "compliance", Text: "Generate the compliance report"},
			{Key: "capacity", Text: "Review capacity", By: CheckPerson, Href: "/ops/system"},
		}},
	}
}

func (l CheckLine) state() string {
	switch {
	case l.By == CheckNobody:
		return "not available yet"
	case l.By == CheckPerson && l.Tick != nil:
		return "done"
	case l.By == CheckPerson:
		return "to do"
	case !l.Known:
		return "unknown"
	case l.OK:
		return "as it should be"
	}
	return "not as it should be"
}

// done counts the lines that are done, of those that can be.
func (c Checklist) done() (done, of int) {
	for _, l := range c.Lines {
		if l.By != CheckNobody {
			of++
		}
		if s := l.state(); s == "done" || s == "as it should be" {
			done++
		}
	}
	return done, of
}

func (c Checklist) stretch() string {
	switch c.Name {
	case "weekly":
		return "the week from " + c.Begins.Format("Monday 2 January 2006")
	case "monthly":
		return c.Begins.Format("January 2006")
	}
	return c.Begins.Format("Monday 2 January 2006")
}

// Kept counts the objectives with data that are as promised, and those that are not.
func (s SLOs) Kept() (kept, broken int) {
	o := Overview{SLOs: s}
	return len(o.best()), len(o.worst())
}

// Spent counts the objectives whose budget is spent, or below a quarter.
func (s SLOs) Spent() (spent, low int) {
	for _, r := range s.Rows {
		switch {
		case !r.Known || r.Low || r.Remaining == nil:
		case *r.Remaining <= 0:
			spent++
		case *r.Remaining < 0.25:
			low++
		}
	}
	return spent, low
}
