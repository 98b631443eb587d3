package handlers_test

import (
	"encoding/json"
	"net/http"
	"slices"
	"testing"
	"time"
)

// answer is what /health says.
type answer struct {
	Live, Ready       bool
	Reasons, Warnings []string
	Checks            []struct{ Name, State, Why string }
}

// TestHealthTellsWhyNot takes away one thing after the other.
func TestHealthTellsWhyNot(t *testing.T) {
	s := newSite(t)
	now := time.Now()
	s.Now = func() time.Time { return now }
	ask := func(path string) (code int, a answer) {
		t.Helper()
		now = now.Add(time.Minute)
		got := s.do(t, "GET", path, "", false)
		if err := json.Unmarshal(got.Body.Bytes(), &a); err != nil {
			t.Fatalf("%s: %v: %s", path, err, got.Body)
		}
		return got.Code, a
	}
	for _, path := range []string{"/health", "/health/ready"} {
		code, a := ask(path)
		if code != http.StatusOK || !a.Ready || !a.Live || len(a.Checks) != 5 {
			t.Errorf("%s: %d %+v", path, code, a)
		}
		if !slices.Contains(a.Warnings, "no process works on jobs") {
			t.Errorf("%s does not tell that nobody works: %+v", path, a)
		}
	}
	exec := func(sql string) {
		t.Helper()
		if _, err := s.DB.Conn.Exec(t.Context(), sql); err != nil {
			t.Fatal(err)
		}
	}
	exec("insert into river_leader (elected_at, expires_at, leader_id) values (now(), now() + interval '1 minute', 'x') on conflict (name) do update set expires_at = excluded.expires_at")
	if _, a := ask("/health"); slices.Contains(a.Warnings, "no process works on jobs") {
		t.Errorf("a worker is not seen: %+v", a)
	}
	if err := s.Blobs.Close(); err != nil {
		t.Fatal(err)
	}
	if code, a := ask("/health/ready"); code != http.StatusServiceUnavailable || a.Ready || !slices.Equal(a.Reasons, []string{"the store of originals does not answer"}) {
		t.Errorf("without the originals: %d %+v", code, a)
	}
	exec("savepoint before")
	if _, err := s.DB.Conn.Exec(t.Context(), "this is no statement"); err == nil { // the transaction takes no more
		t.Fatal("it was")
	}
	if code, a := ask("/health"); code != http.StatusServiceUnavailable || !slices.Contains(a.Reasons, "the database does not answer") {
		t.Errorf("without the database: %d %+v", code, a)
	}
	if code, a := ask("/health/live"); code != http.StatusOK || !a.Live {
		t.Errorf("it lives all the same: %d %+v", code, a)
	}
}
