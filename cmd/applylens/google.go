package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"strings"
	"time"

	"golang.org/x/oauth2"
	"golang.org/x/oauth2/jwt"

	"applylens/internal/gmail"
	"applylens/internal/gmail/gmailsync"
	"applylens/internal/jobs"
	"applylens/internal/vault"
)

// vault opens the keys that seal tokens.
func (a *app) vault() (*vault.Vault, error) {
	return vault.Open(a.dataFile("tokens.keyset"), a.settings.Google.Keyset, a.owner.Own)
}

// gmail makes the engine of Gmail accounts, or nil where Google is not set up. base is the site's address.
func (a *app) gmail(base string) (*gmailsync.Engine, error) {
	g := a.settings.Google
	if g.ClientID == "" {
		return nil, nil
	}
	quota, err := gmail.ParseQuota(g.Quota)
	if err != nil {
		return nil, err
	}
	keys, err := a.vault()
	if err != nil {
		return nil, err
	}
	opts := gmailsync.Defaults()
	opts.Topic, opts.Poll = g.Topic, g.Poll
	return gmailsync.New(a.db, a.ingest, keys, a.oauth(base), quota, a.log, time.Now, opts), nil
}

// oauth is the program as Google knows it.
func (a *app) oauth(base string) gmail.OAuth {
	g := a.settings.Google
	return gmail.OAuth{ClientID: g.ClientID, ClientSecret: g.ClientSecret, Redirect: strings.TrimSuffix(base, "/") + "/google/callback",
		Endpoints: a.googleEndpoints(), HTTP: a.googleHTTP()}
}

// googleHTTP makes the calls to Google, each seen by the tracer.
func (a *app) googleHTTP() *http.Client {
	client := gmailsync.HTTPClient()
	client.Transport = a.tracer.Transport(client.Transport, "google")
	return client
}

func (a *app) googleEndpoints() gmail.Endpoints {
	if base := a.settings.Google.Base; base != "" {
		return gmail.At(strings.TrimSuffix(base, "/"))
	}
	return gmail.Google()
}

// pushCheck says which pushes are believed; without a topic, or when they are fetched, none.
func (a *app) pushCheck(base string) gmail.PushCheck {
	g := a.settings.Google
	if g.Topic == "" || g.Pull {
		return gmail.PushCheck{}
	}
	audience := g.PushAudience
	if audience == "" {
		audience = strings.TrimSuffix(base, "/") + "/gmail/push"
	}
	return gmail.PushCheck{Verifier: gmail.NewVerifier(a.googleEndpoints(), a.googleHTTP(), time.Now), Audience: audience, Account: g.PushAccount,
		Subscription: g.Subscription}
}

// workGmail runs beside the jobs: it queues turns at once when something is due, and fetches pushes if so set up.
func (a *app) workGmail(ctx context.Context, e *gmailsync.Engine, client *jobs.Client) error {
	if e == nil {
		return nil
	}
	go jobs.WatchGmail(ctx, e, client, a.log)
	if !a.settings.Google.Pull {
		return nil
	}
	subscriber, err := a.subscriber(ctx)
	if err != nil {
		return err
	}
	go jobs.PullGmail(ctx, e, subscriber, a.log)
	return nil
}

func (a *app) subscriber(ctx context.Context) (gmail.Subscriber, error) {
	g := a.settings.Google
	s := gmail.Subscriber{HTTP: gmailsync.HTTPClient(), PubSub: a.googleEndpoints().PubSub, Subscription: g.Subscription}
	if g.Base != "" {
		s.Tokens = oauth2.StaticTokenSource(&oauth2.Token{AccessToken: "test"})
		return s, nil
	}
	key, err := os.ReadFile(g.Credentials)
	if err != nil {
		return s, fmt.Errorf("GOOGLE_APPLICATION_CREDENTIALS, the key file of the service account that fetches pushes: %w", err)
	}
	var file struct {
		Email string `json:"client_email"`
		Key   string `json:"private_key"`
		KeyID string `json:"private_key_id"`
		URL   string `json:"token_uri"`
	}
	if err := json.Unmarshal(key, &file); err != nil || file.Key == "" {
		return s, fmt.Errorf("%s is no key file of a service account: %w", g.Credentials, err)
	}
	cfg := jwt.Config{Email: file.Email, PrivateKey: []byte(file.Key), PrivateKeyID: file.KeyID, TokenURL: file.URL, Scopes: []string{"https://www.googleapis.com/auth/pubsub"}}
	s.Tokens = cfg.TokenSource(ctx)
	return s, nil
}
