package handlers_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"applylens/internal/db"
	"applylens/internal/gmail"
	"applylens/internal/gmail/gmailsync"
	"applylens/internal/gmail/gmailtest"
	"applylens/internal/vault"
	"applylens/views"
)

// A googleSite is a site with a fake Google beside it, and one browser's cookies.
type googleSite struct {
	*site
	fake *gmailtest.Fake
	jar  map[string]*http.Cookie
}

func newGoogleSite(t *testing.T) *googleSite {
	t.Helper()
	s := newSite(t)
	fake, err := gmailtest.New(gmailtest.Options{Push: "http://example.com/gmail/push"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(fake.Close)
	keys, err := vault.Open(t.TempDir()+"/keys", "", nil)
	if err != nil {
		t.Fatal(err)
	}
	oauth := gmail.OAuth{ClientID: "client", ClientSecret: "secret", Redirect: "http://example.com/google/callback", Endpoints: gmail.At(fake.URL), HTTP: http.DefaultClient}
	s.Gmail = gmailsync.New(s.DB, s.Ingest, keys, oauth, gmail.Quota2026(), s.Log, time.Now, gmailsync.Defaults())
	s.Push = gmail.PushCheck{Verifier: gmail.NewVerifier(gmail.At(fake.URL), http.DefaultClient, time.Now), Audience: "http://example.com/gmail/push",
		Account: "push@project.iam.gserviceaccount.com", Subscription: "projects/p/subscriptions/s"}
	s.handler = s.Handler()
	return &googleSite{site: s, fake: fake, jar: map[string]*http.Cookie{s.cookie.Name: s.cookie}}
}

// get asks for a page with the browser's cookies and keeps those it is given.
func (s *googleSite) get(t *testing.T, target string) *httptest.ResponseRecorder {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, target, nil)
	r.Header.Set("Accept", "text/html")
	for _, c := range s.jar {
		r.AddCookie(c)
	}
	w := httptest.NewRecorder()
	s.handler.ServeHTTP(w, r)
	for _, c := range w.Result().Cookies() {
		if c.MaxAge < 0 {
			delete(s.jar, c.Name)
		} else {
			s.jar[c.Name] = c
		}
	}
	return w
}

// toGoogle follows a link to the consent page and returns where Google sends the browser back to.
func (s *googleSite) toGoogle(t *testing.T, start string) string {
	t.Helper()
	w := s.get(t, start)
	if w.Code != http.StatusSeeOther {
		t.Fatalf("%s: %d %s", start, w.Code, w.Body)
	}
	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	resp, err := client.Get(w.Header().Get("Location"))
	if err != nil {
		t.Fatal(err)
	}
	_ = resp.Body.Close()
	back, err := url.Parse(resp.Header.Get("Location"))
	if err != nil || back.Path != "/google/callback" {
		t.Fatalf("Google answered %d %q", resp.StatusCode, resp.Header.Get("Location"))
	}
	return back.RequestURI()
}

func (s *googleSite) accounts(t *testing.T) []views.Account {
	t.Helper()
	var answer struct{ Accounts []views.Account }
	if err := json.Unmarshal(s.get(t, "/api/v1/accounts").Body.Bytes(), &answer); err != nil {
		t.Fatal(err)
	}
	return answer.Accounts
}

func want(t *testing.T, w *httptest.ResponseRecorder, code int, text string) {
	t.Helper()
	if w.Code != code || !strings.Contains(w.Body.String(), text) {
		t.Errorf("answer %d, want %d with %q:\n%s", w.Code, code, text, w.Body)
	}
}

func TestConnectOutcomes(t *testing.T) {
	s := newGoogleSite(t)
	s.fake.Box("robin@gmail.example")
	s.fake.Box("other@gmail.example")
	const connect = "/settings/accounts/connect"

	s.fake.Consent(gmailtest.Consent{Address: "robin@gmail.example", Refuse: true})
	want(t, s.get(t, s.toGoogle(t, connect)), http.StatusOK, "Nothing was connected")

	s.fake.Consent(gmailtest.Consent{Address: "robin@gmail.example", Untick: []string{gmail.ScopeRead}})
	want(t, s.get(t, s.toGoogle(t, connect)), http.StatusOK, "was not ticked")

	s.fake.Consent(gmailtest.Consent{Address: "robin@gmail.example", NoRefresh: true})
	want(t, s.get(t, s.toGoogle(t, connect)), http.StatusConflict, "no lasting permission")
	if n := len(s.accounts(t)); n != 0 {
		t.Fatalf("%d accounts after three failures", n)
	}

	s.fake.Consent(gmailtest.Consent{Address: "robin@gmail.example"})
	back := s.toGoogle(t, connect)
	want(t, s.get(t, back), http.StatusSeeOther, "")
	want(t, s.get(t, back), http.StatusBadRequest, "out of date") // replayed
	accounts := s.accounts(t)
	if len(accounts) != 1 || accounts[0].State != "connecting" || accounts[0].MayModify {
		t.Fatalf("connected: %+v", accounts)
	}

	more := fmt.Sprintf("%s?scope=modify&account=%d", connect, accounts[0].ID)
	s.fake.Consent(gmailtest.Consent{Address: "other@gmail.example"})
	want(t, s.get(t, s.toGoogle(t, more)), http.StatusConflict, "another account")
	s.fake.Consent(gmailtest.Consent{Untick: []string{gmail.ScopeModify}})
	want(t, s.get(t, s.toGoogle(t, more)), http.StatusOK, "Your changes stay here")
	s.fake.Consent(gmailtest.Consent{NoRefresh: true}) // a second consent: the stored token is kept
	want(t, s.get(t, s.toGoogle(t, more)), http.StatusSeeOther, "")
	if a := s.accounts(t); !a[0].MayModify {
		t.Errorf("the granted permission is not known: %+v", a)
	}

	s.fake.Consent(gmailtest.Consent{Address: "other@gmail.example"})
	want(t, s.get(t, s.toGoogle(t, connect)), http.StatusSeeOther, "")
	if n := len(s.accounts(t)); n != 2 {
		t.Errorf("%d accounts, want both", n)
	}
	want(t, s.get(t, "/settings/accounts"), http.StatusOK, "other@gmail.example")
}

func TestFlowBelongsToItsBrowser(t *testing.T) {
	s := newGoogleSite(t)
	s.fake.Box("robin@gmail.example")
	s.fake.Consent(gmailtest.Consent{Address: "robin@gmail.example"})
	back := s.toGoogle(t, "/settings/accounts/connect")
	delete(s.jar, "applylens-google")
	want(t, s.get(t, back), http.StatusBadRequest, "out of date")
	back = s.toGoogle(t, "/settings/accounts/connect")
	want(t, s.get(t, strings.Replace(back, "state=", "state=x", 1)), http.StatusBadRequest, "out of date")
	back = s.toGoogle(t, "/settings/accounts/connect")
	delete(s.jar, s.cookie.Name) // signed out meanwhile
	want(t, s.get(t, back), http.StatusBadRequest, "out of date")
}

func TestSignInWithGoogle(t *testing.T) {
	s := newGoogleSite(t)
	s.fake.Box("robin@gmail.example")
	s.fake.Consent(gmailtest.Consent{Address: "robin@gmail.example"})
	want(t, s.get(t, s.toGoogle(t, "/settings/accounts/connect")), http.StatusSeeOther, "")
	clear(s.jar)
	want(t, s.get(t, s.toGoogle(t, "/google/sign-in")), http.StatusSeeOther, "")
	if accounts := s.accounts(t); len(accounts) != 1 || accounts[0].Address != "robin@gmail.example" {
		t.Errorf("signed in as somebody else: %+v", accounts)
	}

	clear(s.jar)
	s.fake.Box("new@firm.example")
	s.fake.Consent(gmailtest.Consent{Address: "new@firm.example"})
	want(t, s.get(t, s.toGoogle(t, "/google/sign-in")), http.StatusForbidden, "not known here")
	if id, err := s.DB.UserFind(t.Context(), "new@firm.example"); err != nil || id != 0 {
		t.Errorf("a stranger became user %d, %v", id, err)
	}
	s.SignUp = "firm.example"
	want(t, s.get(t, s.toGoogle(t, "/google/sign-in")), http.StatusSeeOther, "")
	if id, err := s.DB.UserFind(t.Context(), "new@firm.example"); err != nil || id == 0 {
		t.Errorf("the newcomer is no user: %v", err)
	}
}

func TestAccountsOfOthersAreNotFound(t *testing.T) {
	s := newGoogleSite(t)
	id, err := s.Gmail.Connect(t.Context(), s.foreign, gmail.Grant{Subject: "1", Address: "x@gmail.example", RefreshToken: "rt", Scopes: []string{gmail.ScopeRead}})
	if err != nil {
		t.Fatal(err)
	}
	for _, verb := range []string{"sync", "disconnect", "forget"} {
		if w := s.do(t, "POST", fmt.Sprintf("/settings/accounts/%d/%s", id, verb), "", false); w.Code != http.StatusNotFound {
			t.Errorf("%s: %d", verb, w.Code)
		}
	}
	if w := s.get(t, fmt.Sprintf("/settings/accounts/connect?account=%d", id)); w.Code != http.StatusNotFound {
		t.Errorf("connect: %d", w.Code)
	}
	if n := len(s.accounts(t)); n != 0 {
		t.Errorf("%d accounts of others are listed", n)
	}
	if w := s.get(t, "/settings/accounts/operators"); w.Code != http.StatusForbidden {
		t.Errorf("a user sees what operators see: %d", w.Code)
	}
}

func TestPushIsCheckedInFull(t *testing.T) {
	s := newGoogleSite(t)
	id, err := s.Gmail.Connect(t.Context(), s.user, gmail.Grant{Subject: "1", Address: "robin@gmail.example", RefreshToken: "rt", Scopes: []string{gmail.ScopeRead}})
	if err != nil {
		t.Fatal(err)
	}
	pushed := func() *time.Time {
		a, err := s.DB.As(s.user).AccountGet(t.Context(), db.AccountGetParams{UserID: s.user, ID: id})
		if err != nil {
			t.Fatal(err)
		}
		return a.PushedAt
	}
	send := func(authorization string, body []byte) int {
		r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/gmail/push", strings.NewReader(string(body)))
		r.Header.Set("Authorization", authorization)
		w := httptest.NewRecorder()
		s.handler.ServeHTTP(w, r)
		return w.Code
	}
	data := []byte(`{"emailAddress":"Robin@gmail.example","historyId":"184467440737095516150000"}`)
	for name, change := range map[string]func(map[string]any){
		"issuer":     func(c map[string]any) { c["iss"] = "https://evil.example" },
		"audience":   func(c map[string]any) { c["aud"] = "http://example.com/other" },
		"account":    func(c map[string]any) { c["email"] = "other@project.iam.gserviceaccount.com" },
		"unverified": func(c map[string]any) { c["email_verified"] = false },
		"expired":    func(c map[string]any) { c["exp"] = time.Now().Add(-time.Hour).Unix() },
	} {
		claims := s.fake.PushClaims()
		change(claims)
		if code := send("Bearer "+s.fake.Sign(claims), s.fake.Envelope("1", data)); code != http.StatusUnauthorized {
			t.Errorf("%s: %d", name, code)
		}
	}
	stranger, err := gmailtest.New(gmailtest.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer stranger.Close()
	good := "Bearer " + s.fake.Sign(s.fake.PushClaims())
	elsewhere := []byte(strings.Replace(string(s.fake.Envelope("1", data)), "projects/p/", "projects/q/", 1))
	for name, code := range map[string]int{"no token": send("", s.fake.Envelope("1", data)), "another key": send("Bearer "+stranger.Sign(s.fake.PushClaims()), s.fake.Envelope("1", data)),
		"another subscription": send(good, elsewhere), "no JSON": send(good, []byte("{"))} {
		if code != http.StatusUnauthorized {
			t.Errorf("%s: %d", name, code)
		}
	}
	if code := send(good, make([]byte, 100<<10)); code != http.StatusRequestEntityTooLarge {
		t.Errorf("a large body: %d", code)
	}
	if pushed() != nil {
		t.Fatal("a push that was refused had an effect")
	}
	if code := send(good, s.fake.Envelope("2", []byte(`{"emailAddress":"nobody@gmail.example","historyId":1}`))); code != http.StatusNoContent {
		t.Errorf("an unknown mailbox: %d", code)
	}
	if code := send(good, s.fake.Envelope("3", data)); code != http.StatusNoContent || pushed() == nil {
		t.Errorf("a good push: %d, noted at %v", code, pushed())
	}
	first := *pushed()
	if code := send(good, s.fake.Envelope("3", data)); code != http.StatusNoContent || !pushed().Equal(first) {
		t.Errorf("the same push again: %d, noted at %v", code, pushed())
	}
}
