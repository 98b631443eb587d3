package dbtest

import (
	"context"
	"crypto/rand"
	"net/url"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"applylens/internal/db"
)

// Database makes a database of the test's own, with the schema and nothing in it, for tests of what belongs to nobody,
// and returns its address for the program's own role. It is dropped when the test ends.
func Database(t testing.TB) string {
	t.Helper()
	s := started(t)
	name := "test_" + strings.ToLower(rand.Text()[:12])
	admin(t, s.owner, "create database "+name)
	t.Cleanup(func() { admin(t, s.owner, "drop database "+name+" with (force)") })
	m, err := db.NewMigrator(at(t, s.owner, name))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = m.Close() }()
	if _, err := m.Up(t.Context()); err != nil {
		t.Fatal(err)
	}
	return at(t, s.app, name)
}

func admin(t testing.TB, address, sql string) {
	t.Helper()
	ctx := context.WithoutCancel(t.Context())
	conn, err := pgx.Connect(ctx, address)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close(ctx) }()
	if _, err := conn.Exec(ctx, sql); err != nil {
		t.Fatal(err)
	}
}

// at is the address of another database of the same server.
func at(t testing.TB, address, database string) string {
	t.Helper()
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	u.Path = "/" + database
	return u.String()
}
