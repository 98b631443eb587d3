package search

import (
	"cmp"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"applylens/internal/db"
	"applylens/internal/db/dbtest"
)

// A fixture is one email of the mailbox of the tests, named by its first word.
type fixture struct {
	name, subject, from, to, cc, body string
	files, labels                     []string
	place, category, priority         string
	days                              int // before the clock
	size                              int64
	unread, starred, sent, reply      bool
	confidence                        float32
	risk                              int16
	facts                             string // JSON
}

var mailbox = [...]fixture{
	{name: "offer", subject: "Your job offer", from: "Anna Smith <anna@mail.acme.example>", to: "Me <me@example.com>",
		body: "We are happy to offer you the position of data engineer. Please answer by Friday.", files: []string{"Offer letter.pdf"},
		category: "offer", priority: "urgent", days: 1, size: 5 << 20, unread: true, starred: true, reply: true, confidence: .95, labels: []string{"Job hunt/2026"}},
	{name: "reject", subject: "Your application at Globex", from: "Globex Careers <jobs@globex.example>", to: "me@example.com",
		body: "Unfortunately we decided to go on with other candidates. This is no offer.", category: "rejection", days: 10, confidence: .7},
	{name: "talk", subject: "Interviews next week", from: "Bob <bob@acme.example>", to: "me@example.com", cc: "Anna Smith <anna@mail.acme.example>",
		body: "Shall we meet for an interview? We look at C++ and résumés. See https://acme.example/jobs/42?utm_source=x", category: "interview",
		priority: "high", days: 20, unread: true, confidence: .8, labels: []string{"Job hunt/2026", "Acme"}},
	{name: "mine", subject: "Re: Interviews next week", from: "me@example.com", to: "Bob <bob@acme.example>", body: "Monday would suit me.",
		days: 19, sent: true, category: "personal"},
	{name: "news", subject: "Weekly engineering news", from: "News <news@letters.example>", to: "me@example.com", category: "newsletter",
		body: "An engineer writes about position papers, and a data lake.", days: 40, size: 20 << 10},
	{name: "old", subject: "Invoice 2024-17", from: "Shop <billing@shop.example>", to: "me@example.com", body: "Total: 42 EUR", days: 500,
		category: "receipt_bill", files: []string{"invoice.xlsx"}},
	{name: "spam", subject: "Offer of millions", from: "Prince <prince@scam.example>", to: "me@example.com", body: "Send money", place: "spam",
		days: 2, risk: 95, category: "other"},
	{name: "trash", subject: "Old offer", from: "x@y.example", to: "me@example.com", body: "gone", place: "trash", days: 3, category: "other"},
}

// filled makes an owner with the mailbox, and another with a mail that matches as well.
func filled(t testing.TB, d *db.DB) (me int64) {
	t.Helper()
	me = dbtest.User(t, d, "me@example.com")
	other := dbtest.User(t, d, "other@example.com")
	for _, f := range mailbox {
		insert(t, d, me, f)
	}
	insert(t, d, other, fixture{name: "foreign", subject: "Your job offer", from: "Anna Smith <anna@mail.acme.example>", to: "other@example.com",
		body: "offer engineer position interview", labels: []string{"Acme"}})
	return me
}

