package learn

import (
	"strings"

	"applylens/internal/triage"
)

// How far the rules are believed before anything is learned: the weight of a rule score of 12 points for its own
// class, and the weight of one point of risk for "unwanted".
const (
	rulePrior = 4.0
	riskPrior = 0.045
)

// categoryPrior lets each rule score speak for its class.
func categoryPrior() []float32 {
	k := triage.ClassCount
	names := triage.SignalNames()
	out := make([]float32, k*len(names))
	for i, n := range names {
		for c, class := range triage.Classes() {
			if n == "rule:"+string(class) {
				out[i*k+c] = rulePrior
			}
		}
	}
	return out
}

// unwantedPrior lets each risk signal speak by its weight.
func unwantedPrior() []float32 {
	names := triage.SignalNames()
	out := make([]float32, len(names))
	for i, n := range names {
		if risk, ok := strings.CutPrefix(n, "risk:"); ok {
			out[i] = riskPrior * float32(triage.RiskWeight(risk))
		}
	}
	return out
}
