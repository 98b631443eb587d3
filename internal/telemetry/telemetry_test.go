package telemetry_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"

	"applylens/internal/db/dbtest"
	"applylens/internal/slo"
	"applylens/internal/telemetry"
)

func scrape(t *testing.T, m *telemetry.Metrics, accept string) string {
	t.Helper()
	r := httptest.NewRequest(http.MethodGet, "/metrics", nil)
	r.Header.Set("Accept", accept)
	w := httptest.NewRecorder()
	m.Handler().ServeHTTP(w, r)
	return w.Body.String()
}

func TestAnAgentIsThereBeforeItsFirstRun(t *testing.T) {
	m := telemetry.New(telemetry.Known{Version: "test", Agents: []string{"inbox.triage"}, Outcomes: []string{"ok", "failed"}})
	got := scrape(t, m, "")
	for _, line := range []string{`applylens_agent_runs_total{agent="inbox.triage",outcome="failed"} 0`, `applylens_agent_run_duration_seconds_count{agent="inbox.triage"} 0`,
		`applylens_build_info{version="test"} 1`, "go_goroutines "} {
		if !strings.Contains(got, "\n"+line) {
			t.Errorf("the scrape lacks %s", line)
		}
	}
}

// TestEachLimitIsAnEdge keeps the share under a limit, and under 1.5 times it, exact; and the edges those of the database.
func TestEachLimitIsAnEdge(t *testing.T) {
	objectives, err := slo.Objectives()
	if err != nil {
		t.Fatal(err)
	}
	edges := telemetry.RunEdges()
	for _, o := range objectives {
		limit := float64(o.Limit) / 1e6
		if o.SLI == slo.Latency && (!slices.Contains(edges, limit) || !slices.Contains(edges, 1.5*limit) && !slices.Contains(edges, float64(o.Limit*3/2)/1e6)) {
			t.Errorf("%s: %v s or 1.5 times it is no edge", o.Name, limit)
		}
	}
	stored, err := dbtest.New(t).RunEdges(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for i, e := range stored {
		if i >= len(edges) || float64(e)/1e6 != edges[i] {
			t.Errorf("edge %d of run_edges() is %d µs", i, e)
		}
	}
}

func TestExemplarsCarryTheTrace(t *testing.T) {
	m, tracer := telemetry.New(telemetry.Known{}), telemetry.NoExport()
	ctx, end := tracer.Span(t.Context(), telemetry.Serves, "GET /")
	defer end(nil)
	id := telemetry.TraceID(ctx)
	if len(id) != 32 {
		t.Fatalf("the trace id is %q", id)
	}
	m.Request(ctx, "GET", "/t/:id", 200, 20*time.Millisecond)
	m.Run(ctx, "inbox.search", "ok", true, time.Millisecond, 2_000_000)
	got := scrape(t, m, "application/openmetrics-text; version=1.0.0")
	if n := strings.Count(got, `# {trace_id="`+id+`"}`); n < 4 {
		t.Errorf("%d exemplars, want one for each counter and histogram:\n%s", n, got)
	}
	if !strings.HasSuffix(got, "# EOF\n") || !strings.Contains(got, `applylens_agent_cost_dollars_total{agent="inbox.search"} 2.0`) {
		t.Errorf("no OpenMetrics: %s", got[max(0, len(got)-300):])
	}
}

func TestListenHeedsTheToken(t *testing.T) {
	m := telemetry.New(telemetry.Known{})
	log := slog.New(slog.DiscardHandler)
	address, err := m.Listen(t.Context(), "127.0.0.1:0", "0123456789abcdef", log)
	if err != nil {
		t.Fatal(err)
	}
	for given, want := range map[string]int{"": 401, "Bearer ": 401, "Bearer 0123456789abcdeF": 401, "0123456789abcdef": 401, "Bearer 0123456789abcdef": 200} {
		r, _ := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+address.String()+"/metrics", nil)
		r.Header.Set("Authorization", given)
		resp, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		_ = resp.Body.Close()
		if resp.StatusCode != want {
			t.Errorf("%q is answered %d, want %d", given, resp.StatusCode, want)
		}
	}
	if telemetry.Allowed(httptest.NewRequest(http.MethodGet, "/", nil), "") {
		t.Error("without a token, everybody is allowed")
	}
}

