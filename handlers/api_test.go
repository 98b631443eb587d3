package handlers_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"time"

	"applylens/internal/auth"
)

// A program is a client of the API with a token.
type program struct {
	*site
	t     *testing.T
	token string
}

func newProgram(t *testing.T, scopes ...auth.Scope) *program {
	s := newSite(t)
	token, err := auth.NewToken(t.Context(), s.DB.As(s.user), s.user, "test", scopes, time.Now().Add(time.Hour))
	if err != nil {
		t.Fatal(err)
	}
	return &program{s, t, token}
}

// call sends a request and reads the answer into out, unless that is nil.
func (p *program) call(method, path, body string, out any, header ...string) *httptest.ResponseRecorder {
	p.t.Helper()
	r := httptest.NewRequestWithContext(p.t.Context(), method, "/api/v1"+path, strings.NewReader(body))
	r.Header.Set("Authorization", "Bearer "+p.token)
	r.Header.Set("Content-Type", "application/json")
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	p.handler.ServeHTTP(w, r)
	if out != nil {
		if err := json.Unmarshal(w.Body.Bytes(), out); err != nil {
			p.t.Fatalf("%s %s: %d %s: %v", method, path, w.Code, w.Body, err)
		}
	}
	return w
}

type mails struct {
	Mails []struct {
		ID       int64
		ThreadID int64 `json:"thread_id"`
		Subject  string
		Place    string
	}
	Next string
}

func TestAPIPagesThroughAllMail(t *testing.T) {
	p := newProgram(t, auth.MailRead)
	seen, after := map[int64]bool{}, ""
	for range 20 {
		var page mails
		if w := p.call("GET", "/mails?limit=37&after="+after, "", &page); w.Code != http.StatusOK {
			t.Fatalf("%d %s", w.Code, w.Body)
		}
		for _, m := range page.Mails {
			if seen[m.ID] {
				t.Fatalf("mail %d came twice", m.ID)
			}
			seen[m.ID] = true
		}
		if after = page.Next; after == "" {
			break
		}
	}
	var total int
	if err := p.DB.Owner(p.user).QueryRow(t.Context(), "select count(*) from emails where user_id = $1", p.user).Scan(&total); err != nil || total != len(seen) || total == 0 {
		t.Errorf("%d mails came of %d, %v", len(seen), total, err)
	}
}

func TestAPIReads(t *testing.T) {
	p := newProgram(t, auth.MailRead)
	var page mails
	p.call("GET", "/mails?limit=1", "", &page)
	id, thread := page.Mails[0].ID, page.Mails[0].ThreadID
	for _, path := range []string{fmt.Sprint("/mails/", id), fmt.Sprint("/threads/", thread), "/threads?in=archive", "/threads?split=action", "/search?q=interview",
		"/accounts", "/actions", "/approvals"} {
		var body map[string]any
		if w := p.call("GET", path, "", &body); w.Code != http.StatusOK || w.Header().Get("Cache-Control") != "no-store" || w.Header().Get("RateLimit-Remaining") == "" {
			t.Errorf("%s: %d %v %s", path, w.Code, w.Header(), w.Body)
		}
	}
	var foreign int64
	if err := p.DB.Owner(p.foreign).QueryRow(t.Context(), "select min(id) from emails where user_id = $1", p.foreign).Scan(&foreign); err != nil {
		t.Fatal(err)
	}
	for path, code := range map[string]int{fmt.Sprint("/mails/", foreign): 404, "/mails/0": 422, "/mails/x": 422, "/nothing": 404, "/threads?in=nowhere": 422,
		"/mails?after=x": 400, "/search?q=a&after=zz": 400, "/mails?wat=1": 422, "/search": 422, "/search?q=%20": 400, "/mails?limit=1000": 422} {
		w := p.call("GET", path, "", nil)
		if w.Code != code || w.Header().Get("Content-Type") != "application/problem+json" {
			t.Errorf("%s: %d %s %s", path, w.Code, w.Header().Get("Content-Type"), w.Body)
		}
	}
}

func TestAPIKeepsToScopes(t *testing.T) {
	p := newProgram(t, auth.OpsRead)
	if w := p.call("GET", "/mails", "", nil); w.Code != http.StatusForbidden || !strings.Contains(w.Body.String(), "mail:read") {
		t.Errorf("without the scope: %d %s", w.Code, w.Body)
	}
	var id int64
	if err := p.DB.Owner(p.user).QueryRow(t.Context(), "select id from api_tokens where user_id = $1", p.user).Scan(&id); err != nil {
		t.Fatal(err)
	}
	if got := p.do(t, "POST", fmt.Sprintf("/settings/tokens/%d/revoke", id), "x=y", false); got.Code != http.StatusSeeOther {
		t.Fatalf("revoke: %d", got.Code)
	}
	for token, want := range map[string]int{p.token: 401, "applylens_nothing": 401, "": 401} {
		p.token = token
		if w := p.call("GET", "/mails", "", nil); w.Code != want || w.Header().Get("WWW-Authenticate") == "" {
			t.Errorf("token %q: %d", token, w.Code)
		}
	}
}

