// Package dbtest gives a test a real Postgres: one database a test program, migrated once, and in it a transaction of
// the program's own role that is rolled back when the test ends.
package dbtest

import (
	"context"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"applylens/internal/db"
	"applylens/internal/db/embedded"
)

type server struct {
	owner, app string
	err        error
	embedded   *embedded.Server // kept: its lock says that the server is in use
}

// The server is started by the first test of the program that needs it, and shared with other test programs by way
// of its data folder; Postgres is left running for the next one and stops with `make test`.
var start = sync.OnceValue(func() server {
	ctx := context.Background()
	ownerURL, appURL := os.Getenv("DATABASE_URL"), os.Getenv("DATABASE_URL")
	var s *embedded.Server
	if ownerURL == "" {
		var err error
		s, err = embedded.Start(ctx, Folder(), slog.New(slog.DiscardHandler))
		if err != nil {
			return server{err: err}
		}
		ownerURL, appURL = s.OwnerURL, s.AppURL
	}
	m, err := db.NewMigrator(ownerURL)
	if err != nil {
		return server{err: err}
	}
	defer func() { _ = m.Close() }()
	_, err = m.Up(ctx)
	return server{owner: ownerURL, app: appURL, err: err, embedded: s}
})

// Folder is the data folder of the tests' embedded Postgres: APPLYLENS_TEST_DATA, else one in the temporary folder.
func Folder() string {
	if dir := os.Getenv("APPLYLENS_TEST_DATA"); dir != "" {
		return dir
	}
	return filepath.Join(os.TempDir(), "applylens-test")
}

// New returns a database whose changes are rolled back when the test ends, as the program's own role.
func New(t testing.TB) *db.DB {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), appURL(t))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close(context.WithoutCancel(t.Context())) })
	if _, err := conn.Exec(t.Context(), "set role "+db.AppRole); err != nil {
		t.Fatal(err)
	}
	tx, err := conn.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = tx.Rollback(context.WithoutCancel(t.Context())) })
	return db.NewDB(tx)
}

// Pool returns a pool that commits, for tests of jobs and of several connections; use a user of its own in each.
func Pool(t testing.TB) *db.DB {
	t.Helper()
	d, err := db.Open(t.Context(), appURL(t))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(d.Close)
	return d
}

// Owner returns a pool that connects as the owner of the tables, whom row-level security does not bind.
func Owner(t testing.TB) *pgxpool.Pool {
	t.Helper()
	s := started(t)
	pool, err := pgxpool.New(t.Context(), s.owner)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(pool.Close)
	return pool
}

// User makes a user with this address and returns its id.
func User(t testing.TB, d *db.DB, email string) int64 {
	t.Helper()
	id, err := d.UserEnsure(t.Context(), db.UserEnsureParams{Address: email, Role: "user"})
	if err != nil {
		t.Fatal(err)
	}
	return id
}

// AppURL is the address of the database for the program's own role, for a program that the test starts.
func AppURL(t testing.TB) string { return started(t).app }

func appURL(t testing.TB) string { return started(t).app }

func started(t testing.TB) server {
	t.Helper()
	s := start()
	if s.err != nil {
		t.Fatal(s.err)
	}
	return s
}