func insert(t testing.TB, d *db.DB, user int64, f fixture) {
	t.Helper()
	ctx, o := t.Context(), d.Owner(user)
	sum := sha256.Sum256([]byte(f.name))
	name, address, _ := strings.Cut(strings.TrimSuffix(f.from, ">"), " <")
	if address == "" {
		name, address = "", f.from
	}
	if f.place == "" {
		f.place = "inbox"
	}
	if f.priority == "" {
		f.priority = "normal"
	}
	var id int64
	err := o.QueryRow(ctx, `insert into emails (user_id, thread_id, identity, message_id, received_at, from_name, from_address, recipients,
		subject, snippet, size, raw_sha256, place, unread, starred, sent, draft, has_attachment, category, confidence, needs_review, priority,
		needs_reply, unwanted, risk) values ($1, 1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $2, $11, $12, $13, $14, false, $15, $16, $17, $18, $19, $20, 0, $21)
		returning id`, user, sum[:], f.name+"@test", clock(t).AddDate(0, 0, -f.days), name, address, f.to, f.subject, f.name, f.size, f.place,
		f.unread, f.starred, f.sent, len(f.files) > 0, f.category, f.confidence, f.confidence < .5, f.priority, f.reply, f.risk).Scan(&id)
	if err != nil {
		t.Fatal(err)
	}
	exec(t, o, "insert into email_texts (user_id, email_id, body, visible, verdict) values ($1, $2, $3, $3, $4::text::jsonb)", user, id, f.body, cmp.Or(f.facts, "{}"))
	var b Batch
	b.Add(clock(t).AddDate(0, 0, -f.days), new(Analyzer).Lexemes(Document{Subject: f.subject, From: f.from, To: f.to, Cc: f.cc, Body: f.body, Files: f.files}))
	if err := b.Segment().Store(ctx, db.New(o), user, []int64{id}); err != nil {
		t.Fatal(err)
	}
	hash := sha256.Sum256([]byte(f.name + "@test"))
	exec(t, o, "insert into thread_ids (user_id, id_hash, thread_id) values ($1, $2, 1)", user, hash[:16])
	for i, file := range f.files {
		exec(t, o, `insert into attachments (user_id, email_id, part, filename, content_type, size, sha256, content_id, inline)
			values ($1, $2, $3, $4, 'application/octet-stream', 1, '', '', false)`, user, id, i, file)
	}
	for _, l := range f.labels {
		exec(t, o, "insert into labels (user_id, name) values ($1, $2) on conflict do nothing", user, l)
		exec(t, o, "insert into email_labels (user_id, email_id, label_id) select $1, $2, id from labels where name = $3", user, id, l)
	}
}

func exec(t testing.TB, o db.DBTX, sql string, args ...any) {
	t.Helper()
	if _, err := o.Exec(t.Context(), sql, args...); err != nil {
		t.Fatal(err)
	}
}

