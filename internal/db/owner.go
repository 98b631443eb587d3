package db

import (
	"context"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// As returns queries that run on behalf of a user, each in a transaction of its own and in one round trip: the
// setting of the owner and the statement travel as one pipeline, which Postgres runs as one implicit transaction.
func (d *DB) As(userID int64) *Queries { return New(d.Owner(userID)) }

// Owner is As for SQL that is built at run time, such as a search.
func (d *DB) Owner(userID int64) DBTX { return owner{conn: d.Conn, setting: ownerSetting(userID)} }

// Operator is Owner for the work of operators: it also reaches what policies open to them, the runs of everybody, and
// Postgres checks that the user is one.
func (d *DB) Operator(userID int64) DBTX {
	return owner{conn: d.Conn, setting: ownerSetting(userID), operator: "on"}
}

type owner struct {
	conn     Conn
	setting  string
	operator string // "on" or ""
	planned  bool
}

// Planned makes Postgres run the statements of conn, which Owner gave, by plans that it makes once a connection. A
// statement on partitioned tables takes longer to plan than to run (3 ms and 0.4 for the frame of a page), and left
// alone Postgres plans it anew each time. It is for hot statements whose best plan does not depend on their arguments;
// any other conn is returned as it is.
func Planned(conn DBTX) DBTX {
	if o, ok := conn.(owner); ok {
		o.planned = true
		return o
	}
	return conn
}

// AsPlanned is As with Planned.
func (d *DB) AsPlanned(userID int64) *Queries { return New(Planned(d.Owner(userID))) }

// send queues the setting of the owner and the statement, and reads the answer to the first.
func (o owner) send(ctx context.Context, sql string, args []any) (pgx.BatchResults, error) {
	batch := &pgx.Batch{}
	set, values := "select set_config('app.uid', $1, true)", []any{o.setting}
	if o.operator != "" {
		set, values = set+", set_config('app.operator', $2, true)", append(values, o.operator)
	}
	if o.planned {
		set += ", set_config('plan_cache_mode', 'force_generic_plan', true)"
	}
	batch.Queue(set, values...)
	batch.Queue(sql, args...)
	results := o.conn.SendBatch(ctx, batch)
	if _, err := results.Exec(); err != nil {
		_ = results.Close() // the error above says more
		return nil, err
	}
	return results, nil
}

func (o owner) Exec(ctx context.Context, sql string, args ...any) (pgconn.CommandTag, error) {
	results, err := o.send(ctx, sql, args)
	if err != nil {
		return pgconn.CommandTag{}, err
	}
	tag, err := results.Exec()
	if closeErr := results.Close(); err == nil {
		err = closeErr
	}
	return tag, err
}

func (o owner) Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error) {
	results, err := o.send(ctx, sql, args)
	if err != nil {
		return nil, err
	}
	rows, err := results.Query()
	if err != nil {
		_ = results.Close() // the error above says more
		return nil, err
	}
	return &ownedRows{Rows: rows, results: results}, nil
}

func (o owner) QueryRow(ctx context.Context, sql string, args ...any) pgx.Row {
	rows, err := o.Query(ctx, sql, args...)
	return ownedRow{rows: rows, err: err}
}

// ownedRows gives its connection back when the rows are closed or read to the end.
type ownedRows struct {
	pgx.Rows
	results pgx.BatchResults
	err     error
	closed  bool
}

func (r *ownedRows) Next() bool {
	if r.Rows.Next() {
		return true
	}
	r.Close()
	return false
}

func (r *ownedRows) Close() {
	r.Rows.Close()
	if !r.closed {
		r.closed = true
		r.err = r.results.Close()
	}
}

func (r *ownedRows) Err() error {
	if err := r.Rows.Err(); err != nil {
		return err
	}
	return r.err
}

type ownedRow struct {
	rows pgx.Rows
	err  error
}

func (r ownedRow) Scan(dest ...any) error {
	if r.err != nil {
		return r.err
	}
	defer r.rows.Close()
	if !r.rows.Next() {
		if err := r.rows.Err(); err != nil {
			return err
		}
		return pgx.ErrNoRows
	}
	if err := r.rows.Scan(dest...); err != nil {
		return err
	}
	r.rows.Close()
	return r.rows.Err()
}
