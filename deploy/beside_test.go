package deploy_test

import (
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"maps"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"applylens/internal/agent"
	"applylens/internal/db"
	"applylens/internal/db/dbtest"
	"applylens/internal/slo"
	"applylens/internal/slo/watch"
	"applylens/internal/telemetry"
	"applylens/internal/telemetry/gather"
)

// A program is one that measures itself, over a database of its own.
type program struct {
	db      *db.DB
	metrics *telemetry.Metrics
	address string
}

func start(t *testing.T) *program {
	t.Helper()
	d, log := dbtest.Fresh(t), slog.New(slog.DiscardHandler)
	names := []string{}
	for _, a := range agent.All() {
		names = append(names, a.Name)
	}
	m := telemetry.New(telemetry.Known{Version: "test", Agents: names, Outcomes: []string{"ok", "failed"}})
	m.Add(&gather.Collector{DB: d, Log: log, Now: time.Now, Agents: names, Fresh: 200 * time.Millisecond})
	address, err := m.Listen(t.Context(), "127.0.0.1:0", "", log)
	if err != nil {
		t.Fatal(err)
	}
	return &program{d, m, address.String()}
}

func (p *program) scrape(t *testing.T) string {
	t.Helper()
	return get(t, "http://"+p.address+"/metrics")
}

func get(t *testing.T, address string) string {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, address, nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(body)
}

// add counts events of an objective, as many each minute of six up to now, so many of them bad.
func (p *program) add(t *testing.T, objective string, bad, total int64) {
	t.Helper()
	last := slo.MinuteOf(time.Now()) - 1
	for m := last - 5; m <= last; m++ {
		if err := watch.Add(t.Context(), p.db, objective, slo.Count{Minute: m, Good: total - bad, Total: total}); err != nil {
			t.Fatal(err)
		}
	}
}

// evaluate lets the engine look, at first six minutes ago.
func (p *program) evaluate(t *testing.T) {
	t.Helper()
	for _, at := range []time.Time{time.Now().Add(-6 * time.Minute), time.Now()} {
		if err := watch.Tick(t.Context(), p.db, at); err != nil {
			t.Fatal(err)
		}
	}
}

// TestDashboardsAndRulesUseWhatExists scrapes a program in which everything has happened once, and looks there for each
// metric of the dashboards and rules.
func TestDashboardsAndRulesUseWhatExists(t *testing.T) {
	p := start(t)
	p.fill(t)
	exists := map[string]bool{}
	for _, line := range strings.Split(p.scrape(t), "\n") {
		name, _, _ := strings.Cut(strings.SplitN(line, "{", 2)[0], " ")
		exists[name] = true
	}
	uids := []string{}
	files, err := filepath.Glob("grafana/*.json")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var board struct {
			UID    string
			Panels []struct {
				Title   string
				Targets []struct{ Expr string }
			}
		}
		if err := json.Unmarshal(text, &board); err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		uids = append(uids, board.UID)
		for _, panel := range board.Panels {
			if len(panel.Targets) == 0 {
				t.Errorf("%s: %s shows nothing", file, panel.Title)
			}
			for _, target := range panel.Targets {
				checkNames(t, file+", "+panel.Title, target.Expr, exists)
			}
		}
	}
	if want := []string{"agent-performance", "error-budget", "slo-compliance", "system-health"}; !slices.Equal(uids, want) {
		t.Errorf("the dashboards are %q, want the handbook's %q", uids, want)
	}
	rules, err := os.ReadFile("prometheus/rules.yml")
	if err != nil {
		t.Fatal(err)
	}
	checkNames(t, "rules.yml", string(rules), exists)
}

var metricName = regexp.MustCompile(`\b(?:applylens|go|process)_[a-z0-9_]+`)

func checkNames(t *testing.T, where, text string, exists map[string]bool) {
	t.Helper()
	found := metricName.FindAllString(text, -1)
	if len(found) == 0 {
		t.Errorf("%s: %q names no metric", where, text)
	}
	for _, name := range found {
		if !exists[name] {
			t.Errorf("%s: there is no %s in a scrape", where, name)
		}
	}
}