func TestSearch(t *testing.T) {
	d := dbtest.New(t)
	me := filled(t, d)
	var p Postgres
	for _, c := range [...]struct{ query, want string }{
		{"", "mine news offer old reject talk"},
		{"offer", "offer reject"},
		{"offers", "offer reject"},
		{"offer in:anywhere", "offer reject spam trash"},
		{"offer in:spam", "spam"},
		{"in:spam OR in:trash", "spam trash"},
		{"-in:spam offer", "offer reject"},
		{"offer -unfortunately", "offer"},
		{"-offer", "mine news old talk"},
		{"-offer -invoice", "mine news talk"},
		{"offer OR invoice", "offer old reject"},
		{"offer OR is:sent", "offer reject"},
		{"invoice OR in:sent", "mine old"},
		{"-offer OR in:sent", "mine news old talk"},
		{"(offer friday) OR invoice", "offer old"},
		{`"data engineer"`, "offer"},
		{`"engineer data"`, ""},
		{"data AROUND 6 engineer", "offer"},
		{"engineer AROUND 9 data", "news offer"},
		{"engineer AROUND 6 lake", ""},
		{"engin*", "news offer"},
		{"interviewi*", "mine talk"},
		{`"next we"*`, "mine talk"},
		{"resume", "talk"},
		{"c++", "talk"}, {"c#", ""},
		{"acme.example/jobs", "talk"},
		{"subject:offer", "offer"},
		{"subject:(job offer)", "offer"},
		{`subject:"job offer"`, "offer"}, {`subject:"offer job"`, ""},
		{"subject:{invoice offer}", "offer old"},
		{"body:offer", "offer reject"},
		{"body:globex", ""},
		{"from:anna", "offer"},
		{`from:"anna smith"`, "offer"},
		{"from:acme.example", "offer talk"},
		{"domain:acme.example", "offer talk"},
		{"from:anna@mail.acme.example", "offer"},
		{"from:me", "mine"}, {"-from:me offer", "offer reject"},
		{"to:bob", "mine"}, {"cc:anna", "talk"}, {"to:anna", ""},
		{"addressed:anna", "offer talk"},
		{"filename:pdf", "offer"}, {"filename:*.pdf", "offer"}, {`filename:"offer letter"`, "offer"},
		{"has:attachment", "offer old"}, {"has:pdf", "offer"}, {"has:spreadsheet", "old"}, {"-has:attachment is:unread", "talk"},
		{"is:unread", "offer talk"}, {"is:starred", "offer"}, {"is:read from:me", "mine"}, {"is:needs-reply", "offer"}, {"is:important", "offer talk"},
		{"in:sent", "mine"}, {"in:inbox offer", "offer reject"},
		{"label:acme", "talk"}, {"label:job-hunt-2026", "offer talk"}, {`label:"Job hunt/2026" -label:acme`, "offer"}, {"label:job*", "offer talk"},
		{"in:acme", "talk"}, {"has:nouserlabels is:unread", ""}, {"has:userlabels", "offer talk"}, {"label:none", ""},
		{"category:offer", "offer"}, {"category:purchases", "old"}, {"priority:urgent", "offer"},
		{"after:2026-01-20", "offer reject"}, {"before:2025-01-01", "old"}, {"older_than:1y", "old"}, {"newer_than:5d", "offer"},
		{"date:2026-01-11..2026-01-12", "mine talk"},
		{"larger:1M", "offer"}, {"size:1K..1M", "news"}, {"smaller:1K -in:sent", "old reject talk"},
		{"risk:>90 in:anywhere", "spam"}, {"risk:critical in:spam", "spam"}, {"conf:>=0.95", "offer"}, {"conf:0.7..0.8", "reject talk"},
		{"rfc822msgid:<offer@test>", "offer"}, {"message-id:foreign@test", ""},
		{"offer stage:offer", "offer reject"}, {"offer OR company:acme", "offer reject"},
		{"offer is:foo", "offer reject"}, {"fromm:anna", ""}, {"— offer", "offer reject"},
		{`offer' | 'x`, "offer reject"}, {`offer\`, "offer reject"}, {`"'); drop table emails; --"`, ""},
	} {
		for _, newest := range []bool{false, true} {
			q := Parse(c.query, clock(t))
			r, err := p.Search(t.Context(), d.Owner(me), q, Request{UserID: me, Me: []string{"me@example.com"}, Newest: newest})
			if err != nil {
				t.Fatalf("%q: %v", c.query, err)
			}
			if got := names(r); got != c.want {
				t.Errorf("%q finds %q, want %q", c.query, got, c.want)
			}
			if r.Total != len(r.Hits) || r.More || r.Next != "" {
				t.Errorf("%q: total %d, more %v, next %q, %d hits", c.query, r.Total, r.More, r.Next, len(r.Hits))
			}
			ids, _, err := p.IDs(t.Context(), d.Owner(me), q, Request{UserID: me, Me: []string{"me@example.com"}}, 100)
			if err != nil || len(ids) != len(r.Hits) {
				t.Errorf("%q: %d ids, %v", c.query, len(ids), err)
			}
			byTime := slices.IsSortedFunc(r.Hits, func(a, b Hit) int { return b.ReceivedAt.Compare(a.ReceivedAt) })
			if !r.Ranked && !byTime {
				t.Errorf("%q is not newest first", c.query)
			}
		}
	}
}

func names(r Result) string {
	var all []string
	for _, h := range r.Hits {
		name, _, _ := strings.Cut(h.MessageID, "@")
		all = append(all, name)
	}
	slices.Sort(all)
	return strings.Join(all, " ")
}

func TestSearchRanksSubjectFirst(t *testing.T) {
	d := dbtest.New(t)
	me := filled(t, d)
	var p Postgres
	r, err := p.Search(t.Context(), d.Owner(me), Parse("offer", clock(t)), Request{UserID: me})
	if err != nil {
		t.Fatal(err)
	}
	if len(r.Hits) != 2 || !r.Ranked || r.Hits[0].MessageID != "offer@test" || r.Hits[0].Score <= r.Hits[1].Score {
		t.Fatalf("hits are %+v", r.Hits)
	}
	h := r.Hits[0]
	if s := h.SubjectSpans; len(s) != 1 || h.Subject[s[0].Start:s[0].End] != "offer" {
		t.Errorf("marks in the subject: %v", s)
	}
	if s := h.Snippet.Spans; len(s) != 1 || h.Snippet.Text[s[0].Start:s[0].End] != "offer" {
		t.Errorf("snippet is %+v", h.Snippet)
	}
}

func TestSearchWarns(t *testing.T) {
	d := dbtest.New(t)
	me := filled(t, d)
	var p Postgres
	for query, want := range map[string]string{
		`~"good news"`: "meaning is not searchable here", "stage:offer": "Stage is not searchable yet",
		"is:muted": "is:muted is not searchable yet", "is:ghosted": "is:ghosted is not searchable yet", "a*": "two letters", "***": "",
		`"—"`: "no word in it", "+running": "other forms", "+data": "",
	} {
		r, err := p.Search(t.Context(), d.Owner(me), Parse(query, clock(t)), Request{UserID: me})
		if err != nil {
			t.Fatal(err)
		}
		if want == "" && len(r.Warnings) > 0 || want != "" && (len(r.Warnings) != 1 || !strings.Contains(r.Warnings[0].Msg, want)) {
			t.Errorf("%q warns %+v, want %q", query, r.Warnings, want)
		}
	}
}

// TestSearchLoosens finds mail with some of the words when few have all of them, and says so.
func TestSearchLoosens(t *testing.T) {
	d := dbtest.New(t)
	me := filled(t, d)
	var p Postgres
	for _, c := range [...]struct {
		query, want  string
		total, loose int
	}{
		{"offer friday invoice", "offer old reject", 0, 3},
		{"offer friday", "offer reject", 1, 1},
		{"offer friday in:anywhere", "offer reject spam trash", 1, 3},
		{"offer friday is:unread", "offer", 1, 0},
		{"offer invoice -unfortunately", "offer old", 0, 2},
		{`"job offer" friday`, "offer", 1, 0},
	} {
		r, err := p.Search(t.Context(), d.Owner(me), Parse(c.query, clock(t)), Request{UserID: me})
		if err != nil {
			t.Fatal(err)
		}
		if names(r) != c.want || r.Total != c.total || r.Loose != c.loose || len(r.Warnings) != min(c.loose, 1) {
			t.Errorf("%q finds %q, %d and %d more, warns %v; want %q, %d and %d", c.query, names(r), r.Total, r.Loose, r.Warnings, c.want, c.total, c.loose)
		}
		if len(r.Hits) > 0 && c.total > 0 && r.Hits[0].MessageID != "offer@test" {
			t.Errorf("%q: first is %s", c.query, r.Hits[0].MessageID)
		}
		ids, _, err := p.IDs(t.Context(), d.Owner(me), Parse(c.query, clock(t)), Request{UserID: me}, 100)
		if err != nil || len(ids) != c.total {
			t.Errorf("%q: %d ids for an action, want %d: %v", c.query, len(ids), c.total, err)
		}
	}
}

// TestSearchForgets takes mail out of the index.
func TestSearchForgets(t *testing.T) {
	d := dbtest.New(t)
	me := filled(t, d)
	var p Postgres
	find := func() Result {
		r, err := p.Search(t.Context(), d.Owner(me), Parse("offer", clock(t)), Request{UserID: me})
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	blocks := func() (n int) { // that hold a word of the first
		if err := d.Owner(me).QueryRow(t.Context(), "select count(*) from search_blocks where position('appi'::bytea in postings) > 0").Scan(&n); err != nil {
			t.Fatal(err)
		}
		return n
	}
	before := find()
	if blocks() == 0 {
		t.Fatal("the word to forget is not found before")
	}
	if err := Forget(t.Context(), d.As(me), me, []int64{before.Hits[0].ID}); err != nil {
		t.Fatal(err)
	}
	if after := find(); after.Total != 1 || after.Hits[0].ID != before.Hits[1].ID {
		t.Errorf("found %+v after one of two was forgotten", after.Hits)
	}
	if err := EraseAll(t.Context(), d, me); err != nil {
		t.Fatal(err)
	}
	if n := blocks(); n != 0 {
		t.Errorf("words of the forgotten mail are still in %d blocks", n)
	}
	if after := find(); after.Total != 1 || after.Hits[0].ID != before.Hits[1].ID {
		t.Errorf("found %+v after the words were erased", after.Hits)
	}
}

// TestSearchMerges finds the same in many small segments and in few large ones.
func TestSearchMerges(t *testing.T) {
	d := dbtest.New(t)
	me := dbtest.User(t, d, "me@example.com")
	var p Postgres
	for i := range 70 {
		insert(t, d, me, fixture{name: fmt.Sprintf("m%d", i), subject: "offer", from: "a@b.example", body: fmt.Sprintf("number%d of the offers", i), days: i, category: "offer"})
		r, err := p.Search(t.Context(), d.Owner(me), Parse(fmt.Sprintf(`offer "number%d of"`, i/2), clock(t)), Request{UserID: me})
		if err != nil || names(r) != fmt.Sprintf("m%d", i/2) {
			t.Fatalf("after %d mails: %q, %v", i+1, names(r), err)
		}
	}
	var segments, mails int
	if err := d.Owner(me).QueryRow(t.Context(), "select count(*), sum(mails) from search_segments").Scan(&segments, &mails); err != nil {
		t.Fatal(err)
	}
	if segments != 7 || mails != 70 { // 64 and six of one
		t.Errorf("%d segments of %d mails", segments, mails)
	}
}

func TestSearchPages(t *testing.T) {
	d := dbtest.New(t)
	me := dbtest.User(t, d, "me@example.com")
	for i := range 23 {
		insert(t, d, me, fixture{name: fmt.Sprintf("m%d", i), subject: "offer", from: "a@b.example", body: "x", days: i / 4, category: "offer"})
	}
	var p Postgres
	for _, query := range []string{"offer", "category:offer"} {
		seen, pages, after := map[int64]bool{}, 0, ""
		for {
			r, err := p.Search(t.Context(), d.Owner(me), Parse(query, clock(t)), Request{UserID: me, Limit: 5, After: after})
			if err != nil {
				t.Fatal(err)
			}
			if pages == 0 && r.Total != 23 || pages > 0 && r.Total != -1 {
				t.Errorf("%q: total %d on page %d", query, r.Total, pages)
			}
			for _, h := range r.Hits {
				if seen[h.ID] {
					t.Errorf("%q: hit %d twice", query, h.ID)
				}
				seen[h.ID] = true
			}
			if pages, after = pages+1, r.Next; after == "" {
				break
			}
		}
		if len(seen) != 23 || pages != 5 {
			t.Errorf("%q: %d hits on %d pages", query, len(seen), pages)
		}
	}
	for _, after := range []string{"x", "!", "cjk5OTk5", "ZDEuMi4z"} {
		if _, err := p.Search(t.Context(), d.Owner(me), Parse("a", clock(t)), Request{UserID: me, After: after}); err == nil {
			t.Errorf("cursor %q: %v", after, err)
		}
	}
}

// TestSearchIsOwned runs a search with the id of another owner: row-level security gives nothing.
func TestSearchIsOwned(t *testing.T) {
	d := dbtest.New(t)
	me := filled(t, d)
	stranger := dbtest.User(t, d, "stranger@example.com")
	var p Postgres
	for _, query := range []string{"", "offer", "is:unread", "label:acme", "rfc822msgid:offer@test"} {
		r, err := p.Search(t.Context(), d.Owner(stranger), Parse(query, clock(t)), Request{UserID: me})
		if err != nil || len(r.Hits) != 0 || r.Total != 0 {
			t.Errorf("%q: %d hits, %v", query, len(r.Hits), err)
		}
	}
}

// FuzzCompile checks that no query makes SQL or a tsquery that Postgres refuses.
func FuzzCompile(f *testing.F) {
	for _, s := range []string{`a (b OR -c) "e f"* from:(h !i) size:1M..2M conf:<0.8`, `x AROUND(3) "y z" after:last monday -(-(is:unread OR o'neil))`,
		`\ ' :* & | ! <-> 'a':*`, `label:x* in:y has:pdf -"a b" OR has:drive`, "addressed:(me OR c++) body:é* filename:*.pdf"} {
		f.Add(s)
	}
	d := dbtest.New(f)
	me := dbtest.User(f, d, fmt.Sprintf("fuzz%d@example.com", os.Getpid())) // several programs fuzz at once
	for _, m := range mailbox {
		insert(f, d, me, m)
	}
	now, o := clock(f), d.Owner(me)
	var p Postgres
	f.Fuzz(func(t *testing.T, source string) {
		r, err := p.Search(t.Context(), o, Parse(source, now), Request{UserID: me, Me: []string{"fuzz@example.com"}})
		if err != nil {
			t.Fatalf("%q: %v", source, err)
		}
		if _, err := json.Marshal(r); err != nil {
			t.Fatal(err)
		}
	})
}
