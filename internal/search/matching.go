package search

import (
	"context"
	"slices"

	"applylens/internal/db"
)

// Matching returns which of these emails match a query, in order. It looks at no other.
func (p *Postgres) Matching(ctx context.Context, conn db.DBTX, q *Query, r Request, ids []int64) ([]int64, error) {
	if len(ids) == 0 || q.Root == nil {
		return nil, nil
	}
	plan, c, err := p.plan(ctx, conn, q, r)
	if err != nil {
		return nil, err
	}
	if plan.words != nil {
		ids = plan.having(c, slices.Sorted(slices.Values(ids)))
	}
	if len(ids) == 0 {
		return nil, nil
	}
	sql := "select e.id from emails e where " + plan.conditions() + " and e.id = any (" + plan.arg(ids) + "::bigint[])"
	found, err := readIDs(ctx, conn, sql, plan.args)
	slices.Sort(found)
	return found, err
}

// having returns which of these emails, in order, have the words.
func (p *plan) having(c *corpus, ids []int64) (found []int64) {
	for _, seg := range c.shards {
		mine := ofIDs(seg.docs, ids)
		if mine.count() == 0 {
			continue
		}
		mine.and(seg.satisfying(p.words))
		mine.all(func(doc int) { found = append(found, seg.docs[doc].ID) })
	}
	return found
}
