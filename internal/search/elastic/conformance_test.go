package elastic_test

import (
	"fmt"
	mathrand "math/rand/v2"
	"slices"
	"strings"
	"testing"

	"applylens/internal/db/dbtest"
	"applylens/internal/sample"
	"applylens/internal/search"
	"applylens/internal/search/elastictest"
)

// asked are queries of every kind.
var asked = strings.Split(strings.TrimSpace(`
offer
offers offered
interview OR offer
interviewing
resume
résumé
RÉSUMÉ naive
zurich cafe
straße
strasse
αθηνα
москва
面接
東京
面接*
c++
c#
e-mail
email
john
o'neil
don't
42
2026
55,000
offer -interview
-offer
-offer -interview
-(offer OR interview)
NOT offer
offer (interview OR invoice)
{offer interview} -invoice
"data engineer"
"engineer data"
"offer interview"
"kind regards"
"the data"
"anna smith"
"john's"
"e-mail"
"anna.smith@mail.example.com"
"thank anna.smith@mail.example.com"
"kind anna.smith@mail.example.com thank"
"mail.example.com"
"data eng"*
"kind re"*
"anna.smith@mail.example.com t"*
"careers.example.org jobs 42"
"drive.google.com file"
data AROUND 5 engineer
offer AROUND 1 interview
offer AROUND 20 interview
"kind regards" AROUND 8 offer
anna.smith@mail.example.com AROUND 6 offer
subject:offer AROUND 3 subject:data
eng* AROUND 4 data
from:anna AROUND 2 from:smith
eng*
en*
engineeri*
of*
interviewi*
posit*
anna.smith@mail.exam*
exam*
reviewin*
日*
東*
subject:offer
subject:(offer data)
subject:(offer OR data)
subject:"data engineer"
subject:eng*
subject:"data e"*
body:offer
body:eng*
body:"kind regards"
-subject:offer
offer subject:data
from:anna
from:"anna smith"
from:ann*
from:acme.example
from:mail.acme.example
from:anna@mail.acme.example
from:me
from:jose
from:núñez
-from:anna
from:(anna OR bob)
to:anna
to:me
to:bob@acme.example
to:ann*
to:"anna smith"
to:"anna s"*
cc:anna
cc:me
bcc:anna
reply-to:jobs
reply-to:globex.example
list:letters.example
list:jobs
deliveredto:robin
deliveredto:robin+jobs@example.com
addressed:anna
addressed:acme.example
addressed:me
-addressed:anna
domain:acme.example
domain:mail.acme.example
domain:letters.example
domain:example
filename:pdf
filename:cv
filename:cv.pdf
filename:ph*
filename:jpg
label:"job hunt/2026"
label:job-hunt-2026
label:work-notes
label:work*
label:job*
-label:work-notes
label:nothing
category:personal
category:interview
category:primary
category:promotions
category:updates
category:applications
category:forums
category:social
priority:high
priority:normal
priority:low
priority:urgent
in:inbox
in:archive
in:spam
in:trash
in:anywhere
in:sent
in:drafts
in:snoozed
in:quarantine
in:work-notes
offer in:anywhere
offer in:spam
in:spam OR in:trash
-in:inbox
-in:spam
is:unread
is:read
is:starred
is:important
is:snoozed
is:quarantined
is:tagged
is:needs-reply
is:needs-review
-is:unread
has:attachment
has:inline
has:invitation
has:pdf
has:image
has:document
has:spreadsheet
has:presentation
has:drive
has:youtube
has:userlabels
has:nouserlabels
has:yellow-star
-has:attachment
-has:pdf
after:2026-06-01
before:2026-06-01
after:2026-06-01 before:2026-09-01
newer_than:30d
older_than:3m
newer_than:2w
date:2026-07
date:2026-07-04
date:2026-03-01..2026-05-15
date:1999
date:1999-05
before:2000-01-01
after:1700000000
date:yesterday
date:"last week"
date:>2026-10-01
date:<=2026-02-03
size:>1K
larger:2K
smaller:1K
size:1K..3K
size:>100M
size:<700
size:=1500
larger:1500
risk:>20
risk:<40
risk:safe
risk:low
risk:medium
risk:0
risk:10..50
risk:>=60
conf:<0.8
conf:>0.5
conf:0.5..0.9
conf:>=90%
conf:<0.33333333333
conf:1
message-id:made-5@up.example
message-id:<made-6@up.example>
message-id:nothing@x
-message-id:made-5@up.example
offer is:unread
offer from:anna has:attachment
offer from:anna OR invoice from:bob
(offer OR invoice) -from:anna in:anywhere
interview after:2026-06-01 -has:attachment label:job-hunt-2026
"data engineer" OR subject:invoice
-(from:anna OR to:bob) offer
offer OR is:starred
offer OR -is:unread
(offer is:unread) OR (invoice is:starred)
-(offer is:unread)
-(has:pdf OR has:image)
subject:(offer OR -data)
{from:anna to:anna cc:anna} size:>1K
is:unread is:starred
is:unread OR is:starred OR has:attachment
in:inbox -label:job* newer_than:100d
from:anna from:bob
offer interview invoice meeting salary
offer +interview
"
" offer
-
()
from:
subject:""
label:
unknown:thing offer
is:nonsense offer
category:nonsense
size:big
date:never offer
in:anywhere -in:spam -in:trash
the a of and to
the
offer~
ANNA SMITH
anna@mail.acme.example
acme.example offer
jobs@globex.example OR no-reply@news.letters.example
news.letters.example -list:jobs
deadline:<7d offer
is:awaiting
company:acme
`), "\n")

