package gmail

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"golang.org/x/oauth2"
)

// A PushCheck says what a push must be to be believed.
type PushCheck struct {
	Verifier     *Verifier
	Audience     string // as configured at the subscription
	Account      string // address of the service account that signs
	Subscription string // projects/P/subscriptions/S
}

// A Push says that a mailbox changed. The history id in it is a hint that nothing relies on.
type Push struct {
	MessageID string
	Address   string // lower case
}

// ErrPush means that a push is not Google's, or not for us.
var ErrPush = errors.New("the push is not believed")

// Read checks a push's token and reads its body.
func (p PushCheck) Read(ctx context.Context, authorization string, body []byte) (Push, error) {
	token, ok := strings.CutPrefix(authorization, "Bearer ")
	if !ok || p.Audience == "" || p.Account == "" {
		return Push{}, fmt.Errorf("%w: no token", ErrPush)
	}
	c, err := p.Verifier.verify(ctx, token, p.Audience)
	switch {
	case err != nil:
		return Push{}, fmt.Errorf("%w: %w", ErrPush, err)
	case !c.Verified || c.Email != p.Account:
		return Push{}, fmt.Errorf("%w: it is of another account", ErrPush)
	}
	var envelope struct {
		Subscription string     `json:"subscription"`
		Message      pubMessage `json:"message"`
	}
	if err := json.Unmarshal(body, &envelope); err != nil {
		return Push{}, fmt.Errorf("%w: %w", ErrPush, err)
	}
	if p.Subscription != "" && envelope.Subscription != p.Subscription {
		return Push{}, fmt.Errorf("%w: it is of another subscription", ErrPush)
	}
	return envelope.Message.push()
}

type pubMessage struct {
	Data      []byte `json:"data"` // base64
	MessageID string `json:"messageId"`
}

func (m pubMessage) push() (Push, error) {
	var data struct {
		Address   string    `json:"emailAddress"`
		HistoryID HistoryID `json:"historyId"`
	}
	if err := json.Unmarshal(m.Data, &data); err != nil || data.Address == "" || m.MessageID == "" || len(m.MessageID) > 200 {
		return Push{}, fmt.Errorf("%w: it names no mailbox", ErrPush)
	}
	return Push{MessageID: m.MessageID, Address: strings.ToLower(data.Address)}, nil
}

// A Subscriber fetches pushes, where no public address is at hand.
type Subscriber struct {
	HTTP         *http.Client
	PubSub       string // base address
	Subscription string
	Tokens       oauth2.TokenSource
}

// A Pulled push is acknowledged once it is durable.
type Pulled struct {
	Push
	AckID string
}

// Pull waits for pushes, up to the server's patience. One that cannot be read comes without an address.
func (s Subscriber) Pull(ctx context.Context) ([]Pulled, error) {
	var answer struct {
		Messages []struct {
			AckID   string     `json:"ackId"`
			Message pubMessage `json:"message"`
		} `json:"receivedMessages"`
	}
	if err := s.post(ctx, ":pull", map[string]any{"maxMessages": 100}, &answer); err != nil {
		return nil, err
	}
	var out []Pulled
	for _, m := range answer.Messages {
		push, _ := m.Message.push() // without an address it is acknowledged and forgotten
		out = append(out, Pulled{Push: push, AckID: m.AckID})
	}
	return out, nil
}

// Acknowledge ends the delivery of pushes.
func (s Subscriber) Acknowledge(ctx context.Context, ackIDs []string) error {
	return s.post(ctx, ":acknowledge", map[string]any{"ackIds": ackIDs}, nil)
}

func (s Subscriber) post(ctx context.Context, verb string, body, answer any) error {
	ctx, cancel := context.WithTimeout(ctx, 100*time.Second)
	defer cancel()
	encoded, err := json.Marshal(body)
	if err != nil {
		return err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, s.PubSub+"/v1/"+s.Subscription+verb, bytes.NewReader(encoded))
	if err != nil {
		return err
	}
	token, err := s.Tokens.Token()
	if err != nil {
		return err
	}
	token.SetAuthHeader(req)
	req.Header.Set("Content-Type", "application/json")
	resp, err := s.HTTP.Do(req)
	if err != nil {
		return err
	}
	defer func() { _ = resp.Body.Close() }()
	if resp.StatusCode >= 300 {
		return readError(resp, time.Time{})
	}
	if answer == nil {
		return nil
	}
	return json.NewDecoder(resp.Body).Decode(answer)
}
