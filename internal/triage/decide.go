package triage

import "strings"

// listPenalty is what a mail without any mark of a mailing list loses as one.
const listPenalty = 4

// textOnlyRules is how much the rules count again when no header can speak: a text that somebody pasted.
const textOnlyRules = 0.25

// classify returns the calibrated probability of each class.
func (m *Model) classify(v *view, f *Features, rules [classCount]float64) [classCount]float64 {
	s := m.classScores(f)
	if !v.flags.list && !v.flags.manyTo && !strings.Contains(v.subject, "[") {
		s[cList] -= listPenalty
	}
	if v.host == "" && v.local == "" {
		for c, x := range rules {
			s[c] += textOnlyRules * x
		}
	}
	p := softmax(s, float64(m.Temperature))
	best, second := 0, -1
	for i := range p {
		if p[i] > p[best] {
			best = i
		}
	}
	for i := range p {
		if i != best && (second < 0 || p[i] > p[second]) {
			second = i
		}
	}
	raw := p[best]
	if raw >= 1 {
		return p
	}
	// The class stays the likeliest: its calibrated share is not below what the next one gets.
	c := m.Calibrate(raw)
	if floor := p[second] / (p[second] + 1 - raw) * 1.0001; c < floor {
		c = floor
	}
	scale := (1 - c) / (1 - raw)
	for i := range p {
		p[i] *= scale
	}
	p[best] = c
	return p
}

// unwanted is the calibrated probability that nobody asked for this mail. What the reader has done outweighs words:
// mail of the reader, and of people the reader writes to, is wanted unless its sender is forged.
func (m *Model) unwanted(v *view, f *Features) float64 {
	x := float64(m.UnwantedFit[0])*m.unwantedScore(f) + float64(m.UnwantedFit[1])
	if (v.flags.known || v.flags.fromOwner) && !failed(v.m.Auth.DMARC) && !failed(v.m.Auth.SPF) {
		x -= 4
	}
	return logistic(x)
}

// learned adds what the learned model says to the risk: up to the whole weight of a signal at certainty, nothing where
// it is undecided.
func (r *riskSum) learned(unwanted float64) {
	if unwanted >= 0.4 {
		r.addShare("like_known_scams", "", (unwanted-0.15)/0.65)
	} else if unwanted < 0.25 {
		r.addShare("reads_like_wanted", "", (0.25-unwanted)/0.23)
	}
}
