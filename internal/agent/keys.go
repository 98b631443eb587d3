package agent

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"

	"applylens/internal/db"
	"applylens/internal/errs"
)

// keyGrace is how much longer than its time limit a run may hold its key.
const keyGrace = 30 * time.Second

// claim takes the run's key, or returns the answer of the run that has it.
func (r *Runtime) claim(ctx context.Context, run *Run, digest []byte) (Done, error) {
	if len(run.ask.Key) > 200 {
		return Done{}, errs.BadInput("A key may have 200 characters at most.")
	}
	q, owner := r.db.As(run.ask.UserID), ownerOf(run.ask)
	lease := run.limits.Time
	if lease == 0 {
		lease = time.Hour
	}
	_, err := q.RunKeyClaim(ctx, db.RunKeyClaimParams{UserID: owner, Agent: run.ask.Agent.Name, Key: run.ask.Key, Digest: digest, RunID: run.ID,
		StartedAt: run.Started, LeaseUntil: run.Started.Add(lease + keyGrace)})
	if err == nil || !errors.Is(err, pgx.ErrNoRows) {
		return Done{}, err
	}
	first, err := q.RunKeyGet(ctx, db.RunKeyGetParams{UserID: owner, Agent: run.ask.Agent.Name, Key: run.ask.Key})
	switch {
	case err != nil:
		return Done{}, err
	case !bytes.Equal(first.Digest, digest):
		return Done{}, errs.Conflict("This key was used for something else.")
	case first.Outcome == nil:
		return Done{}, errs.Conflict("This is being worked on already; ask again in a moment.")
	case Outcome(*first.Outcome) != OK:
		return Done{ID: first.RunID, Answer: first.Answer, Repeated: true}, shown(&stopped{Outcome(*first.Outcome), "This was tried with the same key, and did not succeed."})
	}
	return Done{ID: first.RunID, Answer: first.Answer, Repeated: true}, nil
}

// endKey keeps the answer for who asks again. What was not let run, or was cut off, may be asked again.
func (r *Runtime) endKey(ctx context.Context, run *Run, outcome Outcome, answer json.RawMessage) {
	ctx = context.WithoutCancel(ctx)
	q, owner, name := r.db.As(run.ask.UserID), ownerOf(run.ask), string(outcome)
	var err error
	if outcome == Denied {
		err = q.RunKeyFree(ctx, db.RunKeyFreeParams{UserID: owner, Agent: run.ask.Agent.Name, Key: run.ask.Key, RunID: run.ID})
	} else {
		err = q.RunKeyEnd(ctx, db.RunKeyEndParams{UserID: owner, Agent: run.ask.Agent.Name, Key: run.ask.Key, RunID: run.ID, Outcome: name, Answer: answer})
	}
	if err != nil { // its lease frees the key; until then the same asks are told to wait
		r.log.Warn("the answer of a run could not be kept under its key", "run", run.ID, "error", err)
	}
}

func ownerOf(ask Ask) *int64 {
	if ask.UserID == 0 {
		return nil
	}
	return &ask.UserID
}
