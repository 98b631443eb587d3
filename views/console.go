package views

import (
	"strings"
	"time"

	"applylens/internal/db"
	"applylens/internal/slo"
)

// An Overview is the first page of operators: whether the promises are kept, now.
type Overview struct {
	SLOs      SLOs
	Firing    []db.Alert
	Changes   []db.ConsoleChangesRow // of 24 hours, the newest first
	More      bool                   // there were more changes
	Channels  []AlertChannel
	Failing   []JobCount
	Accounts  int // of Gmail that need their person
	GmailSet  bool
	Evaluated bool // within the last five minutes
}

// An AlertChannel is one of the ways to tell people of alerts.
type AlertChannel struct {
	db.AlertChannelsRow
	Configured bool
}

// A JobCount says how many jobs of a kind failed, and whether they will be tried again.
type JobCount struct {
	Kind, State string
	Jobs        int64
}

// worst are the objectives that are not as promised, in the order of the dashboard.
func (o Overview) worst() []SLORow {
	var rows []SLORow
	for _, r := range o.SLOs.Rows {
		if r.Runs && r.Known && (r.State != slo.StateFine && r.State != slo.StateNoData || len(r.alarms()) > 0) {
			rows = append(rows, r)
		}
	}
	return rows
}

// best are the objectives with data that are kept.
func (o Overview) best() []SLORow {
	var rows []SLORow
	for _, r := range o.SLOs.Rows {
		if r.Known && r.State == slo.StateFine && len(r.alarms()) == 0 {
			rows = append(rows, r)
		}
	}
	return rows
}

// silent counts the objectives of which nothing is known, and of them those without code behind them.
func (o Overview) silent() (unknown, absent int) {
	for _, r := range o.SLOs.Rows {
		switch {
		case !r.Runs:
			absent++
		case !r.Known || r.State == slo.StateNoData && len(r.alarms()) == 0:
			unknown++
		}
	}
	return unknown, absent
}

// verdict answers the page's question in a sentence, with its colour.
func (o Overview) verdict() (text, colour string) {
	worst, best := o.worst(), o.best()
	exhausted := 0
	for _, r := range worst {
		if r.State == slo.StateExhausted {
			exhausted++
		}
	}
	switch {
	case !o.Evaluated && o.SLOs.At.IsZero():
		return "Nothing was evaluated yet, so nobody knows.", "none"
	case !o.Evaluated:
		return "Not known: the last evaluation is more than five minutes old.", "gone"
	case exhausted > 0:
		return count(exhausted, "promise") + " broken, " + id(int64(len(worst)-exhausted)) + " more in danger, " + id(int64(len(best))) + " kept.", "gone"
	case len(worst) > 0:
		return count(len(worst), "promise") + " in danger, " + id(int64(len(best))) + " kept.", "low"
	case len(best) == 0:
		return "Nothing was measured yet, so nobody knows.", "none"
	}
	return "Yes: all " + count(len(best), "promise") + " with data are kept.", "fine"
}

// changeText says what a change was, in a few words.
func changeText(c db.ConsoleChangesRow) string {
	switch c.Kind {
	case "silence":
		return "silence made for " + cmpOr(strings.TrimSpace(c.Subject+" "+c.Class), "everything")
	case "switch":
		return "switched " + c.State
	}
	return className(c.Class) + " " + c.State
}

func changeHref(c db.ConsoleChangesRow) string {
	switch c.Kind {
	case "silence":
		return "/ops/alerts#silences"
	case "switch":
		return "/ops/agents/" + c.Subject
	}
	return "/ops/alerts/" + id(c.Ref)
}

func cmpOr(s, other string) string {
	if s == "" {
		return other
	}
	return s
}

// channelName is how a channel of alerts is called.
func channelName(name string) string {
	switch name {
	case "pagerduty":
		return "PagerDuty"
	case "email":
		return "E-mail"
	case "webhook":
		return "Web hook"
	}
	return title(name)
}

// state says how a channel stands.
func (c AlertChannel) state(now time.Time) string {
	switch {
	case !c.Configured:
		return "not configured"
	case c.PausedUntil.After(now):
		return "failing"
	case c.WorkedAt == nil:
		return "never used"
	}
	return "works"
}

// A Budget is the page of error budgets with its ledger.
type Budget struct {
	SLOs   SLOs
	Ledger []LedgerRow
	Next   string
}

// A LedgerRow is what one spell of an alert cost.
type LedgerRow struct {
	db.ConsoleLedgerRow
	Allowed float64 // bad events of the objective's whole budget; 0: unknown
}

// share is the part of the whole budget that was spent in the hours of the spell.
func (l LedgerRow) share() string {
	if l.Allowed <= 0 || l.Total == 0 {
		return "unknown"
	}
	return left(ptr(float64(l.Total-l.Good) / l.Allowed))
}

func ptr(x float64) *float64 { return &x }

// lasted is how long a spell took, up to now when it goes on.
func (l LedgerRow) lasted(now time.Time) string {
	end := now
	if l.ResolvedAt != nil {
		end = *l.ResolvedAt
	}
	return minutesText(end.Sub(l.FiredAt))
}

func minutesText(d time.Duration) string {
	switch {
	case d < 2*time.Hour:
		return thousands(int64(d.Minutes())) + " min"
	case d < 72*time.Hour:
		return strings.TrimSuffix(d.Round(time.Minute).String(), "0s")
	}
	return count(int(d.Hours()/24), "day")
}

func dotLevel(bad bool) string {
	if bad {
		return "gone"
	}
	return "fine"
}

func channelLevel(state string) string {
	switch state {
	case "works":
		return "fine"
	case "failing":
		return "gone"
	case "not configured":
		return "low"
	}
	return "none"
}

// jobState says what became of a job, in words.
func jobState(state string) string {
	switch state {
	case "retryable":
		return "to be tried again"
	case "discarded":
		return "given up"
	case "available":
		return "waiting"
	}
	return state
}
