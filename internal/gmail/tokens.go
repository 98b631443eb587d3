package gmail

import (
	"context"
	"net/http"
	"sync"
	"time"

	"golang.org/x/oauth2"
)

// Tokens gives the access tokens of one account, with one refresh in flight. The access token lives in memory alone.
type Tokens struct {
	Config oauth2.Config
	HTTP   *http.Client
	Now    func() time.Time
	Keep   func(ctx context.Context, refreshToken string) error // called with a refresh token that replaces the old one

	mu      sync.Mutex
	refresh string
	access  *oauth2.Token
}

// NewTokens begins with a refresh token.
func NewTokens(c OAuth, refreshToken string, now func() time.Time, keep func(context.Context, string) error) *Tokens {
	return &Tokens{Config: c.config(nil), HTTP: c.HTTP, Now: now, Keep: keep, refresh: refreshToken}
}

// early is how long before its end an access token is replaced.
const early = time.Minute

// Token returns an access token that is good for a minute at least. ErrReconnect means that the permission is void.
func (t *Tokens) Token(ctx context.Context) (*oauth2.Token, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.access != nil && t.access.Expiry.After(t.Now().Add(early)) {
		return t.access, nil
	}
	ctx, cancel := context.WithTimeout(context.WithValue(ctx, oauth2.HTTPClient, t.HTTP), 30*time.Second)
	defer cancel()
	fresh, err := t.Config.TokenSource(ctx, &oauth2.Token{RefreshToken: t.refresh}).Token()
	if err != nil {
		return nil, tokenError(err)
	}
	if fresh.ExpiresIn > 0 { // by our clock, whatever Google's says
		fresh.Expiry = t.Now().Add(time.Duration(fresh.ExpiresIn) * time.Second)
	}
	if fresh.RefreshToken != "" && fresh.RefreshToken != t.refresh {
		if err := t.Keep(ctx, fresh.RefreshToken); err != nil {
			return nil, err
		}
		t.refresh = fresh.RefreshToken
	}
	t.access = fresh
	return fresh, nil
}

// Drop forgets an access token that was refused.
func (t *Tokens) Drop(refused *oauth2.Token) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.access == refused {
		t.access = nil
	}
}
