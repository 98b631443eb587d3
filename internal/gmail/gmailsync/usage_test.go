package gmailsync_test

import (
	"testing"
	"time"

	"applylens/internal/db"
	"applylens/internal/gmail"
	"applylens/internal/gmail/gmailtest"
)

// TestUsageIsWhatGoogleCharges compares the units that are noted of an account with those the fake charged for it.
func TestUsageIsWhatGoogleCharges(t *testing.T) {
	s := newScene(t, gmailtest.Options{})
	for range 30 {
		s.box.Deliver(s.letter("news"), "", "INBOX")
	}
	s.sync()
	day, minute := gmail.UsageTimes(time.Now())
	rows, err := s.db.As(s.user).GmailUsageList(t.Context(), db.GmailUsageListParams{UserID: s.user, Minute: minute, Since: day.AddDate(0, 0, -1)})
	if err != nil {
		t.Fatal(err)
	}
	var units, charged int64
	for _, row := range rows { // two, when Google's day ends just now
		units += row.Units
	}
	for name, n := range s.fake.Calls() {
		if name != "token" {
			charged += int64(n * gmailtest.Costs()[name])
		}
	}
	if units != charged || units < 30*20 {
		t.Errorf("%d units are noted, %d were charged", units, charged)
	}
	if n := s.engine.Limiter.TakeUsed(s.account); n != 0 {
		t.Errorf("%d units are not noted yet", n)
	}
}

// TestUsageDays: Google's day begins at midnight in California.
func TestUsageDays(t *testing.T) {
	for now, want := range map[string]string{"2026-01-10T07:59:00Z": "2026-01-09T08:00:00Z", "2026-01-10T08:00:30Z": "2026-01-10T08:00:00Z", "2026-01-10T23:10:00Z": "2026-01-10T08:00:00Z"} {
		at, err := time.Parse(time.RFC3339, now)
		if err != nil {
			t.Fatal(err)
		}
		if day, minute := gmail.UsageTimes(at); day.Format(time.RFC3339) != want || minute != at.Truncate(time.Minute) {
			t.Errorf("at %s the day began at %s, the minute at %s", now, day, minute)
		}
	}
}