// fill lets everything happen once: requests, runs, searches, jobs, an account, an index, counts and their evaluation.
func (p *program) fill(t *testing.T) {
	t.Helper()
	ctx := t.Context()
	runtime, err := agent.Open(ctx, agent.Options{DB: p.db, Dir: t.TempDir(), Release: "test", Log: slog.New(slog.DiscardHandler),
		Now: func() time.Time { return time.Now().Add(-2 * time.Minute) }, Metrics: p.metrics})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = runtime.Close() }()
	if err := watch.Tick(ctx, p.db, time.Now().Add(-6*time.Minute)); err != nil {
		t.Fatal(err)
	}
	if _, err := runtime.Do(ctx, agent.Ask{Agent: agent.Search(), Trigger: agent.API}, func(context.Context, *agent.Run) error { return nil }); err != nil {
		t.Fatal(err)
	}
	if err := runtime.Flush(ctx); err != nil {
		t.Fatal(err)
	}
	p.metrics.Request(ctx, "GET", "/", 200, time.Millisecond)
	p.metrics.Search(ctx, "postgres without meaning", time.Millisecond)
	p.metrics.Job(ctx, "sweep", "ok", time.Millisecond)
	user := dbtest.User(t, p.db, "robin@example.com")
	err = p.db.Tx(ctx, user, func(_ *db.Queries, tx pgx.Tx) error {
		for _, sql := range []string{
			"insert into accounts (user_id, address, subject, state, synced_at) values (app_uid(), 'robin@example.com', '1', 'live', now())",
			"insert into search_generations (generation, state, layout) values (1, 'live', 'x')",
			"insert into river_job (args, kind, max_attempts, queue, state, scheduled_at) values ('{}', 'sweep', 3, 'default', 'available', now() - interval '1 minute')"} {
			if _, err := tx.Exec(ctx, sql); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	p.evaluate(t)
	got := p.scrape(t)
	for _, line := range []string{`applylens_agent_success_rate{agent="inbox.search"} 1`, `applylens_agent_error_rate{agent="inbox.search"} 0`, `applylens_agent_slo_compliant{agent="inbox.search"} 1`,
		`applylens_agent_runs_total{agent="inbox.search",outcome="ok"} 1`, `applylens_jobs{queue="default",state="available"} 1`, `applylens_gmail_accounts{state="live"} 1`,
		`applylens_scrape_failures_total{part="objectives"} 0`} {
		if !strings.Contains(got, "\n"+line+"\n") {
			t.Errorf("the scrape lacks %s", line)
		}
	}
	if strings.Contains(got, `applylens_agent_success_rate{agent="planner.deploy"}`) || strings.Contains(got, `applylens_agent_slo_compliant{agent="planner.deploy"}`) {
		t.Error("an agent without data has a rate")
	}
}

// TestPrometheusBesideTheEngine lets a real Prometheus scrape the program and evaluate the rules while an API fails and
// an index is slow: it must come to the same alerts as the engine.
func TestPrometheusBesideTheEngine(t *testing.T) {
	prometheus := tool(t, "prometheus")
	p := start(t)
	if err := watch.Tick(t.Context(), p.db, time.Now().Add(-6*time.Minute)); err != nil {
		t.Fatal(err)
	}
	server := beside(t, prometheus, p.address)
	wait(t, "the first scrape", func() bool { return len(ask(t, server, "applylens_slo_events_total == 0")) > 0 })
	p.add(t, slo.APIAvailability, 700, 1000)
	p.add(t, slo.IndexLag, 50, 1000)
	p.add(t, "sync/freshness", 0, 1000)
	p.evaluate(t)
	open, err := p.db.AlertOpen(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]bool{}
	for _, a := range open {
		want[a.Objective+" "+a.Class] = true
	}
	for _, alert := range []string{"api/availability page", "api/availability hard_down", "api/availability exhausted", "index/lag ticket"} {
		if !want[alert] {
			t.Errorf("the engine does not fire %s", alert)
		}
	}
	if len(want) == 0 || want["sync/freshness page"] {
		t.Fatalf("the engine fires %v", want)
	}
	var got map[string]bool
	wait(t, "the same alerts", func() bool {
		got = map[string]bool{}
		for _, labels := range ask(t, server, `ALERTS{alertstate="firing"}`) {
			got[labels["objective"]+" "+labels["class"]] = true
		}
		return maps.Equal(got, want)
	})
	if !maps.Equal(got, want) {
		t.Errorf("Prometheus fires %v, the engine %v", got, want)
	}
}

// wait asks again for at most fifteen seconds.
func wait(t *testing.T, what string, done func() bool) {
	t.Helper()
	for range 75 {
		if done() {
			return
		}
		time.Sleep(200 * time.Millisecond)
	}
	t.Logf("%s did not come", what)
}

// beside starts a Prometheus that scrapes the program each second, and returns its address.
func beside(t *testing.T, prometheus, target string) string {
	t.Helper()
	dir := t.TempDir()
	rules, err := os.ReadFile("prometheus/rules.yml")
	if err != nil {
		t.Fatal(err)
	}
	config := "global: {scrape_interval: 1s, scrape_timeout: 1s, evaluation_interval: 1s}\nrule_files: [rules.yml]\nscrape_configs: [{job_name: applylens, static_configs: [{targets: ['" + target + "']}]}]\n"
	for name, text := range map[string]string{"rules.yml": strings.ReplaceAll(string(rules), "interval: 30s", "interval: 1s"), "prometheus.yml": config} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	l, err := net.Listen("tcp", "127.0.0.1:0") // a port that is free
	if err != nil {
		t.Fatal(err)
	}
	address := l.Addr().String()
	_ = l.Close()
	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
	cmd := exec.CommandContext(ctx, prometheus, "--config.file="+filepath.Join(dir, "prometheus.yml"), "--storage.tsdb.path="+filepath.Join(dir, "data"), //nolint:gosec // our own
		"--web.listen-address="+address, "--log.level=error")
	cmd.Stderr = os.Stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { cancel(); _ = cmd.Wait() })
	wait(t, "Prometheus", func() bool {
		resp, err := http.Get("http://" + address + "/-/ready") //nolint:noctx // a test on this machine
		if err != nil {
			return false
		}
		_ = resp.Body.Close()
		return resp.StatusCode == http.StatusOK
	})
	return "http://" + address
}

// ask returns the labels of the series for which an expression holds.
func ask(t *testing.T, server, query string) []map[string]string {
	t.Helper()
	var answer struct {
		Data struct {
			Result []struct{ Metric map[string]string }
		}
	}
	text := get(t, server+"/api/v1/query?query="+url.QueryEscape(query))
	if err := json.Unmarshal([]byte(text), &answer); err != nil {
		t.Fatalf("%v: %s", err, text)
	}
	var all []map[string]string
	for _, r := range answer.Data.Result {
		all = append(all, r.Metric)
	}
	return all
}
