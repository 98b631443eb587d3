package alert

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"strconv"
	"time"
)

// Webhook posts notices as JSON to any address.
type Webhook struct {
	URL    string
	Secret string // signs the body when set
	HTTP   *http.Client
}

// Name is how the console calls it.
func (*Webhook) Name() string { return "webhook" }

// WebhookBody is what a web hook gets, once for each change of an alert.
type WebhookBody struct {
	ID       int64     `json:"id"`
	Key      string    `json:"key"`
	Sequence int64     `json:"sequence"`
	State    State     `json:"state"`
	Severity string    `json:"severity"`
	Class    string    `json:"class"`
	Source   string    `json:"source"`
	Title    string    `json:"title"`
	Text     string    `json:"text"`
	Link     string    `json:"link"`
	At       time.Time `json:"at"`
}

// Send posts a notice with its id as Idempotency-Key and, with a secret, X-ApplyLens-Signature: v1=, the HMAC-SHA256 of
// the body in hexadecimal. Any status of the 200s is success.
func (w *Webhook) Send(ctx context.Context, n Notice) error {
	if w.URL == "" {
		return ErrNotConfigured
	}
	body, err := json.Marshal(WebhookBody{ID: n.ID, Key: n.Key, Sequence: n.Sequence, State: n.State, Severity: n.Severity.String(),
		Class: n.Class, Source: n.Source, Title: n.Title, Text: n.Text, Link: n.Link, At: n.At.UTC()})
	if err != nil {
		return err
	}
	header := http.Header{"Idempotency-Key": {strconv.FormatInt(n.ID, 10)}}
	if w.Secret != "" {
		header.Set("X-ApplyLens-Signature", "v1="+sign(w.Secret, body))
	}
	got, err := post(ctx, w.HTTP, w.URL, body, header)
	if err == nil && got.status/100 != 2 {
		return got.failure("the web hook")
	}
	return err
}

func sign(secret string, body []byte) string {
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write(body)
	return hex.EncodeToString(mac.Sum(nil))
}