// made returns n queries grown at random from the grammar.
func made(n int) (queries []string) {
	r := mathrand.New(mathrand.NewPCG(3, 9))
	leaves := []string{"offer", "interview", "data", "eng*", "resume", `"data engineer"`, `"kind regards"`, "c++", "面接", "from:anna", "to:bob", "cc:me", "subject:offer",
		"body:invoice", "addressed:acme.example", "domain:globex.example", "filename:pdf", "label:work-notes", "in:inbox", "in:spam", "is:unread", "is:starred",
		"has:attachment", "has:pdf", "after:2026-05-01", "before:2026-08-01", "size:>1K", "risk:<40", "conf:>0.6", "category:personal", "priority:normal", "offer AROUND 4 data",
		"list:jobs", "subject:eng*", `from:"anna smith"`, "in:anywhere", "has:drive", "older_than:2m"}
	var grow func(depth int) string
	grow = func(depth int) string {
		leaf := leaves[r.IntN(len(leaves))]
		if depth == 0 {
			return leaf
		}
		switch r.IntN(6) {
		case 0:
			return leaf
		case 1:
			return "-(" + grow(depth-1) + ")"
		case 2:
			return "(" + grow(depth-1) + " OR " + grow(depth-1) + ")"
		case 3:
			return "{" + grow(depth-1) + " " + grow(depth-1) + "}"
		}
		return "(" + grow(depth-1) + " " + grow(depth-1) + ")"
	}
	for range n {
		queries = append(queries, grow(1+r.IntN(3)))
	}
	return queries
}

// TestSameAnswers asks both engines the same queries over the same mail: the same mail must be found, counted the same,
// and in the same order when it is by time.
func TestSameAnswers(t *testing.T) {
	server := elastictest.New(t)
	d, me := newDB(t)
	w := newWorld(t, d, server)
	other := dbtest.User(t, d, "other@example.com")
	w.importMails(t, me, samples)
	w.importMails(t, me, madeUp(600))
	w.importMails(t, other, madeUp(60))
	w.begin(t)
	compared, overlaps, unknown := 0, 0.0, 0
	ranked := 0
	for i, text := range append(slices.Clone(asked), made(150)...) {
		q := search.Parse(text, now)
		r := search.Request{UserID: me, Me: []string{sample.Owner}}
		same, known := w.compareSets(t, q, r)
		if !known {
			unknown++
			continue
		}
		compared++
		if !same || i >= len(asked) {
			continue
		}
		if i%8 == 0 {
			w.compareOrders(t, q, r)
		}
		if overlap := w.comparePages(t, q, r); overlap >= 0 {
			overlaps += overlap
			ranked++
		}
	}
	if compared < 300 {
		t.Errorf("only %d queries were compared", compared)
	}
	mean := overlaps / float64(ranked)
	t.Logf("%d queries compared, %d only Postgres knows; of %d ranked ones the first ten overlap by %.0f %%", compared, unknown, ranked, 100*mean)
	if mean < 0.5 { // words of made-up mail say little: docs/search.md has figures of real mail
		t.Errorf("the first ten hits overlap by %.2f", mean)
	}
}

// compareSets asks both engines for all that matches; known is false for what only Postgres knows.
func (w *world) compareSets(t *testing.T, q *search.Query, r search.Request) (same, known bool) {
	t.Helper()
	ctx, conn := t.Context(), w.db.Owner(r.UserID)
	found, warned, err := w.elastic.IDs(ctx, conn, q, r, 10_000)
	if err != nil && strings.Contains(err.Error(), "does not know") {
		return false, false
	}
	if err != nil {
		t.Errorf("%q: %v", q.Source, err)
		return false, true
	}
	want, warnings, err := w.postgres.IDs(ctx, conn, q, r, 10_000)
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(warned, warnings) {
		t.Errorf("%q: Postgres warns %v, Elasticsearch %v", q.Source, warnings, warned)
	}
	if !sameSet(found, want) {
		t.Errorf("%q: Postgres finds %d, Elasticsearch %d; %s", q.Source, len(want), len(found), w.difference(t, r.UserID, want, found))
		return false, true
	}
	return true, true
}

