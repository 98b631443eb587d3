package agent

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"runtime/debug"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/google/uuid"

	"applylens/internal/db"
	"applylens/internal/errs"
	"applylens/internal/telemetry"
)

// A Runtime runs agents and records their runs. It keeps them in a file of its own until Postgres has them, so that no
// run is lost whose answer was given (spool.go). Make one with Open.
type Runtime struct {
	db      *db.DB
	log     *slog.Logger
	now     func() time.Time
	release string
	process string
	spool   *spool
	days    days
	metrics *telemetry.Metrics
	tracer  *telemetry.Tracer

	switches atomic.Pointer[map[string]db.AgentSwitchesRow]
	mu       sync.Mutex
	running  map[uuid.UUID]*Run
	beaten   bool // run_live has rows of this process
	stop     func()
}

// Options are what a runtime works with.
type Options struct {
	DB      *db.DB
	Dir     string             // where runs are spooled
	Own     func(string) error // hands a file to the program's ordinary user; nil for none
	Release string             // the release of the program
	Log     *slog.Logger
	Now     func() time.Time
	Metrics *telemetry.Metrics // nil for none
	Tracer  *telemetry.Tracer  // nil for none
}

// Open makes a runtime. Start it to have runs recorded as they end; else they are at Close.
func Open(ctx context.Context, o Options) (*Runtime, error) {
	if o.Own == nil {
		o.Own = func(string) error { return nil }
	}
	s, err := openSpool(o.Dir, o.Own)
	if err != nil {
		return nil, err
	}
	host, err := os.Hostname()
	if err != nil {
		host = "?"
	}
	r := &Runtime{db: o.DB, log: o.Log, now: o.Now, release: o.Release, spool: s, running: map[uuid.UUID]*Run{}, metrics: o.Metrics, tracer: o.Tracer,
		process: fmt.Sprintf("%s:%d:%s", host, os.Getpid(), uuid.NewString()[:8])}
	r.days.spent = map[dayOf]*spent{}
	if err := r.readSwitches(ctx); err != nil {
		return nil, errors.Join(err, s.close())
	}
	return r, nil
}

// A Done run has ended.
type Done struct {
	ID       uuid.UUID
	Answer   json.RawMessage // what Run.Answer was given
	Repeated bool            // the key was used before: nothing was run, this is the first run's answer
}

// Do runs an agent: work does it, in this goroutine. The run is recorded whatever happens, before Do returns. An error
// is that of work, or says in a sentence fit to be shown why the run was stopped or not let begin; OutcomeOf tells them
// apart. Work that panics has failed.
func (r *Runtime) Do(ctx context.Context, ask Ask, work func(context.Context, *Run) error) (Done, error) {
	run := &Run{ID: newID(), Started: r.now(), DryRun: ask.DryRun, began: time.Now(), ask: ask, limits: ask.Agent.Limits}
	input, err := canonical(ask)
	if err != nil {
		return Done{}, err
	}
	digest := sha256.Sum256(input)
	if ask.Key != "" {
		if done, err := r.claim(ctx, run, digest[:]); err != nil || done.Repeated {
			return done, err
		}
	}
	traced, endSpan := r.tracer.Span(ctx, telemetry.Within, "agent "+ask.Agent.Name, slog.String("applylens.run", run.ID.String()))
	err = r.run(traced, run, work)
	record, output := run.end(ctx, err, r.release, digest)
	endSpan(err, slog.String("applylens.outcome", string(record.Outcome)))
	r.keep(record)
	r.count(traced, record)
	if ask.Key != "" {
		r.endKey(ctx, run, record.Outcome, output)
	}
	return Done{ID: run.ID, Answer: output}, shown(err)
}

// count adds a run that has ended to the metrics of this process. The time of a run in bulk is shared by its items.
func (r *Runtime) count(ctx context.Context, rec record) {
	if rec.DryRun {
		return
	}
	took := time.Duration(rec.DurationUS) * time.Microsecond / time.Duration(max(rec.Items, 1))
	if rec.Agent != InboxTriage {
		took = time.Duration(rec.DurationUS) * time.Microsecond
	}
	r.metrics.Run(ctx, rec.Agent, string(rec.Outcome), rec.Outcome == OK || rec.Outcome == Timeout, took, rec.CostMicroUSD)
}

// run lets work run within the limits, if it may run at all, and adds the reason to the error when it was stopped.
func (r *Runtime) run(ctx context.Context, run *Run, work func(context.Context, *Run) error) error {
	if why := r.switchedOff(run.ask.Agent.Name); why != "" {
		return &stopped{Denied, why}
	}
	inner, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	run.cancel = cancel
	if run.limits.Time > 0 {
		timed, done := context.WithTimeoutCause(inner, run.limits.Time, &stopped{Timeout, "It took longer than " + run.limits.Time.String() + "."})
		defer done()
		inner = timed
	}
	day, err := r.days.open(ctx, r, run.ask)
	if err != nil {
		return err
	}
	run.day = day
	if err := run.Items(run.ask.Items); err != nil {
		return err
	}
	if !day(0, 0) {
		return &stopped{OverBudget, "The day's budget is used up."}
	}
	r.track(run)
	defer r.untrack(run)
	err = r.guarded(inner, run, work)
	var why *stopped
	if inner.Err() != nil && errors.As(context.Cause(inner), &why) {
		return why
	}
	if ctx.Err() != nil && (err == nil || errors.Is(err, ctx.Err())) {
		return ctx.Err()
	}
	return err
}

