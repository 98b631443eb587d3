package dbtest

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5"

	"applylens/internal/db"
)

// A Recorder is a connection that remembers the statements that are sent on behalf of a user (db.DB.As, db.DB.Owner).
type Recorder struct {
	db.Conn
	mu   sync.Mutex
	sent []statement
}

type statement struct {
	sql  string
	args []any
}

// Record puts a recorder before the connection of d.
func Record(d *db.DB) *Recorder {
	r := &Recorder{Conn: d.Conn}
	d.Conn = r
	return r
}

// SendBatch remembers the statements of the batch.
func (r *Recorder) SendBatch(ctx context.Context, b *pgx.Batch) pgx.BatchResults {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, q := range b.QueuedQueries {
		if !strings.Contains(q.SQL, "set_config(") {
			r.sent = append(r.sent, statement{q.SQL, q.Arguments})
		}
	}
	return r.Conn.SendBatch(ctx, b)
}

// A Plan is how Postgres runs a statement.
type Plan struct{ SQL, Text string }

// Plans returns the plans of the statements since the last call, as the user and role that sent them, with scans of
// whole tables and sorts priced out: the tables of a test are too small for the planner to care, so a Seq Scan or Sort
// that is left has no index to use.
func (r *Recorder) Plans(t testing.TB, user int64) []Plan {
	t.Helper()
	r.mu.Lock()
	sent := r.sent
	r.sent = nil
	r.mu.Unlock()
	tx, err := r.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = tx.Rollback(t.Context()) }()
	if _, err := tx.Exec(t.Context(), fmt.Sprintf("set local enable_seqscan = off; set local enable_sort = off; set local app.uid = '%d'", user)); err != nil {
		t.Fatal(err)
	}
	var plans []Plan
	for _, s := range sent {
		rows, err := tx.Query(t.Context(), "explain (costs off) "+s.sql, s.args...)
		if err != nil {
			t.Fatalf("%v\n%s", err, s.sql)
		}
		lines, err := pgx.CollectRows(rows, pgx.RowTo[string])
		if err != nil {
			t.Fatalf("%v\n%s", err, s.sql)
		}
		plans = append(plans, Plan{s.sql, strings.Join(lines, "\n")})
	}
	return plans
}
