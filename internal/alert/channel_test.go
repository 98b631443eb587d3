package alert

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"applylens/internal/alert/alerttest"
)

func notice() Notice {
	return Notice{ID: 7, Key: "inbox.search/availability/page", Sequence: 1, State: Firing, Severity: SEV1, Class: "page", Source: "inbox.search",
		Title: "inbox.search fails <often>", Text: "At this pace the 30-day budget is gone in 50 h.", Link: "https://mail.example/ops/alerts/7",
		At: time.Date(2026, 11, 25, 3, 4, 5, 0, time.UTC)}
}

func channels(base string, client *http.Client) []Channel {
	return []Channel{
		&PagerDuty{RoutingKey: "R", Base: base, HTTP: client},
		&Slack{Token: "xoxb", Channel: "C1", Base: base, HTTP: client},
		&Slack{Webhook: base + "/services/T/B/X", HTTP: client},
		&Webhook{URL: base + "/hook", Secret: "s", HTTP: client},
	}
}

func TestChannelsSend(t *testing.T) {
	s := alerttest.New(func(string) alerttest.Fault { return alerttest.None }, 0)
	defer s.Close()
	for _, c := range channels(s.URL, http.DefaultClient) {
		if err := c.Send(t.Context(), notice()); err != nil {
			t.Errorf("%s: %v", c.Name(), err)
		}
	}
	if taken := s.Taken(); len(taken) != 4 || taken[0].Key != notice().Key || taken[0].Action != "trigger" ||
		!strings.Contains(taken[1].Text, "&lt;often&gt;") || taken[1].ID != "7" || taken[3].ID != "7" {
		t.Errorf("arrived: %+v", taken)
	}
}

func TestChannelsTellWhatPasses(t *testing.T) {
	for fault, after := range map[alerttest.Fault]time.Duration{alerttest.TooMany: time.Second, alerttest.Broken: 0, alerttest.Hang: 0} {
		s := alerttest.New(func(string) alerttest.Fault { return fault }, 5*time.Second)
		for _, c := range channels(s.URL, &http.Client{Timeout: 200 * time.Millisecond}) {
			var again *TryAgain
			if err := c.Send(t.Context(), notice()); !errors.As(err, &again) || again.After != after || strings.Contains(err.Error(), s.URL) {
				t.Errorf("%s at fault %d: %v", c.Name(), fault, err)
			}
		}
		s.Close()
	}
	refusal := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusBadRequest) }))
	defer refusal.Close()
	for _, c := range channels(refusal.URL, http.DefaultClient) {
		var again *TryAgain
		if err := c.Send(t.Context(), notice()); err == nil || errors.As(err, &again) {
			t.Errorf("%s at a refusal: %v", c.Name(), err)
		}
	}
	for _, c := range []Channel{&PagerDuty{}, &Slack{}, &Webhook{}, &Email{}} {
		if err := c.Send(t.Context(), notice()); !errors.Is(err, ErrNotConfigured) {
			t.Errorf("%s without credentials: %v", c.Name(), err)
		}
	}
}

func TestSlackSaysNo(t *testing.T) {
	for words, passes := range map[string]bool{"channel_not_found": false, "internal_error": true} {
		s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			_, _ = fmt.Fprintf(w, `{"ok":false,"error":%q}`, words)
		}))
		var again *TryAgain
		err := (&Slack{Token: "x", Channel: "C", Base: s.URL, HTTP: http.DefaultClient}).Send(t.Context(), notice())
		if err == nil || errors.As(err, &again) != passes {
			t.Errorf("%s: %v", words, err)
		}
		s.Close()
	}
}

// A message whose answer was lost is found by its metadata and not sent twice.
func TestSlackLostAnswer(t *testing.T) {
	lost := true
	s := alerttest.New(func(channel string) alerttest.Fault {
		if channel == "slack" && lost {
			lost = false
			return alerttest.Slow
		}
		return alerttest.None
	}, 2*time.Second)
	defer s.Close()
	c := &Slack{Token: "x", Channel: "C", Base: s.URL, HTTP: &http.Client{Timeout: 200 * time.Millisecond}}
	n := notice()
	if err := c.Send(t.Context(), n); err == nil {
		t.Fatal("the answer was not lost")
	}
	n.Again = true
	if err := c.Send(t.Context(), n); err != nil {
		t.Fatal(err)
	}
	if taken := s.Taken(); len(taken) != 1 {
		t.Errorf("%d messages arrived", len(taken))
	}
}

func TestEmail(t *testing.T) {
	for code, want := range map[string]string{"250 ok": "", "451 later": "again", "550 never": "final"} {
		server, letter := alerttest.SMTP(t, code)
		err := (&Email{Server: server, From: "alerts@mail.example", To: []string{"oncall@mail.example"}}).Send(t.Context(), notice())
		var again *TryAgain
		got := ""
		switch {
		case errors.As(err, &again):
			got = "again"
		case err != nil:
			got = "final"
		}
		if got != want {
			t.Errorf("%s: %v", code, err)
		}
		if want != "" {
			continue
		}
		if text := <-letter; !strings.Contains(text, "Message-ID: <alert-7@127.0.0.1>") || !strings.Contains(text, "[SEV1 firing]") || !strings.Contains(text, "gone in 50 h") {
			t.Errorf("the letter: %s", text)
		}
	}
	remote := &url.URL{Scheme: "smtp", Host: "mail.example:25", RawQuery: "tls=none"}
	if c, err := smtpClient(remote); err != nil || c.TLSPolicy() != "TLSMandatory" {
		t.Errorf("a password would travel in clear: %v", err)
	}
}
