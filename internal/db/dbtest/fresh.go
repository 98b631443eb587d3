package dbtest

import (
	"testing"

	"applylens/internal/db"
)

// Fresh returns a pool on a database of the test's own, for what all owners share and other tests would disturb. It is
// dropped when the test ends.
func Fresh(t testing.TB) *db.DB {
	t.Helper()
	d, err := db.Open(t.Context(), Database(t))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(d.Close)
	return d
}
