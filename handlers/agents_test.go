package handlers_test

import (
	"context"
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"applylens/internal/action"
	"applylens/internal/agent"
	"applylens/internal/db"
	"applylens/internal/db/dbtest"
	"applylens/internal/ingest"
	"applylens/internal/jobs"
)

// newOps is a site whose signed-in user has a role, with the runs of both mailboxes recorded.
func newOps(t *testing.T, role string) *site {
	t.Helper()
	s := newSite(t)
	if _, err := s.DB.Owner(s.user).Exec(t.Context(), "update users set role = $1 where id = $2", role, s.user); err != nil {
		t.Fatal(err)
	}
	s.flush(t)
	return s
}

func (s *site) flush(t *testing.T) {
	t.Helper()
	if err := s.Agents.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// get fetches a page that must be there.
func (s *site) get(t *testing.T, target string) string {
	t.Helper()
	got := s.do(t, "GET", target, "", false)
	if got.Code != 200 {
		t.Fatalf("GET %s: %d %.300s", target, got.Code, got.Body)
	}
	return strings.Join(strings.Fields(got.Body.String()), " ")
}

// runOf is a run of an agent for a user.
func (s *site) runOf(t *testing.T, user int64, name string) (id string) {
	t.Helper()
	if err := s.DB.Owner(user).QueryRow(t.Context(), "select id::text from runs where user_id = $1 and agent = $2 limit 1", user, name).Scan(&id); err != nil {
		t.Fatal(err)
	}
	return id
}

func wants(t *testing.T, page string, texts ...string) {
	t.Helper()
	for _, text := range texts {
		if !strings.Contains(page, text) {
			t.Errorf("the page lacks %q: %.3000s", text, page)
		}
	}
}

// TestRunsBelongToTheirOwner: a person reads one's own runs with what they judged, nobody else's, and no page of operators.
func TestRunsBelongToTheirOwner(t *testing.T) {
	s := newOps(t, "user")
	for _, target := range []string{"/ops/agents", "/ops/agents/inbox.triage", "/ops/runs", "/ops/runs/" + s.runOf(t, s.user, agent.InboxTriage)} {
		if got := s.do(t, "GET", target, "", false); got.Code != 403 {
			t.Errorf("GET %s as a user: %d", target, got.Code)
		}
	}
	if got := s.do(t, "GET", "/runs/"+s.runOf(t, s.foreign, agent.InboxTriage), "", false); got.Code != 404 {
		t.Errorf("another's run: %d", got.Code)
	}
	wants(t, s.get(t, "/runs"), agent.InboxTriage)
	page := s.get(t, "/runs/"+s.runOf(t, s.user, agent.InboxTriage))
	wants(t, page, "mails judged", "built-in rules and classifier", "Proposed")
	var subject string
	if err := s.DB.Owner(s.user).QueryRow(t.Context(), "select subject from threads where user_id = $1 and email_count = 1 and subject !~ '[^a-zA-Z ]' and subject <> '' limit 1", s.user).Scan(&subject); err != nil {
		t.Fatal(err)
	}
	wants(t, page, subject)
}

// TestOperatorsSeeRunsWithoutMail: all runs, with steps and counts; no subject, no verdicts, no documents of a person.
func TestOperatorsSeeRunsWithoutMail(t *testing.T) {
	s := newOps(t, "operator")
	page := s.get(t, "/ops/agents")
	wants(t, page, "inbox.triage", "not running yet", "planner.deploy")
	if strings.Count(page, "not running yet") < 4 {
		t.Error("an agent without code looks as if it ran")
	}
	var searches int // other tests share the database, and may have searched
	if err := s.DB.Operator(s.user).QueryRow(t.Context(), "select count(*) from runs where agent = 'inbox.search'").Scan(&searches); err != nil {
		t.Fatal(err)
	}
	if searches == 0 {
		wants(t, s.get(t, "/ops/agents/inbox.search"), "no data")
	}
	theirs := s.runOf(t, s.foreign, agent.InboxTriage)
	wants(t, s.get(t, "/ops/runs?agent=inbox.triage"), theirs, s.runOf(t, s.user, agent.InboxTriage), fmt.Sprintf("user %d", s.foreign))
	if strings.Contains(s.get(t, fmt.Sprintf("/ops/runs?user=%d", s.user)), theirs) {
		t.Error("the filter by user shows another's run")
	}
	run := s.get(t, "/ops/runs/"+theirs)
	wants(t, run, "only its owner reads that", "built-in rules and classifier")
	if strings.Contains(run, "The whole answer") || strings.Contains(run, "mails judged") {
		t.Error("an operator sees what a run answered about another's mail")
	}
	if got := s.do(t, "GET", "/runs/"+theirs, "", false); got.Code != 404 {
		t.Errorf("another's run as one's own: %d", got.Code)
	}
	// A comparison counts for operators; the mails are their owner's.
	got := s.do(t, "POST", "/ops/agents/inbox.triage/run", fmt.Sprintf("newest=50&user=%d&dry=yes", s.foreign), false)
	where := got.Header().Get("Location")
	if got.Code != 303 || !strings.HasPrefix(where, "/ops/runs/") {
		t.Fatalf("compare: %d %s", got.Code, got.Body)
	}
	wants(t, s.get(t, where), "Dry run", "Same", "50", "It asked for")
	if got := s.do(t, "GET", where+"/documents/differences.json", "", false); got.Code != 404 {
		t.Errorf("another's document: %d", got.Code)
	}
	if got := s.do(t, "POST", "/ops/agents/inbox.triage/run", fmt.Sprintf("newest=20&user=%d&dry=yes", s.user), false); got.Code != 303 {
		t.Fatal(got.Code)
	} else {
		own := strings.Replace(got.Header().Get("Location"), "/ops", "", 1)
		wants(t, s.get(t, own), "differences.json", "differences.md")
		wants(t, s.get(t, own+"/documents/differences.md"), "20 of 20 verdicts are the same")
	}
}

// TestSearchIsARunWithoutItsQuery: each search is a run with its mode and count, and nowhere the words.
func TestSearchIsARunWithoutItsQuery(t *testing.T) {
	s := newOps(t, "operator")
	s.get(t, "/search?q=interview")
	s.flush(t)
	id := s.runOf(t, s.user, agent.InboxSearch)
	wants(t, s.get(t, "/ops/runs/"+id), "Mode", "Hits", "Total")
	var leaked int
	if err := s.DB.Owner(s.user).QueryRow(t.Context(), `select count(*) from runs r left join run_details d on d.run_id = r.id left join run_steps s on s.run_id = r.id
		where r.agent = 'inbox.search' and (row(r.*)::text ilike '%interview%' or row(d.*)::text ilike '%interview%' or row(s.*)::text ilike '%interview%')`).Scan(&leaked); err != nil {
		t.Fatal(err)
	}
	if leaked != 0 {
		t.Error("the words of a search stand in its run")
	}
}

// TestMailWaitsForAJudgeThatIsSwitchedOff: mail still comes in, says that it is not judged, and is judged once the agent
// may run again.
func TestMailWaitsForAJudgeThatIsSwitchedOff(t *testing.T) {
	s := newOps(t, "admin")
	if got := s.do(t, "POST", "/ops/agents/inbox.triage/switch", "state=disabled&reason=the+model+is+wrong", false); got.Code != 303 {
		t.Fatalf("switch: %d %s", got.Code, got.Body)
	}
	wants(t, s.get(t, "/ops/agents/inbox.triage"), "the model is wrong", "Switch on")
	raw := "From: Jobs <jobs@corp.example>\r\nTo: robin@example.com\r\nSubject: Invitation to an interview\r\nMessage-ID: <wait@corp.example>\r\nDate: Mon, 2 Nov 2026 10:00:00 +0000\r\n\r\nWe would like to invite you to an interview for the role of Engineer next Tuesday at 10:00.\r\n"
	counts, err := s.Ingest.Run(t.Context(), ingest.Mailbox{UserID: s.user, Addresses: []string{"robin@example.com"}}, func(yield func(ingest.Raw, error) bool) {
		yield(ingest.Raw{Bytes: []byte(raw), Source: "test", Labels: []string{"INBOX"}}, nil)
	}, func(ingest.Counts, error) {})
	if err != nil || counts.New != 1 {
		t.Fatalf("%+v, %v", counts, err)
	}
	read := func() (id int64, category string, review bool, waiting int) {
		err := s.DB.Owner(s.user).QueryRow(t.Context(), `select e.id, e.category, e.needs_review, (select count(*) from unjudged u where u.email_id = e.id) from emails e
			where e.user_id = $1 and e.message_id = 'wait@corp.example'`, s.user).Scan(&id, &category, &review, &waiting)
		if err != nil {
			t.Fatal(err)
		}
		return id, category, review, waiting
	}
	id, category, review, waiting := read()
	if category != "other" || !review || waiting != 1 {
		t.Errorf("while switched off: %s, review %v, %d waiting", category, review, waiting)
	}
	box, err := jobs.MailboxOf(t.Context(), s.DB, s.user, "schedule")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Ingest.Rejudge(t.Context(), ingest.Rejudging{Mailbox: box, Emails: []int64{id}}); err == nil {
		t.Error("judged while switched off")
	}
	if got := s.do(t, "POST", "/ops/agents/inbox.triage/switch", "state=on&reason=mended", false); got.Code != 303 {
		t.Fatal(got.Code)
	}
	if _, err := s.Ingest.Rejudge(t.Context(), ingest.Rejudging{Mailbox: box, Emails: []int64{id}}); err != nil {
		t.Fatal(err)
	}
	if _, category, _, waiting := read(); category != "interview" || waiting != 0 {
		t.Errorf("once switched on: %s, %d waiting", category, waiting)
	}
}

// TestApprovalsOfAKind: all that was shown is decided at once; what lapses is ended; the journal has it all.
func TestApprovalsOfAKind(t *testing.T) {
	s := newOps(t, "user")
	page := s.get(t, "/approvals")
	wants(t, page, "Quarantine", "Approve all", "lapses in", "the run")
	states := func(state string) (n int) {
		if err := s.DB.Owner(s.user).QueryRow(t.Context(), "select count(*) from actions where user_id = $1 and kind = 'quarantine' and state = $2", s.user, state).Scan(&n); err != nil {
			t.Fatal(err)
		}
		return n
	}
	proposed := states("proposed")
	if proposed < 2 {
		t.Fatalf("the sample mailbox has %d proposals", proposed)
	}
	seen := regexp.MustCompile(`name="seen" value="([^"]+)"`).FindStringSubmatch(page)[1]
	if got := s.do(t, "POST", "/approvals/quarantine", "decision=approve&seen=2020-01-01T00:00:00Z", false); got.Code != 303 || states("proposed") != proposed {
		t.Errorf("what was not shown yet was approved: %d, %d left", got.Code, states("proposed"))
	}
	if got := s.do(t, "POST", "/approvals/quarantine", "decision=approve&seen="+seen, false); got.Code != 303 || states("done") != proposed {
		t.Errorf("approve all: %d, %d of %d done", got.Code, states("done"), proposed)
	}
	wants(t, s.get(t, "/approvals"), "Nothing waits for you", "Decided lately")
	err := s.DB.Tx(t.Context(), s.user, func(q *db.Queries, _ pgx.Tx) error {
		_, err := action.Make(t.Context(), q, s.user, action.Intent{Kind: action.Archive, Actor: "inbox.triage", Proposed: true, Expires: time.Now().Add(time.Second)}, action.Target{}, time.Now())
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := action.LapseDue(t.Context(), s.DB, s.user, time.Now().Add(time.Minute)); err != nil {
		t.Fatal(err)
	}
	var lapsed int
	if err := s.DB.Owner(s.user).QueryRow(t.Context(), "select count(*) from actions where user_id = $1 and state = 'expired'", s.user).Scan(&lapsed); err != nil || lapsed != 1 {
		t.Errorf("%d lapsed, %v", lapsed, err)
	}
	wants(t, s.get(t, "/approvals"), "lapsed")
	wants(t, s.get(t, "/journal"), "expired")
}

// TestRunListsUseIndexes: each filter finds its rows by an index in the order of time.
func TestRunListsUseIndexes(t *testing.T) {
	s := newOps(t, "operator")
	sent := dbtest.Record(s.DB)
	targets := []string{"/ops/agents", "/ops/agents/inbox.triage", "/ops/runs", "/ops/runs?agent=inbox.triage", "/ops/runs?agent=inbox.triage&version=1", "/ops/runs?outcome=failed",
		"/ops/runs?outcome=ok", "/ops/runs?agent=inbox.search&outcome=denied", "/ops/runs?trigger=push", "/ops/runs?dry=yes", fmt.Sprintf("/ops/runs?user=%d", s.user),
		"/ops/runs?from=2026-11-01T00:00&to=2026-11-25T00:00", "/ops/runs/" + s.runOf(t, s.user, agent.InboxTriage), "/runs", "/runs/" + s.runOf(t, s.user, agent.InboxTriage), "/approvals"}
	sent.Plans(t, s.user)
	for _, target := range targets {
		s.get(t, target)
		for _, plan := range sent.Plans(t, s.user) {
			if regexp.MustCompile(`Seq Scan on (runs|run_hours|run_steps|run_details|run_artefacts)`).MatchString(plan.Text) || strings.Contains(plan.Text, "Seq Scan on action") ||
				strings.HasPrefix(target, "/ops/runs?") && strings.Contains(plan.SQL, "order by started_at desc") && regexp.MustCompile(`(?m)(^|-> +)(Incremental )?Sort$`).MatchString(plan.Text) {
				t.Errorf("GET %s: a scan or sort in\n%s\n%s", target, plan.SQL, plan.Text)
			}
		}
	}
}

// TestRunPaging: pages follow each other without a gap or a repeat, also where runs began at the same time.
func TestRunPaging(t *testing.T) {
	s := newOps(t, "operator")
	at := time.Now().Truncate(time.Microsecond)
	_, err := s.DB.Conn.Exec(t.Context(), `select runs_record((select jsonb_agg(jsonb_build_object('id', gen_random_uuid(), 'agent', 'test.paging', 'version', '1', 'release', 'x', 'user_id', $1::bigint,
		'trigger', 'api', 'dry_run', false, 'started_at', $2::timestamptz - interval '1 second' * (n / 7), 'duration_us', n, 'outcome', 'ok', 'items', 0, 'cost_microusd', 0, 'tokens_in', 0, 'tokens_out', 0,
		'input_digest', '\x', 'detail', '{}'::jsonb, 'error', '')) from generate_series(1, 1000) n))`, s.user, at)
	if err != nil {
		t.Fatal(err)
	}
	seen, f := map[string]bool{}, agent.Filter{Agent: "test.paging"}
	for pages := 1; ; pages++ {
		rows, next, err := agent.List(context.WithoutCancel(t.Context()), s.DB.Operator(s.user), f, 37)
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range rows {
			if seen[r.ID.String()] {
				t.Fatalf("run %s comes twice", r.ID)
			}
			seen[r.ID.String()] = true
		}
		if next == "" {
			break
		}
		f.After = next
		if pages > 100 {
			t.Fatal("the pages do not end")
		}
	}
	if len(seen) != 1000 {
		t.Errorf("%d runs of 1000 in the pages", len(seen))
	}
	if rows, _, err := agent.List(t.Context(), s.DB.Operator(s.foreign), f, 10); err != nil || len(rows) > 0 {
		t.Errorf("a user without the role sees %d runs of another, %v", len(rows), err)
	}
}
