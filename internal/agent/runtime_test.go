package agent_test

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"applylens/internal/agent"
	"applylens/internal/db"
	"applylens/internal/db/dbtest"
	"applylens/internal/errs"
)

// open makes a runtime over a database that commits, and a user of the test's own.
func open(t testing.TB) (*agent.Runtime, *db.DB, int64) {
	t.Helper()
	d := dbtest.Pool(t)
	r := openIn(t, d, t.TempDir())
	return r, d, dbtest.User(t, d, strings.ToLower(strings.ReplaceAll(t.Name(), "/", "-"))+uuid.NewString()[:8]+"@example.com")
}

func openIn(t testing.TB, d *db.DB, dir string) *agent.Runtime {
	t.Helper()
	r, err := agent.Open(t.Context(), agent.Options{DB: d, Dir: dir, Release: "test", Log: slog.New(slog.DiscardHandler), Now: time.Now})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := r.Close(); err != nil {
			t.Error(err)
		}
	})
	return r
}

// tester is an agent of the tests, which no switch of another test touches.
func tester(l agent.Limits) agent.Agent {
	return agent.Agent{Name: "test." + uuid.NewString()[:8], Version: "1", Limits: l}
}

// A row is what is recorded of a run.
type row struct {
	agent, version, release, trigger, outcome, errorText string
	parent                                               *uuid.UUID
	dry                                                  bool
	took                                                 int64
	items, in, out                                       int
	cost                                                 int64
	digest                                               []byte
	detail                                               map[string]any
}

// recorded flushes and reads a run as its owner.
func recorded(t *testing.T, r *agent.Runtime, d *db.DB, user int64, id uuid.UUID) row {
	t.Helper()
	if err := r.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	var x row
	err := d.Owner(user).QueryRow(t.Context(), `select agent, version, release, trigger, outcome, error, parent_id, dry_run, duration_us, items, tokens_in, tokens_out,
		cost_microusd, input_digest, detail from runs where id = $1`, id).Scan(&x.agent, &x.version, &x.release, &x.trigger, &x.outcome, &x.errorText, &x.parent,
		&x.dry, &x.took, &x.items, &x.in, &x.out, &x.cost, &x.digest, &x.detail)
	if err != nil {
		t.Fatal(err)
	}
	return x
}

func TestRunIsRecordedWhole(t *testing.T) {
	r, d, user := open(t)
	parent := uuid.New()
	ask := agent.Ask{Agent: tester(agent.Limits{Time: time.Minute}), UserID: user, Trigger: agent.API, Parent: parent, DryRun: true, Input: map[string]int{"b": 2, "a": 1}, Summary: "two\x00 numbers", Items: 2}
	done, err := r.Do(t.Context(), ask, func(_ context.Context, run *agent.Run) error {
		end := run.Step("add")
		time.Sleep(3 * time.Millisecond)
		end("2 numbers")
		run.Detail("mode", "exact")
		run.Answer(map[string]int{"sum": 3})
		if err := run.Keep(agent.Artefact{Name: "sum.md", MediaType: agent.Markdown, Body: "# 3"}); err != nil {
			return err
		}
		return run.Spend(1500, 10, 20)
	})
	if err != nil || string(done.Answer) != `{"sum":3}` {
		t.Fatalf("%v, answer %s", err, done.Answer)
	}
	got := recorded(t, r, d, user, done.ID)
	if got.agent != ask.Agent.Name || got.version != "1" || got.release != "test" || got.trigger != "api" || got.outcome != "ok" || got.errorText != "" ||
		!got.dry || got.items != 2 || got.in != 10 || got.out != 20 || got.cost != 1500 || got.detail["mode"] != "exact" || *got.parent != parent {
		t.Errorf("recorded %+v", got)
	}
	if got.took < 3000 || got.took > 5_000_000 {
		t.Errorf("it took %d µs", got.took)
	}
	var steps []struct {
		Name, Note string
		Took       int64 `json:"duration_us"`
	}
	var raw, output json.RawMessage
	var input, body string
	err = d.Owner(user).QueryRow(t.Context(), `select s.steps, x.input, x.output, a.body from run_steps s join run_details x using (run_id) join run_artefacts a using (run_id) where s.run_id = $1`, done.ID).
		Scan(&raw, &input, &output, &body)
	if err := errors.Join(err, json.Unmarshal(raw, &steps)); err != nil {
		t.Fatal(err)
	}
	if len(steps) != 1 || steps[0].Name != "add" || steps[0].Note != "2 numbers" || steps[0].Took < 3000 || input != "two numbers" || body != "# 3" {
		t.Errorf("steps %s, input %q, artefact %q", raw, input, body)
	}
	// The digest does not depend on the order of keys, and differs from another user's.
	again, err := r.Do(t.Context(), agent.Ask{Agent: ask.Agent, UserID: user, Trigger: agent.Person, Input: json.RawMessage(`{"a":1,"b":2}`)}, nothing)
	if err != nil {
		t.Fatal(err)
	}
	if same := recorded(t, r, d, user, again.ID); hex.EncodeToString(same.digest) != hex.EncodeToString(got.digest) {
		t.Error("the same input has two digests")
	}
}

