package llm_test

import (
	"context"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/jsonschema-go/jsonschema"
	"github.com/google/uuid"

	"applylens/internal/config"
	"applylens/internal/db"
	"applylens/internal/db/dbtest"
	"applylens/internal/llm"
	"applylens/internal/llm/llmtest"
)

type answer struct {
	Colour string `json:"colour"`
}

// A bench is a fake, a model of it, and a user who allowed it.
type bench struct {
	*llmtest.Fake
	model *llm.Model
	db    *db.DB
	user  int64
}

func newBench(t *testing.T, change func(*config.LLM)) *bench {
	t.Helper()
	f := llmtest.New(t, func(llmtest.Request) string { return `{"colour":"red"}` })
	if change != nil {
		change(&f.Settings)
	}
	d := dbtest.Pool(t)
	m, err := llm.New(f.Settings, d, time.Now)
	if err != nil {
		t.Fatal(err)
	}
	b := &bench{f, m, d, dbtest.User(t, d, "llm-"+uuid.NewString()[:8]+"@example.com")}
	b.allow(t, llm.Consent{Triage: true, DayMicroUSD: 1_000_000, DayCalls: 100})
	return b
}

func (b *bench) allow(t *testing.T, c llm.Consent) {
	t.Helper()
	if err := b.model.Allow(t.Context(), b.user, c, false); err != nil {
		t.Fatal(err)
	}
}

func (b *bench) ask(ctx context.Context, t *testing.T, text string) (answer, llm.Used, error) {
	t.Helper()
	schema, err := jsonschema.For[answer](nil)
	if err != nil {
		t.Fatal(err)
	}
	return llm.Ask(ctx, b.model, llm.Call{UserID: b.user, Purpose: llm.ForTriage, Version: "1", Instructions: "Name the colour.", Schema: schema, Text: text, Own: "acme.example"},
		func(a answer) error {
			if a.Colour == "black" {
				return llm.Reject("That is no colour.")
			}
			return nil
		})
}

// ledger returns the lines, oldest first.
func (b *bench) ledger(t *testing.T) []db.LLMLedgerRow {
	t.Helper()
	rows, err := b.db.As(b.user).LLMLedger(t.Context(), db.LLMLedgerParams{UserID: b.user, BeforeAt: time.Now().Add(time.Hour), BeforeID: 1 << 60, MaxRows: 100})
	if err != nil {
		t.Fatal(err)
	}
	for i, j := 0, len(rows)-1; i < j; i, j = i+1, j-1 {
		rows[i], rows[j] = rows[j], rows[i]
	}
	return rows
}

func TestAskIsRedactedLedgeredAndCached(t *testing.T) {
	b := newBench(t, nil)
	text := "It is \u200bred. Call +49 30 12345678, jane@home.example or jobs@acme.example. Your code is 123456."
	got, used, err := b.ask(t.Context(), t, text)
	if err != nil || got.Colour != "red" || used.Cached || used.TokensIn != 300 || used.CostMicroUSD != 300/2+20*2 {
		t.Fatalf("%+v %+v %v", got, used, err)
	}
	sent := b.Requests()[0]
	for _, secret := range []string{"12345678", "jane", "jobs@", "123456", "\u200b"} {
		if strings.Contains(sent.Body, secret) {
			t.Errorf("%q was sent: %s", secret, sent.User)
		}
	}
	if sent.Key != "secret" || sent.Model != "small" || sent.Tools || !strings.Contains(string(sent.Schema), `"colour"`) || strings.Contains(sent.System, "It is red") {
		t.Errorf("sent %+v", sent)
	}
	if again, used, err := b.ask(t.Context(), t, text); err != nil || again != got || !used.Cached || used.CostMicroUSD != 0 {
		t.Errorf("again: %+v %+v %v", again, used, err)
	}
	lines := b.ledger(t)
	if len(lines) != 1 || len(b.Requests()) != 1 {
		t.Fatalf("%d lines for %d requests", len(lines), len(b.Requests()))
	}
	l := lines[0]
	if l.Host != b.model.Host || l.Outcome != "ok" || l.Attempts != 1 || l.TokensOut != 20 || l.CostMicrousd != 190 || l.Bytes == 0 ||
		string(l.Redacted) != `{"code": 1, "phone": 1, "address": 2}` {
		t.Errorf("the ledger says %+v %s", l, l.Redacted)
	}
}

