package alert

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"time"
)

// PagerDuty sends to its Events API v2.
type PagerDuty struct {
	RoutingKey string
	Base       string // https://events.pagerduty.com when empty
	HTTP       *http.Client
}

// Name is how the console calls it.
func (*PagerDuty) Name() string { return "pagerduty" }

type pagerDutyEvent struct {
	RoutingKey string            `json:"routing_key"`
	Action     string            `json:"event_action"`
	Key        string            `json:"dedup_key"`
	Client     string            `json:"client,omitempty"`
	ClientURL  string            `json:"client_url,omitempty"`
	Payload    *pagerDutyPayload `json:"payload,omitempty"`
}

type pagerDutyPayload struct {
	Summary   string            `json:"summary"`
	Source    string            `json:"source"`
	Severity  string            `json:"severity"`
	Timestamp string            `json:"timestamp"`
	Component string            `json:"component"`
	Class     string            `json:"class"`
	Details   map[string]string `json:"custom_details"`
}

var (
	pagerDutyActions    = map[State]string{Firing: "trigger", Acknowledged: "acknowledge", Resolved: "resolve"}
	pagerDutySeverities = [...]string{SEV1: "critical", SEV2: "error", SEV3: "warning", SEV4: "info"}
)

// Send sends one event; the same key twice is one incident there, so a repetition does no harm.
func (p *PagerDuty) Send(ctx context.Context, n Notice) error {
	if p.RoutingKey == "" {
		return ErrNotConfigured
	}
	event := pagerDutyEvent{RoutingKey: p.RoutingKey, Action: pagerDutyActions[n.State], Key: n.Key, Client: "ApplyLens", ClientURL: n.Link}
	if n.State == Firing {
		event.Payload = &pagerDutyPayload{
			Summary: clip(n.Title+": "+n.Text, 1024), Source: n.Source, Severity: pagerDutySeverities[n.Severity],
			Timestamp: n.At.UTC().Format(time.RFC3339), Component: n.Source, Class: n.Class,
			Details: map[string]string{"text": n.Text, "severity": n.Severity.String()},
		}
	}
	base := p.Base
	if base == "" {
		base = "https://events.pagerduty.com"
	}
	body, err := json.Marshal(event)
	if err != nil {
		return err
	}
	got, err := post(ctx, p.HTTP, strings.TrimRight(base, "/")+"/v2/enqueue", body, nil)
	if err == nil && got.status != http.StatusAccepted {
		return got.failure("PagerDuty")
	}
	return err
}
