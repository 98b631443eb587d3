package auth_test

import (
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/labstack/echo/v4"

	"applylens/internal/auth"
	"applylens/internal/db"
	"applylens/internal/db/dbtest"
	"applylens/internal/errs"
)

func TestRoles(t *testing.T) {
	all := []auth.Role{auth.User, auth.Operator, auth.PrivacyOfficer, auth.Admin}
	for asked, allowed := range map[auth.Role]string{
		auth.Public:         "user operator privacy_officer admin",
		auth.Anyone:         "user operator privacy_officer admin",
		auth.User:           "user operator privacy_officer admin",
		auth.Operator:       "operator admin",
		auth.PrivacyOfficer: "privacy_officer admin",
		auth.Admin:          "admin",
		"misspelt":          "",
	} {
		got := ""
		for _, has := range all {
			if asked.Allows(has) {
				if got != "" {
					got += " "
				}
				got += string(has)
			}
		}
		if got != allowed {
			t.Errorf("%q lets in %q, want %q", asked, got, allowed)
		}
	}
}

// A door is a store with a user, and a way to knock with a cookie.
type door struct {
	*auth.Store
	t    *testing.T
	user int64
}

func newDoor(t *testing.T) *door {
	d := dbtest.New(t)
	return &door{Store: &auth.Store{DB: d, Now: time.Now}, t: t, user: dbtest.User(t, d, "door@example.com")}
}

func (d *door) link(at time.Time) string {
	d.t.Helper()
	token, err := auth.NewLink(d.t.Context(), d.DB, d.user, at)
	if err != nil {
		d.t.Fatal(err)
	}
	return token
}

func (d *door) use(token string, cookies ...*http.Cookie) (*http.Cookie, error) {
	r := request(cookies...)
	w := httptest.NewRecorder()
	err := d.UseLink(w, r, token)
	for _, c := range w.Result().Cookies() {
		return c, err
	}
	return nil, err
}

// knock returns the status of a route for users.
func (d *door) knock(cookies ...*http.Cookie) int {
	d.t.Helper()
	e := echo.New()
	c := e.NewContext(request(cookies...), httptest.NewRecorder())
	err := d.Require(auth.User)(func(echo.Context) error { return nil })(c)
	if err == nil {
		return http.StatusOK
	}
	status, _ := errs.Shown(err)
	return status
}

func request(cookies ...*http.Cookie) *http.Request {
	r := httptest.NewRequest(http.MethodGet, "/", nil)
	for _, c := range cookies {
		r.AddCookie(&http.Cookie{Name: c.Name, Value: c.Value})
	}
	return r
}

func TestLinkWorksOnce(t *testing.T) {
	d := newDoor(t)
	token := d.link(time.Now())
	cookie, err := d.use(token)
	if err != nil {
		t.Fatal(err)
	}
	if !cookie.HttpOnly || cookie.SameSite != http.SameSiteLaxMode || cookie.Value == token {
		t.Errorf("cookie %+v", cookie)
	}
	if got := d.knock(cookie); got != http.StatusOK {
		t.Errorf("signed in: %d", got)
	}
	for name, bad := range map[string]string{"a used link": token, "an old link": d.link(time.Now().Add(-time.Hour)), "a made-up link": "x"} {
		if _, err := d.use(bad); err == nil {
			t.Errorf("%s signs in", name)
		}
	}
	if got := d.knock(); got != http.StatusUnauthorized {
		t.Errorf("without a cookie: %d", got)
	}
	if got := d.knock(&http.Cookie{Name: auth.CookieName, Value: "made up"}); got != http.StatusUnauthorized {
		t.Errorf("with a made-up cookie: %d", got)
	}
}

// TestSessionIsRotated: signing in again ends the browser's older session and gives a new token.
func TestSessionIsRotated(t *testing.T) {
	d := newDoor(t)
	first, err := d.use(d.link(time.Now()))
	if err != nil {
		t.Fatal(err)
	}
	second, err := d.use(d.link(time.Now()), first)
	if err != nil {
		t.Fatal(err)
	}
	if first.Value == second.Value {
		t.Error("the token is the same")
	}
	if got := d.knock(first); got != http.StatusUnauthorized {
		t.Errorf("the older session: %d", got)
	}
	if got := d.knock(second); got != http.StatusOK {
		t.Errorf("the newer session: %d", got)
	}
}

func TestSessionEnds(t *testing.T) {
	d := newDoor(t)
	cookie, err := d.use(d.link(time.Now()))
	if err != nil {
		t.Fatal(err)
	}
	other, err := d.use(d.link(time.Now()))
	if err != nil {
		t.Fatal(err)
	}
	rows, err := d.DB.As(d.user).SessionList(t.Context(), d.user)
	if err != nil || len(rows) != 2 {
		t.Fatalf("%d sessions, %v; want 2", len(rows), err)
	}
	w := httptest.NewRecorder()
	if err := d.SignOut(w, request(cookie)); err != nil {
		t.Fatal(err)
	}
	if got := d.knock(cookie); got != http.StatusUnauthorized {
		t.Errorf("after signing out: %d", got)
	}
	if n, err := d.DB.As(d.user).SessionDeleteOthers(t.Context(), db.SessionDeleteOthersParams{UserID: d.user, Keep: 0}); err != nil || n != 1 {
		t.Errorf("revoked %d sessions, %v; want 1", n, err)
	}
	if got := d.knock(other); got != http.StatusUnauthorized {
		t.Errorf("after being revoked: %d", got)
	}
}