func nothing(context.Context, *agent.Run) error { return nil }

func TestOutcomes(t *testing.T) {
	r, d, user := open(t)
	ctx, leave := context.WithCancel(t.Context())
	cases := []struct {
		name    string
		limits  agent.Limits
		ctx     context.Context
		items   int
		work    func(context.Context, *agent.Run) error
		want    agent.Outcome
		errText string
	}{
		{"ok", agent.Limits{}, t.Context(), 0, nothing, agent.OK, ""},
		{"an unknown error says nothing of its text", agent.Limits{}, t.Context(), 0, func(context.Context, *agent.Run) error { return errors.New("secret of ann@example.com") },
			agent.Failed, "Something went wrong"},
		{"bad input", agent.Limits{}, t.Context(), 0, func(context.Context, *agent.Run) error { return errs.BadInput("No such thing.") }, agent.Denied, "No such thing."},
		{"a panic", agent.Limits{}, t.Context(), 0, func(context.Context, *agent.Run) error { panic("secret") }, agent.Failed, "mistake of ours"},
		{"failed in part", agent.Limits{}, t.Context(), 0, func(_ context.Context, run *agent.Run) error { run.Fail("1 of 2."); return nil }, agent.Failed, "1 of 2."},
		{"time", agent.Limits{Time: 20 * time.Millisecond}, t.Context(), 0, func(ctx context.Context, _ *agent.Run) error { <-ctx.Done(); return ctx.Err() }, agent.Timeout, "longer than 20ms"},
		{"time, and the agent does not heed it", agent.Limits{Time: 20 * time.Millisecond}, t.Context(), 0, func(context.Context, *agent.Run) error { time.Sleep(40 * time.Millisecond); return nil },
			agent.Timeout, "longer than 20ms"},
		{"items", agent.Limits{Items: 5}, t.Context(), 6, nothing, agent.OverBudget, "more than"},
		{"items, as it goes", agent.Limits{Items: 5}, t.Context(), 3, func(_ context.Context, run *agent.Run) error { return run.Items(3) }, agent.OverBudget, "more than"},
		{"cost", agent.Limits{Cost: 100}, t.Context(), 0, func(_ context.Context, run *agent.Run) error { _ = run.Spend(101, 0, 0); return nil }, agent.OverBudget, "cost more"},
		{"the caller's time", agent.Limits{}, expired(t), 0, func(ctx context.Context, _ *agent.Run) error { return ctx.Err() }, agent.Timeout, "time of whoever asked"},
		{"the caller leaves", agent.Limits{}, ctx, 0, func(ctx context.Context, _ *agent.Run) error { leave(); return ctx.Err() }, agent.Denied, "went away"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			done, err := r.Do(c.ctx, agent.Ask{Agent: tester(c.limits), UserID: user, Trigger: agent.Person, Items: c.items}, c.work)
			if (err == nil) != (c.want == agent.OK || strings.Contains(c.name, "in part")) {
				t.Errorf("error %v", err)
			}
			if err != nil && agent.OutcomeOf(err) != c.want && c.name != "the caller leaves" {
				t.Errorf("OutcomeOf(%v) = %s, want %s", err, agent.OutcomeOf(err), c.want)
			}
			got := recorded(t, r, d, user, done.ID)
			if got.outcome != string(c.want) || !strings.Contains(got.errorText, c.errText) || strings.Contains(got.errorText, "secret") {
				t.Errorf("outcome %s, error %q", got.outcome, got.errorText)
			}
		})
	}
}

func expired(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithDeadline(t.Context(), time.Now().Add(-time.Second))
	t.Cleanup(cancel)
	return ctx
}

