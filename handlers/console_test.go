package handlers_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"applylens/internal/db"
	"applylens/internal/jobs"
	"applylens/internal/slo/watch"
)

// consolePages are those of operators that have no id in their address.
func consolePages() []string {
	return []string{"/ops", "/ops/slos", "/ops/slos/inbox.triage/success", "/ops/slos/api/availability", "/ops/budget", "/ops/alerts", "/ops/system", "/ops/jobs", "/ops/checklists"}
}

// newConsole is a site of an operator whose runs are counted and evaluated.
func newConsole(t *testing.T, role string) *site {
	t.Helper()
	s := newOps(t, role)
	s.Now = func() time.Time { return time.Now().Add(2 * time.Minute) } // the minute of the runs is over
	if err := watch.Tick(t.Context(), s.DB, s.Now()); err != nil {
		t.Fatal(err)
	}
	return s
}

func (s *site) post(t *testing.T, target, form string, code int) string {
	t.Helper()
	got := s.do(t, "POST", target, form, false)
	if got.Code != code {
		t.Fatalf("POST %s %s: %d, want %d: %.400s", target, form, got.Code, code, got.Body)
	}
	return got.Body.String()
}

func TestConsoleIsForOperators(t *testing.T) {
	s := newConsole(t, "user")
	for _, target := range append(consolePages(), "/ops/slos/inbox.triage/success/points") {
		if got := s.do(t, "GET", target, "", false); got.Code != 403 {
			t.Errorf("GET %s as a user: %d", target, got.Code)
		}
	}
	for _, target := range []string{"/ops/silences", "/ops/checklists", "/ops/queues/default", "/ops/jobs/1", "/ops/slos/inbox.triage/success/promise"} {
		s.post(t, target, "reason=x", 403)
	}
}

// TestConsoleShowsWhatWasCounted: the triage of the sample is in the figures, and what has no rows is no data, never green.
func TestConsoleShowsWhatWasCounted(t *testing.T) {
	s := newConsole(t, "operator")
	for _, target := range consolePages() {
		s.get(t, target)
	}
	var total int
	if err := s.DB.Operator(s.user).QueryRow(t.Context(), "select count(*) from runs where agent = 'inbox.triage' and not dry_run").Scan(&total); err != nil {
		t.Fatal(err)
	}
	wants(t, s.get(t, "/ops/slos"), fmt.Sprintf("%d of %d succeeded", total, total), "not running yet", "no data")
	wants(t, s.get(t, "/ops/slos/inbox.triage/success"), "Promised", fmt.Sprintf("%d of %d", total, total), "/ops/runs?agent=inbox.triage")
	wants(t, s.get(t, "/ops/slos/api/availability"), "No data in these days.")
	wants(t, s.get(t, "/ops"), "promises with data are kept", "PagerDuty: not configured")
	for _, target := range []string{"/ops/slos/inbox.triage/beauty", "/ops/slos/nobody/success", "/ops/slos/inbox.triage/beauty/points", "/ops/alerts/999999", "/ops/alerts/x", "/ops/jobs/999999"} {
		if got := s.do(t, "GET", target, "", false); got.Code != 404 {
			t.Errorf("GET %s: %d, want 404", target, got.Code)
		}
	}
	var data struct {
		At, Total []*int64
		Remaining []*float64
	}
	if err := json.Unmarshal(s.do(t, "GET", "/ops/slos/inbox.triage/success/points?days=90", "", false).Body.Bytes(), &data); err != nil {
		t.Fatal(err)
	}
	var sum int64
	for _, n := range data.Total {
		if n != nil {
			sum += *n
		}
	}
	if len(data.At) != 360 || len(data.Total) != 360 || len(data.Remaining) != 360 || sum != int64(total) || data.Total[0] != nil {
		t.Errorf("90 days: %d points, %d of %d events, the first %v", len(data.At), sum, total, data.Total[0])
	}
}

func TestConsoleChangesPromises(t *testing.T) {
	s := newConsole(t, "operator")
	s.post(t, "/ops/slos/inbox.search/success/promise", "target=99.5&period=28&reason=agreed", 403)
	s.post(t, "/ops/slos/inbox.search/success/corrections", "from=2026-01-02T10:00&to=2026-01-02T09:00&reason=move", 400)
	s.post(t, "/ops/slos/inbox.search/success/corrections", "from=2026-01-02T10:00&to=2026-01-02T11:00&reason=", 400)
	s.post(t, "/ops/slos/inbox.search/success/corrections", "from=2026-01-02T10:00&to=2026-01-02T11:00&reason=the+move+of+the+disks", 303)
	wants(t, s.get(t, "/ops/slos/inbox.search/success"), "the move of the disks", "Withdraw")
	var id int64
	if err := s.DB.Conn.QueryRow(t.Context(), "select id from slo_corrections").Scan(&id); err != nil {
		t.Fatal(err)
	}
	s.post(t, fmt.Sprintf("/ops/slos/inbox.search/success/corrections/%d/withdraw", id), "x=1", 303)
	s.post(t, fmt.Sprintf("/ops/slos/inbox.search/success/corrections/%d/withdraw", id), "x=1", 404)

	if _, err := s.DB.Owner(s.user).Exec(t.Context(), "update users set role = 'admin' where id = $1", s.user); err != nil {
		t.Fatal(err)
	}
	for _, bad := range []string{"target=100&period=28&reason=x", "target=NaN&period=28&reason=x", "target=99.5&period=28&reason=", "target=99.5&period=x&reason=x"} {
		s.post(t, "/ops/slos/inbox.search/success/promise", bad, 400)
	}
	s.post(t, "/ops/slos/inbox.search/latency/promise", "target=95&limit=0.6&period=30&reason=quicker", 303)
	wants(t, s.get(t, "/ops/slos/inbox.search/latency"), "quicker", "under 600 ms")
}

