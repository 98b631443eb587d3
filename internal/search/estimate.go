package search

import (
	"context"
	"fmt"

	"applylens/internal/db"
)

// An Estimate is about how many emails and vectors of all owners there are, as Postgres keeps it for its planner; -1 is
// unknown: it has not looked yet.
type Estimate struct{ Emails, Vectors int64 }

// Share is about how much mail has a vector; known is false when that cannot be told.
func (e Estimate) Share() (share float64, known bool) {
	if e.Emails <= 0 || e.Vectors < 0 {
		return 0, false
	}
	return min(1, float64(e.Vectors)/float64(e.Emails)), true
}

// EstimateVectors reads the estimates. Counting would read all mail.
func EstimateVectors(ctx context.Context, conn db.DBTX) (e Estimate, err error) {
	const of = `(select case when bool_and(c.reltuples < 0) then -1 else sum(greatest(c.reltuples, 0)) end::bigint
		from pg_inherits i join pg_class c on c.oid = i.inhrelid where i.inhparent = '%s'::regclass)`
	err = conn.QueryRow(ctx, "select "+fmt.Sprintf(of, "emails")+", "+fmt.Sprintf(of, "email_vectors")).Scan(&e.Emails, &e.Vectors)
	return e, err
}
