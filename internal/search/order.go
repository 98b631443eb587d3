package search

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"applylens/internal/db"
)

// An Order is how hits are sorted.
type Order string

// The orders. Best is newest first for a query of filters alone.
const (
	Best     Order = ""
	Newest   Order = "newest"
	Oldest   Order = "oldest"
	BySender Order = "sender" // by address, then newest first
	Largest  Order = "size"
)

// Orders lists them as a page offers them.
func Orders() []Order { return []Order{Best, Newest, Oldest, BySender, Largest} }

// ordered answers a query in an order that follows from columns. Total is exact.
func (p *Postgres) ordered(ctx context.Context, conn db.DBTX, q *Query, r Request, plan *plan, c *corpus, after cursor, result *Result) error {
	ids, err := plan.ids(ctx, conn, c)
	if err != nil {
		return err
	}
	cols, err := p.columns(ctx, db.New(db.Planned(conn)), r.UserID)
	if err != nil {
		return err
	}
	found := page{most: after.offset + r.Limit + 1}
	key := cols.keys(r.Order)
	for _, id := range ids {
		if at := cols.place(id); at >= 0 {
			found.add(matched{at: key(at), id: id})
		}
	}
	best := found.sorted()
	best = best[min(after.offset, len(best)):]
	more := len(best) > r.Limit
	best = best[:min(r.Limit, len(best))]
	if _, err := p.read(ctx, db.Planned(conn), q, r, result, rowsSQL, []any{r.UserID, idsOf(best)}); err != nil {
		return err
	}
	if r.After == "" {
		result.Total = len(ids)
	}
	if next := after.offset + r.Limit; more && next < maxOffset {
		result.Next = cursor{offset: next}.String()
	}
	return nil
}

// keys returns the number by which an email is sorted, the highest first, by its place.
func (c *mailColumns) keys(o Order) func(at int) int64 {
	switch o {
	case Oldest:
		return func(at int) int64 { return -c.at[at] }
	case Largest:
		return func(at int) int64 { return c.size[at] }
	case BySender:
		return c.bySender()
	}
	return func(at int) int64 { return c.at[at] }
}

// bySender ranks senders by address; mail without one comes last.
func (c *mailColumns) bySender() func(at int) int64 {
	order := make([]int, len(c.senders))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(a, b int) int {
		x, y := c.senders[a].address, c.senders[b].address
		if x == "" || y == "" {
			return cmp.Compare(y, x)
		}
		return strings.Compare(x, y)
	})
	ranks := make([]int64, len(order))
	for rank, i := range order {
		ranks[i] = -int64(rank)
	}
	return func(at int) int64 { return ranks[c.sender[at]] }
}

// ids returns all matches, in no order.
func (p *plan) ids(ctx context.Context, conn db.DBTX, c *corpus) (ids []int64, err error) {
	if p.words == nil {
		sql := "select e.id from emails e where " + p.conditions()
		return readIDs(ctx, conn, sql, p.args)
	}
	sets, _, err := p.matches(ctx, conn, c, p.words)
	if err != nil {
		return nil, err
	}
	for i, seg := range c.shards {
		sets[i].all(func(doc int) { ids = append(ids, seg.docs[doc].ID) })
	}
	return ids, nil
}