// TestDayLimit: what runs of today have cost counts, also those of another process.
func TestDayLimit(t *testing.T) {
	r, d, user := open(t)
	a := tester(agent.Limits{DayCost: 100})
	spend := func(r *agent.Runtime, n int64) error {
		_, err := r.Do(t.Context(), agent.Ask{Agent: a, UserID: user, Trigger: agent.Person}, func(_ context.Context, run *agent.Run) error { return run.Spend(n, 0, 0) })
		return err
	}
	if err := errors.Join(spend(r, 60), spend(r, 30)); err != nil {
		t.Fatal(err)
	}
	if err := r.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	other := openIn(t, d, t.TempDir())
	if err := spend(other, 20); agent.OutcomeOf(err) != agent.OverBudget {
		t.Errorf("60 + 30 + 20 of 100 in another process: %v", err)
	}
	if err := spend(r, 10); err != nil {
		t.Errorf("60 + 30 + 10 of 100: %v", err)
	}
	if err := spend(r, 1); agent.OutcomeOf(err) != agent.OverBudget {
		t.Errorf("101 of 100: %v", err)
	}
}

func TestKeyIsOneRun(t *testing.T) {
	r, d, user := open(t)
	ran := 0
	ask := agent.Ask{Agent: tester(agent.Limits{}), UserID: user, Trigger: agent.API, Key: "k-1", Input: "x"}
	work := func(_ context.Context, run *agent.Run) error { ran++; run.Answer(ran); return nil }
	first, err := r.Do(t.Context(), ask, work)
	if err != nil {
		t.Fatal(err)
	}
	second, err := openIn(t, d, t.TempDir()).Do(t.Context(), ask, work)
	if err != nil || !second.Repeated || second.ID != first.ID || string(second.Answer) != "1" || ran != 1 {
		t.Errorf("second: %+v, %v; ran %d times", second, err, ran)
	}
	var conflict *errs.Error
	other := ask
	other.Input = "y"
	if _, err := r.Do(t.Context(), other, work); !errors.As(err, &conflict) || conflict.Status != 409 {
		t.Errorf("another input under the key: %v", err)
	}
	// While it runs, a second one is told to wait; when it dies, its lease ends.
	slow := ask
	slow.Key = "k-2"
	if _, err := r.Do(t.Context(), slow, func(context.Context, *agent.Run) error {
		_, err := r.Do(t.Context(), slow, work)
		return err
	}); !errors.As(err, &conflict) || conflict.Status != 409 {
		t.Errorf("the key of a run in progress: %v", err)
	}
	if _, err := dbtest.Owner(t).Exec(t.Context(), "update run_keys set outcome = null, lease_until = now() - interval '1 second' where user_id = $1 and key = 'k-1'", user); err != nil {
		t.Fatal(err)
	}
	if third, err := r.Do(t.Context(), ask, work); err != nil || third.Repeated || ran != 2 {
		t.Errorf("after the first died: %+v, %v; ran %d times", third, err, ran)
	}
	foreign := ask
	foreign.UserID = dbtest.User(t, d, "foreign-"+uuid.NewString()[:8]+"@example.com")
	if got, err := r.Do(t.Context(), foreign, work); err != nil || got.Repeated {
		t.Errorf("another user's run under the same key: %+v, %v", got, err)
	}
}

// TestSwitches: a disabled agent is denied, in every process; a killed one is stopped while it runs; only an admin kills.
func TestSwitches(t *testing.T) {
	r, d, user := open(t)
	operator := dbtest.User(t, d, "op-"+uuid.NewString()[:8]+"@example.com")
	if _, err := dbtest.Owner(t).Exec(t.Context(), "update users set role = 'admin' where id = $1", operator); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if _, err := dbtest.Owner(t).Exec(context.WithoutCancel(t.Context()), "delete from agent_switches where changed_by in ($1, $2)", operator, user); err != nil {
			t.Error(err)
		}
	})
	other := openIn(t, d, t.TempDir())
	other.Start(t.Context())
	ask := agent.Ask{Agent: agent.Search(), UserID: user, Trigger: agent.Person}
	began, ended := make(chan bool), make(chan error, 1)
	go func() {
		_, err := other.Do(context.WithoutCancel(t.Context()), ask, func(ctx context.Context, _ *agent.Run) error { close(began); <-ctx.Done(); return ctx.Err() })
		ended <- err
	}()
	<-began
	if err := r.Switch(t.Context(), user, false, agent.InboxSearch, agent.Disabled, "mine"); err == nil {
		t.Error("a user without a role switched an agent off")
	}
	if err := r.Switch(t.Context(), operator, false, agent.InboxSearch, agent.Killed, "no"); !errors.Is(err, errs.Forbidden) {
		t.Errorf("killed by an operator: %v", err)
	}
	if err := r.Switch(t.Context(), operator, true, agent.InboxSearch, agent.Killed, "it misbehaves"); err != nil {
		t.Fatal(err)
	}
	if _, err := r.Do(t.Context(), ask, nothing); agent.OutcomeOf(err) != agent.Denied || !strings.Contains(err.Error(), "it misbehaves") {
		t.Errorf("a run of a killed agent: %v", err)
	}
	select {
	case err := <-ended:
		if agent.OutcomeOf(err) != agent.Denied {
			t.Errorf("the run in progress ended with %v", err)
		}
	case <-time.After(5 * time.Second):
		t.Error("the run in progress in another process was not stopped")
	}
	if err := r.Switch(t.Context(), operator, false, agent.InboxSearch, agent.On, "no"); !errors.Is(err, errs.Forbidden) {
		t.Errorf("a kill lifted by an operator: %v", err)
	}
	if err := r.Switch(t.Context(), operator, true, agent.InboxSearch, agent.On, "mended"); err != nil {
		t.Fatal(err)
	}
	if _, err := r.Do(t.Context(), ask, nothing); err != nil {
		t.Errorf("switched on again: %v", err)
	}
}

