package search

import (
	"context"
	"time"

	"applylens/internal/db"
)

// An Engine finds mail: the word index in Postgres, Elasticsearch, or one that falls back from the second to the first.
// Both give the same mail for the same query; the order of ranked mail may differ.
type Engine interface {
	// Search answers a query with one page.
	Search(ctx context.Context, conn db.DBTX, q *Query, r Request) (Result, error)
	// IDs returns the ids of at most most matches, newest first, for an action on all that match.
	IDs(ctx context.Context, conn db.DBTX, q *Query, r Request, most int) ([]int64, []Warning, error)
}

// A Place is where a page begins: after so many ranked hits, or after an email by time. Engines share it, so that the
// next page may come from another one.
type Place struct {
	Offset int
	At     time.Time // zero for ranked hits; to the microsecond
	ID     int64
}

// ParsePlace reads Request.After; "" is the first page.
func ParsePlace(s string) (Place, error) {
	c, err := parseCursor(s)
	return Place{c.offset, c.at, c.id}, err
}

// String is the place as Result.Next tells it.
func (p Place) String() string { return cursor{p.Offset, p.At, p.ID}.String() }

// What engines agree on.
const (
	Enough    = enough    // matches of all words, from which on mail with only some of them is left out
	MaxOffset = maxOffset // ranked hits before the last page
	WeightAll = weightAll // of mail that has all words, among mail that has some of them
)

// LooseMessage says that mail with only some of the words is shown beside the total that has all.
func LooseMessage(total int) string { return looseMessage(total) }

// Hits reads the emails that another engine found, in its order, and marks in them what was searched for. Mail that is
// gone is left out.
func (p *Postgres) Hits(ctx context.Context, conn db.DBTX, q *Query, r Request, ids []int64) ([]Hit, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	var result Result
	_, err := p.read(ctx, conn, q, r, &result, rowsSQL, []any{r.UserID, ids})
	return result.Hits, err
}
