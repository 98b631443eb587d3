package search

import (
	"strings"
	"testing"

	"applylens/internal/db/dbtest"
)

// Every statement of a search must find its rows by indexes, as the program's own role and under its policies.
func TestSearchUsesIndexes(t *testing.T) {
	d := dbtest.New(t)
	me := filled(t, d)
	sent := dbtest.Record(d)
	for _, c := range [...]struct{ query, index string }{
		{"", "_user_id_received_at_id_place_"},
		{"is:needs-reply is:needs-review", "_user_id_received_at_id_place_"},
		{"-has:attachment category:primary risk:>10 in:anywhere", "_user_id_received_at_id_place_"},
		{"after:2026-01-01 before:2026-01-20 is:read", "_user_id_received_at_id_place_"},
		{"size:>1K conf:<0.9 priority:high is:needs-reply", "_user_id_received_at_id_place_"},
		{"label:acme", "email_labels_"},
		{"rfc822msgid:offer@test", "thread_ids_"},
		{"has:pdf", "attachments_"},
		{"offer", "search_blocks_"},
		{`"job offer" inter* -unfortunately`, "search_blocks_"},
		{"data AROUND 6 engineer is:unread", "search_blocks_"},
		{"from:anna OR is:starred", "search_blocks_"},
		{"has:drive", "search_blocks_"},
	} {
		for _, newest := range []bool{false, true} {
			var p Postgres
			r := Request{UserID: me, Me: []string{"me@example.com"}, Newest: newest}
			q := Parse(c.query, clock(t))
			if _, err := p.Search(t.Context(), d.Owner(me), q, r); err != nil {
				t.Fatal(err)
			}
			if _, _, err := p.IDs(t.Context(), d.Owner(me), q, r, 1000); err != nil {
				t.Fatal(err)
			}
			all := ""
			for _, plan := range sent.Plans(t, me) {
				if strings.Contains(plan.Text, "Seq Scan") {
					t.Errorf("%q: a scan in\n%s\n%s", c.query, plan.SQL, plan.Text)
				}
				all += plan.Text
			}
			if !strings.Contains(all, c.index) {
				t.Errorf("%q does not use %s:\n%s", c.query, c.index, all)
			}
		}
	}
}

// What is hidden, and what passes the filters, is read where the words match much mail.
func TestSearchUsesIndexesForMuch(t *testing.T) {
	d := dbtest.New(t)
	me := filled(t, d)
	sent := dbtest.Record(d)
	p := plan{where: []string{"e.user_id = $1::bigint", "e.unread", "e.category = 'offer'"}, args: []any{me}, hidden: []string{"spam", "trash"}}
	for _, sql := range []string{
		"select e.id from emails e where " + p.conditions(),
		"select e.id from emails e where e.user_id = $1::bigint and e.place in ('spam', 'trash') and e.place = any ($2::text[])",
	} {
		if _, err := readIDs(t.Context(), d.Owner(me), sql, p.args); err != nil {
			t.Fatal(err)
		}
	}
	for _, plan := range sent.Plans(t, me) {
		if !strings.Contains(plan.Text, "Index Only Scan") && !strings.Contains(plan.Text, "Index Scan") || strings.Contains(plan.Text, "Seq Scan") {
			t.Errorf("%s\n%s", plan.SQL, plan.Text)
		}
	}
}
