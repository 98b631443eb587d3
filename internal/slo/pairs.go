package slo

import (
	"math/bits"
	"strconv"
)

// A Class is a kind of alert. Page and Ticket are each the OR of two pairs of windows.
type Class string

// The classes, the loudest first.
const (
	Page      Class = "page"      // the budget burns fast
	HardDown  Class = "hard_down" // half or more of the attempts fail: burn rates are too slow for targets below 99 %
	Slow      Class = "slow"      // the 95th percentile is over 1.5 times the limit
	Ticket    Class = "ticket"    // the budget burns
	Exhausted Class = "exhausted" // nothing is left of the budget
	NoData    Class = "no_data"   // nothing was counted
	Overcount Class = "overcount" // more good events than events: the counting is broken
)

// A Pair is two windows of which both must burn faster than Factor for the alert to fire: the long one says that it
// matters, the short one that it goes on. Share is the part of the whole budget that is then spent in the long window.
type Pair struct {
	Class       Class
	SharePct    int64 // percent of the period's budget
	Long, Short int64 // minutes; Short = Long / 12
}

// pairs are the four of the workbook. Shares are kept for other periods, factors follow from them.
var pairs = [4]Pair{
	{Page, 2, hour, 5},
	{Page, 5, 6 * hour, 30},
	{Ticket, 10, day, 2 * hour},
	{Ticket, 10, 3 * day, 6 * hour},
}

// windows are those of the pairs, in minutes; the period itself is the eighth.
var windows = [...]int64{5, 30, hour, 2 * hour, 6 * hour, day, 3 * day}

// Factor returns the burn rate above which the pair fires, for a period of so many minutes: share × period ÷ long window.
// For 30 days: 14.4, 6, 3 and 1.
func (p Pair) Factor(period int64) float64 {
	return float64(p.SharePct*period) / float64(100*p.Long)
}

// Name writes the pair's windows, such as 1h/5m.
func (p Pair) Name() string { return WindowName(p.Long) + "/" + WindowName(p.Short) }

// PairNamed returns the pair of a name; for the empty name of an alert that has none, the zero pair.
func PairNamed(name string) Pair {
	for _, p := range pairs {
		if p.Name() == name {
			return p
		}
	}
	return Pair{}
}

// WindowName writes a window of so many minutes, such as 5m, 6h or 3d.
func WindowName(minutes int64) string {
	switch {
	case minutes%day == 0:
		return strconv.FormatInt(minutes/day, 10) + "d"
	case minutes%hour == 0:
		return strconv.FormatInt(minutes/hour, 10) + "h"
	}
	return strconv.FormatInt(minutes, 10) + "m"
}

// above tells whether a window burns strictly faster than the pair's factor, without a division:
// bad / total > share × period / (100 × long) × (1 − target), where budget = total × (1 − target) × 10,000.
func (p Pair) above(s Sums, period int64) bool {
	if s.Budget <= 0 || s.Bad() <= 0 {
		return false
	}
	return productLess(s.Budget, p.SharePct*period, s.Bad(), whole*100*p.Long)
}

// productLess tells whether a × b < c × d, for numbers that are not negative and products that may need 128 bits.
func productLess(a, b, c, d int64) bool {
	hi1, lo1 := bits.Mul64(uint64(a), uint64(b)) //nolint:gosec // not negative
	hi2, lo2 := bits.Mul64(uint64(c), uint64(d)) //nolint:gosec // not negative
	return hi1 < hi2 || hi1 == hi2 && lo1 < lo2
}

// A Word tells how a pair of windows stands.
type Word string

// The four words.
const (
	Critical   Word = "Critical"   // both windows are over the threshold
	Increasing Word = "Increasing" // only the short one: it may become critical
	Recovering Word = "Recovering" // only the long one: it is over, but not forgotten
	Acceptable Word = "Acceptable" // neither
)

func wordOf(long, short bool) Word {
	switch {
	case long && short:
		return Critical
	case short:
		return Increasing
	case long:
		return Recovering
	}
	return Acceptable
}

// worse returns the word that needs more attention.
func worse(a, b Word) Word {
	for _, w := range []Word{Critical, Increasing, Recovering} {
		if a == w || b == w {
			return w
		}
	}
	return Acceptable
}
