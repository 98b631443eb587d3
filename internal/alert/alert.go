// Package alert tells people that a promise is in danger: which alert goes where (Route), the channels that carry it
// (PagerDuty, Slack, e-mail, a web hook) and the outbox that loses and repeats nothing. Start at Notice and Deliver.
package alert

import (
	"context"
	"errors"
	"strconv"
	"time"
)

// Severity is how much is at stake: 1 is an outage, 4 can wait for a ticket.
type Severity int

// The severities of the handbook.
const (
	SEV1 Severity = 1 + iota
	SEV2
	SEV3
	SEV4
)

func (s Severity) String() string { return "SEV" + strconv.Itoa(int(s)) }

// State is what became of an alert.
type State string

// The states that are told.
const (
	Firing       State = "firing"
	Acknowledged State = "acknowledged"
	Resolved     State = "resolved"
)

// A Notice is one change of an alert, as it is told. It holds no mail and nobody's address.
type Notice struct {
	ID       int64     // the same at each attempt, so that a receiver can tell a repetition
	Key      string    // of the alert, stable over restarts, at most 255 bytes
	Sequence int64     // of the change within the alert, from 1
	State    State     //
	Severity Severity  //
	Class    string    // page, ticket, hard_down, …
	Source   string    // the agent or objective it is about
	Title    string    // a line
	Text     string    // plain sentences: what happens and how fast
	Link     string    // where the console shows it
	At       time.Time // of the change
	Again    bool      // an earlier attempt may have arrived although its answer did not
}

// A Channel carries notices. Send returns nil once the other side has taken the notice, a *TryAgain when it may take it
// later, and any other error when it never will.
type Channel interface {
	Name() string
	Send(ctx context.Context, n Notice) error
}

// TryAgain is a failure that may pass.
type TryAgain struct {
	After time.Duration // that the other side asked for; 0 when it did not
	Cause error
}

func (e *TryAgain) Error() string { return e.Cause.Error() }

// Unwrap returns the cause.
func (e *TryAgain) Unwrap() error { return e.Cause }

// ErrNotConfigured is the failure of a channel without credentials.
var ErrNotConfigured = errors.New("not configured")

// clip shortens to at most n runes.
func clip(s string, n int) string {
	runes := []rune(s)
	if len(runes) <= n {
		return s
	}
	return string(runes[:n-1]) + "…"
}
