package handlers

import (
	"context"
	"crypto/subtle"
	"encoding/base64"
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"applylens/internal/auth"
	"applylens/internal/db"
	"applylens/internal/errs"
	"applylens/internal/gmail"
	"applylens/internal/gmail/gmailsync"
	"applylens/views"
)

// flowCookie keeps a flow with the browser that began it, sealed; it is used once.
const (
	flowCookie   = "applylens-google"
	flowLifetime = 10 * time.Minute
)

// A googleFlow is one way to Google and back.
type googleFlow struct {
	gmail.Flow
	User    int64     `json:"user"` // 0: signing in
	Back    string    `json:"back"`
	Expires time.Time `json:"expires"`
}

var errNoGoogle = &errs.Error{Status: http.StatusNotFound, Msg: "Google is not set up on this server; docs/gmail.md says how."}

// googleSignIn sends who is not signed in to Google: to say who they are, and to let their mail be read.
func (s *Server) googleSignIn(c echo.Context) error {
	return s.toGoogle(c, googleFlow{Flow: gmail.NewFlow([]string{gmail.ScopeRead}, "", c.QueryParam("again") != ""), Back: "/"})
}

// accountConnect sends a user to Google: to connect an account, to connect one again, or to grant more for it.
func (s *Server) accountConnect(c echo.Context) error {
	scope, ok := map[string]string{"": gmail.ScopeRead, "read": gmail.ScopeRead, "modify": gmail.ScopeModify, "send": gmail.ScopeSend}[c.QueryParam("scope")]
	if !ok {
		return errs.BadInput("There is no such permission.")
	}
	flow := gmail.NewFlow(slices.Compact([]string{gmail.ScopeRead, scope}), "", c.QueryParam("again") != "")
	if id := c.QueryParam("account"); id != "" {
		all, err := ids([]string{id})
		if err != nil {
			return err
		}
		a, err := s.account(c, all[0])
		if err != nil {
			return err
		}
		flow.Hint = a.Address
		flow.Ask = flow.Ask || len(a.Token) == 0 || a.State == gmailsync.NeedsReconnect || slices.Contains(a.Scopes, gmailsync.AskAgain)
	} else {
		flow.Ask = true // a lasting permission comes only with consent
	}
	back := "/settings/accounts"
	if c.QueryParam("back") != "" {
		back = backTo(c)
	}
	return s.toGoogle(c, googleFlow{Flow: flow, User: userID(c), Back: back})
}

func (s *Server) toGoogle(c echo.Context, f googleFlow) error {
	if s.Gmail == nil {
		return errNoGoogle
	}
	f.Expires = s.Now().Add(flowLifetime)
	text, err := json.Marshal(f)
	if err != nil {
		return err
	}
	sealed, _, err := s.Gmail.Vault.Seal(text, flowCookie)
	if err != nil {
		return err
	}
	c.SetCookie(&http.Cookie{Name: flowCookie, Value: base64.RawURLEncoding.EncodeToString(sealed), Path: "/google/", MaxAge: int(flowLifetime.Seconds()),
		HttpOnly: true, Secure: s.Auth.Secure, SameSite: http.SameSiteLaxMode})
	return c.Redirect(http.StatusSeeOther, s.Gmail.OAuth.URL(f.Flow))
}

// flow reads the flow that the browser began, and takes it away: it is good once.
func (s *Server) flow(c echo.Context) (f googleFlow, ok bool) {
	cookie, err := c.Cookie(flowCookie)
	if err != nil {
		return f, false
	}
	c.SetCookie(&http.Cookie{Name: flowCookie, Path: "/google/", MaxAge: -1, HttpOnly: true, Secure: s.Auth.Secure, SameSite: http.SameSiteLaxMode})
	sealed, err := base64.RawURLEncoding.DecodeString(cookie.Value)
	if err != nil {
		return f, false
	}
	text, err := s.Gmail.Vault.Open(sealed, flowCookie)
	if err != nil || json.Unmarshal(text, &f) != nil {
		return f, false
	}
	same := subtle.ConstantTimeCompare([]byte(f.State), []byte(c.QueryParam("state"))) == 1
	return f, same && s.Now().Before(f.Expires)
}

