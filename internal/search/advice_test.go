package search

import (
	"fmt"
	"strings"
	"testing"

	"applylens/internal/db/dbtest"
)

func TestSpelling(t *testing.T) {
	d := dbtest.New(t)
	me := filled(t, d)
	var p Postgres
	for query, want := range map[string]string{
		"interveiw":           "interview",
		"inteviews":           "interviews",
		"nitervew":            "interview",
		"offer unfortunatly":  "offer unfortunately",
		"from:globx":          "from:globex",
		"positon is:unread":   "position is:unread",
		"subject:engineerng":  "subject:engineer", // the same word
		"-interveiw":          "",
		`"interveiw"`:         "",
		"interview":           "",
		"zzzzzzz":             "",
		"foreign is:unread":   "", // only another owner has it
		"Intervjew candidats": "interview candidates",
	} {
		got, err := p.Spelling(t.Context(), d.Owner(me), Parse(query, clock(t)), Request{UserID: me})
		if err != nil {
			t.Fatal(err)
		}
		if got != want {
			t.Errorf("%q: %q, want %q", query, got, want)
		}
	}
}

func TestAdvise(t *testing.T) {
	d := dbtest.New(t)
	me := withFacts(t, d)
	var p Postgres
	r := Request{UserID: me, Me: []string{"me@example.com"}}
	advise := func(query string) Advice {
		a, err := p.Advise(t.Context(), d.Owner(me), Parse(query, clock(t)), r)
		if err != nil {
			t.Fatal(err)
		}
		for _, other := range append(a.Without, a.Spelling, a.Anywhere) { // what it promises is found
			if other.Query == "" {
				continue
			}
			got, err := p.Search(t.Context(), d.Owner(me), Parse(other.Query, clock(t)), r)
			if err != nil || got.Total != other.Total {
				t.Errorf("%q finds %d, the advice said %d: %v", other.Query, got.Total, other.Total, err)
			}
		}
		return a
	}
	if a := advise("interveiw"); a.Spelling != (Instead{Query: "interview", Total: 2}) || len(a.Without) > 0 || a.Anywhere.Total > 0 {
		t.Errorf("of a misspelt word: %+v", a)
	}
	if a := advise("offer from:bob is:unread"); len(a.Without) != 2 || a.Without[0] != (Instead{"from:bob is:unread", "offer", 1}) || a.Without[1] != (Instead{"offer is:unread", "from:bob", 1}) {
		t.Errorf("of too many parts: %+v", a)
	}
	if a := advise("millions"); a.Anywhere != (Instead{Query: "millions in:anywhere", Total: 1}) {
		t.Errorf("of mail in spam: %+v", a)
	}
	if a := advise("millions in:anywhere from:bob"); a.Anywhere.Query != "" {
		t.Errorf("it looks everywhere already: %+v", a)
	}
}

func TestSuggest(t *testing.T) {
	d := dbtest.New(t)
	me := withFacts(t, d)
	var p Postgres
	for _, c := range [...]struct{ source, want string }{
		{"fr", "from:"},
		{"offer -su", "offer -subject:"},
		{"from:ann", "from:anna@mail.acme.example "},
		{"from:m", "from:me | from:anna@mail.acme.example | from:me@example.com "},
		{"smith", "from:anna@mail.acme.example "},
		{"label:job", `label:"Job hunt/2026" `},
		{"hunt", `label:"Job hunt/2026" `},
		{"category:re", "category:rejection | category:recruiter_outreach | category:receipt_bill | category:reservations "},
		{"company:ac", `company:"Acme Café GmbH" `},
		{"is:aw", "is:awaiting "},
		{"domain:glo", "domain:globex.example "},
		{"after:", "after:today | after:yesterday | after:7d | after:30d | after:3m | after:1y "},
		{`subject:"data en`, ""},
		{"nofield:x", ""},
		{"offer ", ""},
		{"", ""},
		{"zzz", ""},
	} {
		got, err := p.Suggest(t.Context(), d.Owner(me), c.source, Request{UserID: me})
		if err != nil {
			t.Fatal(err)
		}
		var all []string
		for _, s := range got {
			all = append(all, s.Query)
		}
		if text := strings.Join(all, "| "); text != c.want {
			t.Errorf("%q suggests %q, want %q", c.source, text, c.want)
		}
	}
}

// A query that a suggestion makes is understood, whatever stands in the mail.
func TestPart(t *testing.T) {
	for _, value := range []string{"anna@x.example", "Job hunt/2026", `say "hi"`, "a:b", "OR", "-x", "(", "~", "*", "x*", "Anna*", "me", "日本", "", "a..b", "<5"} {
		for _, field := range []string{"from", "label", "company"} {
			part := Part(field, value)
			q := Parse(part, clock(t))
			if strings.Trim(value, `" `) == "" {
				continue
			}
			value := strings.Join(strings.Fields(strings.ReplaceAll(value, `"`, " ")), " ")
			if len(q.Warnings) > 0 || q.Root == nil || q.Root.Kind != Term || q.Root.Field != field || q.Root.Prefix ||
				q.Root.Value != value || q.String() != part {
				t.Errorf("Part(%s, %q) is %s, read as %s", field, value, part, fmt.Sprintf("%+v %v", q.Root, q.Warnings))
			}
		}
	}
}