func TestConsoleAlerts(t *testing.T) {
	s := newConsole(t, "operator")
	id, err := s.DB.AlertCreate(t.Context(), db.AlertCreateParams{Key: "k1", Objective: "inbox.search/success", Class: "page", Pair: "1h/5m", FiredAt: s.Now().Add(-time.Hour)})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.DB.AlertEventCreate(t.Context(), db.AlertEventCreateParams{AlertID: id, State: "firing", Minute: s.Now(), Text: "it burns"}); err != nil {
		t.Fatal(err)
	}
	one := fmt.Sprintf("/ops/alerts/%d", id)
	wants(t, s.get(t, one), "it burns", "I take it on", "Nobody: no delivery was planned.")
	wants(t, s.get(t, "/ops"), "1 alert firing", "it burns")
	s.post(t, one+"/retry", "channel=slack", 400)
	s.post(t, one+"/acknowledge", "reason=I+look", 303)
	s.post(t, one+"/acknowledge", "reason=again", 409)
	wants(t, s.get(t, one), "acknowledged", "I look")
	s.post(t, "/ops/silences", "objective=inbox.search/success&class=beauty&until=2099-01-01T10:00&reason=x", 400)
	s.post(t, "/ops/silences", "objective=inbox.search/success&class=page&until=2020-01-01T10:00&reason=x", 400)
	s.post(t, "/ops/silences", "objective=inbox.search/success&class=page&until=2099-01-01T10:00&reason=a+drill", 303)
	wants(t, s.get(t, "/ops/alerts"), "Page of inbox.search/success", "a drill", "End it")
	var silence int64
	if err := s.DB.Conn.QueryRow(t.Context(), "select id from alert_silences").Scan(&silence); err != nil {
		t.Fatal(err)
	}
	s.post(t, fmt.Sprintf("/ops/silences/%d/end", silence), "x=1", 303)
	s.post(t, fmt.Sprintf("/ops/silences/%d/end", silence), "x=1", 404)
	wants(t, s.get(t, "/ops/budget"), one, "1h")
}

func TestConsoleJobs(t *testing.T) {
	s := newConsole(t, "operator")
	var id int64
	err := s.DB.Tx(t.Context(), 0, func(_ *db.Queries, tx pgx.Tx) error {
		made, err := s.Jobs.InsertTx(t.Context(), tx, jobs.JudgeMailArgs{UserID: s.user, Newest: 7}, nil)
		id = made.Job.ID
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.DB.Conn.Exec(t.Context(), `update river_job set args = args || '{"secret": "dear Robin"}' where id = $1`, id); err != nil {
		t.Fatal(err)
	}
	one := fmt.Sprintf("/ops/jobs/%d", id)
	wants(t, s.get(t, "/ops/jobs?kind="+jobs.JudgeMailArgs{}.Kind()+"&state=available"), one)
	if page := s.get(t, "/ops/jobs?state=discarded"); strings.Contains(page, one) {
		t.Error("a job is listed under another state")
	}
	page := s.get(t, one)
	wants(t, page, "newest", "Cancel it")
	if strings.Contains(page, "dear Robin") {
		t.Error("the text of an argument is shown")
	}
	s.post(t, one, "do=dance", 400)
	s.post(t, one, "do=cancel", 303)
	wants(t, s.get(t, one), "cancelled", "Run it now")
	s.post(t, one, "do=retry", 303)
	wants(t, s.get(t, one), "waiting")
	s.post(t, "/ops/jobs/999999", "do=retry", 404)
	s.post(t, "/ops/queues/nowhere", "do=pause", 404)
}

func TestConsoleChecklists(t *testing.T) {
	s := newConsole(t, "operator")
	wants(t, s.get(t, "/ops/checklists"), "as it should be", "not available yet", "to do")
	s.post(t, "/ops/checklists", "list=daily&line=objectives", 400) // the program's own
	s.post(t, "/ops/checklists", "list=daily&line=requests", 400)   // not there yet
	s.post(t, "/ops/checklists", "list=daily&line=overnight&note=quiet", 303)
	s.post(t, "/ops/checklists", "list=daily&line=overnight", 409)
	wants(t, s.get(t, "/ops/checklists"), "ticked by", "quiet")
}
