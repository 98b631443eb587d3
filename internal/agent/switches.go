package agent

import (
	"context"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"

	"applylens/internal/db"
	"applylens/internal/errs"
)

// The states of an agent's switch. Disabled refuses new runs; Killed also stops those in progress, wherever they run,
// within two seconds, and only an admin lifts it.
const (
	On       = "on"
	Disabled = "disabled"
	Killed   = "killed"
)

// readSwitches reads whether the agents may run, and stops what is to be stopped.
func (r *Runtime) readSwitches(ctx context.Context) error {
	rows, err := r.db.AgentSwitches(ctx)
	if err != nil {
		return err
	}
	of := make(map[string]db.AgentSwitchesRow, len(rows))
	for _, row := range rows {
		of[row.Agent] = row
	}
	r.switches.Store(&of)
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, run := range r.running {
		if s := of[run.ask.Agent.Name]; s.State == Killed {
			run.cancel(&stopped{Denied, switchText(s)})
		}
	}
	return nil
}

// switchedOff says why an agent may not run, or "".
func (r *Runtime) switchedOff(agent string) string {
	s := (*r.switches.Load())[agent]
	if s.State == Disabled || s.State == Killed {
		return switchText(s)
	}
	return ""
}

func switchText(s db.AgentSwitchesRow) string {
	return s.Agent + " is switched off: " + s.Reason
}

// Switch decides whether an agent may run. admin says that the user is one: only admins kill, and lift that again. The
// error is fit to be shown.
func (r *Runtime) Switch(ctx context.Context, userID int64, admin bool, name, state, reason string) error {
	a, ok := Find(name)
	reason = strings.TrimSpace(reason)
	switch {
	case !ok || !a.Runs():
		return errs.NotFound
	case !slices.Contains([]string{On, Disabled, Killed}, state):
		return errs.BadInput("An agent is switched on, disabled, or killed.")
	case reason == "" || len(reason) > 500:
		return errs.BadInput("Say why, in at most 500 characters.")
	}
	err := r.db.Tx(ctx, userID, func(q *db.Queries, tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, "select set_config('app.operator', 'on', true), pg_advisory_xact_lock(hashtext('agent switch'))"); err != nil {
			return err
		}
		rows, err := q.AgentSwitches(ctx)
		if err != nil {
			return err
		}
		now := slices.IndexFunc(rows, func(row db.AgentSwitchesRow) bool { return row.Agent == name })
		if !admin && (state == Killed || now >= 0 && rows[now].State == Killed) {
			return errs.Forbidden
		}
		return q.AgentSwitchAdd(ctx, db.AgentSwitchAddParams{Agent: name, State: state, Reason: clean(reason), ChangedBy: userID})
	})
	if err != nil {
		return err
	}
	return r.readSwitches(ctx)
}
