package search

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"applylens/internal/db"
)

// Bounds of the work of one search.
const (
	MaxTotal  = 10_000 // matches of filters alone that are counted; beyond it Result.More is set
	MaxHits   = 200    // hits of one page
	enough    = 50     // matches of all words, from which on mail with only some of them is left out
	maxOffset = 10_000 // ranked hits before the last page

	// A row is looked at by its id when the words match at most direct mails, or a directShare-th of all; else the rows
	// that fit the filters are read in a row, which takes that many times less for each.
	direct, directShare, few = 500, 12, 100

	bodyBytes = "20000" // characters of the text that are looked at for the snippet
	snippet   = 180     // runes
)

// A Request says whose mail is searched and which page of the answer is wanted.
type Request struct {
	UserID int64
	Me     []string // the owner's addresses, for from:me
	Limit  int      // hits, at most MaxHits; 0 is 50
	Newest bool     // newest first, also for text: the same as Order Newest
	Order  Order
	After  string // Result.Next of the page before
}

// A Result is one page of an answer.
type Result struct {
	Mode     string  // what ran: "postgres word index", "postgres word index and meaning", "elasticsearch", and why there is less
	Meaning  float64 // share of the mail that was ranked by meaning too; 0 when none was
	Near     int     // further mail that has none of the words and is near in meaning; it stands among the others
	Instead  string  // why it is not the engine that is set up; "" when it is
	Coverage float64 // share of the mail that this engine has: 1 is all; 0 when there is one engine only
	Ranked   bool    // best first; else newest first
	Total    int     // matches; of the first page only, -1 later
	More     bool    // there are more than Total
	Loose    int     // further mail that has only some of the words, and comes after the matches; when these are few
	Hits     []Hit
	Next     string    // cursor of the next page, "" at the end
	Warnings []Warning // of the query and of what this engine cannot find yet
}

// A Hit is one email.
type Hit struct {
	ID, ThreadID          int64
	MessageID             string
	Subject               string
	FromName, FromAddress string
	ReceivedAt            time.Time
	Size                  int64
	Place                 string
	Unread, Starred       bool
	HasAttachment         bool
	Category, Priority    string
	Risk                  int16
	NeedsReply            bool
	NeedsReview           bool
	Score                 float64 // comparable within one answer; 0 when not ranked

	SubjectSpans, FromSpans []Span // what to mark in Subject and FromName
	Snippet                 Snippet

	order int64 // Unix seconds by which a match of words was ordered
}

// Postgres searches by the text index in Postgres. The zero value is ready; keep one, for what it remembers.
type Postgres struct {
	Analyzer     Analyzer
	Sense        *Sense // nil: words alone
	memory       memory
	columnMemory columnMemory
}

// Search answers a query with one page. An error is one of the database or of the cursor; a query has only warnings.
func (p *Postgres) Search(ctx context.Context, conn db.DBTX, q *Query, r Request) (Result, error) {
	after, err := parseCursor(r.After)
	if err != nil {
		return Result{}, err
	}
	if r.Limit <= 0 || r.Limit > MaxHits {
		r.Limit = min(max(r.Limit, 50), MaxHits)
	}
	r.Newest = r.Newest || r.Order == Newest
	plan, c, err := p.prepare(ctx, conn, q, r, r.Order == Best && !r.Newest)
	result := Result{Total: -1, Warnings: plan.warnings}
	if err != nil {
		return result, err
	}
	result.mode(plan.asking, plan.meant, c)
	if r.Order != Best && !r.Newest {
		err := p.ordered(ctx, conn, q, r, &plan, c, after, &result)
		return result, err
	}
	result.Ranked = (len(plan.rankings) > 0 || plan.meant != nil) && !r.Newest && after.at.IsZero()
	if plan.words == nil && !result.Ranked {
		sql := plan.newestSQL(r.Limit, after)
		total, err := p.read(ctx, conn, q, r, &result, sql, plan.args)
		if err == nil {
			result.page(r, after, total)
		}
		return result, err
	}
	sets, total, err := plan.matches(ctx, conn, c, plan.words)
	if err != nil {
		return result, err
	}
	var loose []bitset
	if plan.loose != nil && result.Ranked && total < enough {
		if loose, result.Loose, err = plan.matches(ctx, conn, c, plan.loose); err != nil {
			return result, err
		}
		if result.Loose -= total; result.Loose > 0 {
			result.Warnings = append(result.Warnings, Warning{End: len(q.Source), Msg: looseMessage(total)})
		}
	}
	joined, err := plan.join(ctx, conn, c, sets, loose, total, &result)
	if err != nil {
		return result, err
	}
	best := plan.best(c, sets, loose, joined, q.Now.Unix(), result.Ranked, r.Limit+1, after)
	if _, err := p.read(ctx, db.Planned(conn), q, r, &result, rowsSQL, []any{r.UserID, idsOf(best)}); err != nil {
		return result, err
	}
	result.score(best)
	result.page(r, after, total)
	return result, nil
}