func TestLogLinesHoldTheTrace(t *testing.T) {
	var out bytes.Buffer
	log := telemetry.Traced(slog.New(slog.NewTextHandler(&out, nil))).With("part", "x")
	ctx, end := telemetry.NoExport().Span(t.Context(), telemetry.Within, "work")
	defer end(nil)
	log.InfoContext(ctx, "inside")
	log.Info("outside")
	lines := strings.Split(out.String(), "\n")
	if !strings.Contains(lines[0], "trace="+telemetry.TraceID(ctx)) || strings.Contains(lines[1], "trace=") {
		t.Errorf("the log reads %q", lines)
	}
}

// TestSpansHoldNothingOfAPerson runs a statement, a call and a failure that quote a secret, and looks for it.
func TestSpansHoldNothingOfAPerson(t *testing.T) {
	const secret = "from:anna@example.com"
	exporter := tracetest.NewInMemoryExporter()
	tracer := telemetry.ExportTo(exporter)
	ctx, end := tracer.Span(t.Context(), telemetry.Serves, "GET /search", slog.String("http.route", "/search"))

	queries := tracer.Queries()
	one := queries.TraceQueryStart(ctx, nil, pgx.TraceQueryStartData{SQL: "-- name: InboxList :many\nselect '" + secret + "'", Args: []any{secret}})
	queries.TraceQueryEnd(one, nil, pgx.TraceQueryEndData{Err: errors.New(secret)})
	two := queries.TraceQueryStart(ctx, nil, pgx.TraceQueryStartData{SQL: secret})
	queries.TraceQueryEnd(two, nil, pgx.TraceQueryEndData{})
	alone := queries.TraceQueryStart(t.Context(), nil, pgx.TraceQueryStartData{SQL: "select 1"})
	queries.TraceQueryEnd(alone, nil, pgx.TraceQueryEndData{})

	client := &http.Client{Transport: tracer.Transport(answers{}, "google")}
	r, _ := http.NewRequestWithContext(ctx, http.MethodGet, "https://gmail.googleapis.com/gmail/v1/users/me/messages/18c2f0?q="+secret, nil)
	resp, err := client.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	_ = resp.Body.Close()
	later := telemetry.Resume(context.Background(), telemetry.Carry(ctx))
	_, endJob := tracer.Span(later, telemetry.Consumes, "job gmail_sync")
	endJob(errors.New(secret))
	end(nil)

	spans := exporter.GetSpans()
	var names []string
	for _, s := range spans {
		names = append(names, s.Name)
		if s.SpanContext.TraceID().String() != telemetry.TraceID(ctx) {
			t.Errorf("%s belongs to another trace", s.Name)
		}
		for _, a := range s.Attributes {
			if strings.Contains(a.Value.String(), "anna") || strings.Contains(a.Value.String(), "18c2f0") {
				t.Errorf("%s holds %s=%s", s.Name, a.Key, a.Value.String())
			}
		}
		if strings.Contains(s.Name+s.Status.Description, "anna") || len(s.Events) > 0 {
			t.Errorf("%s: %s tells too much", s.Name, s.Status.Description)
		}
	}
	want := []string{"sql InboxList", "sql other", "google GET", "job gmail_sync", "GET /search"}
	if !slices.Equal(names, want) {
		t.Errorf("spans %q, want %q", names, want)
	}
}

type answers struct{}

func (answers) RoundTrip(*http.Request) (*http.Response, error) {
	return &http.Response{StatusCode: http.StatusOK, Body: io.NopCloser(strings.NewReader(""))}, nil
}

// BenchmarkRequest is what measuring adds to a request: its span, counter and histogram.
func BenchmarkRequest(b *testing.B) {
	m, tracer := telemetry.New(telemetry.Known{}), telemetry.NoExport()
	b.ReportAllocs()
	for b.Loop() {
		ctx, end := tracer.Span(context.Background(), telemetry.Serves, "GET /", slog.String("http.route", "/"))
		m.Request(ctx, "GET", "/", 200, time.Millisecond)
		end(nil)
	}
}
