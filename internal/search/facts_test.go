package search

import (
	"strings"
	"testing"

	"applylens/internal/db"
	"applylens/internal/db/dbtest"
)

// withFacts makes an owner whose mail states facts, and another owner whose mail states the same.
func withFacts(t testing.TB, d *db.DB) (me int64) {
	t.Helper()
	me = filled(t, d)
	mails := [...]fixture{
		{name: "acme", subject: "Your application", from: "jobs@ats.example", to: "me@example.com", body: "Thank you.", category: "application_confirmation", days: 4,
			facts: `{"facts":[{"kind":"company","value":"Acme Café GmbH"},{"kind":"role","value":"Senior Data Engineer"},{"kind":"person","value":"Grace Hopper"},{"kind":"link","value":"https://acme.example"}]}`},
		{name: "globex", subject: "A task", from: "Grace <grace@globex.example>", to: "me@example.com", body: "Do it.", category: "assessment", days: 6,
			facts: `{"facts":[{"kind":"company","value":"Globex"},{"kind":"role","value":"Data Analyst"},{"kind":"deadline","value":"2026-02-03"}]}`},
		{name: "late", subject: "A task of old", from: "hr@initech.example", to: "me@example.com", body: "Do it.", category: "assessment", days: 60,
			facts: `{"facts":[{"kind":"company","value":"Initech"},{"kind":"deadline","value":"2025-12-24T18:00:00Z"},{"kind":"deadline","value":"soon"},{"kind":"deadline","value":"2002-09-14T18:10:58-16:00"}]}`},
	}
	for _, m := range mails {
		insert(t, d, me, m)
	}
	other, err := d.UserFind(t.Context(), "other@example.com")
	if err != nil {
		t.Fatal(err)
	}
	mails[0].name = "foreign-acme"
	insert(t, d, other, mails[0])
	return me
}

func TestSearchFacts(t *testing.T) {
	d := dbtest.New(t)
	me := withFacts(t, d)
	var p Postgres
	for query, want := range map[string]string{
		"company:acme":                    "acme",
		"company:cafe":                    "acme",
		"company:caf*":                    "acme",
		`company:"acme gmbh"`:             "",
		"company:{acme globex}":           "acme globex",
		"company:nobody":                  "",
		"-company:{acme globex} in:inbox": "late mine news offer old reject talk",
		`role:"data engineers"`:           "acme",
		"role:data":                       "acme globex",
		"role:data -company:globex":       "acme",
		"person:grace":                    "acme globex",
		"person:hopper":                   "acme",
		"person:bob":                      "mine talk",
		"deadline:<7d":                    "globex",
		"deadline:<2026-01-01":            "late",
		"deadline:2026":                   "globex",
		"company:— offer":                 "offer reject",
	} {
		r, err := p.Search(t.Context(), d.Owner(me), Parse(query, clock(t)), Request{UserID: me, Me: []string{"me@example.com"}})
		if err != nil {
			t.Fatal(err)
		}
		if got := names(r); got != want {
			t.Errorf("%q finds %q, want %q (%v)", query, got, want, r.Warnings)
		}
	}
}

// Facts follow their verdict: judged anew, they change; deleted, they go.
func TestFactsFollowTheVerdict(t *testing.T) {
	d := dbtest.New(t)
	me := withFacts(t, d)
	o := d.Owner(me)
	count := func() (n int) {
		if err := o.QueryRow(t.Context(), "select count(*) from email_facts where user_id = $1", me).Scan(&n); err != nil {
			t.Fatal(err)
		}
		return n
	}
	if n := count(); n != 10 { // without the link; deadlines that are no time are kept without one
		t.Fatalf("%d facts", n)
	}
	exec(t, o, `update email_texts set verdict = '{"facts":[{"kind":"company","value":"Umbrella"}]}' where user_id = $1 and email_id in
		(select email_id from email_facts where user_id = $1 and value = 'Globex')`, me)
	if n := count(); n != 8 {
		t.Errorf("%d facts after one verdict of three facts became one of one", n)
	}
	exec(t, o, "delete from email_texts where user_id = $1", me)
	if n := count(); n != 0 {
		t.Errorf("%d facts of mail that is gone", n)
	}
}

func TestSearchAwaiting(t *testing.T) {
	d := dbtest.New(t)
	me := dbtest.User(t, d, "me@example.com")
	for i, m := range [...]fixture{
		{name: "asked", subject: "A", from: "me@example.com", to: "Bob <bob@acme.example>", body: "Any news?", days: 3, sent: true, category: "personal"},
		{name: "answered", subject: "B", from: "me@example.com", to: "Bob <bob@acme.example>", body: "Any news?", days: 3, sent: true, category: "personal"},
		{name: "answer", subject: "Re: B", from: "Bob <bob@acme.example>", to: "me@example.com", body: "Yes.", days: 2, category: "personal"},
		{name: "note", subject: "C", from: "me@example.com", to: "Me <me@example.com>", body: "Buy milk.", days: 1, sent: true, category: "personal"},
		{name: "gone", subject: "D", from: "me@example.com", to: "x@y.example", body: "Never mind.", days: 1, sent: true, place: "trash", category: "personal"},
	} {
		insert(t, d, me, m)
		thread := []int{1, 2, 2, 3, 4}[i]
		exec(t, d.Owner(me), "update emails set thread_id = $2 where user_id = $1 and message_id = $3", me, thread, m.name+"@test")
	}
	sent := dbtest.Record(d)
	var p Postgres
	for query, want := range map[string]string{"is:awaiting": "asked", "is:awaiting in:anywhere": "asked", "-is:awaiting": "answer answered note", "news is:awaiting": "asked"} {
		r, err := p.Search(t.Context(), d.Owner(me), Parse(query, clock(t)), Request{UserID: me, Me: []string{"me@example.com"}})
		if err != nil {
			t.Fatal(err)
		}
		if got := names(r); got != want {
			t.Errorf("%q finds %q, want %q", query, got, want)
		}
	}
	for _, plan := range sent.Plans(t, me) {
		if strings.Contains(plan.Text, "Seq Scan") {
			t.Errorf("a scan in\n%s\n%s", plan.SQL, plan.Text)
		}
	}
}