func looseMessage(total int) string {
	switch total {
	case 0:
		return "no mail has all of these words; shown is mail with some of them"
	case 1:
		return "one mail has all of these words; shown as well is mail with some of them"
	}
	return fmt.Sprintf("%d mails have all of these words; shown as well is mail with some of them", total)
}

// plan compiles a query, looks up its words and what is near in meaning.
func (p *Postgres) plan(ctx context.Context, conn db.DBTX, q *Query, r Request) (plan, *corpus, error) {
	return p.prepare(ctx, conn, q, r, false)
}

// prepare is plan, and with rank also compares what the query means with the owner's mail.
func (p *Postgres) prepare(ctx context.Context, conn db.DBTX, q *Query, r Request, rank bool) (plan, *corpus, error) {
	asking, err := p.ask(ctx, conn, q, r, rank)
	if err != nil {
		return plan{}, nil, err
	}
	s := p.Analyzer.get()
	made := planOf(s, q, r, asking)
	p.Analyzer.put(s)
	made.warnings = append(q.Warnings[:len(q.Warnings):len(q.Warnings)], made.warnings...)
	if err := p.Analyzer.facts(ctx, db.New(conn), r.UserID, made.args); err != nil {
		return made, nil, err
	}
	c := &corpus{}
	if len(made.wants) > 0 || asking.ok() {
		if c, err = p.lookup(ctx, db.New(db.Planned(conn)), r.UserID, made.wants); err != nil {
			return made, c, err
		}
		made.resolve(c)
	}
	made.meant, err = p.meaning(ctx, conn, r, asking, &made)
	return made, c, err
}

// matches returns the documents of each shard that match the words and the conditions, and their number.
func (p *plan) matches(ctx context.Context, conn db.DBTX, c *corpus, words *clause) (sets []bitset, n int, err error) {
	sets = make([]bitset, len(c.shards))
	for i, seg := range c.shards {
		sets[i] = seg.satisfying(words)
		n += sets[i].count()
	}
	if n == 0 || !p.filtered() && len(p.hidden) == 0 {
		return sets, n, nil
	}
	ids, keep, err := p.passing(ctx, conn, c, sets, n)
	if err != nil {
		return nil, 0, err
	}
	n = 0
	for i, seg := range c.shards {
		if found := ofIDs(seg.docs, ids); keep {
			sets[i].and(found)
		} else {
			sets[i].minus(found)
		}
		n += sets[i].count()
	}
	return sets, n, nil
}

// passing returns the ids of the emails that pass the conditions, in order: of the n in the sets when these are few, of
// all when they are many. Without keep it returns those that do not pass.
func (p *plan) passing(ctx context.Context, conn db.DBTX, c *corpus, sets []bitset, n int) (ids []int64, keep bool, err error) {
	args := p.args
	defer func() { p.args = args }()
	var sql string
	alone := p.filtered() && n <= max(direct, c.mails/directShare) || n <= few
	keep = alone || p.filtered()
	switch {
	case !alone && p.passed != nil:
		return p.passed, keep, nil
	case alone:
		for i, seg := range c.shards {
			sets[i].all(func(doc int) { ids = append(ids, seg.docs[doc].ID) })
		}
		sql = "select e.id from emails e where " + p.conditions() + " and e.id = any (" + p.arg(ids) + "::bigint[])"
	case keep:
		sql = "select e.id from emails e where " + p.conditions()
	default: // what is hidden is less than what is not
		sql = "select e.id from emails e where e.user_id = $1::bigint and e.place in ('spam', 'trash') and e.place = any (" + p.arg(p.hidden) + "::text[])"
	}
	if ids, err = readIDs(ctx, conn, sql, p.args); err != nil {
		return nil, false, err
	}
	slices.Sort(ids)
	if !alone {
		p.passed = ids
	}
	return ids, keep, nil
}

func readIDs(ctx context.Context, conn db.DBTX, sql string, args []any) ([]int64, error) {
	rows, err := conn.Query(ctx, sql, args...)
	if err != nil {
		return nil, fmt.Errorf("search: %w", err)
	}
	ids, err := pgx.CollectRows(rows, pgx.RowTo[int64])
	if err != nil {
		return nil, fmt.Errorf("search: %w", err)
	}
	return ids, nil
}

func idsOf(found []matched) []int64 {
	ids := make([]int64, len(found))
	for i, m := range found {
		ids[i] = m.id
	}
	return ids
}

// best returns limit matches from the cursor on; loose and joined, if they are not nil, hold more mail, which counts
// less.
func (p *plan) best(c *corpus, sets, loose, joined []bitset, now int64, ranked bool, limit int, after cursor) []matched {
	found := page{most: after.offset + limit}
	if ranked {
		found.most = max(found.most, proximityPool)
	}
	s := c.scorer(p.rankings, now)
	last := matched{at: after.at.Unix(), id: after.id}
	all := sets
	if loose != nil {
		all = loose
	}
	scores := make([][]float32, len(c.shards))
	if ranked {
		scores = p.scores(c, &s, sets, all, joined)
	}
	if joined != nil {
		all = union(all, joined)
	}
	for i, seg := range c.shards {
		all[i].all(func(doc int) {
			d := &seg.docs[doc]
			m := matched{at: d.At, id: d.ID, shard: int32(i), doc: int32(doc)}
			if ranked {
				m.score = scores[i][doc]
			}
			if after.at.IsZero() || last.before(m) {
				found.add(m)
			}
		})
	}
	best := found.sorted()
	if ranked {
		s.draw(c, best)
	}
	return best[min(after.offset, len(best)):min(after.offset+limit, len(best))]
}

