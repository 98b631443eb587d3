package search

import (
	"slices"
	"strings"

	"applylens/internal/search/postings"
)

const columns = `e.id, e.thread_id, e.message_id, e.subject, e.from_name, e.from_address, e.received_at, e.size, e.place, e.unread,
	e.starred, e.has_attachment, e.category, e.priority, e.risk, e.needs_reply, e.needs_review, e.snippet, left(t.body, ` + bodyBytes + `)`

// A plan is what a query asks for: words that must match, conditions on the rows, and words to rank by.
type plan struct {
	words    *clause // nil: any email
	loose    *clause // the same with some of its plain words; nil when it has less than two
	free     *clause // the same without its plain words, and joins tells that it has some
	joins    bool
	asking   *asking // nil when meaning has no part in the query
	meant    *meant  // nil when it is ranked by words alone
	where    []string
	hidden   []string // places that are left out; not yet in where
	args     []any    // of where; the first is the owner
	wants    []want
	rankings []ranking
	warnings []Warning

	passed []int64 // once read: the emails that pass the conditions, or that are hidden when there are none; in order
}

// planOf compiles a query.
func planOf(s *analysis, q *Query, r Request, a *asking) plan {
	c := &compiler{userID: r.UserID, meaning: a}
	c.text = textQuery{lex: s, me: r.Me, warn: c.warn}
	c.arg(r.UserID)
	p := plan{where: []string{"e.user_id = $1::bigint"}, asking: a}
	if n := q.Root; n != nil {
		q.Terms(c.sees)
		if n.Kind != And {
			n = &Node{Kind: And, Kids: []*Node{n}}
		}
		var rest []*Node
		p.words, rest = c.split(n)
		p.loose, p.free, p.joins = c.loosened(n)
		p.where = append(p.where, c.conditions(rest)...)
		p.rankings = c.text.rankings(q)
	}
	p.hidden = c.hidden()
	p.args, p.wants, p.warnings = c.args, c.text.wants, c.warnings
	return p
}

// resolve gives the arguments of the sets of ids their values.
func (p *plan) resolve(c *corpus) {
	for i, a := range p.args {
		if set, ok := a.(idSet); ok {
			ids := []int64{}
			for _, seg := range c.shards {
				seg.satisfying(set.clause).all(func(doc int) { ids = append(ids, seg.docs[doc].ID) })
			}
			p.args[i] = ids
		}
	}
}

// arg adds an argument.
func (p *plan) arg(v any) string {
	c := compiler{args: p.args}
	name := c.arg(v)
	p.args = c.args
	return name
}

// filtered tells that there are conditions on the rows beside the owner.
func (p *plan) filtered() bool { return len(p.where) > 1 }

// conditions returns the conditions on emails e, the owner first.
func (p *plan) conditions() string {
	where := strings.Join(p.where, " and ")
	if len(p.hidden) > 0 {
		where += " and e.place <> all (" + p.arg(p.hidden) + "::text[])"
	}
	return where
}

// newestSQL reads matches by time. On the first page they are counted, up to MaxTotal.
func (p *plan) newestSQL(limit int, after cursor) string {
	where, count, bound := p.conditions(), "(select count(*) from m)", MaxTotal+1
	if !after.at.IsZero() {
		where += " and (e.received_at, e.id) < (" + p.arg(after.at) + "::timestamptz, " + p.arg(after.id) + "::bigint)"
		count, bound = "0", limit+1
	}
	return `with m as materialized (select e.id, e.received_at from emails e where ` + where + `
	order by e.received_at desc, e.id desc limit ` + p.arg(bound) + `::int),
p as materialized (select m.id from m order by m.received_at desc, m.id desc limit ` + p.arg(limit+1) + `::int)
select ` + count + `, ` + columns + `
from p join emails e on e.user_id = $1 and e.id = p.id join email_texts t on t.user_id = $1 and t.email_id = p.id
order by e.received_at desc, e.id desc`
}

// rowsSQL reads the emails of a page in the order of their ids.
const rowsSQL = `select 0, ` + columns + `
from unnest($2::bigint[]) with ordinality w (id, n)
join emails e on e.user_id = $1 and e.id = w.id join email_texts t on t.user_id = $1 and t.email_id = w.id
order by w.n`

// A matched email of a shard.
type matched struct {
	at, id int64
	score  float32
	shard  int32
	doc    int32
}

// before tells the order of hits: best first, or newest first when the scores are equal, as without a ranking they are.
func (m matched) before(o matched) bool {
	switch {
	case m.score != o.score:
		return m.score > o.score
	case m.at != o.at:
		return m.at > o.at
	}
	return m.id > o.id
}

// order compares for a sort.
func order(a, b matched) int {
	if a.before(b) {
		return -1
	}
	return 1
}

// satisfying returns the documents that satisfy a clause and are not deleted; a nil clause is satisfied by all.
func (p *shard) satisfying(c *clause) (b bitset) {
	if c != nil {
		b = p.match(c)
	} else {
		b = newBitset(len(p.docs))
		b.fill(len(p.docs))
	}
	if len(p.dead) > 0 {
		b.minus(ofIDs(p.docs, p.dead))
	}
	return b
}

// ofIDs returns the documents with these ids, which are sorted. Documents mostly are too.
func ofIDs(docs []postings.Doc, ids []int64) bitset {
	b := newBitset(len(docs))
	at, last := 0, int64(0)
	for i := range docs {
		id := docs[i].ID
		if id < last || i == 0 {
			at, _ = slices.BinarySearch(ids, id)
		}
		for at < len(ids) && ids[at] < id {
			at++
		}
		if last = id; at < len(ids) && ids[at] == id {
			b.set(i)
		}
	}
	return b
}
