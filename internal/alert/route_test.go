package alert

import (
	"testing"
	"time"
)

func TestHours(t *testing.T) {
	h, err := ParseHours("Mon-Fri 09:00-18:00 Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct{ at, next string }{
		"within":                {"2026-11-25T10:00:00+01:00", "2026-11-25T10:00:00+01:00"},
		"at night":              {"2026-11-25T03:00:00+01:00", "2026-11-25T09:00:00+01:00"},
		"after work":            {"2026-11-25T18:00:00+01:00", "2026-11-26T09:00:00+01:00"},
		"Friday evening":        {"2026-11-27T19:00:00+01:00", "2026-11-30T09:00:00+01:00"},
		"over the clock change": {"2026-03-28T12:00:00+01:00", "2026-03-30T09:00:00+02:00"},
	} {
		at, _ := time.Parse(time.RFC3339, c.at)
		if got := h.Next(at); got.Format(time.RFC3339) != c.next && !got.Equal(at) || got.Equal(at) != (c.at == c.next) {
			t.Errorf("%s: %s, want %s", name, got.Format(time.RFC3339), c.next)
		}
	}
	for _, bad := range []string{"", "Mon-Fri 09:00-18:00", "Mon-Foo 09:00-18:00 UTC", "Mon 18:00-09:00 UTC", "Mon 9-17 UTC", "Mon 09:00-18:00 Moon"} {
		if _, err := ParseHours(bad); err == nil {
			t.Errorf("%q was taken", bad)
		}
	}
	over, err := ParseHours("Sat-Mon 00:00-23:59 UTC")
	if err != nil || !over.days[time.Sunday] || over.days[time.Tuesday] {
		t.Errorf("days over the week's end: %v %v", over.days, err)
	}
}

func TestRoutes(t *testing.T) {
	routes, err := DefaultRoutes()
	if err != nil {
		t.Fatal(err)
	}
	hours, err := ParseHours("Mon-Fri 09:00-18:00 UTC")
	if err != nil {
		t.Fatal(err)
	}
	night := time.Date(2026, 11, 25, 2, 0, 0, 0, time.UTC)
	held := map[string]bool{}
	for _, d := range routes.Deliveries(SEV2, night, hours) {
		held[d.Channel] = d.NotBefore.After(night)
	}
	if !held["pagerduty"] || held["slack"] {
		t.Errorf("SEV2 at night: %v", held)
	}
	for _, d := range routes.Deliveries(routes.Severity("hard_down"), night, hours) {
		if d.NotBefore.After(night) {
			t.Errorf("%s waits although everything is down", d.Channel)
		}
	}
	if routes.Severity("never heard of") != SEV3 {
		t.Error("an unknown class is not seen")
	}
	for _, bad := range []string{`{"classes":{"page":"SEV9"}}`, `{"classes":{"page":"SEV1"}}`, `{"severities":{"SEV1":{"at_once":["pager"]}}}`, `{`} {
		if _, err := ParseRoutes([]byte(bad)); err == nil {
			t.Errorf("%s was taken", bad)
		}
	}
}
