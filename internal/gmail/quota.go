package gmail

import (
	"context"
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// A Quota is what the Cloud project may use, in units.
type Quota struct {
	User    float64 // a minute and user
	Project float64 // a minute
	Day     float64 // a day and project: what is free of charge, shown and not enforced
	Reserve float64 // share kept for what a person does now
	Costs   map[string]float64
}

// Quota2026 is that of Cloud projects made since May 2026.
func Quota2026() Quota {
	return Quota{User: 6000, Project: 1_200_000, Day: 80_000_000, Reserve: 0.25, Costs: map[string]float64{
		"getProfile": 1, "messages.list": 5, "messages.get": 20, "messages.modify": 5, "messages.batchModify": 50, "messages.send": 100,
		"labels.list": 1, "labels.create": 5, "history.list": 2, "watch": 100, "stop": 50,
		"drafts.create": 10, "drafts.update": 15, "drafts.delete": 10, "drafts.send": 100}}
}

// ParseQuota reads changes to Quota2026 such as "user=15000,project=1200000,reserve=0.25,messages.get=5".
func ParseQuota(text string) (Quota, error) {
	q := Quota2026()
	for _, part := range strings.Split(text, ",") {
		name, value, _ := strings.Cut(strings.TrimSpace(part), "=")
		if name == "" {
			continue
		}
		n, err := strconv.ParseFloat(value, 64)
		if err != nil || n < 0 {
			return q, fmt.Errorf("quota: %q is not NAME=UNITS", part)
		}
		switch _, known := q.Costs[name]; {
		case name == "user":
			q.User = n
		case name == "project":
			q.Project = n
		case name == "day":
			q.Day = n
		case name == "reserve" && n < 1:
			q.Reserve = n
		case known:
			q.Costs[name] = n
		default:
			return q, fmt.Errorf("quota: %q is not known; known are user, project, day, reserve below 1, and %s", name, strings.Join(slices.Sorted(maps.Keys(q.Costs)), ", "))
		}
	}
	return q, nil
}

// An Urgency is who waits for a call.
type Urgency int

// The urgencies, from what can wait to what cannot.
const (
	Background  Urgency = iota // backfill
	Fresh                      // new mail, and the first page of a new account
	Interactive                // a person, now
)

// A Limiter shares the quota out: a bucket an account and one for the project. An account's bucket holds the reserve
// and fills with the rest, so that no minute sees more than the whole. Calls that can wait leave a part of each bucket
// to those that cannot.
type Limiter struct {
	quota   Quota
	now     func() time.Time
	mu      sync.Mutex
	project *bucket
	users   map[int64]*bucket
	used    map[int64]float64 // units by account since TakeUsed
}

// NewLimiter makes a limiter; one is shared by all clients of a process.
func NewLimiter(q Quota, now func() time.Time) *Limiter {
	return &Limiter{quota: q, now: now, users: map[int64]*bucket{}, used: map[int64]float64{}, project: newBucket(q.Project, q.Reserve, now())}
}

type bucket struct {
	size, rate, level float64 // units; rate a second
	at                time.Time
	pausedUntil       time.Time
}

func newBucket(perMinute, reserve float64, now time.Time) *bucket {
	return &bucket{size: perMinute * reserve, level: perMinute * reserve, rate: perMinute * (1 - reserve) / 60, at: now}
}

// take takes units, or says how long to wait. Who can wait leaves three quarters of the bucket.
func (b *bucket) take(units float64, u Urgency, now time.Time) time.Duration {
	if b.rate == 0 {
		return 0
	}
	b.level = min(b.size, b.level+now.Sub(b.at).Seconds()*b.rate)
	b.at = now
	floor := 0.0
	if u == Background {
		floor = b.size * 0.75
	}
	units = min(units, b.size-floor) // a call dearer than the bucket waits until it is full
	if missing := units + floor - b.level; missing > 0 {
		return time.Duration(math.Ceil(missing / b.rate * float64(time.Second)))
	}
	return 0
}

// Wait waits until an account may spend a call's units and spends them. It returns a Pause when the account's quota is
// used up for longer than patience.
func (l *Limiter) Wait(ctx context.Context, account int64, method string, u Urgency, patience time.Duration) error {
	units, ok := l.quota.Costs[method]
	if !ok {
		return fmt.Errorf("the quota has no cost for %s", method)
	}
	for {
		wait := l.try(account, units, u)
		if wait == 0 {
			return nil
		}
		if wait > patience {
			return &Pause{Until: l.now().Add(wait), Own: !l.paused(account), Err: fmt.Errorf("no units are left for %s", method)}
		}
		if err := sleep(ctx, wait); err != nil {
			return err
		}
	}
}

func (l *Limiter) try(account int64, units float64, u Urgency) time.Duration {
	l.mu.Lock()
	defer l.mu.Unlock()
	now, b := l.now(), l.user(account)
	if b.pausedUntil.After(now) {
		return b.pausedUntil.Sub(now)
	}
	if wait := b.take(units, u, now); wait > 0 {
		return wait
	}
	if wait := l.project.take(units, u, now); wait > 0 {
		return wait
	}
	b.level -= units
	l.project.level -= units
	l.used[account] += units
	return 0
}

// Quota is what the limiter shares out.
func (l *Limiter) Quota() Quota { return l.quota }

// TakeUsed returns the units that an account used since the last call, for whoever keeps the sums.
func (l *Limiter) TakeUsed(account int64) int64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	units := math.Round(l.used[account])
	delete(l.used, account)
	return int64(units)
}

// GiveBack returns units taken by TakeUsed that could not be kept.
func (l *Limiter) GiveBack(account, units int64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.used[account] += float64(units)
}

// UsageTimes returns the beginning of the minute, and of the day as Google counts it: from midnight in California, an
// hour late in summer.
func UsageTimes(now time.Time) (day, minute time.Time) {
	return now.UTC().Add(-8 * time.Hour).Truncate(24 * time.Hour).Add(8 * time.Hour), now.UTC().Truncate(time.Minute)
}

func (l *Limiter) user(account int64) *bucket {
	b := l.users[account]
	if b == nil {
		b = newBucket(l.quota.User, l.quota.Reserve, l.now())
		l.users[account] = b
	}
	return b
}

// Pause stops all calls of an account until a time.
func (l *Limiter) Pause(account int64, until time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if b := l.user(account); until.After(b.pausedUntil) {
		b.pausedUntil = until
	}
}

// paused reports whether Google asked for a pause that is not over.
func (l *Limiter) paused(account int64) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.user(account).pausedUntil.After(l.now())
}

// Forget drops the bucket of an account that is gone.
func (l *Limiter) Forget(account int64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.users, account)
}

// PerMinute is how many calls of a method an account can make in the background.
func (q Quota) PerMinute(method string) float64 {
	if q.Costs[method] == 0 || q.User == 0 {
		return math.Inf(1)
	}
	return q.User * (1 - q.Reserve) / q.Costs[method]
}

func sleep(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
