package slo

import "fmt"

// A Count is what was counted in one minute. A minute without a count was not measured, which is neither 0 nor 100 %; a
// count with a total of 0 says that nothing happened.
type Count struct {
	Minute       Minute
	Good, Total  int64
	Worse        int64 // of a latency: events over 1.5 times the limit
	CostMicroUSD int64
}

// maxEvents bounds a minute's events, so that no sum over a year times a factor leaves 64 bits unseen.
const maxEvents = 1_000_000_000

// Sums are what was counted over a window.
type Sums struct {
	Good, Total  int64
	Worse        int64
	CostMicroUSD int64
	Budget       int64 // bad events that the targets allowed, in ten-thousandths of an event: sum of total × (10,000 − target)
	Measured     int64 // minutes that were counted, or that a correction excludes
	Broken       int64 // minutes with more good events than events: a fault of the counting; they are in no other sum
}

// Bad returns the events that were not good.
func (s Sums) Bad() int64 { return s.Total - s.Good }

// Remaining returns the part of the budget that is left: 1 of an untouched one, 0 of a spent one, less of one that is
// overdrawn. It is weighted by events and never clamped; ok is false when nothing happened, so nothing is known.
func (s Sums) Remaining() (part float64, ok bool) {
	burn, ok := s.Burn()
	return 1 - burn, ok
}

// Burn returns how many times faster than allowed the budget is spent: (bad / total) / (1 − target).
func (s Sums) Burn() (rate float64, ok bool) {
	if s.Budget == 0 {
		return 0, false
	}
	return float64(s.Bad()) * whole / float64(s.Budget), true
}

// minus returns the sums of what lies between two prefixes.
func (s Sums) minus(o Sums) Sums {
	return Sums{s.Good - o.Good, s.Total - o.Total, s.Worse - o.Worse, s.CostMicroUSD - o.CostMicroUSD, s.Budget - o.Budget,
		s.Measured - o.Measured, s.Broken - o.Broken}
}

// A Series holds the counts of one objective, minute after minute, as prefix sums: the sums over any window take two
// reads. The target is kept with each minute, so that a change of target leaves the past as it was.
type Series struct {
	first  Minute
	prefix []Sums // prefix[i]: of the i minutes from first on; one longer than the series
}

// NewSeries returns an empty series with room for so many minutes.
func NewSeries(minutes int) *Series {
	return &Series{prefix: make([]Sums, 1, minutes+1)}
}

// Len returns the minutes from the first to the last, gaps included.
func (s *Series) Len() int { return len(s.prefix) - 1 }

// First returns the first minute.
func (s *Series) First() Minute { return s.first }

// Last returns the last minute; it lies before First in an empty series.
func (s *Series) Last() Minute { return s.first + Minute(s.Len()) - 1 }

// maxGap bounds how much memory a gap may take: four years.
const maxGap = 4 * 366 * day

// Add appends the count of a minute that lies after all others, under the target then in force. Minutes between are a
// gap. More good events than events are a fault of the counting, which Sums.Broken tells.
func (s *Series) Add(c Count, targetBP int) error {
	if err := s.skipTo(c.Minute); err != nil {
		return err
	}
	if c.Good < 0 || c.Total < 0 || c.Worse < 0 || c.Good > maxEvents || c.Total > maxEvents {
		return fmt.Errorf("counts must lie between 0 and %d a minute", maxEvents)
	}
	p := s.prefix[len(s.prefix)-1]
	p.Measured++
	if c.Good > c.Total {
		p.Broken++
	} else {
		p.Good += c.Good
		p.Total += c.Total
		p.Worse += c.Worse
		p.CostMicroUSD += c.CostMicroUSD
		p.Budget += c.Total * int64(whole-targetBP)
	}
	s.prefix = append(s.prefix, p)
	return nil
}

// Exclude appends a minute that a correction takes out: it is in no sum, and it is not missing either.
func (s *Series) Exclude(m Minute) error {
	if err := s.skipTo(m); err != nil {
		return err
	}
	p := s.prefix[len(s.prefix)-1]
	p.Measured++
	s.prefix = append(s.prefix, p)
	return nil
}

// ExtendTo appends unmeasured minutes until m is the last; it does nothing when the series is as long.
func (s *Series) ExtendTo(m Minute) error {
	if s.Len() > 0 && m <= s.Last() {
		return nil
	}
	return s.skipTo(m + 1)
}

// skipTo fills the gap before a minute.
func (s *Series) skipTo(m Minute) error {
	if s.Len() == 0 {
		s.first = m
		return nil
	}
	gap := int64(m-s.Last()) - 1
	if gap < 0 {
		return fmt.Errorf("minute %d does not lie after minute %d", m, s.Last())
	}
	if gap > maxGap {
		return fmt.Errorf("between minutes %d and %d lie more than four years", s.Last(), m)
	}
	for range gap {
		s.prefix = append(s.prefix, s.prefix[len(s.prefix)-1])
	}
	return nil
}

// Over returns the sums of the minutes in (end − minutes, end]. What lies outside the series was not measured: a window
// that reaches before the first minute has what is there.
func (s *Series) Over(end Minute, minutes int64) Sums {
	return s.before(end + 1).minus(s.before(end + 1 - Minute(minutes)))
}

// Period returns the sums of the part of a period that is over with a minute.
func (s *Series) Period(p Period, at Minute) Sums { return s.Over(at, p.Elapsed(at)) }

// before returns the prefix of the minutes before m.
func (s *Series) before(m Minute) Sums {
	i := min(max(int64(m-s.first), 0), int64(s.Len()))
	return s.prefix[i]
}
