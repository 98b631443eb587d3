package search

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"applylens/internal/db/dbtest"
)

// shown writes facets as a test compares them.
func shown(all []Facet) string {
	var parts []string
	for _, f := range all {
		parts = append(parts, fmt.Sprintf("%s=%d", f.Part, f.Count))
	}
	return strings.Join(parts, " ")
}

func TestFacets(t *testing.T) {
	d := dbtest.New(t)
	me := withFacts(t, d)
	var p Postgres
	find := func(query string) Facets {
		f, err := p.Facets(t.Context(), d.Owner(me), Parse(query, clock(t)), Request{UserID: me, Me: []string{"me@example.com"}})
		if err != nil {
			t.Fatal(err)
		}
		return f
	}
	f := find("")
	if f.Total != 9 {
		t.Errorf("%d in all", f.Total)
	}
	for _, c := range [...]struct{ what, got, want string }{
		{"categories", shown(f.Categories), "category:assessment=2 category:application_confirmation=1 category:interview=1 category:newsletter=1 category:offer=1 category:personal=1 category:receipt_bill=1 category:rejection=1"},
		{"labels", shown(f.Labels), "label:Job-hunt/2026=2 label:Acme=1"},
		{"companies", shown(f.Companies), `company:"Acme Café GmbH"=1 company:Globex=1 company:Initech=1`},
		{"has", shown(f.Has), "is:unread=2 has:attachment=2 is:starred=1 is:needs-reply=1"},
		{"of a word", shown(find("offer").Categories), "category:offer=1 category:rejection=1"},
		{"of a word, everywhere", shown(find("offer in:anywhere").Categories), "category:other=2 category:offer=1 category:rejection=1"},
		{"of a filter", shown(find("is:unread").Labels), "label:Job-hunt/2026=2 label:Acme=1"},
		{"of a filter and a word", shown(find("interview is:unread").Senders), "from:bob@acme.example=1"},
		{"of nothing", shown(find("zzzz").Categories), ""},
	} {
		if got := strings.ReplaceAll(c.got, `label:"Job hunt/2026"`, "label:Job-hunt/2026"); got != c.want {
			t.Errorf("%s: %s\nwant %s", c.what, got, c.want)
		}
	}
	if s := find("offer").Senders; len(s) != 2 || s[0].Name != "Anna Smith" {
		t.Errorf("senders are %+v", s)
	}
}

// Whatever a facet says, asking for it finds just as many.
func TestFacetsCountWhatTheyAskFor(t *testing.T) {
	d := dbtest.New(t)
	me := withFacts(t, d)
	var p Postgres
	r := Request{UserID: me, Me: []string{"me@example.com"}}
	for _, query := range []string{"", "offer", "is:unread", "in:anywhere", "from:me OR category:offer", "-offer after:1y"} {
		f, err := p.Facets(t.Context(), d.Owner(me), Parse(query, clock(t)), r)
		if err != nil {
			t.Fatal(err)
		}
		parts := map[string]int{"": f.Total}
		for _, all := range [][]Facet{f.Categories, f.Senders, f.Companies, f.Labels, f.Has} {
			for _, v := range all {
				parts[v.Part] = v.Count
			}
		}
		bars := 0
		for _, b := range f.Dates {
			bars += b.Count
			parts[b.Part] = b.Count
		}
		if bars != f.Total {
			t.Errorf("%q: %d in bars of %d", query, bars, f.Total)
		}
		for part, want := range parts {
			q := Parse(query, clock(t)).With(part)
			got, err := p.Search(t.Context(), d.Owner(me), Parse(q, clock(t)), r)
			if err != nil {
				t.Fatal(err)
			}
			if got.Total != want || len(got.Warnings) > 0 {
				t.Errorf("%q finds %d, its facet said %d: %v", q, got.Total, want, got.Warnings)
			}
		}
	}
}

func TestFacetsUseIndexes(t *testing.T) {
	d := dbtest.New(t)
	me := withFacts(t, d)
	sent := dbtest.Record(d)
	var p Postgres
	for _, query := range []string{"", "offer", "is:unread label:acme", "company:globex"} {
		if _, err := p.Facets(t.Context(), d.Owner(me), Parse(query, clock(t)), Request{UserID: me}); err != nil {
			t.Fatal(err)
		}
	}
	for _, sql := range []string{"SearchLabels", "SearchCompanies"} { // of much mail
		if _, _, err := readNamed(t.Context(), d.As(me), me, nil, true); err != nil {
			t.Fatal(sql, err)
		}
	}
	for _, plan := range sent.Plans(t, me) {
		if strings.Contains(plan.Text, "Seq Scan") {
			t.Errorf("a scan in\n%s\n%s", plan.SQL, plan.Text)
		}
	}
}

// New mail is counted at once, although what never changes is remembered.
func TestFacetsSeeNewMail(t *testing.T) {
	d := dbtest.New(t)
	me := filled(t, d)
	var p Postgres
	count := func() int {
		f, err := p.Facets(t.Context(), d.Owner(me), Parse("from:anna", clock(t)), Request{UserID: me})
		if err != nil {
			t.Fatal(err)
		}
		return f.Senders[0].Count
	}
	before := count()
	insert(t, d, me, fixture{name: "again", subject: "Again", from: "Anna Smith <anna@mail.acme.example>", to: "me@example.com", body: "x", category: "offer"})
	if after := count(); before != 1 || after != 2 {
		t.Errorf("%d, then %d", before, after)
	}
}

func TestHistogram(t *testing.T) {
	zone, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	r := rand.New(rand.NewPCG(1, 2))
	for _, c := range [...]struct {
		from, to, unit string
		bars           int
	}{
		{"2026-03-20", "2026-04-05", "day", 17}, // over the change of the clock
		{"2025-12-30", "2026-06-30", "week", 27},
		{"2024-01-31", "2026-06-30", "month", 30},
		{"1998-01-31", "2026-06-30", "year", 29},
		{"1901-01-31", "2026-06-30", "year", 60},
	} {
		from, _ := time.ParseInLocation(time.DateOnly, c.from, zone)
		to, _ := time.ParseInLocation(time.DateOnly, c.to, zone)
		m := counting{columns: &mailColumns{at: []int64{to.Unix(), from.Unix()}}, found: newBitset(1000)}
		for range 998 {
			m.columns.at = append(m.columns.at, from.Unix()+r.Int64N(to.Unix()-from.Unix()))
		}
		m.found.fill(1000)
		bars, unit := m.dates(zone)
		if unit != c.unit || len(bars) != c.bars {
			t.Errorf("%s to %s: %d bars of a %s, want %d of a %s", c.from, c.to, len(bars), unit, c.bars, c.unit)
		}
		sum := 0
		for i, b := range bars {
			sum += b.Count
			if i > 0 && !bars[i-1].To.Equal(b.From) {
				t.Errorf("a gap before %v", b.From)
			}
			if q := Parse(b.Part, from); len(q.Warnings) > 0 || !q.Root.Range.From.Equal(b.From) || !q.Root.Range.To.Equal(b.To) {
				t.Errorf("%s is %v, the bar is from %v to %v", b.Part, q.Root.Range, b.From, b.To)
			}
		}
		if sum != 1000 {
			t.Errorf("%d of 1000 in the bars", sum)
		}
	}
}
