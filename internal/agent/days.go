package agent

import (
	"context"
	"sync"
	"time"

	"applylens/internal/db"
)

// days keeps what runs have used today. It reads what other processes used once a minute for each agent and user that
// runs and has such a limit, and counts its own at once: two processes may together pass a limit by a minute's use.
type days struct {
	mu    sync.Mutex
	spent map[dayOf]*spent
}

type dayOf struct {
	agent string
	user  int64
}

type spent struct {
	day         string // UTC
	read        time.Time
	cost, items int64
}

const dayFresh = time.Minute

// open returns what adds to the day of a run's agent and user, and tells whether it stays within the limits.
func (d *days) open(ctx context.Context, r *Runtime, ask Ask) (func(cost int64, items int) bool, error) {
	limits := ask.Agent.Limits
	if limits.DayCost == 0 && limits.DayItems == 0 || ask.UserID == 0 {
		return func(int64, int) bool { return true }, nil
	}
	now := r.now().UTC()
	s, stale := d.find(dayOf{ask.Agent.Name, ask.UserID}, now)
	if stale {
		used, err := r.db.As(ask.UserID).RunSpent(ctx, db.RunSpentParams{UserID: &ask.UserID, Since: now.Truncate(24 * time.Hour), Agent: ask.Agent.Name})
		if err != nil {
			return nil, err
		}
		d.mu.Lock()
		s.cost, s.items = max(s.cost, used.CostMicrousd), max(s.items, used.Items) // its own newest are not recorded yet
		s.read = now
		d.mu.Unlock()
	}
	return func(cost int64, items int) bool {
		d.mu.Lock()
		defer d.mu.Unlock()
		s.cost, s.items = s.cost+cost, s.items+int64(items)
		return (limits.DayCost == 0 || s.cost <= limits.DayCost) && (limits.DayItems == 0 || s.items <= limits.DayItems)
	}, nil
}

// find returns the tally of a day, and whether it is to be read again. Tallies of days that are over are dropped.
func (d *days) find(of dayOf, now time.Time) (s *spent, stale bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	today := now.Format(time.DateOnly)
	s = d.spent[of]
	if s == nil || s.day != today {
		if len(d.spent) > 10_000 {
			for k, old := range d.spent {
				if old.day != today {
					delete(d.spent, k)
				}
			}
		}
		s = &spent{day: today}
		d.spent[of] = s
	}
	return s, now.Sub(s.read) > dayFresh
}