func TestFaults(t *testing.T) {
	for name, c := range map[string]struct {
		faults   []llmtest.Fault
		outcome  llm.Outcome
		attempts int32
	}{
		"one 429":       {[]llmtest.Fault{llmtest.Busy}, llm.OK, 2},
		"one 500":       {[]llmtest.Fault{llmtest.Broken}, llm.OK, 2},
		"429":           {[]llmtest.Fault{llmtest.Busy, llmtest.Busy}, llm.Busy, 2},
		"500":           {[]llmtest.Fault{llmtest.Broken, llmtest.Broken}, llm.Failed, 2},
		"hang":          {[]llmtest.Fault{llmtest.Hang, llmtest.Hang}, llm.Timeout, 2},
		"malformed":     {[]llmtest.Fault{llmtest.Malformed}, llm.Invalid, 1},
		"cut off":       {[]llmtest.Fault{llmtest.Half}, llm.Invalid, 1},
		"extra text":    {[]llmtest.Fault{llmtest.ExtraText}, llm.Invalid, 1},
		"another shape": {[]llmtest.Fault{llmtest.WrongShape}, llm.Invalid, 1},
		"no choice":     {[]llmtest.Fault{llmtest.Empty}, llm.Invalid, 1},
		"a tool":        {[]llmtest.Fault{llmtest.ToolCall}, llm.Invalid, 1},
		"elsewhere":     {[]llmtest.Fault{llmtest.Redirect, llmtest.Redirect}, llm.Failed, 2},
		"endless":       {[]llmtest.Fault{llmtest.Endless, llmtest.Endless}, llm.Failed, 2},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t, nil)
			b.Fail(c.faults...)
			_, _, err := b.ask(t.Context(), t, "It is red.")
			line := b.ledger(t)[0]
			if llm.OutcomeOf(err) != c.outcome || line.Outcome != string(c.outcome) || line.Attempts > c.attempts || len(b.Requests()) != int(line.Attempts) {
				t.Errorf("%v: the ledger says %s after %d, %d were sent", err, line.Outcome, line.Attempts, len(b.Requests()))
			}
			if err != nil && strings.Contains(err.Error(), "DATA") {
				t.Errorf("the error repeats what was sent: %v", err)
			}
		})
	}
}

func TestAnswerThatFailsItsCheck(t *testing.T) {
	b := newBench(t, nil)
	b.Answer = func(llmtest.Request) string { return `{"colour":"black"}` }
	for range 2 { // it is not cached
		if _, _, err := b.ask(t.Context(), t, "It is red."); llm.OutcomeOf(err) != llm.Rejected {
			t.Error(err)
		}
	}
	if lines := b.ledger(t); len(lines) != 2 || lines[0].Outcome != "rejected" || lines[0].CostMicrousd != 190 {
		t.Errorf("the ledger says %+v", lines)
	}
}

func TestNothingGoesWithoutConsent(t *testing.T) {
	b := newBench(t, nil)
	for name, c := range map[string]llm.Consent{
		"withdrawn":       {DayMicroUSD: 1_000_000, DayCalls: 100},
		"another purpose": {Search: true, DayMicroUSD: 1_000_000, DayCalls: 100},
		"no money":        {Triage: true, DayMicroUSD: 100, DayCalls: 100},
	} {
		b.allow(t, c)
		if _, _, err := b.ask(t.Context(), t, "It is red."); llm.OutcomeOf(err) != llm.Refused {
			t.Errorf("%s: %v", name, err)
		}
	}
	b.allow(t, llm.Consent{Triage: true, DayMicroUSD: 1_000_000, DayCalls: 100})
	if _, err := b.db.Owner(b.user).Exec(t.Context(), "update llm_consents set host = 'elsewhere.example' where user_id = $1", b.user); err != nil {
		t.Fatal(err)
	}
	if _, _, err := b.ask(t.Context(), t, "It is red."); llm.OutcomeOf(err) != llm.Refused {
		t.Errorf("another endpoint: %v", err)
	}
	if n, lines := len(b.Requests()), b.ledger(t); n != 0 || len(lines) != 0 {
		t.Errorf("%d requests, %d lines", n, len(lines))
	}
}

