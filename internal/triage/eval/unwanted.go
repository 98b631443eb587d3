package eval

import (
	"fmt"
	"math"
	"strings"
)

// Thresholds from which a mail counts as unwanted, and as risky.
const (
	unwantedFrom = 0.5
	riskyFrom    = 60
)

// An UnwantedReport is the judgement on mails of which it is known whether anybody asked for them.
type UnwantedReport struct {
	Unwanted    int     `json:"unwanted"`
	Wanted      int     `json:"wanted"`
	Found       int     `json:"found"`        // of Unwanted, with unwanted ≥ 0.5
	FalseAlarms int     `json:"false_alarms"` // of Wanted, with unwanted ≥ 0.5
	Recall      float64 `json:"recall"`
	Precision   float64 `json:"precision"`
	FalseRate   float64 `json:"false_rate"`
	ECE         float64 `json:"ece"` // of the probability, over ten bins

	RiskyUnwanted int     `json:"risky_unwanted"` // of Unwanted, with a risk of 60 or more
	RiskyWanted   int     `json:"risky_wanted"`
	RiskRecall    float64 `json:"risk_recall"`
	RiskFalseRate float64 `json:"risk_false_rate"`
}

// Unwanted measures the judged mails of which Unwanted is known.
func Unwanted(js []Judged) UnwantedReport {
	var r UnwantedReport
	var bins [10]struct{ sum, unwanted float64 }
	for i := range js {
		if js[i].Unwanted == nil {
			continue
		}
		v := &js[i].Verdict
		b := &bins[min(9, max(0, int(v.Unwanted*10)))]
		b.sum += v.Unwanted
		said, risky := v.Unwanted >= unwantedFrom, v.Risk.Score >= riskyFrom
		if *js[i].Unwanted {
			b.unwanted++
			r.Unwanted, r.Found, r.RiskyUnwanted = r.Unwanted+1, r.Found+one(said), r.RiskyUnwanted+one(risky)
		} else {
			r.Wanted, r.FalseAlarms, r.RiskyWanted = r.Wanted+1, r.FalseAlarms+one(said), r.RiskyWanted+one(risky)
		}
	}
	if n := float64(r.Unwanted + r.Wanted); n > 0 {
		for _, b := range bins {
			r.ECE += math.Abs(b.sum-b.unwanted) / n
		}
	}
	r.Recall, r.Precision, r.FalseRate = ratio(r.Found, r.Unwanted), ratio(r.Found, r.Found+r.FalseAlarms), ratio(r.FalseAlarms, r.Wanted)
	r.RiskRecall, r.RiskFalseRate = ratio(r.RiskyUnwanted, r.Unwanted), ratio(r.RiskyWanted, r.Wanted)
	return r
}

func one(yes bool) int {
	if yes {
		return 1
	}
	return 0
}

// String writes the report as lines.
func (r UnwantedReport) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%d unwanted and %d wanted mails, calibration error of unwanted %s\n", r.Unwanted, r.Wanted, Figure(r.ECE, r.Unwanted+r.Wanted))
	fmt.Fprintf(&b, "%-16s %8s %9s %12s\n", "", "found", "precision", "false alarms")
	fmt.Fprintf(&b, "%-16s %8s %9s %12s\n", "unwanted ≥ 0.5", Figure(r.Recall, r.Unwanted), Figure(r.Precision, r.Found+r.FalseAlarms), Figure(r.FalseRate, r.Wanted))
	fmt.Fprintf(&b, "%-16s %8s %9s %12s\n", "risk ≥ 60", Figure(r.RiskRecall, r.Unwanted), Figure(ratio(r.RiskyUnwanted, r.RiskyUnwanted+r.RiskyWanted), r.RiskyUnwanted+r.RiskyWanted),
		Figure(r.RiskFalseRate, r.Wanted))
	return b.String()
}
