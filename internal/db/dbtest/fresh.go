package dbtest

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"net/url"
	"testing"

	"applylens/internal/db"
)

// Fresh returns a pool on a database of the test's own, for what all owners share and other tests would disturb. It is
// dropped when the test ends.
func Fresh(t testing.TB) *db.DB {
	t.Helper()
	var name [6]byte
	_, _ = rand.Read(name[:])
	database := "test_" + hex.EncodeToString(name[:])
	owner := Owner(t)
	if _, err := owner.Exec(t.Context(), "create database "+database); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if _, err := owner.Exec(context.WithoutCancel(t.Context()), "drop database "+database+" with (force)"); err != nil {
			t.Error(err)
		}
	})
	at := func(address string) string {
		u, err := url.Parse(address)
		if err != nil {
			t.Fatal(err)
		}
		u.Path = "/" + database
		return u.String()
	}
	s := started(t)
	m, err := db.NewMigrator(at(s.owner))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = m.Close() }()
	if _, err := m.Up(t.Context()); err != nil {
		t.Fatal(err)
	}
	d, err := db.Open(t.Context(), at(s.app))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(d.Close)
	return d
}
