package gmail

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"
)

// The scopes that are asked for, each when it is first needed.
const (
	ScopeRead   = "https://www.googleapis.com/auth/gmail.readonly"
	ScopeModify = "https://www.googleapis.com/auth/gmail.modify"
	ScopeSend   = "https://www.googleapis.com/auth/gmail.send"
)

// An OAuth is the program as Google knows it.
type OAuth struct {
	ClientID, ClientSecret string
	Redirect               string // where Google sends the person back to
	Endpoints              Endpoints
	HTTP                   *http.Client
}

// On reports whether Google is set up.
func (o OAuth) On() bool { return o.ClientID != "" }

func (o OAuth) config(scopes []string) oauth2.Config {
	return oauth2.Config{ClientID: o.ClientID, ClientSecret: o.ClientSecret, RedirectURL: o.Redirect, Scopes: scopes,
		Endpoint: oauth2.Endpoint{AuthURL: o.Endpoints.Auth, TokenURL: o.Endpoints.Token, AuthStyle: oauth2.AuthStyleInParams}}
}

// A Flow is one way through the consent page; its secrets stay with the browser that began it.
type Flow struct {
	State    string   `json:"state"`
	Nonce    string   `json:"nonce"`
	Verifier string   `json:"verifier"`
	Scopes   []string `json:"scopes"` // of Gmail, beside openid, email and profile
	Hint     string   `json:"hint"`   // the address that is expected, or empty
	Ask      bool     `json:"ask"`    // ask for consent again: no refresh token is held
}

// NewFlow begins a flow.
func NewFlow(scopes []string, hint string, ask bool) Flow {
	return Flow{State: oauth2.GenerateVerifier(), Nonce: oauth2.GenerateVerifier(), Verifier: oauth2.GenerateVerifier(), Scopes: scopes, Hint: hint, Ask: ask}
}

// URL is the consent page of a flow.
func (o OAuth) URL(f Flow) string {
	cfg := o.config(append([]string{"openid", "email", "profile"}, f.Scopes...))
	opts := []oauth2.AuthCodeOption{oauth2.AccessTypeOffline, oauth2.S256ChallengeOption(f.Verifier), oauth2.SetAuthURLParam("nonce", f.Nonce),
		oauth2.SetAuthURLParam("include_granted_scopes", "true")}
	if f.Ask {
		opts = append(opts, oauth2.SetAuthURLParam("prompt", "consent"))
	}
	if f.Hint != "" {
		opts = append(opts, oauth2.SetAuthURLParam("login_hint", f.Hint))
	}
	return cfg.AuthCodeURL(f.State, opts...)
}

// A Grant is what a person gave.
type Grant struct {
	Subject      string // Google's id of the person
	Address      string // lower case
	Name         string
	RefreshToken string // empty when Google gave none: keep the old one
	Scopes       []string
}

// Has reports whether a scope was granted; modifying includes reading and sending.
func Has(granted []string, scope string) bool {
	return slices.Contains(granted, scope) || (scope == ScopeRead || scope == ScopeSend) && slices.Contains(granted, ScopeModify) ||
		slices.Contains(granted, "https://mail.google.com/")
}

// ErrIdentity means that Google's answer does not prove who the person is.
var ErrIdentity = errors.New("Google's answer does not say who signed in")

// Exchange turns the code that came back into a grant, and checks the proof of identity: its signature, issuer,
// audience, time and nonce.
func (o OAuth) Exchange(ctx context.Context, f Flow, code string, now time.Time) (Grant, error) {
	ctx = context.WithValue(ctx, oauth2.HTTPClient, o.HTTP)
	cfg := o.config(nil)
	token, err := cfg.Exchange(ctx, code, oauth2.VerifierOption(f.Verifier))
	if err != nil {
		return Grant{}, tokenError(err)
	}
	text, _ := token.Extra("id_token").(string)
	claims, err := NewVerifier(o.Endpoints, o.HTTP, func() time.Time { return now }).verify(ctx, text, o.ClientID)
	switch {
	case err != nil:
		return Grant{}, fmt.Errorf("%w: %w", ErrIdentity, err)
	case claims.Nonce != f.Nonce:
		return Grant{}, fmt.Errorf("%w: the nonce is another", ErrIdentity)
	case claims.Subject == "" || claims.Email == "" || !claims.Verified:
		return Grant{}, fmt.Errorf("%w: no verified address", ErrIdentity)
	}
	scope, _ := token.Extra("scope").(string)
	g := Grant{Subject: claims.Subject, Address: strings.ToLower(claims.Email), Name: claims.Name, RefreshToken: token.RefreshToken, Scopes: strings.Fields(scope)}
	if scope == "" { // by the standard: all that were asked for
		g.Scopes = append([]string{"openid", "email", "profile"}, f.Scopes...)
	}
	return g, nil
}

// Revoke gives a refresh token back; one that is void already is no error.
func (o OAuth) Revoke(ctx context.Context, refreshToken string) error {
	ctx, cancel := context.WithTimeout(ctx, 20*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, o.Endpoints.Revoke, strings.NewReader(url.Values{"token": {refreshToken}}.Encode()))
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	resp, err := o.HTTP.Do(req)
	if err != nil {
		return err
	}
	_ = resp.Body.Close()
	if resp.StatusCode >= 300 && resp.StatusCode != http.StatusBadRequest {
		return &Error{Status: resp.StatusCode, Message: "the token was not taken back"}
	}
	return nil
}

// A Verifier checks JWTs that Google signed.
type Verifier struct {
	keys    oidc.KeySet
	issuers []string
	now     func() time.Time
}

// NewVerifier fetches Google's keys when they are first needed, and keeps them.
func NewVerifier(e Endpoints, client *http.Client, now func() time.Time) *Verifier {
	return &Verifier{keys: oidc.NewRemoteKeySet(oidc.ClientContext(context.Background(), client), e.Certs), issuers: e.Issuers, now: now}
}

type claims struct {
	Subject  string `json:"sub"`
	Email    string `json:"email"`
	Verified bool   `json:"email_verified"`
	Nonce    string `json:"nonce"`
	Name     string `json:"name"`
}

// verify checks signature (RS256), issuer, audience and time.
func (v *Verifier) verify(ctx context.Context, text, audience string) (c claims, err error) {
	check := oidc.NewVerifier("", v.keys, &oidc.Config{ClientID: audience, SkipIssuerCheck: true, SupportedSigningAlgs: []string{oidc.RS256}, Now: v.now})
	token, err := check.Verify(ctx, text)
	if err != nil {
		return c, err
	}
	if !slices.Contains(v.issuers, token.Issuer) {
		return c, fmt.Errorf("the issuer is %q", token.Issuer)
	}
	return c, token.Claims(&c)
}
