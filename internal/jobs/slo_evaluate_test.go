package jobs

import (
	"testing"
	"time"
)

// TestEveryMinute: it is due once in each minute, five seconds after its beginning, wherever it is asked.
func TestEveryMinute(t *testing.T) {
	s := everyMinute{after: 5 * time.Second}
	for from, want := range map[string]string{"12:00:00": "12:00:05", "12:00:04": "12:00:05", "12:00:05": "12:01:05", "12:00:59": "12:01:05", "23:59:30": "00:00:05"} {
		at, err := time.Parse(time.TimeOnly, from)
		if err != nil {
			t.Fatal(err)
		}
		if got := s.Next(at).Format(time.TimeOnly); got != want {
			t.Errorf("after %s it is due at %s, want %s", from, got, want)
		}
	}
}