// googleCallback takes what Google says: a code, or that the person refused.
func (s *Server) googleCallback(c echo.Context) error {
	if s.Gmail == nil {
		return errNoGoogle
	}
	f, ok := s.flow(c)
	switch {
	case !ok || f.User != 0 && f.User != userID(c):
		return s.consent(c, http.StatusBadRequest, views.ConsentStale(f.User != 0 || userID(c) != 0))
	case c.QueryParam("error") == "access_denied":
		return s.consent(c, http.StatusOK, views.ConsentRefused(f.User != 0))
	case c.QueryParam("error") != "":
		s.Log.Warn("Google refused a consent", "error", c.QueryParam("error"))
		return s.consent(c, http.StatusBadGateway, views.ConsentFailed(f.User != 0))
	}
	grant, err := s.Gmail.OAuth.Exchange(c.Request().Context(), f.Flow, c.QueryParam("code"), s.Now())
	switch {
	case errors.Is(err, gmail.ErrReconnect):
		return s.consent(c, http.StatusBadRequest, views.ConsentStale(f.User != 0))
	case err != nil:
		s.Log.Warn("a consent could not be finished", "error", err)
		return s.consent(c, http.StatusBadGateway, views.ConsentFailed(f.User != 0))
	case f.Hint != "" && grant.Address != f.Hint:
		return s.consent(c, http.StatusConflict, views.ConsentOther(f.Hint, grant.Address))
	}
	if f.User == 0 {
		return s.signInWithGoogle(c, grant)
	}
	return s.connectGoogle(c, f, grant)
}

func (s *Server) consent(c echo.Context, status int, outcome views.Consent) error {
	outcome.Theme = auth.UserOf(c).Theme
	return s.render(c, status, views.ConsentPage(outcome))
}

// connectGoogle stores what a signed-in user granted, and says so where something is missing.
func (s *Server) connectGoogle(c echo.Context, f googleFlow, grant gmail.Grant) error {
	if !gmail.Has(grant.Scopes, gmail.ScopeRead) {
		return s.consent(c, http.StatusOK, views.ConsentUnticked("read", grant.Address))
	}
	if _, err := s.Gmail.Connect(c.Request().Context(), f.User, grant); err != nil {
		return s.connectFailed(c, err)
	}
	for _, scope := range f.Scopes {
		if !gmail.Has(grant.Scopes, scope) {
			return s.consent(c, http.StatusOK, views.ConsentUnticked(scopeName(scope), grant.Address))
		}
	}
	return c.Redirect(http.StatusSeeOther, f.Back)
}

func (s *Server) connectFailed(c echo.Context, err error) error {
	var shown *errs.Error
	if errors.As(err, &shown) && shown.Status == http.StatusConflict {
		return s.consent(c, http.StatusConflict, views.ConsentNotLasting(userID(c) != 0))
	}
	return err
}

// signInWithGoogle signs in whom the server knows, or lets in: by an account that was connected, or by the address.
func (s *Server) signInWithGoogle(c echo.Context, grant gmail.Grant) error {
	ctx := c.Request().Context()
	user, err := s.googleUser(ctx, grant)
	switch {
	case err != nil:
		return err
	case user == 0:
		return s.consent(c, http.StatusForbidden, views.ConsentUnknown(grant.Address))
	}
	if err := s.Auth.SignInAs(c.Response(), c.Request(), user); err != nil {
		return err
	}
	if !gmail.Has(grant.Scopes, gmail.ScopeRead) {
		return s.consent(c, http.StatusOK, views.ConsentUnticked("read", grant.Address))
	}
	if _, err := s.Gmail.Connect(ctx, user, grant); err != nil {
		return s.connectFailed(c, err)
	}
	return c.Redirect(http.StatusSeeOther, "/")
}

func (s *Server) googleUser(ctx context.Context, grant gmail.Grant) (int64, error) {
	user, err := s.DB.GmailOwner(ctx, grant.Subject)
	if err != nil || user != 0 {
		return user, err
	}
	if user, err = s.DB.UserFind(ctx, grant.Address); err != nil || user != 0 {
		return user, err
	}
	_, domain, _ := strings.Cut(grant.Address, "@")
	if s.SignUp != "any" && !slices.Contains(strings.Split(strings.ReplaceAll(s.SignUp, " ", ""), ","), domain) {
		return 0, nil
	}
	return s.DB.UserEnsure(ctx, db.UserEnsureParams{Address: grant.Address, Role: string(auth.User)})
}

func scopeName(scope string) string {
	switch scope {
	case gmail.ScopeModify:
		return "modify"
	case gmail.ScopeSend:
		return "send"
	}
	return "read"
}
