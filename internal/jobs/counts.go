package jobs

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"applylens/internal/db"
)

// A Count says how many jobs of a kind are in a state.
type Count struct {
	Queue  string
	Kind   string
	State  string // as River names it
	Jobs   int64
	Oldest time.Time // when the first of them was due
}

// Counts counts the jobs that wait or run, those that were given up or cancelled in a week, and those that were done in
// the last hour.
func Counts(ctx context.Context, conn db.DBTX) ([]Count, error) {
	rows, err := conn.Query(ctx, `
		select queue, kind, state::text, count(*), min(scheduled_at) from (
			select queue, kind, state, scheduled_at from river_job where state in ('available', 'pending', 'retryable', 'running', 'scheduled')
			union all
			select queue, kind, state, scheduled_at from river_job where state in ('cancelled', 'discarded') and finalized_at > now() - interval '7 days'
			union all
			select queue, kind, state, scheduled_at from river_job where state = 'completed' and finalized_at > now() - interval '1 hour'
		) j group by 1, 2, 3 order by 1, 2, 3`)
	if err != nil {
		return nil, err
	}
	counts, err := pgx.CollectRows(rows, pgx.RowToStructByPos[Count])
	if err != nil {
		return nil, fmt.Errorf("count jobs: %w", err)
	}
	return counts, nil
}
