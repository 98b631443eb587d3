package learn

import (
	"math"
	"slices"

	"applylens/internal/triage"
)

// A point is one held-out answer: its score, whether it was right (or positive), and its weight.
type point struct {
	score  float64
	right  bool
	weight float64
}

// platt fits probability = logistic(a·score + b) by Newton's method on the targets of Platt (1999), which keep a
// separable set from running away.
func platt(ps []point) [2]float32 {
	pos, neg := 0.0, 0.0
	for _, p := range ps {
		if p.right {
			pos += p.weight
		} else {
			neg += p.weight
		}
	}
	hi, lo := (pos+1)/(pos+2), 1/(neg+2)
	a, b := 1.0, 0.0
	for range 50 {
		var ga, gb, haa, hab, hbb float64
		for _, p := range ps {
			t := lo
			if p.right {
				t = hi
			}
			q := 1 / (1 + math.Exp(-(a*p.score + b)))
			d, h := (q-t)*p.weight, q*(1-q)*p.weight
			ga += d * p.score
			gb += d
			haa += h * p.score * p.score
			hab += h * p.score
			hbb += h
		}
		haa += 1e-6
		hbb += 1e-6
		det := haa*hbb - hab*hab
		if det <= 0 {
			break
		}
		a -= (hbb*ga - hab*gb) / det
		b -= (haa*gb - hab*ga) / det
		a = min(max(a, 0.05), 20)
		b = min(max(b, -20), 20)
	}
	return [2]float32{float32(a), float32(b)}
}

// isotonic fits a rising function from score to share of right answers by pooling adjacent violators, over blocks of
// at least minBlock weight, and returns its knots.
func isotonic(ps []point, minBlock float64) []triage.Step {
	ps = slices.Clone(ps)
	slices.SortStableFunc(ps, func(x, y point) int {
		switch {
		case x.score < y.score:
			return -1
		case x.score > y.score:
			return 1
		}
		return 0
	})
	type block struct{ score, right, weight float64 }
	var bs []block
	var cur block
	for i, p := range ps {
		cur.score += p.score * p.weight
		cur.weight += p.weight
		if p.right {
			cur.right += p.weight
		}
		if cur.weight >= minBlock || i == len(ps)-1 {
			bs = append(bs, cur)
			cur = block{}
		}
	}
	var out []block
	for _, b := range bs {
		out = append(out, b)
		for n := len(out); n > 1 && out[n-2].right/out[n-2].weight >= out[n-1].right/out[n-1].weight; n = len(out) {
			out[n-2].score += out[n-1].score
			out[n-2].right += out[n-1].right
			out[n-2].weight += out[n-1].weight
			out = out[:n-1]
		}
	}
	var steps []triage.Step
	for _, b := range out {
		steps = append(steps, triage.Step{Raw: float32(b.score / b.weight), Right: float32((b.right + 0.5) / (b.weight + 1))})
	}
	return steps
}
