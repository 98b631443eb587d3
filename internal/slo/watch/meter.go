package watch

import (
	"context"
	"errors"
	"log/slog"
	"maps"
	"slices"
	"sync"
	"time"

	"applylens/internal/db"
	"applylens/internal/slo"
)

// A Meter counts the events of one objective in this process, for what has no rows to count from, such as requests. What
// it counted of a minute is added to the database a second after it, before that minute is evaluated; so a process that
// is killed loses a minute at most. Several processes may count for one objective.
type Meter struct {
	Objective string

	mu    sync.Mutex
	open  map[slo.Minute]*slo.Count
	until slo.Minute // minutes before it are flushed
}

// flushAfter is how long after a full minute it is flushed. The evaluation follows four seconds later.
const flushAfter = time.Second

// mostOpen bounds how many minutes are kept while the database is away; older ones are joined to the oldest that is kept.
const mostOpen = 24 * minutesPerHour

// Count notes an event; on nil it does nothing.
func (m *Meter) Count(at time.Time, good bool) {
	if m == nil {
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	c := m.at(max(slo.MinuteOf(at), m.until))
	c.Total++
	if good {
		c.Good++
	}
}

func (m *Meter) at(minute slo.Minute) *slo.Count {
	if m.open == nil {
		m.open = map[slo.Minute]*slo.Count{}
	}
	if m.open[minute] == nil {
		m.open[minute] = &slo.Count{Minute: minute}
	}
	return m.open[minute]
}

// Flush adds the minutes before a time to the database. Each is added once: only when the database confirmed it is it
// forgotten here. The last minute is measured also when nothing happened in it.
func (m *Meter) Flush(ctx context.Context, d *db.DB, before slo.Minute) error {
	for _, c := range m.due(before) {
		if err := Add(ctx, d, m.Objective, c); err != nil {
			return err
		}
		m.mu.Lock()
		delete(m.open, c.Minute)
		m.mu.Unlock()
	}
	return nil
}

// due returns the minutes before a time, the oldest first. Later events are counted from that time on, so they no longer
// change.
func (m *Meter) due(before slo.Minute) []slo.Count {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.until < before {
		m.until = before
		m.at(before - 1)
	}
	minutes := slices.Sorted(maps.Keys(m.open))
	for len(minutes) > mostOpen {
		old, kept := m.open[minutes[0]], m.open[minutes[1]]
		kept.Good, kept.Total = kept.Good+old.Good, kept.Total+old.Total
		delete(m.open, minutes[0])
		minutes = minutes[1:]
	}
	var out []slo.Count
	for _, minute := range minutes {
		if minute < before {
			out = append(out, *m.open[minute])
		}
	}
	return out
}

// Run flushes once a minute until the context ends, and then what is left.
func (m *Meter) Run(ctx context.Context, d *db.DB, log *slog.Logger, now func() time.Time) {
	for {
		at := now()
		next := at.Truncate(time.Minute).Add(time.Minute + flushAfter)
		select {
		case <-time.After(next.Sub(at)):
			flush, cancel := context.WithTimeout(ctx, 20*time.Second)
			if err := m.Flush(flush, d, slo.MinuteOf(now())); err != nil && !errors.Is(err, context.Canceled) {
				log.Warn("what was counted for an objective cannot be stored yet", "objective", m.Objective, "error", err)
			}
			cancel()
		case <-ctx.Done():
			last, cancel := context.WithTimeout(context.WithoutCancel(ctx), 3*time.Second)
			defer cancel()
			if err := m.Flush(last, d, slo.MinuteOf(now())+1); err != nil {
				log.Warn("what was counted for an objective is lost", "objective", m.Objective, "error", err)
			}
			return
		}
	}
}
