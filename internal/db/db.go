// Package db is the door to Postgres: the pool, the owner of a statement, transactions, and the code that sqlc makes
// of queries/. Rows of a user are reached only through As or Tx, which tell Postgres on whose behalf they run;
// row-level security hides every other owner's rows even from a query that forgot its filter.
package db

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// A Conn is a pool in production and a rolled-back transaction in tests.
type Conn interface {
	DBTX
	Begin(context.Context) (pgx.Tx, error)
	SendBatch(context.Context, *pgx.Batch) pgx.BatchResults
}

// A DB runs statements. Its own methods run without an owner: they reach no row that belongs to a user.
type DB struct {
	*Queries
	Conn Conn
	Pool *pgxpool.Pool // nil in tests
}

// NewDB makes a DB of a connection.
func NewDB(conn Conn) *DB {
	pool, _ := conn.(*pgxpool.Pool)
	return &DB{Queries: New(conn), Conn: conn, Pool: pool}
}

// AppRole is the role the program runs as: it owns no table and cannot bypass row-level security.
const AppRole = "applylens_app"

// An Option changes how a pool connects.
type Option func(*pgxpool.Config)

// Traced lets each statement be seen by a tracer; nil is none.
func Traced(tracer pgx.QueryTracer) Option {
	return func(cfg *pgxpool.Config) { cfg.ConnConfig.Tracer = tracer }
}

// Open connects a pool that runs as AppRole, and refuses a server on which that role could bypass row-level security.
func Open(ctx context.Context, url string, options ...Option) (*DB, error) {
	cfg, err := pgxpool.ParseConfig(url)
	if err != nil {
		return nil, fmt.Errorf("the database address cannot be read: %w", err)
	}
	if cfg.ConnConfig.ConnectTimeout == 0 {
		cfg.ConnConfig.ConnectTimeout = 10 * time.Second
	}
	params := cfg.ConnConfig.RuntimeParams
	setDefault(params, "statement_timeout", "60s")
	setDefault(params, "idle_in_transaction_session_timeout", "60s")
	setDefault(params, "application_name", "applylens")
	if !strings.Contains(url, "pool_max_conns") {
		cfg.MaxConns = max(cfg.MaxConns, 12) // three of them only listen
	}
	if cfg.ConnConfig.User != AppRole {
		params["role"] = AppRole
	}
	for _, option := range options {
		option(cfg)
	}
	pool, err := pgxpool.NewWithConfig(ctx, cfg)
	if err != nil {
		return nil, fmt.Errorf("connect to Postgres: %w", err)
	}
	if err := checkRole(ctx, pool); err != nil {
		pool.Close()
		return nil, err
	}
	return NewDB(pool), nil
}

// Close closes the pool.
func (d *DB) Close() {
	if d.Pool != nil {
		d.Pool.Close()
	}
}

func setDefault(params map[string]string, name, value string) {
	if _, ok := params[name]; !ok {
		params[name] = value
	}
}

func checkRole(ctx context.Context, pool *pgxpool.Pool) error {
	var bypasses bool
	err := pool.QueryRow(ctx, `select rolsuper or rolbypassrls from pg_roles where rolname = current_user`).Scan(&bypasses)
	if err != nil {
		return fmt.Errorf("connect to Postgres: %w", err)
	}
	if bypasses {
		return errors.New("the role " + AppRole + " could bypass row-level security: alter role " + AppRole + " nosuperuser nobypassrls")
	}
	return nil
}

// Tx runs fn in one transaction on behalf of a user; 0 is nobody. It commits when fn returns nil. When Postgres ends
// the transaction because of another one, fn runs again, at most twice: it must not keep what it read before.
func (d *DB) Tx(ctx context.Context, userID int64, fn func(q *Queries, tx pgx.Tx) error) error {
	for attempt := 1; ; attempt++ {
		err := d.tx(ctx, userID, fn)
		if !IsCollision(err) || attempt == 3 || d.Pool == nil {
			return err
		}
	}
}

func (d *DB) tx(ctx context.Context, userID int64, fn func(q *Queries, tx pgx.Tx) error) error {
	tx, err := d.begin(ctx, userID)
	if err != nil {
		return fmt.Errorf("begin: %w", err)
	}
	defer func() { _ = tx.Rollback(context.WithoutCancel(ctx)) }() // no effect after a commit
	if err := fn(New(tx), tx); err != nil {
		return err
	}
	return tx.Commit(ctx)
}

// begin sets the owner in the same round trip that begins the transaction.
func (d *DB) begin(ctx context.Context, userID int64) (pgx.Tx, error) {
	set := "select set_config('app.uid', '" + ownerSetting(userID) + "', true)"
	if d.Pool != nil {
		return d.Pool.BeginTx(ctx, pgx.TxOptions{BeginQuery: "begin; " + set})
	}
	tx, err := d.Conn.Begin(ctx)
	if err != nil {
		return nil, err
	}
	if _, err := tx.Exec(ctx, set); err != nil {
		return nil, errors.Join(err, tx.Rollback(ctx))
	}
	return tx, nil
}

func ownerSetting(userID int64) string {
	if userID == 0 {
		return ""
	}
	return strconv.FormatInt(userID, 10)
}
