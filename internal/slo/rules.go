package slo

// Rules say when an objective's alerts fire. The zero guards are off.
type Rules struct {
	Period Period
	// A page needs this many bad events, and this many events, in the long window of its pair; below that the pair makes
	// a ticket. One failure at one request every ten minutes would page for half an hour.
	MinBad, MinTotal int64
	Quiet            bool // no alarm by percentage while the period's budget is less than one event
	HardDown         bool
	Slow             bool // Count.Worse is counted
}

// What the rules beside the pairs look at.
const (
	hardDownWindow   = 5 // minutes
	hardDownAttempts = 5 // fewer say nothing about an outage
	slowWindow       = 5
	slowBad          = 3   // so few slow events are an accident
	slowShareBP      = 500 // the 95th percentile
	noDataWindow     = 5   // minutes without a count
	brokenWindow     = 1 * hour
)

// Firing is the set of classes that fire at one minute.
type Firing map[Class]PairState

// A PairState is how the two windows of an alert stand at a minute. For a class that is no pair, Long and Short are the
// windows that tell most about it.
type PairState struct {
	Pair
	LongSums, ShortSums Sums
	LongOver, ShortOver bool // strictly above the factor
	Guarded             bool // it would page, but too little happened: it is a ticket
}

// Word tells how the pair stands.
func (p PairState) Word() Word { return wordOf(p.LongOver, p.ShortOver) }

// State returns how a pair stands once a minute is over.
func (r Rules) State(s *Series, at Minute, p Pair) PairState {
	period := r.Period.Length(at)
	st := PairState{Pair: p, LongSums: s.Over(at, p.Long), ShortSums: s.Over(at, p.Short)}
	st.LongOver, st.ShortOver = p.above(st.LongSums, period), p.above(st.ShortSums, period)
	st.Guarded = p.Class == Page && (st.LongSums.Bad() < r.MinBad || st.LongSums.Total < r.MinTotal)
	return st
}

// At returns what fires once a minute is over. Of two pairs of one class that fire, the first is told.
func (r Rules) At(s *Series, at Minute) Firing {
	var firing Firing
	fire := func(c Class, st PairState) {
		if firing == nil {
			firing = make(Firing, 1)
		}
		if _, ok := firing[c]; !ok {
			firing[c] = st
		}
	}
	budget := s.Period(r.Period, at)
	if !r.Quiet || !budget.LowTraffic() {
		for _, p := range pairs {
			st := r.State(s, at, p)
			switch {
			case st.Word() != Critical:
			case st.Guarded:
				fire(Ticket, st)
			default:
				fire(p.Class, st)
			}
		}
		if budget.Exhausted() {
			fire(Exhausted, PairState{LongSums: budget})
		}
	}
	recent := s.Over(at, hardDownWindow)
	if r.HardDown && recent.Total >= hardDownAttempts && 2*recent.Bad() >= recent.Total {
		fire(HardDown, PairState{LongSums: s.Over(at, hour), ShortSums: recent})
	}
	if slow := s.Over(at, slowWindow); r.Slow && slow.Worse >= slowBad && slow.Worse*whole > slow.Total*slowShareBP {
		fire(Slow, PairState{LongSums: s.Over(at, hour), ShortSums: slow})
	}
	if s.Over(at, noDataWindow).Measured == 0 {
		fire(NoData, PairState{})
	}
	if s.Over(at, brokenWindow).Broken > 0 {
		fire(Overcount, PairState{})
	}
	return firing
}

// LowTraffic tells that the budget of what happened is less than one event: (1 − target) × total < 1. A single failure
// would spend it, so a percentage means nothing.
func (s Sums) LowTraffic() bool { return s.Budget < whole }

// Exhausted tells that something failed and nothing is left of the budget.
func (s Sums) Exhausted() bool { return s.Bad() > 0 && s.Bad()*whole >= s.Budget }

// A Change is the begin or the end of an alert.
type Change struct {
	Minute      Minute
	Class       Class
	Firing      bool     // else resolved
	Pair        string   // the windows that decided, such as 1h/5m; empty of a class that is no pair
	Long, Short *float64 // burn rates of the windows; nil when nothing happened in them
}

// classes in the order in which changes of one minute are told.
var classes = [...]Class{Page, HardDown, Slow, Ticket, Exhausted, NoData, Overcount}

// Classes lists the classes in that order.
func Classes() []Class { return append([]Class{}, classes[:]...) }

// Changes compares what fired before with what fires once a minute is over.
func (r Rules) Changes(s *Series, at Minute, before, now Firing) []Change {
	var changes []Change
	for _, c := range classes {
		old, was := before[c]
		st, is := now[c]
		if was == is {
			continue
		}
		if was { // tell how the pair that fired stands now
			st = old
			st.LongSums, st.ShortSums = s.Over(at, old.Long), s.Over(at, old.Short)
			switch {
			case c == Exhausted:
				st.LongSums = s.Period(r.Period, at)
			case c == HardDown || c == Slow:
				st.LongSums, st.ShortSums = s.Over(at, hour), s.Over(at, hardDownWindow)
			}
		}
		change := Change{Minute: at, Class: c, Firing: is, Long: rate(st.LongSums), Short: rate(st.ShortSums)}
		if st.Long != 0 {
			change.Pair = st.Name()
		}
		changes = append(changes, change)
	}
	return changes
}

// rate returns the burn rate, or nil when nothing happened.
func rate(s Sums) *float64 {
	if burn, ok := s.Burn(); ok {
		return &burn
	}
	return nil
}

// Replay evaluates every minute of a series and returns the changes in order.
func (r Rules) Replay(s *Series) []Change {
	var all []Change
	var before Firing
	for at := s.First(); at <= s.Last(); at++ {
		now := r.At(s, at)
		if len(before)+len(now) > 0 {
			all = append(all, r.Changes(s, at, before, now)...)
		}
		before = now
	}
	return all
}