// scores returns the scores of all documents by shard; those that matter are of the sets.
func (p *plan) scores(c *corpus, s *scorer, strict, all, joined []bitset) [][]float32 {
	scores, best := make([][]float32, len(c.shards)), float32(0)
	for i, seg := range c.shards {
		scores[i] = s.scores(seg)
		all[i].all(func(doc int) {
			if strict[i].has(doc) {
				scores[i][doc] *= weightAll
			}
			best = max(best, scores[i][doc])
		})
	}
	if p.meant != nil {
		p.meant.assume(c, all)
		for i, seg := range c.shards {
			scores[i] = p.meant.fuse(seg, scores[i], best)
		}
		s.unit = best
	}
	for i, seg := range c.shards {
		for doc := range scores[i] {
			scores[i][doc] *= s.recency(seg.docs[doc].At)
		}
	}
	return scores
}

// read reads the rows of hits and marks in them what was searched for.
func (p *Postgres) read(ctx context.Context, conn db.DBTX, q *Query, r Request, result *Result, sql string, args []any) (total int, err error) {
	rows, err := conn.Query(ctx, sql, args...)
	if err != nil {
		return 0, fmt.Errorf("search: %w", err)
	}
	defer rows.Close()
	mark := p.Analyzer.Highlighter(q, r.Me)
	for rows.Next() {
		var h Hit
		var body, short string
		if err := rows.Scan(&total, &h.ID, &h.ThreadID, &h.MessageID, &h.Subject, &h.FromName, &h.FromAddress, &h.ReceivedAt,
			&h.Size, &h.Place, &h.Unread, &h.Starred, &h.HasAttachment, &h.Category, &h.Priority, &h.Risk, &h.NeedsReply, &h.NeedsReview,
			&short, &body); err != nil {
			return 0, fmt.Errorf("search: read a hit: %w", err)
		}
		h.SubjectSpans, h.FromSpans = mark.Spans("subject", h.Subject), mark.Spans("from", h.FromName)
		h.Snippet = mark.Snippet("body", body, snippet)
		if len(h.Snippet.Spans) == 0 {
			h.Snippet = Snippet{Text: short}
		}
		result.Hits = append(result.Hits, h)
	}
	if err := rows.Err(); err != nil {
		return 0, fmt.Errorf("search: %w", err)
	}
	return total, nil
}

// score gives the hits their scores and the times by which they were ordered.
func (r *Result) score(best []matched) {
	scores := make(map[int64]matched, len(best))
	for _, m := range best {
		scores[m.id] = m
	}
	for i := range r.Hits {
		m := scores[r.Hits[i].ID]
		r.Hits[i].Score, r.Hits[i].order = float64(m.score), m.at
	}
}

// IDs returns the ids of at most most matches, newest first, for an action on all that match. What it warns of has
// narrowed nothing: the caller shows the warnings before it acts.
func (p *Postgres) IDs(ctx context.Context, conn db.DBTX, q *Query, r Request, most int) ([]int64, []Warning, error) {
	plan, c, err := p.plan(ctx, conn, q, r)
	if err != nil {
		return nil, nil, err
	}
	if plan.words == nil {
		sql := "select e.id from emails e where " + plan.conditions() + " order by e.received_at desc, e.id desc limit " + plan.arg(most) + "::int"
		ids, err := readIDs(ctx, conn, sql, plan.args)
		return ids, plan.warnings, err
	}
	sets, _, err := plan.matches(ctx, conn, c, plan.words)
	if err != nil {
		return nil, nil, err
	}
	return idsOf(plan.best(c, sets, nil, nil, 0, false, most, cursor{})), plan.warnings, nil
}

// page takes off the hit beyond the page, which only tells that there are more.
func (r *Result) page(q Request, after cursor, total int) {
	if q.After == "" {
		r.Total = total
		if total > MaxTotal && len(r.Hits) > 0 && r.Hits[0].order == 0 { // filters alone
			r.Total, r.More = MaxTotal, true
		}
	}
	if len(r.Hits) <= q.Limit {
		return
	}
	r.Hits = r.Hits[:q.Limit]
	switch last := r.Hits[q.Limit-1]; {
	case !r.Ranked && last.order != 0:
		r.Next = cursor{at: time.Unix(last.order, 0), id: last.ID}.String()
	case !r.Ranked:
		r.Next = cursor{at: last.ReceivedAt, id: last.ID}.String()
	case after.offset+q.Limit < maxOffset:
		r.Next = cursor{offset: after.offset + q.Limit}.String()
	}
}
