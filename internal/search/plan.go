package search

import (
	"errors"
	"strings"
)

// ErrCursor means that Request.After is not what a Result gave.
var ErrCursor = errors.New("search: no such page")

// A plan is one statement with its arguments.
type plan struct {
	sql      string
	args     []any
	ranked   bool
	warnings []Warning
}

const columns = `e.id, e.thread_id, e.message_id, e.subject, e.from_name, e.from_address, e.received_at, e.size, e.place, e.unread,
	e.starred, e.has_attachment, e.category, e.priority, e.risk, e.needs_reply, e.needs_review, e.snippet`

// conditions returns the conditions of the query on emails e, the owner first.
func (c *compiler) conditions(q *Query, user string) []string {
	where := []string{"e.user_id = " + user}
	if q.Root != nil {
		q.Terms(c.sees)
		if w := c.condition(q.Root); w != "" {
			where = append(where, w)
		}
	}
	if w := c.places(); w != "" {
		where = append(where, w)
	}
	return where
}

func newCompiler(s *analysis, q *Query, r Request) *compiler {
	c := &compiler{userID: r.UserID, now: q.Now}
	c.text = textQuery{lex: s, me: r.Me, warn: c.warn}
	return c
}

// compileIDs writes the statement for the ids of the newest matches.
func compileIDs(s *analysis, q *Query, r Request, most int) plan {
	c := newCompiler(s, q, r)
	where := c.conditions(q, c.arg(r.UserID)+"::bigint")
	sql := "select e.id from emails e where " + strings.Join(where, " and ") + " order by e.received_at desc, e.id desc limit " + c.arg(most) + "::int"
	return plan{sql: sql, args: c.args, warnings: c.warnings}
}

// compile writes the statement for one page.
func compile(s *analysis, q *Query, r Request, after cursor) plan {
	c := newCompiler(s, q, r)
	user := c.arg(r.UserID) + "::bigint"
	where := c.conditions(q, user)
	ranking, heading := "", ""
	if q.Root != nil {
		quiet := textQuery{lex: s, me: r.Me, rank: true, warn: func(*Node, string) {}}
		ranking, _, _ = quiet.write(q.Root)
		quiet.head = true
		heading, _, _ = quiet.write(q.Root)
	}
	p := plan{ranked: ranking != "" && !r.Newest && after.at.IsZero()}
	body := "''"
	if ranking != "" || c.words {
		body = "left(t.body, " + c.arg(bodyBytes) + "::int)"
	}
	if p.ranked {
		p.sql = c.rankedSQL(where, user, body, ranking, heading, r.Limit, after)
	} else {
		p.sql = c.newestSQL(where, user, body, r.Limit, after)
	}
	p.args, p.warnings = c.args, c.warnings
	return p
}

// sees notes which hidden places the query asks for, and whether it has words to mark.
func (c *compiler) sees(n *Node, negated bool) {
	if !negated && n.Field == "in" {
		c.anywhere = c.anywhere || n.Value == "anywhere"
		c.shown = append(c.shown, n.Value)
	}
	c.words = c.words || textField(n.Field) && !negated
}

// newestSQL reads matches by time. On the first page they are counted, up to MaxTotal.
func (c *compiler) newestSQL(where []string, user, body string, limit int, after cursor) string {
	count, bound := "(select count(*) from m)", MaxTotal+1
	if !after.at.IsZero() {
		where = append(where, "(e.received_at, e.id) < ("+c.arg(after.at)+"::timestamptz, "+c.arg(after.id)+"::bigint)")
		count, bound = "0", limit+1
	}
	return `with m as materialized (select e.id, e.received_at from emails e where ` + strings.Join(where, " and ") + `
	order by e.received_at desc, e.id desc limit ` + c.arg(bound) + `::int),
p as materialized (select m.id from m order by m.received_at desc, m.id desc limit ` + c.arg(limit+1) + `::int)
select ` + count + `, 0::float8, ` + columns + `, ` + body + `
from p join emails e on e.user_id = ` + user + ` and e.id = p.id join email_texts t on t.user_id = ` + user + ` and t.email_id = p.id
order by e.received_at desc, e.id desc`
}

// rankedSQL compares the newest matches, and the newest of those whose subject matches, by Postgres's two measures
// (frequency and cover density, each over 1 + log of the length), times a mild prior for recency: a mail of a year
// ago counts about 0.7 of one of today.
func (c *compiler) rankedSQL(where []string, user, body, ranking, heading string, limit int, after cursor) string {
	rank := c.arg(ranking) + "::tsquery"
	weights := "'{0.1, 0.4, 0.6, 1.0}'::float4[]"
	return `with m as materialized (select e.id, e.received_at from emails e where ` + strings.Join(where, " and ") + `
	order by e.received_at desc, e.id desc limit ` + c.arg(MaxTotal+1) + `::int),
head as materialized (select m.id from m where m.id in (select email_match(` + c.arg(heading) + `::tsquery))
	order by m.received_at desc, m.id desc limit ` + c.arg(poolHead) + `::int),
pool as materialized ((select m.id from m order by m.received_at desc, m.id desc limit ` + c.arg(poolNew) + `::int) union select head.id from head),
p as materialized (select pool.id, (ts_rank(` + weights + `, t.tsv, ` + rank + `, 1) + ts_rank_cd(` + weights + `, t.tsv, ` + rank + `, 1))::float8
		/ (1 + 0.15 * ln(1 + greatest(extract(epoch from ` + c.arg(c.now) + `::timestamptz - m.received_at) / 2592000, 0))::float8) as score, m.received_at
	from pool join m on m.id = pool.id join email_texts t on t.user_id = ` + user + ` and t.email_id = pool.id
	order by score desc, m.received_at desc, pool.id desc limit ` + c.arg(limit+1) + `::int offset ` + c.arg(after.offset) + `::int)
select (select count(*) from m), p.score, ` + columns + `, ` + body + `
from p join emails e on e.user_id = ` + user + ` and e.id = p.id join email_texts t on t.user_id = ` + user + ` and t.email_id = p.id
order by p.score desc, e.received_at desc, e.id desc`
}