// TestCancel: a run is shown while it lasts, and stopped by its owner or an operator, by nobody else.
func TestCancel(t *testing.T) {
	r, d, user := open(t)
	stranger := dbtest.User(t, d, "stranger-"+uuid.NewString()[:8]+"@example.com")
	r.Start(t.Context())
	ids, ended := make(chan uuid.UUID, 1), make(chan error, 1)
	go func() {
		_, err := r.Do(context.WithoutCancel(t.Context()), agent.Ask{Agent: tester(agent.Limits{}), UserID: user, Trigger: agent.Person},
			func(ctx context.Context, run *agent.Run) error { ids <- run.ID; <-ctx.Done(); return ctx.Err() })
		ended <- err
	}()
	id := <-ids
	deadline := time.Now().Add(10 * time.Second)
	for {
		if by, err := db.New(d.Owner(stranger)).RunCancel(t.Context(), id); err != nil || by {
			t.Fatalf("cancelled by a stranger: %v, %v", by, err)
		}
		if by, err := db.New(d.Owner(user)).RunCancel(t.Context(), id); err != nil {
			t.Fatal(err)
		} else if by {
			break
		}
		if time.Now().After(deadline) {
			t.Fatal("a run of several seconds is not shown")
		}
		time.Sleep(50 * time.Millisecond)
	}
	select {
	case err := <-ended:
		if agent.OutcomeOf(err) != agent.Denied {
			t.Errorf("the cancelled run ended with %v", err)
		}
	case <-time.After(5 * time.Second):
		t.Fatal("the run was not stopped")
	}
	// A process that is gone: its run has failed.
	if _, err := dbtest.Owner(t).Exec(t.Context(), `insert into run_live (id, process, agent, version, release, user_id, trigger, dry_run, started_at, items, beat_at)
		values ($1, 'gone', 'test.gone', '1', 'test', $2, 'person', false, now() - interval '5 minutes', 7, now() - interval '2 minutes')`, stranger64(stranger), user); err != nil {
		t.Fatal(err)
	}
	if n, err := d.RunsLost(t.Context(), time.Now().Add(-time.Minute)); err != nil || n < 1 {
		t.Fatalf("%d lost runs, %v", n, err)
	}
	if got := recorded(t, r, d, user, stranger64(stranger)); got.outcome != "failed" || got.items != 7 || got.took < 100_000_000 {
		t.Errorf("the lost run: %+v", got)
	}
}

// stranger64 makes an id of a number.
func stranger64(n int64) (id uuid.UUID) {
	for i := range 8 {
		id[15-i] = byte(n >> (8 * i))
	}
	return id
}

// TestSpoolFolderIsEmptiedAtClose: nothing is left behind by a process that ends well.
func TestSpoolFolderIsEmptiedAtClose(t *testing.T) {
	d, dir := dbtest.Pool(t), t.TempDir()
	r, err := agent.Open(t.Context(), agent.Options{DB: d, Dir: dir, Log: slog.New(slog.DiscardHandler), Now: time.Now})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := r.Do(t.Context(), agent.Ask{Agent: tester(agent.Limits{}), Trigger: agent.Schedule}, nothing); err != nil {
		t.Fatal(err)
	}
	if err := r.Close(); err != nil {
		t.Fatal(err)
	}
	if left, _ := filepath.Glob(filepath.Join(dir, "*")); len(left) > 0 {
		t.Errorf("left: %v", left)
	}
	if _, err := os.Stat(dir); err != nil {
		t.Error(err)
	}
}
