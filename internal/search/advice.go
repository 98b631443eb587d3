package search

import (
	"context"
	"fmt"

	"applylens/internal/db"
)

// adviceParts bounds the parts of a query that are left out one at a time.
const adviceParts = 8

// Advice is what would find something where a query finds nothing, each with what it finds.
type Advice struct {
	Spelling Instead   // the misspelt words corrected; zero when there is nothing to correct, or it finds nothing
	Without  []Instead // one part of the query left out
	Anywhere Instead   // in spam and trash too; zero when the query looks there already
}

// Instead is another query, and how many emails it finds, as far as they are counted.
type Instead struct {
	Query string
	Part  string // what was left out
	Total int
}

// Advise looks for ways out of a query that finds nothing.
func (p *Postgres) Advise(ctx context.Context, conn db.DBTX, q *Query, r Request) (a Advice, err error) {
	try := func(query, part string) (Instead, error) {
		n, err := p.Count(ctx, conn, Parse(query, q.Now), r)
		if err != nil || n == 0 {
			return Instead{}, err
		}
		return Instead{Query: query, Part: part, Total: n}, nil
	}
	spelling, err := p.Spelling(ctx, conn, q, r)
	if err != nil {
		return a, err
	}
	if spelling != "" {
		if a.Spelling, err = try(spelling, ""); err != nil {
			return a, err
		}
	}
	chips := q.Chips()
	for i := 0; i < len(chips) && len(chips) > 1 && i < adviceParts; i++ {
		without, err := try(q.Remove(i), chips[i].Query)
		if err != nil {
			return a, err
		}
		if without.Total > 0 {
			a.Without = append(a.Without, without)
		}
	}
	if q.Has("in:anywhere") < 0 {
		a.Anywhere, err = try(q.With("in:anywhere"), "")
	}
	return a, err
}

// Count returns how many emails match a query; of filters alone at most MaxTotal are counted.
func (p *Postgres) Count(ctx context.Context, conn db.DBTX, q *Query, r Request) (n int, err error) {
	plan, c, err := p.plan(ctx, conn, q, r)
	if err != nil {
		return 0, err
	}
	if plan.words != nil {
		_, n, err = plan.matches(ctx, conn, c, plan.words)
		return n, err
	}
	sql := "select count(*) from (select from emails e where " + plan.conditions() + " limit " + plan.arg(MaxTotal) + "::int) m"
	if err := conn.QueryRow(ctx, sql, plan.args...).Scan(&n); err != nil {
		return 0, fmt.Errorf("search: %w", err)
	}
	return n, nil
}
