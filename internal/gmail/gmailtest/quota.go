package gmailtest

import (
	"fmt"
	"math"
	"strconv"
	"time"
)

// Costs are the units of each method for Cloud projects made since May 2026.
func Costs() map[string]int {
	return map[string]int{"getProfile": 1, "messages.list": 5, "messages.get": 20, "messages.modify": 5, "messages.batchModify": 50,
		"messages.trash": 20, "messages.untrash": 5, "messages.send": 100, "messages.insert": 25, "messages.delete": 10, "messages.attachments.get": 20,
		"threads.get": 20, "threads.list": 10, "labels.list": 1, "labels.get": 1, "labels.create": 5, "labels.update": 5, "labels.delete": 5,
		"history.list": 2, "watch": 100, "stop": 50, "drafts.list": 5, "drafts.get": 5, "drafts.create": 10, "drafts.update": 15,
		"drafts.delete": 10, "drafts.send": 100}
}

type charge struct {
	at    time.Time
	units int
}

// charge counts a call against the quota of its user and of the project, each over the last minute.
func (f *Fake) charge(b *Box, name string) error {
	now, units := f.opts.Clock(), f.opts.Costs[name]
	if units == 0 {
		return fmt.Errorf("the fake has no cost for %s", name)
	}
	var wait time.Duration
	b.spent, wait = spend(b.spent, now, units, f.opts.UserUnits)
	if wait > 0 {
		return &apiError{status: 429, reason: "userRateLimitExceeded", message: "Quota exceeded for quota metric 'Queries' and limit 'Queries per minute per user'", retry: wait}
	}
	f.project, wait = spend(f.project, now, units, f.opts.ProjectUnits)
	if wait > 0 {
		return &apiError{status: 429, reason: "rateLimitExceeded", message: "Quota exceeded for quota metric 'Queries' and limit 'Queries per minute'", retry: wait}
	}
	return nil
}

// spend adds a charge, or says how long to wait for it.
func spend(spent []charge, now time.Time, units, limit int) ([]charge, time.Duration) {
	for len(spent) > 0 && now.Sub(spent[0].at) >= time.Minute {
		spent = spent[1:]
	}
	sum := units
	for _, c := range spent {
		sum += c.units
	}
	if limit > 0 && sum > limit {
		return spent, time.Minute - now.Sub(spent[0].at)
	}
	return append(spent, charge{now, units}), 0
}

// Spent returns the units a mailbox used in the last minute.
func (b *Box) Spent() int {
	b.f.mu.Lock()
	defer b.f.mu.Unlock()
	sum := 0
	for _, c := range b.spent {
		if b.f.opts.Clock().Sub(c.at) < time.Minute {
			sum += c.units
		}
	}
	return sum
}

func secondsUp(d time.Duration) string { return strconv.Itoa(int(math.Ceil(d.Seconds()))) }
