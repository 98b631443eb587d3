package search

import (
	"slices"
	"strings"
	"testing"
	"time"

	"applylens/internal/db"
	"applylens/internal/db/dbtest"
)

// standing are queries with every operator that a rule may use, alone, negated and joined.
var standing = [...]string{
	"offer", "offers", "-offer", "offer OR invoice", "{invoice offer}", "offer -unfortunately", "(offer friday) OR invoice", "engin*",
	`"data engineer"`, `"engineer data"`, `"next we"*`, "data AROUND 6 engineer", "engineer AROUND 6 lake", "c++", "resume",
	"subject:offer", "subject:(job offer)", `subject:"job offer"`, "-subject:offer", "body:offer", "body:globex", "from:anna",
	`from:"anna smith"`, "from:acme.example", "from:me", "-from:me offer", "to:bob", "to:me", "cc:anna", "bcc:anna", "reply-to:anna",
	"addressed:anna", "deliveredto:me", "domain:acme.example", "list:acme", "filename:pdf", `filename:"offer letter"`, "has:attachment",
	"has:pdf", "has:spreadsheet", "has:image", "has:document", "has:presentation", "has:inline", "has:invitation", "has:drive",
	"has:youtube", "has:userlabels", "has:nouserlabels", "has:yellow-star", "label:acme", "label:job-hunt-2026", "label:job*",
	"-label:acme", "in:inbox", "in:archive", "in:sent", "in:spam", "in:trash", "in:anywhere", "offer in:anywhere", "in:acme", "in:drafts",
	"in:quarantine", "is:unread", "is:read", "is:starred", "is:important", "is:tagged", "is:needs-reply", "is:needs-review",
	"is:quarantined", "category:offer", "category:purchases", "category:applications", "-category:offer", "priority:urgent",
	"after:2026-01-20", "before:2025-01-01", "date:2026-01-11..2026-01-12", "date:2026-01", "larger:1M", "size:1K..1M", "smaller:1K",
	"risk:>90 in:anywhere", "risk:critical in:spam", "conf:>=0.95", "conf:0.7..0.8", "rfc822msgid:<offer@test>",
	"invoice OR in:sent", "-offer OR in:sent", "from:(anna OR bob) is:unread -category:offer",
}

// TestAmongAgreesWithSearch: what a rule finds in mail that comes in is what a search finds in the same mail.
func TestAmongAgreesWithSearch(t *testing.T) {
	d := dbtest.New(t)
	user := filled(t, d)
	request := Request{UserID: user, Me: []string{"me@example.com"}}
	var p Postgres
	var b Batch
	var ids []int64
	for _, f := range mailbox {
		var id int64
		if err := d.Owner(user).QueryRow(t.Context(), "select id from emails where user_id = $1 and message_id = $2", user, f.name+"@test").Scan(&id); err != nil {
			t.Fatal(err)
		}
		ids = append(ids, id)
		b.Add(clock(t).AddDate(0, 0, -f.days), p.Analyzer.Lexemes(Document{Subject: f.subject, From: f.from, To: f.to, Cc: f.cc, Body: f.body, Files: f.files}))
	}
	s := b.Segment()
	for i, id := range ids {
		s.s.Docs[i].ID = id
	}
	matched := 0
	for _, query := range standing {
		q := Parse(query, clock(t))
		if faults := p.Analyzer.Standing(q, request.Me); len(faults) > 0 {
			t.Errorf("%q cannot stand: %v", query, faults)
			continue
		}
		want, _, err := p.IDs(t.Context(), d.Owner(user), q, request, 100)
		if err != nil {
			t.Fatal(err)
		}
		got, err := p.Analyzer.Among(t.Context(), d.Owner(user), s, q, request)
		if err != nil {
			t.Fatalf("%q: %v", query, err)
		}
		slices.Sort(got)
		slices.Sort(want)
		if !slices.Equal(got, want) {
			t.Errorf("%q: a rule finds %v, a search %v", query, got, want)
		}
		matched += len(got)
	}
	if matched < 100 {
		t.Errorf("only %d matches in all: the queries test nothing", matched)
	}
}

// TestAmongSeesOnlyTheSegment: mail that was there before is no business of a rule for new mail.
func TestAmongSeesOnlyTheSegment(t *testing.T) {
	d := dbtest.New(t)
	user := filled(t, d)
	var a Analyzer
	var b Batch
	b.Add(clock(t), a.Lexemes(Document{Subject: "Another offer"}))
	s := b.Segment()
	ids, err := db.New(d.Owner(user)).EmailIDs(t.Context(), 1)
	if err != nil {
		t.Fatal(err)
	}
	s.s.Docs[0].ID = ids[0] // no row: a condition on rows must not find it, words may
	for query, want := range map[string]int{"subject:offer in:anywhere": 1, "invoice in:anywhere": 0, "is:starred": 0} {
		got, err := a.Among(t.Context(), d.Owner(user), s, Parse(query, clock(t)), Request{UserID: user})
		if err != nil || len(got) != want {
			t.Errorf("%q finds %v (%v), want %d", query, got, err, want)
		}
	}
}

// TestStandingRefuses: what one mail cannot decide is refused at its token.
func TestStandingRefuses(t *testing.T) {
	now := time.Date(2026, 1, 31, 12, 0, 0, 0, time.UTC)
	var a Analyzer
	for query, want := range map[string]string{
		"":                             "",
		"offer newer_than:3d":          "newer_than:3d",
		"offer older_than:1y from:ann": "older_than:1y",
		"after:yesterday":              "after:yesterday",
		"date:2026-01 before:7d":       "before:7d",
		`offer ~"good news"`:           `~"good news"`,
		"is:awaiting":                  "is:awaiting",
		"offer is:ghosted":             "is:ghosted",
		"stage:offer":                  "stage:offer",
		"is:snoozed x":                 "is:snoozed",
		"fromm:anna":                   "fromm:anna",
		"is:foo offer":                 "is:foo",
		"subject:(offer ~\"x\")":       `~"x"`,
	} {
		q := Parse(query, now)
		faults := a.Standing(q, nil)
		if len(faults) != 1 {
			t.Errorf("%q: %d faults %v, want 1", query, len(faults), faults)
			continue
		}
		if got := q.Source[faults[0].Pos:faults[0].End]; got != want || faults[0].Msg == "" {
			t.Errorf("%q: %q at %q, want it at %q", query, faults[0].Msg, got, want)
		}
		if strings.Contains(faults[0].Msg, "%!") {
			t.Errorf("%q: %s", query, faults[0].Msg)
		}
	}
}
