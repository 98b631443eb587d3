package gmailtest

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"math/big"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

const scopePrefix = "https://www.googleapis.com/auth/"

// A Consent is what the person does on the consent page: who signs in, which scopes are left ticked, or a refusal.
type Consent struct {
	Address   string   // empty: the login_hint, else the first mailbox
	Untick    []string // scopes that are not granted
	Refuse    bool
	NoRefresh bool // no refresh token, as at a second consent
}

type grant struct {
	box       *Box
	scopes    []string
	challenge string
	nonce     string
	redirect  string
	offline   bool
}

type token struct {
	box     *Box
	scopes  []string
	expires time.Time
}

// Consent says what the next people do on the consent page.
func (f *Fake) Consent(c Consent) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.consent = c
}

// Grant gives a mailbox's refresh token without a consent page, for scopes such as "gmail.readonly".
func (f *Fake) Grant(b *Box, scopes ...string) string {
	f.mu.Lock()
	defer f.mu.Unlock()
	full := []string{"openid", "email", "profile"}
	for _, s := range scopes {
		full = append(full, scopePrefix+s)
	}
	t := f.newToken("rt")
	f.refresh[t] = token{box: b, scopes: full}
	return t
}

func (f *Fake) newToken(kind string) string {
	f.number++
	return fmt.Sprintf("%s-%d-%d", kind, f.number, f.rand.Uint64())
}

// authPage is the consent page: it answers at once as Consent says.
func (f *Fake) authPage(w http.ResponseWriter, r *http.Request) {
	f.mu.Lock()
	defer f.mu.Unlock()
	q := r.URL.Query()
	back, err := url.Parse(q.Get("redirect_uri"))
	if err != nil || q.Get("client_id") != f.opts.ClientID {
		http.Error(w, "Error 401: invalid_client", http.StatusUnauthorized)
		return
	}
	answer := url.Values{"state": {q.Get("state")}}
	address := f.consent.Address
	if address == "" {
		address = q.Get("login_hint")
	}
	box := f.boxes[address]
	switch {
	case f.consent.Refuse:
		answer.Set("error", "access_denied")
	case box == nil:
		http.Error(w, "no such mailbox", http.StatusNotFound)
		return
	default:
		scopes := minus(strings.Fields(q.Get("scope")), f.consent.Untick)
		if q.Get("include_granted_scopes") == "true" {
			for _, t := range f.refresh {
				if t.box == box {
					scopes = append(scopes, minus(t.scopes, scopes)...)
				}
			}
		}
		code := f.newToken("code")
		f.codes[code] = grant{box: box, scopes: scopes, challenge: q.Get("code_challenge"), nonce: q.Get("nonce"), redirect: q.Get("redirect_uri"),
			offline: q.Get("access_type") == "offline" && !f.consent.NoRefresh}
		answer.Set("code", code)
		answer.Set("scope", strings.Join(scopes, " "))
	}
	back.RawQuery = answer.Encode()
	http.Redirect(w, r, back.String(), http.StatusFound)
}

