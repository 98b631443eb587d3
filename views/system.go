package views

import (
	"fmt"
	"time"

	"applylens/internal/db"
)

// A SystemPage is how the parts of the program stand, as this process sees them.
type SystemPage struct {
	Pool     *PoolState // nil: unknown
	Database db.ConsoleDatabaseRow
	Embedded bool
	Tables   []db.ConsoleTablesRow
	Queries  []db.ConsoleQueriesRow
	Elastic  [][2]string // facts; nil: not configured
	Blobs    string      // what is wrong with them; "" is well
	Gmail    *db.GmailFreshnessRow
	Runtime  [][2]string
	Waiting  int64 // jobs that are due
	Failing  []JobCount
}

// A PoolState is how the connections of this process stand.
type PoolState struct {
	Total, Idle, Used, Max int32
	Waited                 int64 // acquisitions that found none free
	WaitTime               time.Duration
}

func bytesText(n int64) string {
	const unit = 1024
	if n < unit {
		return id(n) + " B"
	}
	x, i := float64(n)/unit, 0
	for ; x >= unit && i < 3; i++ {
		x /= unit
	}
	return fmt.Sprintf("%.1f %ciB", x, "KMGT"[i])
}

// hitsText is the share of blocks that Postgres found in its memory; unknown before it read any.
func hitsText(share float64) string {
	if share < 0 {
		return "unknown"
	}
	return perCent(share)
}

// JobsPage lists jobs, with the queues and the counts above.
type JobsPage struct {
	Queues []JobQueue
	Counts []JobTally
	Rows   []JobRow
	State  string
	Kind   string
	States []string
	Next   string
}

// A JobQueue is a queue, and since when it rests.
type JobQueue struct {
	Name     string
	PausedAt *time.Time
}

// A JobTally counts the jobs of a kind in a state.
type JobTally struct {
	Queue, Kind, State string
	Jobs               int64
	Oldest             time.Time
}

// A JobRow is a job in a list. Of its arguments only numbers are shown, which name rows.
type JobRow struct {
	ID              int64
	Kind, Queue     string
	State           string
	Attempt, Most   int
	CreatedAt       time.Time
	ScheduledAt     time.Time
	FinishedAt      *time.Time
	Args            [][2]string
	Errors          []JobError
	Retries, Cancel bool // whether these can be done now
}

// A JobError is what went wrong at an attempt.
type JobError struct {
	At      time.Time
	Attempt int
	Text    string
}

func (r JobRow) lastError() string {
	if len(r.Errors) == 0 {
		return ""
	}
	return r.Errors[len(r.Errors)-1].Text
}
