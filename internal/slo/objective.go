package slo

import (
	"bytes"
	_ "embed" // objectives.json
	"encoding/json"
	"fmt"
	"sort"
)

//go:embed objectives.json
var objectivesJSON []byte

// An SLI is what an objective counts as a good event.
type SLI string

// The indicators.
const (
	Latency      SLI = "latency"      // runs that took less than the limit, of those that were answered or timed out; limit in µs
	Success      SLI = "success"      // runs that ended well, of those that were let run
	Freshness    SLI = "freshness"    // what is younger than the limit, in seconds
	Cost         SLI = "cost"         // runs that cost less than the limit, in millionths of a dollar
	Availability SLI = "availability" // requests that were answered without a fault of ours
	Lag          SLI = "lag"          // what is in the index within the limit, in seconds
)

// Objectives that are counted by the program itself.
const (
	APIAvailability = "api/availability"
	IndexLag        = "index/lag"
)

// An Objective is a promise: the share of good events in a period. The 95th percentile of a latency is under a limit
// exactly when 95 % of the events are, and shares add up over minutes where percentiles do not.
type Objective struct {
	Name       string `json:"name"`    // subject/sli
	Subject    string `json:"subject"` // an agent, or a part of the program
	SLI        SLI    `json:"sli"`
	TargetBP   int    `json:"target_bp"`   // basis points
	Limit      int64  `json:"limit"`       // in the unit of the SLI; 0: none
	InBulk     bool   `json:"in_bulk"`     // a run may be of many items; the limit is that of one
	PeriodDays int    `json:"period_days"` // rolling; 0 is the calendar month
	Promise    string `json:"promise"`     // in words
}

// Objectives returns what is promised, in the order of the handbook.
func Objectives() ([]Objective, error) {
	in := json.NewDecoder(bytes.NewReader(objectivesJSON))
	in.DisallowUnknownFields()
	var all []Objective
	if err := in.Decode(&all); err != nil {
		return nil, fmt.Errorf("objectives.json: %w", err)
	}
	return all, nil
}

// Rules returns when the objective's alerts fire. Guards of low traffic are on: a page needs three bad events of ten.
func (o Objective) Rules() Rules {
	return Rules{Period: Days(o.PeriodDays), MinBad: 3, MinTotal: 10, Quiet: true,
		HardDown: o.SLI == Success || o.SLI == Availability, Slow: o.SLI == Latency}
}

// A Version is an objective from a minute on. Events before it were counted and are judged by the version of their time.
type Version struct {
	From     Minute
	TargetBP int
	Limit    int64
}

// Versions are the versions of an objective, the oldest first.
type Versions []Version

// At returns the version in force at a minute; before the first, that one.
func (v Versions) At(m Minute) Version {
	i := sort.Search(len(v), func(i int) bool { return v[i].From > m })
	return v[max(i-1, 0)]
}

// A Span is a stretch of minutes, From included and Until not.
type Span struct{ From, Until Minute }

// Spans are stretches that a correction takes out.
type Spans []Span

// Has tells whether a minute lies in one of them.
func (s Spans) Has(m Minute) bool {
	for _, x := range s {
		if x.From <= m && m < x.Until {
			return true
		}
	}
	return false
}

// Build makes a series of counts that are in order: each under the target of its time, without what is excluded, up to
// the minute last. Without any count it is empty.
func Build(counts []Count, versions Versions, excluded Spans, last Minute) (*Series, error) {
	s := NewSeries(len(counts))
	for _, c := range counts {
		if c.Minute > last {
			break
		}
		if err := s.excludeBefore(c.Minute, excluded); err != nil {
			return nil, err
		}
		var err error
		if excluded.Has(c.Minute) {
			err = s.Exclude(c.Minute)
		} else {
			err = s.Add(c, versions.At(c.Minute).TargetBP)
		}
		if err != nil {
			return nil, err
		}
	}
	if s.Len() == 0 {
		return s, nil
	}
	if err := s.excludeBefore(last+1, excluded); err != nil {
		return nil, err
	}
	return s, s.ExtendTo(last)
}

// excludeBefore excludes the minutes of the gap before a minute that lie in the spans, so that they are not missing.
func (s *Series) excludeBefore(m Minute, excluded Spans) error {
	if len(excluded) == 0 || s.Len() == 0 {
		return nil
	}
	for at := s.Last() + 1; at < m; at++ {
		if excluded.Has(at) {
			if err := s.Exclude(at); err != nil {
				return err
			}
		}
	}
	return nil
}
