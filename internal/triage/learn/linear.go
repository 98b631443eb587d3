// Package learn fits the linear model of package triage. It is pure and deterministic: the same examples in the same
// order give the same model. Start at Fit.
package learn

import (
	"math"

	"applylens/internal/triage"
)

// An Example is one mail to learn from.
type Example struct {
	Features triage.Features
	Class    int     // index of triage.Classes, −1 when unknown
	Unwanted int     // 1 unwanted, 0 wanted, −1 unknown
	Weight   float64 // of the example beside others
	Group    string  // examples of a group are never on both sides of a split
	Source   string  // the set it comes from
	Copy     bool    // a changed copy of another example: trained on, never counted
}

// A row is one example as the solver sees it.
type row struct {
	*triage.Features
	target int // class, or 1 and 0 for one output
	weight float32
}

// Options of the solver.
type Options struct {
	Epochs int
	Rate   float64 // step of AdaGrad (Duchi, Hazan, Singer 2011)
	L2     float64 // pull of the word weights to zero per step
	L2Sig  float64 // the same for signals
	Start  float64 // first value of the sums of squares: it slows the first steps of rare words down
}

// fitLinear minimises the weighted log loss by AdaGrad over the rows in a fixed pseudo-random order. The signals start
// from the prior (one weight per signal and output, nil for none) and are pulled back to it: what the data is silent
// about stays as the rules have it.
func fitLinear(rows []row, outputs, bits, signals int, prior []float32, o Options) triage.Linear {
	s := newSolver(outputs, bits, signals, o)
	if prior != nil {
		s.prior = prior
		copy(s.s, prior)
	}
	order := make([]int, len(rows))
	for i := range order {
		order[i] = i
	}
	random := shuffler(88172645463325252)
	for range o.Epochs {
		random.shuffle(order)
		for _, i := range order {
			s.step(&rows[i])
		}
	}
	return s.quantise()
}

// A solver holds weights and the sums of squared gradients of AdaGrad.
type solver struct {
	k, bits, shift int
	o              Options
	w, wg          []float32 // words
	s, sg          []float32 // signals
	prior          []float32 // of the signals
	b, bg          []float32
	grad           []float32
	out            []float32
}

func newSolver(outputs, bits, signals int, o Options) *solver {
	f := func(n int) []float32 { return make([]float32, n) }
	s := &solver{k: outputs, bits: bits, shift: triage.WordBits - bits, o: o, w: f(outputs << bits), wg: f(outputs << bits),
		s: f(outputs * signals), sg: f(outputs * signals), b: f(outputs), bg: f(outputs), prior: f(outputs * signals),
		grad: f(outputs), out: f(outputs)}
	for i := range s.wg {
		s.wg[i] = float32(o.Start)
	}
	for i := range s.sg {
		s.sg[i] = float32(o.Start)
	}
	return s
}

// score fills out with the scores of the row.
func (s *solver) score(r *row, value float32) {
	copy(s.out, s.b)
	s.sum(r.Words, value)
	s.sum(r.Marks, triage.MarkValue)
	for i, x := range r.Signals {
		if x == 0 {
			continue
		}
		for c := range s.out {
			s.out[c] += float32(s.s[i*s.k+c] * x)
		}
	}
}

func (s *solver) sum(hashes []uint32, value float32) {
	for _, w := range hashes {
		at := int(w>>s.shift) * s.k
		for c := range s.out {
			s.out[c] += float32(s.w[at+c] * value)
		}
	}
}

// step moves the weights against the gradient of one row.
func (s *solver) step(r *row) {
	value := triage.WordValue(len(r.Words))
	s.score(r, value)
	s.gradient(r)
	s.descend(r.Words, value)
	s.descend(r.Marks, triage.MarkValue)
	for i, x := range r.Signals {
		if x == 0 {
			continue
		}
		for c, g := range s.grad {
			j := i*s.k + c
			s.move(s.s, s.sg, j, float32(g*x)+float32(float32(s.o.L2Sig)*(s.s[j]-s.prior[j])))
		}
	}
	for c, g := range s.grad {
		s.move(s.b, s.bg, c, g)
	}
}

func (s *solver) descend(hashes []uint32, value float32) {
	for _, w := range hashes {
		at := int(w>>s.shift) * s.k
		for c, g := range s.grad {
			j := at + c
			s.move(s.w, s.wg, j, float32(g*value)+float32(float32(s.o.L2)*s.w[j]))
		}
	}
}

// gradient fills grad with the derivative of the log loss.
func (s *solver) gradient(r *row) {
	if s.k == 1 {
		p := 1 / (1 + math.Exp(-float64(s.out[0])))
		s.grad[0] = float32(p-float64(r.target)) * r.weight
		return
	}
	top := s.out[0]
	for _, x := range s.out {
		top = max(top, x)
	}
	sum := 0.0
	for _, x := range s.out {
		sum += math.Exp(float64(x - top))
	}
	for c, x := range s.out {
		p := math.Exp(float64(x-top)) / sum
		if c == r.target {
			p--
		}
		s.grad[c] = float32(p) * r.weight
	}
}

func (s *solver) move(w, sum []float32, i int, g float32) {
	if g == 0 {
		return
	}
	sum[i] += float32(g * g)
	w[i] -= float32(s.o.Rate) * g / (float32(math.Sqrt(float64(sum[i]))) + 1e-6)
}

// quantise rounds the word weights to 16 bits.
func (s *solver) quantise() triage.Linear {
	top := float32(1e-9)
	for _, x := range s.w {
		top = max(top, x, -x)
	}
	l := triage.Linear{Outputs: s.k, Bits: s.bits, Scale: top / 32000, Words: make([]int16, len(s.w)), Signals: s.s, Bias: s.b}
	for i, x := range s.w {
		l.Words[i] = int16(math.Round(float64(x / l.Scale)))
	}
	return l
}