func (r *Runtime) guarded(ctx context.Context, run *Run, work func(context.Context, *Run) error) (err error) {
	defer func() {
		if v := recover(); v != nil {
			r.log.Error("an agent panicked", "agent", run.ask.Agent.Name, "run", run.ID, "panic", fmt.Sprintf("%T", v), "stack", string(debug.Stack()))
			err = &stopped{Failed, "It failed by a mistake of ours."}
		}
	}()
	return work(ctx, run)
}

// end makes the record of a run that has ended.
func (r *Run) end(ctx context.Context, err error, release string, digest [32]byte) (rec record, output json.RawMessage) {
	r.mu.Lock()
	defer r.mu.Unlock()
	rec = record{ID: r.ID, Agent: r.ask.Agent.Name, Version: r.ask.Agent.Version, Release: release, Trigger: r.ask.Trigger, DryRun: r.ask.DryRun,
		StartedAt: r.Started.UTC().Truncate(time.Microsecond), DurationUS: time.Since(r.began).Microseconds(), Items: r.items,
		CostMicroUSD: r.cost, TokensIn: r.tokens[0], TokensOut: r.tokens[1], InputDigest: `\x` + hex.EncodeToString(digest[:]), Detail: json.RawMessage("{}"), Outcome: outcomeOf(ctx.Err() != nil, err),
		Steps: r.steps, Input: clean(r.ask.Summary), Artefacts: r.artefacts}
	if r.ask.UserID != 0 {
		rec.UserID = &r.ask.UserID
	}
	if r.ask.Parent != uuid.Nil {
		rec.ParentID = &r.ask.Parent
	}
	if r.ask.Key != "" {
		rec.IdempotencyKey = &r.ask.Key
	}
	switch {
	case err != nil:
		rec.Error = errorText(err)
	case r.failed != "":
		rec.Outcome, rec.Error = Failed, r.failed
	}
	if r.detail != nil {
		rec.Detail = encoded(r.detail)
	}
	if r.output != nil {
		var isRaw bool
		if output, isRaw = r.output.(json.RawMessage); !isRaw {
			output = encoded(r.output)
		}
		if rec.Output = output; len(output) > maxOutput {
			rec.Output = json.RawMessage(`{"too_large":true}`)
		}
	}
	return rec, output
}

// outcomeOf tells how a run ended; gone says that its caller's context has ended. What is wrong with what was asked is not the agent's failure, nor is a caller that
// went away; a caller whose time is over was kept waiting.
func outcomeOf(gone bool, err error) Outcome {
	var stop *stopped
	var safe *errs.Error
	switch {
	case err == nil:
		return OK
	case errors.As(err, &stop):
		return stop.outcome
	case errors.Is(err, context.DeadlineExceeded):
		return Timeout
	case gone && errors.Is(err, context.Canceled):
		return Denied
	case errors.As(err, &safe) && safe.Status < http.StatusInternalServerError:
		return Denied
	}
	return Failed
}

// errorText is what may be shown of an error.
func errorText(err error) string {
	var stop *stopped
	switch {
	case errors.As(err, &stop):
		return stop.why
	case errors.Is(err, context.DeadlineExceeded):
		return "The time of whoever asked was over."
	case errors.Is(err, context.Canceled):
		return "Whoever asked went away."
	}
	_, msg := errs.Shown(err)
	return msg
}

// shown makes a run's end an error that pages can show.
func shown(err error) error {
	var stop *stopped
	if !errors.As(err, &stop) {
		return err
	}
	status := http.StatusServiceUnavailable
	if stop.outcome == Failed {
		status = http.StatusInternalServerError
	}
	return &errs.Error{Status: status, Msg: stop.why, Err: stop}
}

// canonical is the input of a run as its digest is taken: whose it is, and its JSON.
func canonical(ask Ask) ([]byte, error) {
	body, isBytes := ask.Input.([]byte)
	if !isBytes {
		var err error
		if body, err = json.Marshal(ask.Input); err != nil {
			return nil, fmt.Errorf("the input of a run of %s: %w", ask.Agent.Name, err)
		}
	}
	return append(strconv.AppendInt(nil, ask.UserID, 10), append([]byte{'\n'}, body...)...), nil
}

func encoded(v any) json.RawMessage {
	b, err := json.Marshal(v)
	if err != nil {
		return json.RawMessage(`{"unreadable":true}`)
	}
	return b
}

// clean makes a text fit for Postgres.
func clean(s string) string { return strings.ToValidUTF8(strings.ReplaceAll(s, "\x00", ""), "�") }

// newID makes an id that grows with time.
func newID() uuid.UUID {
	id, err := uuid.NewV7()
	if err != nil {
		panic(err) // the system has no randomness
	}
	return id
}
