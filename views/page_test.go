package views

import (
	"testing"
	"time"
)

func TestDays(t *testing.T) {
	zone, err := time.LoadLocation("America/New_York")
	if err != nil {
		t.Fatal(err)
	}
	now := time.Date(2026, 3, 11, 9, 0, 0, 0, zone) // a Wednesday
	for _, c := range []struct {
		at         time.Time
		day, short string
	}{
		{now.Add(-time.Hour), "Today", "08:00"},
		{time.Date(2026, 3, 11, 3, 0, 0, 0, time.UTC), "Yesterday", "10 Mar"}, // 23:00 of the day before, in the zone
		{time.Date(2026, 3, 9, 12, 0, 0, 0, zone), "Earlier this week", "9 Mar"},
		{time.Date(2026, 3, 8, 12, 0, 0, 0, zone), "Last week", "8 Mar"},
		{time.Date(2026, 2, 28, 12, 0, 0, 0, zone), "February", "28 Feb"},
		{time.Date(2025, 12, 31, 12, 0, 0, 0, zone), "December 2025", "31 Dec 2025"},
		{now.AddDate(0, 0, 2), "To come", "13 Mar"},
	} {
		if got := day(c.at, now); got != c.day {
			t.Errorf("day(%v) = %q, want %q", c.at, got, c.day)
		}
		if got := when(c.at, now); got != c.short {
			t.Errorf("when(%v) = %q, want %q", c.at, got, c.short)
		}
	}
}

func TestWho(t *testing.T) {
	for _, c := range []struct {
		senders []string
		want    string
	}{
		{nil, "(nobody)"},
		{[]string{"Priya Raman"}, "Priya Raman"},
		{[]string{"Priya Raman", "me"}, "Priya, me"},
		{[]string{"Acme, Inc.", "Jo Li", "me", "Ann"}, "Acme, Inc. … me, Ann"},
	} {
		if got := Who(Row{Senders: c.senders}); got != c.want {
			t.Errorf("Who(%q) = %q, want %q", c.senders, got, c.want)
		}
	}
}