func TestWithdrawingForgetsAnswers(t *testing.T) {
	b := newBench(t, nil)
	if _, _, err := b.ask(t.Context(), t, "It is red."); err != nil {
		t.Fatal(err)
	}
	b.allow(t, llm.Consent{DayMicroUSD: 1_000_000, DayCalls: 100})
	b.allow(t, llm.Consent{Triage: true, DayMicroUSD: 1_000_000, DayCalls: 100})
	if _, used, err := b.ask(t.Context(), t, "It is red."); err != nil || used.Cached {
		t.Errorf("%+v %v", used, err)
	}
}

// TestDayLimitHoldsForManyAtOnce asks at once more often than the day allows.
func TestDayLimitHoldsForManyAtOnce(t *testing.T) {
	b := newBench(t, nil)
	b.allow(t, llm.Consent{Triage: true, DayMicroUSD: 1_000_000, DayCalls: 5})
	var wait sync.WaitGroup
	for i := range 20 {
		wait.Go(func() {
			_, _, err := b.ask(t.Context(), t, strings.Repeat("red ", i+1))
			if o := llm.OutcomeOf(err); o != llm.OK && o != llm.Refused {
				t.Error(err)
			}
		})
	}
	wait.Wait()
	if n := len(b.Requests()); n != 5 {
		t.Errorf("%d were sent", n)
	}
}

func TestBreakerSparesAServiceOutOfOrder(t *testing.T) {
	b := newBench(t, nil)
	b.FailAlways(llmtest.Broken)
	for range 20 {
		if _, _, err := b.ask(t.Context(), t, "It is red."); llm.OutcomeOf(err) != llm.Failed {
			t.Fatal(err)
		}
	}
	if n := len(b.Requests()); n > 16 || b.model.Ready() {
		t.Errorf("%d requests, ready %v", n, b.model.Ready())
	}
}

func TestCallerThatLeaves(t *testing.T) {
	b := newBench(t, func(s *config.LLM) { s.Timeout = 20 * time.Second })
	b.Fail(llmtest.Hang)
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	if _, _, err := b.ask(ctx, t, "It is red."); llm.OutcomeOf(err) != llm.Timeout {
		t.Error(err)
	}
	if lines := b.ledger(t); len(lines) != 1 || lines[0].Outcome != "timeout" {
		t.Errorf("the ledger says %+v", lines)
	}
}

func TestOneUsersAnswersAreNotAnothers(t *testing.T) {
	b := newBench(t, nil)
	if _, _, err := b.ask(t.Context(), t, "It is red."); err != nil {
		t.Fatal(err)
	}
	b.user = dbtest.User(t, b.db, "llm-"+uuid.NewString()[:8]+"@example.com")
	if _, _, err := b.ask(t.Context(), t, "It is red."); llm.OutcomeOf(err) != llm.Refused {
		t.Errorf("without consent: %v", err)
	}
	b.allow(t, llm.Consent{Triage: true, DayMicroUSD: 1_000_000, DayCalls: 100})
	if _, used, err := b.ask(t.Context(), t, "It is red."); err != nil || used.Cached {
		t.Errorf("%+v %v", used, err)
	}
	if lines := b.ledger(t); len(lines) != 1 {
		t.Errorf("%d lines", len(lines))
	}
}

func TestNoModelIsNoError(t *testing.T) {
	if m, err := llm.New(config.LLM{}, nil, time.Now); m != nil || err != nil {
		t.Error(m, err)
	}
}
