package db

import (
	"context"
	"database/sql"
	"fmt"
	"log/slog"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	_ "github.com/jackc/pgx/v5/stdlib" // the driver goose uses
	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/lock"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"
	"github.com/riverqueue/river/rivermigrate"

	"applylens/migrations"
)

// A Migrator changes the schema, connected as the owner of the tables. Programs that migrate at the same time wait for
// each other.
type Migrator struct {
	sql   *sql.DB
	goose *goose.Provider
	url   string
}

// NewMigrator opens a migrator; close it after use.
func NewMigrator(ownerURL string) (*Migrator, error) {
	conn, err := sql.Open("pgx", ownerURL)
	if err != nil {
		return nil, fmt.Errorf("the database address cannot be read: %w", err)
	}
	locker, err := lock.NewPostgresSessionLocker()
	if err != nil {
		return nil, err
	}
	provider, err := goose.NewProvider(goose.DialectPostgres, conn, migrations.FS, goose.WithSessionLocker(locker), goose.WithSlog(slog.New(slog.DiscardHandler)))
	if err != nil {
		_ = conn.Close()
		return nil, fmt.Errorf("read the migrations: %w", err)
	}
	return &Migrator{sql: conn, goose: provider, url: ownerURL}, nil
}

// Close closes the connection.
func (m *Migrator) Close() error { return m.sql.Close() }

// Up applies what is missing: our tables, whose first migration opens those to come to the program's role, then the
// job queue's. It returns how many migrations that were.
func (m *Migrator) Up(ctx context.Context) (applied int, err error) {
	results, err := m.goose.Up(ctx)
	if err != nil {
		return len(results), fmt.Errorf("migrate: %w", err)
	}
	// The table of migrations is older than the first of them, which opens tables to the program: it tells whether it is behind.
	if _, err := m.sql.ExecContext(ctx, "grant select on "+goose.DefaultTablename+" to "+AppRole); err != nil {
		return len(results), fmt.Errorf("migrate: %w", err)
	}
	err = m.jobs(ctx, func(queue *rivermigrate.Migrator[pgx.Tx]) error {
		done, err := queue.Migrate(ctx, rivermigrate.DirectionUp, nil)
		if err == nil {
			applied = len(done.Versions)
		}
		return err
	})
	return len(results) + applied, err
}

// Down reverts the newest migration.
func (m *Migrator) Down(ctx context.Context) (*goose.MigrationResult, error) {
	return m.goose.Down(ctx)
}

// Status lists the migrations and whether each is applied.
func (m *Migrator) Status(ctx context.Context) ([]*goose.MigrationStatus, error) {
	return m.goose.Status(ctx)
}

// jobs uses the migrations of River's tables.
func (m *Migrator) jobs(ctx context.Context, use func(*rivermigrate.Migrator[pgx.Tx]) error) error {
	pool, err := pgxpool.New(ctx, m.url)
	if err != nil {
		return err
	}
	defer pool.Close()
	migrator, err := rivermigrate.New[pgx.Tx](riverpgxv5.New(pool), &rivermigrate.Config{Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		return err
	}
	if err := use(migrator); err != nil {
		return fmt.Errorf("migrate the job queue: %w", err)
	}
	return nil
}

// Behind counts the migrations that are missing; fresh tells that none was ever applied.
func (m *Migrator) Behind(ctx context.Context) (missing int, fresh bool, err error) {
	current, target, err := m.goose.GetVersions(ctx)
	if err != nil {
		return 0, false, fmt.Errorf("read the state of the schema: %w", err)
	}
	if current == 0 {
		return int(target), true, nil
	}
	status, err := m.goose.Status(ctx)
	if err != nil {
		return 0, false, fmt.Errorf("read the state of the schema: %w", err)
	}
	for _, s := range status {
		if s.State != goose.StateApplied {
			missing++
		}
	}
	err = m.jobs(ctx, func(queue *rivermigrate.Migrator[pgx.Tx]) error {
		existing, err := queue.ExistingVersions(ctx)
		missing += len(queue.AllVersions()) - len(existing)
		return err
	})
	return missing, false, err
}