// comparePages reads both answers page by page; overlap is the share of the first ten ranked hits that both have, or -1.
func (w *world) comparePages(t *testing.T, q *search.Query, r search.Request) (overlap float64) {
	t.Helper()
	a, b := w.walk(t, w.postgres, q, r), w.walk(t, w.elastic, q, r)
	if a.Total != b.Total || a.Loose != b.Loose || a.Ranked != b.Ranked || a.More != b.More || len(a.Hits) != len(b.Hits) {
		t.Errorf("%q: Postgres answers total %d, loose %d, ranked %v, %d hits; Elasticsearch %d, %d, %v, %d", q.Source, a.Total, a.Loose, a.Ranked, len(a.Hits),
			b.Total, b.Loose, b.Ranked, len(b.Hits))
	}
	if !a.Ranked {
		if !slices.Equal(idsOf(a.Hits), idsOf(b.Hits)) {
			t.Errorf("%q: the order differs", q.Source)
		}
		return -1
	}
	if !sameSet(idsOf(a.Hits), idsOf(b.Hits)) {
		t.Errorf("%q: the hits differ: %s", q.Source, w.difference(t, r.UserID, idsOf(a.Hits), idsOf(b.Hits)))
	}
	n := min(10, len(a.Hits))
	if n == 0 {
		return -1
	}
	both := 0
	for _, id := range idsOf(a.Hits[:n]) {
		if slices.Contains(idsOf(b.Hits[:min(n, len(b.Hits))]), id) {
			both++
		}
	}
	return float64(both) / float64(n)
}

// walk reads an answer page by page.
func (w *world) walk(t *testing.T, e search.Engine, q *search.Query, r search.Request) search.Result {
	t.Helper()
	r.Limit = 100
	first, err := e.Search(t.Context(), w.db.Owner(r.UserID), q, r)
	if err != nil {
		t.Fatalf("%q: %v", q.Source, err)
	}
	for r.After = first.Next; r.After != ""; {
		next, err := e.Search(t.Context(), w.db.Owner(r.UserID), q, r)
		if err != nil {
			t.Fatalf("%q: page after %q: %v", q.Source, r.After, err)
		}
		first.Hits = append(first.Hits, next.Hits...)
		r.After = next.Next
	}
	return first
}

func idsOf(hits []search.Hit) []int64 {
	ids := make([]int64, len(hits))
	for i, h := range hits {
		ids[i] = h.ID
	}
	return ids
}

func sameSet(a, b []int64) bool {
	a, b = slices.Sorted(slices.Values(a)), slices.Sorted(slices.Values(b))
	return slices.Equal(a, b)
}

// difference tells some of what only one side has.
func (w *world) difference(t *testing.T, user int64, want, found []int64) string {
	var b strings.Builder
	tell := func(who string, mine, theirs []int64) {
		n := 0
		for _, id := range mine {
			if slices.Contains(theirs, id) {
				continue
			}
			if n++; n <= 2 {
				var subject, body string
				if err := w.db.Owner(user).QueryRow(t.Context(), "select e.subject, left(t.body, 300) from emails e join email_texts t on t.user_id = e.user_id and t.email_id = e.id where e.user_id = $1 and e.id = $2", user, id).Scan(&subject, &body); err != nil {
					t.Fatal(err)
				}
				fmt.Fprintf(&b, "\n  only %s: %d %q %.200q", who, id, subject, body)
			}
		}
		fmt.Fprintf(&b, "\n  %d only %s", n, who)
	}
	tell("Postgres", want, found)
	tell("Elasticsearch", found, want)
	return b.String()
}

// compareOrders asks both engines for the first page in each order but the best.
func (w *world) compareOrders(t *testing.T, q *search.Query, r search.Request) {
	t.Helper()
	for _, order := range search.Orders()[1:] {
		sorted := r
		sorted.Order, sorted.Limit = order, search.MaxHits
		a, errA := w.postgres.Search(t.Context(), w.db.Owner(r.UserID), q, sorted)
		b, errB := w.elastic.Search(t.Context(), w.db.Owner(r.UserID), q, sorted)
		if errA != nil || errB != nil || a.Total != b.Total || a.Next != b.Next || !slices.Equal(idsOf(a.Hits), idsOf(b.Hits)) {
			t.Errorf("%q: sorted by %s the answers differ: %d and %d hits, %v, %v", q.Source, order, a.Total, b.Total, errA, errB)
		}
	}
}