func TestAPIOfTheConsole(t *testing.T) {
	p := newProgram(t, auth.OpsRead, auth.OpsWrite, auth.MailRead)
	if w := p.call("GET", "/ops/agents", "", nil); w.Code != http.StatusForbidden {
		t.Fatalf("a user without the role: %d", w.Code)
	}
	if w := p.call("GET", "/runs", "", nil); w.Code != http.StatusOK {
		t.Errorf("own runs: %d %s", w.Code, w.Body)
	}
	if _, err := p.DB.Owner(p.user).Exec(t.Context(), "update users set role = 'operator' where id = $1", p.user); err != nil {
		t.Fatal(err)
	}
	for path, code := range map[string]int{"/ops/agents": 200, "/ops/runs?agent=inbox.search": 200, "/ops/slos": 200, "/ops/slos/nothing/success": 404,
		"/ops/alerts": 200, "/ops/alerts/999999999": 404, "/ops/runs?outcome=fine": 422} {
		if w := p.call("GET", path, "", nil); w.Code != code {
			t.Errorf("%s: %d %s", path, w.Code, w.Body)
		}
	}
	if w := p.call("POST", "/ops/silences", `{"reason":"a test","until":"2000-01-01T00:00:00Z"}`, nil); w.Code != http.StatusBadRequest {
		t.Errorf("a silence that is over: %d %s", w.Code, w.Body)
	}
}

func TestAPIDoesOnce(t *testing.T) {
	p := newProgram(t, auth.MailRead, auth.MailWrite)
	var page mails
	p.call("GET", "/mails?limit=200", "", &page)
	id := int64(0)
	for _, m := range page.Mails {
		if m.Place == "inbox" {
			id = m.ID
		}
	}
	body := fmt.Sprintf(`{"kind":"archive","mails":[%d],"reason":"test"}`, id)
	first := p.call("POST", "/actions", body, nil, "Idempotency-Key", "k1")
	again := p.call("POST", "/actions", body, nil, "Idempotency-Key", "k1")
	if first.Code != http.StatusOK || again.Code != http.StatusOK || first.Body.String() != again.Body.String() {
		t.Fatalf("first %d %s, again %d %s", first.Code, first.Body, again.Code, again.Body)
	}
	if other := p.call("POST", "/actions", `{"kind":"star","mails":[1]}`, nil, "Idempotency-Key", "k1"); other.Code != http.StatusUnprocessableEntity {
		t.Errorf("another request under the same key: %d %s", other.Code, other.Body)
	}
	var action struct {
		ID           int64
		State, Actor string
		Mails        int
	}
	if err := json.Unmarshal(first.Body.Bytes(), &action); err != nil || action.State != "done" || action.Mails != 1 {
		t.Fatalf("%+v %v", action, err)
	}
	p.call("POST", "/actions/"+strconv.FormatInt(action.ID, 10)+"/undo", "", &action)
	if action.State != "undone" {
		t.Errorf("after undo: %+v", action)
	}
	if w := p.call("POST", "/actions", `{"kind":"explode","mails":[1]}`, nil); w.Code != http.StatusUnprocessableEntity {
		t.Errorf("a kind that is none: %d", w.Code)
	}
	if w := p.call("POST", "/actions", `{"kind":"archive"}`, nil); w.Code != http.StatusBadRequest {
		t.Errorf("nothing named: %d", w.Code)
	}
}

func TestAPIDescribesItself(t *testing.T) {
	s := newSite(t)
	w := s.do(t, "GET", "/api/openapi.json", "", false)
	var doc struct {
		OpenAPI string `json:"openapi"`
		Paths   map[string]any
	}
	if err := json.Unmarshal(w.Body.Bytes(), &doc); err != nil || !strings.HasPrefix(doc.OpenAPI, "3.1") || doc.Paths["/mails/{id}"] == nil {
		t.Errorf("%d %v %.300s", w.Code, err, w.Body)
	}
	if w := s.do(t, "GET", "/api", "", false); w.Code != http.StatusOK || !strings.Contains(w.Body.String(), "/mails/{id}") || !strings.Contains(w.Body.String(), "Idempotency-Key") {
		t.Errorf("the page: %d", w.Code)
	}
}

func TestTokensPage(t *testing.T) {
	s := newSite(t)
	made := s.do(t, "POST", "/settings/tokens", "name=Backup&days=30&scope=mail:read", false)
	if made.Code != http.StatusOK || !strings.Contains(made.Body.String(), "applylens_") {
		t.Fatalf("%d", made.Code)
	}
	for _, bad := range []string{"name=&days=30&scope=mail:read", "name=x&days=0&scope=mail:read", "name=x&days=30", "name=x&days=30&scope=ops:read"} {
		if got := s.do(t, "POST", "/settings/tokens", bad, false); got.Code != http.StatusBadRequest {
			t.Errorf("%s: %d", bad, got.Code)
		}
	}
	page := s.do(t, "GET", "/settings/tokens", "", false).Body.String()
	if !strings.Contains(page, "Backup") || strings.Count(page, "applylens_") != 1 {
		t.Error("the page shows no token, or more of it than its hint")
	}
}