func (f *Fake) tokenEndpoint(w http.ResponseWriter, r *http.Request) {
	fault := f.Faults.next("token")
	if fault.before(w) {
		return
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.calls["token"]++
	id, secret, ok := r.BasicAuth()
	if !ok {
		id, secret = r.FormValue("client_id"), r.FormValue("client_secret")
	}
	if id != f.opts.ClientID || secret != f.opts.ClientSecret {
		oauthError(w, http.StatusUnauthorized, "invalid_client", "The OAuth client was not found.")
		return
	}
	switch r.FormValue("grant_type") {
	case "authorization_code":
		f.exchange(w, r)
	case "refresh_token":
		t, ok := f.refresh[r.FormValue("refresh_token")]
		if !ok {
			oauthError(w, http.StatusBadRequest, "invalid_grant", "Token has been expired or revoked.")
			return
		}
		f.answerToken(w, t, map[string]any{})
	default:
		oauthError(w, http.StatusBadRequest, "unsupported_grant_type", "Invalid grant_type")
	}
}

func (f *Fake) exchange(w http.ResponseWriter, r *http.Request) {
	g, ok := f.codes[r.FormValue("code")]
	delete(f.codes, r.FormValue("code"))
	sum := sha256.Sum256([]byte(r.FormValue("code_verifier")))
	if !ok || g.redirect != r.FormValue("redirect_uri") || g.challenge != base64.RawURLEncoding.EncodeToString(sum[:]) {
		oauthError(w, http.StatusBadRequest, "invalid_grant", "Malformed auth code.")
		return
	}
	t := token{box: g.box, scopes: g.scopes}
	now := f.opts.Clock()
	extra := map[string]any{"id_token": f.Sign(map[string]any{"iss": "https://accounts.google.com", "aud": f.opts.ClientID, "sub": g.box.Subject,
		"email": g.box.Address, "email_verified": true, "nonce": g.nonce, "iat": now.Unix(), "exp": now.Add(time.Hour).Unix(), "name": "Test Person"})}
	if g.offline {
		refresh := f.newToken("rt")
		f.refresh[refresh] = t
		extra["refresh_token"] = refresh
	}
	f.answerToken(w, t, extra)
}

func (f *Fake) answerToken(w http.ResponseWriter, t token, extra map[string]any) {
	access := f.newToken("at")
	t.expires = f.opts.Clock().Add(f.opts.Lifetime)
	f.access[access] = t
	extra["access_token"], extra["token_type"], extra["expires_in"] = access, "Bearer", int(f.opts.Lifetime.Seconds())
	extra["scope"] = strings.Join(t.scopes, " ")
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(extra)
}

func oauthError(w http.ResponseWriter, status int, code, text string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(map[string]string{"error": code, "error_description": text})
}

func (f *Fake) revokeEndpoint(w http.ResponseWriter, r *http.Request) {
	f.mu.Lock()
	defer f.mu.Unlock()
	t, ok := f.refresh[r.FormValue("token")]
	if !ok {
		oauthError(w, http.StatusBadRequest, "invalid_token", "Token expired or revoked")
		return
	}
	f.dropTokens(t.box)
	w.WriteHeader(http.StatusOK)
}

func (f *Fake) dropTokens(b *Box) {
	for _, all := range []map[string]token{f.refresh, f.access} {
		for k, t := range all {
			if t.box == b {
				delete(all, k)
			}
		}
	}
}

// Granted reports whether any refresh token of a mailbox is alive.
func (f *Fake) Granted(b *Box) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, t := range f.refresh {
		if t.box == b {
			return true
		}
	}
	return false
}

// authorise finds the token of a call and checks that its scopes allow it.
func (f *Fake) authorise(r *http.Request, need string) (token, error) {
	t, ok := f.access[strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ")]
	if !ok || f.opts.Clock().After(t.expires) {
		return t, &apiError{status: http.StatusUnauthorized, reason: "authError", message: "Invalid Credentials"}
	}
	enough := map[string][]string{
		"":        {"gmail.readonly", "gmail.modify"},
		"modify":  {"gmail.modify"},
		"labels":  {"gmail.labels", "gmail.modify"},
		"send":    {"gmail.send", "gmail.compose", "gmail.modify"},
		"compose": {"gmail.compose", "gmail.modify"},
	}[need]
	if slices.Contains(t.scopes, "https://mail.google.com/") {
		return t, nil
	}
	for _, s := range enough {
		if slices.Contains(t.scopes, scopePrefix+s) {
			return t, nil
		}
	}
	return t, &apiError{status: http.StatusForbidden, reason: "insufficientPermissions", message: "Request had insufficient authentication scopes."}
}

// Sign makes a JWT of claims with the fake's key.
func (f *Fake) Sign(claims map[string]any) string { return signWith(f.key, claims) }

func signWith(key *rsa.PrivateKey, claims map[string]any) string {
	body, err := json.Marshal(claims)
	if err != nil {
		panic(err) // strings and numbers always encode
	}
	enc := base64.RawURLEncoding
	text := enc.EncodeToString([]byte(`{"alg":"RS256","kid":"fake","typ":"JWT"}`)) + "." + enc.EncodeToString(body)
	sum := sha256.Sum256([]byte(text))
	sig, err := rsa.SignPKCS1v15(rand.Reader, key, crypto.SHA256, sum[:])
	if err != nil {
		panic(err) // the key is large enough
	}
	return text + "." + enc.EncodeToString(sig)
}

func (f *Fake) certs(w http.ResponseWriter, _ *http.Request) {
	enc := base64.RawURLEncoding
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "public, max-age=3600")
	_ = json.NewEncoder(w).Encode(map[string]any{"keys": []any{map[string]string{"kty": "RSA", "alg": "RS256", "use": "sig", "kid": "fake",
		"n": enc.EncodeToString(f.key.N.Bytes()), "e": enc.EncodeToString(big.NewInt(int64(f.key.E)).Bytes())}}})
}
