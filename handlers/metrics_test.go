package handlers_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"applylens/internal/db"
	"applylens/internal/slo"
	"applylens/internal/slo/watch"
	"applylens/internal/telemetry"
)

// TestMetricsAndAvailability asks a site that measures itself: routes are told, never addresses; the metrics only to who
// bears the token; and each answer counts for the availability but those to who asks how we are.
func TestMetricsAndAvailability(t *testing.T) {
	s := newSite(t)
	if got := s.do(t, "GET", "/metrics", "", false); got.Code != http.StatusNotFound {
		t.Errorf("without a token, /metrics is answered %d", got.Code)
	}
	at := time.Date(2026, 11, 25, 10, 0, 30, 0, time.UTC)
	s.Metrics, s.Tracer, s.MetricsToken = telemetry.New(telemetry.Known{}), telemetry.NoExport(), "0123456789abcdef"
	s.Requests = &watch.Meter{Objective: slo.APIAvailability}
	s.Now = func() time.Time { return at }
	s.handler = s.Handler()
	for _, target := range []string{"/", "/t/8675309123", "/search?q=from:anna", "/no/such/page", "/health"} {
		s.do(t, "GET", target, "", false)
	}
	s.do(t, "BREW", "/", "", false)
	if err := s.Requests.Flush(t.Context(), s.DB, slo.MinuteOf(at)+1); err != nil {
		t.Fatal(err)
	}
	rows, err := s.DB.SLOHoursOf(t.Context(), db.SLOHoursOfParams{Objective: slo.APIAvailability, FromAt: at.Add(-time.Hour), UntilAt: at})
	if err != nil || len(rows) != 1 {
		t.Fatalf("%d hours, %v", len(rows), err)
	}
	counts, err := slo.Unpack(nil, rows[0].Counts, slo.MinuteOf(rows[0].Hour))
	if err != nil || len(counts) != 1 || counts[0].Total != 5 || counts[0].Good != 5 {
		t.Errorf("counted %+v, %v; want five good answers", counts, err)
	}

	r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/metrics", nil)
	r.Header.Set("Authorization", "Bearer 0123456789abcdef")
	r.Header.Set("Accept-Encoding", "identity")
	w := httptest.NewRecorder()
	s.handler.ServeHTTP(w, r)
	got := w.Body.String()
	for _, line := range []string{`applylens_http_requests_total{method="GET",route="/t/:id",status="4xx"} 1`, `applylens_http_requests_total{method="GET",route="none",status="4xx"} 1`,
		`applylens_http_requests_total{method="other",`, `applylens_http_request_duration_seconds_count{route="/search"} 1`} {
		if !strings.Contains(got, line) {
			t.Errorf("the scrape lacks %s", line)
		}
	}
	for _, hidden := range []string{"anna", "8675309123", "no/such", "BREW"} {
		if strings.Contains(got, hidden) {
			t.Errorf("the scrape tells %s", hidden)
		}
	}
	if got := s.do(t, "GET", "/metrics", "", false); got.Code != http.StatusUnauthorized {
		t.Errorf("without its token, /metrics is answered %d", got.Code)
	}
}

// TestAFaultHasAReference breaks the database: the page names the trace, and the answer counts as bad.
func TestAFaultHasAReference(t *testing.T) {
	s := newSite(t)
	s.Tracer, s.Requests = telemetry.NoExport(), &watch.Meter{Objective: slo.APIAvailability}
	s.handler = s.Handler()
	broken := db.NewDB(s.DB.Conn)
	s.Server.DB = broken
	if _, err := broken.Conn.Exec(t.Context(), "savepoint before"); err != nil {
		t.Fatal(err)
	}
	if _, err := broken.Conn.Exec(t.Context(), "this is no statement"); err == nil { // the transaction takes no more
		t.Fatal("it was")
	}
	got := s.do(t, "GET", "/", "", false)
	if got.Code != http.StatusInternalServerError || !strings.Contains(got.Body.String(), "Reference for whoever runs this site: <code") {
		t.Errorf("%d: %s", got.Code, got.Body)
	}
	if _, err := broken.Conn.Exec(t.Context(), "rollback to savepoint before"); err != nil {
		t.Fatal(err)
	}
	now := slo.MinuteOf(time.Now()) + 1
	if err := s.Requests.Flush(t.Context(), broken, now); err != nil {
		t.Fatal(err)
	}
	rows, err := broken.SLOHoursOf(t.Context(), db.SLOHoursOfParams{Objective: slo.APIAvailability, FromAt: time.Now().Add(-2 * time.Hour), UntilAt: time.Now().Add(time.Hour)})
	if err != nil || len(rows) == 0 {
		t.Fatalf("%d hours, %v", len(rows), err)
	}
	hour, err := slo.UnpackHour(rows[len(rows)-1].Counts)
	if err != nil {
		t.Fatal(err)
	}
	if good, total, _ := hour.Sums(); good != 0 || total != 1 {
		t.Errorf("%d good of %d, want the one fault", good, total)
	}
}
