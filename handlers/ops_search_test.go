package handlers_test

import (
	"strings"
	"testing"
)

// TestOpsSearch: without Elasticsearch the page says who answers and how to set it up; what was left noted can be
// turned off, after a preview; nobody else gets there.
func TestOpsSearch(t *testing.T) {
	s := newOps(t, "operator")
	get := func(path string, code int, want string) {
		t.Helper()
		got := s.do(t, "GET", path, "", false)
		if got.Code != code || !strings.Contains(got.Body.String(), want) {
			t.Errorf("GET %s is %d, want %d with %q: %.1500s", path, got.Code, code, want, got.Body)
		}
	}
	post := func(path, form string, code int) {
		t.Helper()
		if got := s.do(t, "POST", path, form, false); got.Code != code {
			t.Errorf("POST %s %s is %d, want %d: %.800s", path, form, got.Code, code, got.Body)
		}
	}
	get("/ops/search", 200, "Postgres answers all searches")
	get("/ops/search/build", 200, "Elasticsearch is not set up here")
	get("/ops/search/format", 404, "Nothing here")
	post("/ops/search/build", "", 404)
	if _, err := s.DB.SearchGenerationMake(t.Context(), "a layout"); err != nil {
		t.Fatal(err)
	}
	get("/ops/search", 200, "Changes of mail are still noted")
	post("/ops/search/off", "preview=0198f0de-0000-7000-8000-000000000000", 409)
	get("/ops/search/off", 200, ">Preview</button>")
	post("/ops/search/off", "preview=", 303)
	get("/ops/search/off", 200, "waits for a worker or is in progress")
	post("/ops/search/off", "preview=", 409)
}

func TestOpsSearchIsForOperators(t *testing.T) {
	s := newOps(t, "user")
	if got := s.do(t, "GET", "/ops/search", "", false); got.Code == 200 {
		t.Error("a user without the role sees the operators' page")
	}
}
