package learn

import (
	"math"

	"applylens/internal/triage"
)

// logisticEpochs is how often fitLogistic goes over the rows; the dual gap is small long before.
const logisticEpochs = 25

// fitLogistic minimises ½‖w − prior‖² + C·Σ weight·log loss over rows of target 1 and 0, exactly, by coordinate descent
// in the dual (Yu, Huang, Lin 2011, "Dual coordinate descent methods for logistic regression and maximum entropy
// models"). Rare words and frequent ones are pulled alike, which the steps of AdaGrad do not do.
func fitLogistic(rows []row, bits, signals int, prior []float32, c float64) triage.Linear {
	s := newSolver(1, bits, signals, Options{})
	copy(s.s, prior)
	alpha, norm := make([]float64, len(rows)), make([]float64, len(rows))
	order := make([]int, len(rows))
	for i := range rows {
		order[i] = i
		norm[i] = rows[i].norm()
		alpha[i] = 1e-3 * c * float64(rows[i].weight)
		s.push(&rows[i], alpha[i])
	}
	random := shuffler(88172645463325252)
	for range logisticEpochs {
		random.shuffle(order)
		for _, i := range order {
			r := &rows[i]
			s.score(r, triage.WordValue(len(r.Words)))
			z := dualStep(alpha[i], c*float64(r.weight), norm[i], r.sign()*float64(s.out[0]))
			s.push(r, z-alpha[i])
			alpha[i] = z
		}
	}
	return s.quantise()
}

// dualStep returns the dual variable that solves log(z/(c−z)) + a·(z−z0) + b = 0, by Newton's method kept inside a
// shrinking bracket.
func dualStep(z0, c, a, b float64) float64 {
	lo, hi, z := 0.0, c, z0
	for range 20 {
		g := math.Log(z/(c-z)) + a*(z-z0) + b
		if g > 0 {
			hi = z
		} else {
			lo = z
		}
		next := z - g/(c/(z*(c-z))+a)
		if next <= lo || next >= hi {
			next = (lo + hi) / 2
		}
		if math.Abs(next-z) < 1e-9*c {
			break
		}
		z = next
	}
	return min(max(z, 1e-9*c), c*(1-1e-9))
}

// norm is the squared length of the row, its constant included.
func (r *row) norm() float64 {
	v := float64(triage.WordValue(len(r.Words)))
	n := 1 + v*v*float64(len(r.Words)) + triage.MarkValue*triage.MarkValue*float64(len(r.Marks))
	for _, x := range r.Signals {
		n += float64(x) * float64(x)
	}
	return n
}

func (r *row) sign() float64 { return float64(2*r.target - 1) }

// push adds the row, times its sign and by, to the weights.
func (s *solver) push(r *row, by float64) {
	by *= r.sign()
	add := func(hashes []uint32, value float32) {
		d := float32(by) * value
		for _, w := range hashes {
			s.w[w>>s.shift] += d
		}
	}
	add(r.Words, triage.WordValue(len(r.Words)))
	add(r.Marks, triage.MarkValue)
	for i, x := range r.Signals {
		if x != 0 {
			s.s[i] += float32(float32(by) * x)
		}
	}
	s.b[0] += float32(by)
}

// A shuffler is a pseudo-random sequence that is the same everywhere (xorshift, Marsaglia 2003).
type shuffler uint64

func (x *shuffler) shuffle(order []int) {
	for i := len(order) - 1; i > 0; i-- {
		*x ^= *x << 13
		*x ^= *x >> 7
		*x ^= *x << 17
		j := int(uint64(*x) % uint64(i+1))
		order[i], order[j] = order[j], order[i]
	}
}
