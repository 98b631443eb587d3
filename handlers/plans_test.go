package handlers_test

import (
	"strings"
	"testing"

	"applylens/internal/db/dbtest"
)

// Every statement of the pages that people look at most must find its rows by indexes, as the program's own role and
// under its policies.
func TestPagesUseIndexes(t *testing.T) {
	s := newSite(t)
	sent := dbtest.Record(s.DB)
	var thread string
	if err := s.DB.Owner(s.user).QueryRow(t.Context(), "select '/t/' || id from threads where user_id = $1 and email_count > 1 limit 1", s.user).Scan(&thread); err != nil {
		t.Fatal(err)
	}
	targets := []string{"/?split=action", "/?category=offer", "/search?q=interview+offer", "/search?q=is:unread", "/search?q=company:harrowgate+is:awaiting",
		"/search?q=interview&sort=oldest", "/search?q=deadline:<7d", "/search?q=interveiw+from:priya", "/search/facets?q=interview", "/search/suggest?q=from:pri", "/alerts", "/settings/searches", thread, thread + "?list=split%3Daction"}
	for _, place := range []string{"archive", "sent", "drafts", "starred", "snoozed", "spam", "trash", "quarantine", "all"} {
		targets = append(targets, "/?in="+place)
	}
	sent.Plans(t, s.user)
	for _, target := range targets {
		if got := s.do(t, "GET", target, "", false); got.Code != 200 {
			t.Fatalf("GET %s: %d", target, got.Code)
		}
		plans := sent.Plans(t, s.user)
		if len(plans) < 2 {
			t.Errorf("GET %s sent %d statements", target, len(plans))
		}
		for _, plan := range plans {
			if strings.Contains(plan.Text, "Seq Scan") {
				t.Errorf("GET %s: a scan in\n%s\n%s", target, plan.SQL, plan.Text)
			}
		}
	}
}
