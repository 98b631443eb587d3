package gmail

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/url"
	"time"

	"golang.org/x/oauth2"
)

// A Client makes the calls of one account. It may be used by many goroutines.
type Client struct {
	HTTP    *http.Client
	API     string // base address
	Tokens  *Tokens
	Limiter *Limiter
	Account int64
	Now     func() time.Time
	Limits  Limits
}

// Limits bound what one call may take.
type Limits struct {
	Call     time.Duration // one attempt
	Attempts int
	Backoff  time.Duration // longest wait before the second attempt; it doubles with each
	Patience time.Duration // wait for quota before a Pause is returned
}

// DefaultLimits are those for Google.
func DefaultLimits() Limits {
	return Limits{Call: 30 * time.Second, Attempts: 6, Backoff: time.Second, Patience: 20 * time.Second}
}

// maxAnswer bounds an answer: a message of 50 MB in base64 and what is around it.
const maxAnswer = 80 << 20

// A request is one call.
type request struct {
	method  string // of the quota table
	verb    string
	path    string // below users/me/
	query   url.Values
	body    any
	key     string // sent as X-ApplyLens-Change; a call with one is never repeated
	urgency Urgency
}

// do makes a call, waits for its quota and repeats it while that can help. A quota that is used up pauses the whole
// account; if for longer than the patience, a Pause is returned.
func (c *Client) do(ctx context.Context, r request, answer any) error {
	for attempt := 1; ; attempt++ {
		if err := c.Limiter.Wait(ctx, c.Account, r.method, r.urgency, c.Limits.Patience); err != nil {
			return err
		}
		token, err := c.Tokens.Token(ctx)
		sent := err == nil
		if sent {
			err = c.once(ctx, r, token, answer)
		}
		if err == nil || ctx.Err() != nil {
			return err
		}
		if hasStatus(err, http.StatusUnauthorized) && sent && attempt < c.Limits.Attempts {
			c.Tokens.Drop(token) // its time is over, or it was revoked: then the next refresh says so
			continue
		}
		retry, quota := temporary(err)
		if !retry {
			return explain(err)
		}
		wait := rand.N(c.Limits.Backoff << min(attempt-1, 6)) // full jitter
		if quota {
			if wait, err = c.pause(err, wait, attempt); err != nil {
				return err
			}
		}
		if attempt >= c.Limits.Attempts || r.key != "" && sent && !quota {
			return err
		}
		if err := sleep(ctx, wait); err != nil {
			return err
		}
	}
}

// pause stops the account for as long as Google asks.
func (c *Client) pause(err error, wait time.Duration, attempt int) (time.Duration, error) {
	var e *Error
	errors.As(err, &e)
	switch {
	case e.Reason == "dailyLimitExceeded":
		wait = untilReset(c.Now())
	case e.RetryAfter > 0:
		wait = e.RetryAfter + rand.N(e.RetryAfter/10+time.Millisecond)
	case attempt >= c.Limits.Attempts:
		wait = max(wait, c.Limits.Backoff<<6)
	}
	until := c.Now().Add(wait)
	c.Limiter.Pause(c.Account, until)
	if wait > min(c.Limits.Patience, 5*time.Second) || attempt >= c.Limits.Attempts {
		return wait, &Pause{Until: until, Err: err}
	}
	return wait, nil
}

// untilReset is the time until Google's daily quotas begin anew: midnight in California, an hour late at the worst.
func untilReset(now time.Time) time.Duration {
	reset := time.Date(now.UTC().Year(), now.UTC().Month(), now.UTC().Day(), 8, 0, 0, 0, time.UTC)
	if !reset.After(now) {
		reset = reset.AddDate(0, 0, 1)
	}
	return reset.Sub(now)
}

func explain(err error) error {
	var e *Error
	if !errors.As(err, &e) {
		return err
	}
	switch {
	case e.Status == http.StatusUnauthorized:
		return fmt.Errorf("%w: %w", ErrReconnect, err)
	case e.Status == http.StatusForbidden && (e.Reason == "insufficientPermissions" || e.Reason == "ACCESS_TOKEN_SCOPE_INSUFFICIENT"):
		return fmt.Errorf("%w: %w", ErrScope, err)
	}
	return err
}

// once makes one attempt.
func (c *Client) once(ctx context.Context, r request, token *oauth2.Token, answer any) error {
	ctx, cancel := context.WithTimeout(ctx, c.Limits.Call)
	defer cancel()
	req, err := c.build(ctx, r)
	if err != nil {
		return err
	}
	token.SetAuthHeader(req)
	resp, err := c.HTTP.Do(req)
	if err != nil {
		return err
	}
	defer func() { _ = resp.Body.Close() }()
	if resp.StatusCode >= 300 {
		return readError(resp, c.Now())
	}
	if answer == nil {
		return nil
	}
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer))
	if err != nil {
		return fmt.Errorf("%w: %w", errHalf, err)
	}
	if err := json.Unmarshal(body, answer); err != nil {
		return fmt.Errorf("%w: %w", errHalf, err)
	}
	return nil
}

func (c *Client) build(ctx context.Context, r request) (*http.Request, error) {
	var body io.Reader
	if r.body != nil {
		encoded, err := json.Marshal(r.body)
		if err != nil {
			return nil, err
		}
		body = bytes.NewReader(encoded)
	}
	address := c.API + "/gmail/v1/users/me/" + r.path
	if len(r.query) > 0 {
		address += "?" + r.query.Encode()
	}
	req, err := http.NewRequestWithContext(ctx, r.verb, address, body)
	if err != nil {
		return nil, err
	}
	req.Header.Set("User-Agent", "ApplyLens (gzip)") // Google packs only for agents that say gzip
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	if r.key != "" {
		// Not Idempotency-Key: net/http would take that as leave to send the request a second time by itself.
		req.Header.Set("X-ApplyLens-Change", r.key)
	}
	return req, nil
}
