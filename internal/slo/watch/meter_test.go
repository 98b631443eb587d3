package watch_test

import (
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"applylens/internal/db"
	"applylens/internal/db/dbtest"
	"applylens/internal/slo"
	"applylens/internal/slo/watch"
)

// TestMeterAddsEachMinuteOnce counts in two processes; a database that is away loses nothing and doubles nothing.
func TestMeterAddsEachMinuteOnce(t *testing.T) {
	d := dbtest.New(t)
	start := time.Date(2026, 11, 25, 10, 7, 0, 0, time.UTC)
	first := slo.MinuteOf(start)
	one, two := &watch.Meter{Objective: "api/availability"}, &watch.Meter{Objective: "api/availability"}
	one.Count(start, true)
	one.Count(start.Add(59*time.Second), false)
	two.Count(start, true)
	one.Count(start.Add(time.Minute), true) // of the minute that is not over
	gone := d.Conn.(pgx.Tx)
	away, err := gone.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if err := away.Rollback(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := one.Flush(t.Context(), db.NewDB(closed{away}), first+1); err == nil {
		t.Fatal("a flush into a closed transaction succeeded")
	}
	one.Count(start.Add(30*time.Second), true) // it ended late, and counts for the minute that is still open
	for range 2 {
		for _, m := range []*watch.Meter{one, two} {
			if err := m.Flush(t.Context(), d, first+1); err != nil {
				t.Fatal(err)
			}
		}
	}
	want := []slo.Count{{Minute: first, Good: 2, Total: 3}}
	check := func() {
		t.Helper()
		rows, err := d.SLOHoursOf(t.Context(), db.SLOHoursOfParams{Objective: "api/availability", FromAt: start.Add(-time.Hour), UntilAt: start.Add(time.Hour)})
		if err != nil || len(rows) != 1 {
			t.Fatalf("%d hours, %v", len(rows), err)
		}
		got, err := slo.Unpack(nil, rows[0].Counts, slo.MinuteOf(rows[0].Hour))
		if err != nil {
			t.Fatal(err)
		}
		if len(got) != len(want) {
			t.Fatalf("counted %v, want %v", got, want)
		}
		for i := range want {
			if got[i] != want[i] {
				t.Errorf("counted %v, want %v", got[i], want[i])
			}
		}
	}
	check()
	for m := first + 2; m <= first+3; m++ { // a minute in which nothing happened is measured all the same
		if err := one.Flush(t.Context(), d, m); err != nil {
			t.Fatal(err)
		}
	}
	want = append(want, slo.Count{Minute: first + 1, Good: 2, Total: 2}, slo.Count{Minute: first + 2})
	check()
}

// closed is a connection whose transaction is over.
type closed struct{ pgx.Tx }
