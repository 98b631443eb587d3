package learn

import (
	"math"
	"slices"

	"applylens/internal/triage"
)

// A Sentence is one sentence to learn requests from.
type Sentence struct {
	Features triage.Features
	Asks     bool
	Group    string
	Weight   float64
}

// hashBits is the width of the word hashes of triage.Features.
const hashBits = 18

// calibrationFolds is the number of parts that take turns at being held out for the calibration.
const calibrationFolds = 5

// The options of the three heads.
var (
	categoryOptions = Options{Epochs: 10, Rate: 0.12, L2: 2e-5, L2Sig: 2e-4, Start: 0.01}
	unwantedOptions = Options{Epochs: 8, Rate: 0.12, L2: 2e-5, L2Sig: 2e-3, Start: 0.01}
	askOptions      = Options{Epochs: 10, Rate: 0.10, L2: 3e-5, L2Sig: 1e-4}
)

// Fit learns the model from examples and sentences, and calibrates it on parts that were held out by group.
func Fit(examples []Example, sentences []Sentence) *triage.Model {
	m := Heads(examples, sentences, &triage.Model{Temperature: 1, UnwantedFit: [2]float32{1, 0}, AskFit: [2]float32{1, 0}})
	groups := make([]string, len(examples))
	for i := range examples {
		groups[i] = examples[i].Group
	}
	folds := Folds(groups, calibrationFolds)
	var class []answer
	var unwanted []point
	for f := range calibrationFolds {
		train, test := split(examples, folds, f)
		c, u := fitCategory(train), fitUnwanted(train)
		class = append(class, answers(&c, test)...)
		unwanted = append(unwanted, unwantedPoints(&u, test)...)
	}
	calibrateClasses(m, class)
	if len(unwanted) > 0 {
		m.UnwantedFit = platt(unwanted)
	}
	if ps := askPoints(sentences); len(ps) > 0 {
		m.AskFit = platt(ps)
	}
	return m
}

// Heads learns the weights only, and takes calibration and thresholds, and the sentence head when there are no
// sentences, from another model.
func Heads(examples []Example, sentences []Sentence, from *triage.Model) *triage.Model {
	m := *from
	m.Category = fitCategory(examples)
	m.Unwanted = fitUnwanted(examples)
	if len(sentences) > 0 || m.Ask.Outputs == 0 {
		m.Ask = fitAsk(sentences)
	}
	return &m
}

func split(examples []Example, folds []int, f int) (train, test []Example) {
	for i, e := range examples {
		if folds[i] == f {
			test = append(test, e)
		} else {
			train = append(train, e)
		}
	}
	return train, test
}

func fitCategory(examples []Example) triage.Linear {
	var rows []row
	for i := range examples {
		if e := &examples[i]; e.Class >= 0 {
			rows = append(rows, row{e.Features.Words, e.Features.Signals, e.Class, float32(e.Weight)})
		}
	}
	return fitLinear(rows, triage.ClassCount, triage.CategoryBits, hashBits, len(triage.SignalNames()), categoryPrior(), categoryOptions)
}

func fitUnwanted(examples []Example) triage.Linear {
	var rows []row
	for i := range examples {
		if e := &examples[i]; e.Unwanted >= 0 {
			rows = append(rows, row{e.Features.Words, e.Features.Signals, e.Unwanted, float32(e.Weight)})
		}
	}
	return fitLinear(rows, 1, triage.UnwantedBits, hashBits, len(triage.SignalNames()), unwantedPrior(), unwantedOptions)
}

func fitAsk(sentences []Sentence) triage.Linear {
	rows := make([]row, len(sentences))
	for i := range sentences {
		s := &sentences[i]
		rows[i] = row{s.Features.Words, s.Features.Signals, 0, float32(s.Weight)}
		if s.Asks {
			rows[i].target = 1
		}
	}
	return fitLinear(rows, 1, triage.AskBits, hashBits, triage.AskSignals, nil, askOptions)
}

// An answer is the score of every class for a held-out example of known class.
type answer struct {
	scores []float64
	class  int
	weight float64
}

func answers(l *triage.Linear, test []Example) []answer {
	var out []answer
	for i := range test {
		e := &test[i]
		if e.Class < 0 || e.Copy || e.Source != "corpus" {
			continue
		}
		raw := make([]float32, l.Outputs)
		l.Score(e.Features.Words, e.Features.Signals, hashBits, raw)
		a := answer{class: e.Class, weight: 1}
		for _, x := range raw {
			a.scores = append(a.scores, float64(x))
		}
		out = append(out, a)
	}
	return out
}

func unwantedPoints(l *triage.Linear, test []Example) []point {
	var out []point
	for i := range test {
		e := &test[i]
		if e.Unwanted < 0 || e.Copy {
			continue
		}
		var raw [1]float32
		l.Score(e.Features.Words, e.Features.Signals, hashBits, raw[:])
		w := 1.0
		if e.Unwanted == 0 {
			w = wantedPrior
		}
		out = append(out, point{float64(raw[0]), e.Unwanted == 1, w})
	}
	return out
}

// wantedPrior is how much more often a mail is wanted in a mailbox than in the training data.
const wantedPrior = 4

func askPoints(sentences []Sentence) []point {
	groups := make([]string, len(sentences))
	for i := range sentences {
		groups[i] = sentences[i].Group
	}
	folds := Folds(groups, calibrationFolds)
	var out []point
	for f := range calibrationFolds {
		var train, test []Sentence
		for i, s := range sentences {
			if folds[i] == f {
				test = append(test, s)
			} else {
				train = append(train, s)
			}
		}
		l := fitAsk(train)
		for i := range test {
			var raw [1]float32
			l.Score(test[i].Features.Words, test[i].Features.Signals, hashBits, raw[:])
			out = append(out, point{float64(raw[0]), test[i].Asks, 1})
		}
	}
	return out
}

// calibrateClasses sets temperature, confidence steps and thresholds from held-out answers.
func calibrateClasses(m *triage.Model, as []answer) {
	if len(as) == 0 {
		return
	}
	best := math.Inf(1)
	for t := 0.3; t < 4; t *= 1.1 {
		loss := 0.0
		for _, a := range as {
			loss -= math.Log(max(1e-9, probability(a, t)[a.class]))
		}
		if loss < best {
			best, m.Temperature = loss, float32(t)
		}
	}
	var ps []point
	for _, a := range as {
		p := probability(a, float64(m.Temperature))
		top := argmax(p)
		ps = append(ps, point{p[top], top == a.class, a.weight})
	}
	m.Steps = isotonic(ps, max(10, float64(len(ps))/30))
	for c, class := range triage.Classes() {
		m.Thresholds[c] = threshold(m, as, c, precisionTarget(class))
	}
}

// precisionTarget is the share of claimed classes that must be right.
func precisionTarget(c triage.Category) float64 {
	switch {
	case c == triage.Rejection || c == triage.Offer:
		return 0.97
	case c.IsJob():
		return 0.84
	}
	return 0.6
}

// threshold is the lowest confidence from which on the claims of a class reach the target, between 0.35 and 0.9.
func threshold(m *triage.Model, as []answer, class int, target float64) float32 {
	type claim struct {
		confidence float64
		right      bool
	}
	var cs []claim
	for _, a := range as {
		p := probability(a, float64(m.Temperature))
		if top := argmax(p); top == class {
			cs = append(cs, claim{m.Calibrate(p[top]), a.class == class})
		}
	}
	slices.SortFunc(cs, func(x, y claim) int {
		switch {
		case x.confidence > y.confidence:
			return -1
		case x.confidence < y.confidence:
			return 1
		}
		return 0
	})
	t, right := 0.9, 0
	for i, c := range cs {
		if c.right {
			right++
		}
		last := i+1 == len(cs) || cs[i+1].confidence < c.confidence
		if last && float64(right) >= target*float64(i+1) {
			t = c.confidence
		}
	}
	return float32(min(0.9, max(0.35, t-1e-6)))
}

func probability(a answer, temperature float64) []float64 {
	top := a.scores[argmax(a.scores)]
	out := make([]float64, len(a.scores))
	sum := 0.0
	for i, x := range a.scores {
		out[i] = math.Exp((x - top) / temperature)
		sum += out[i]
	}
	for i := range out {
		out[i] /= sum
	}
	return out
}

func argmax(x []float64) int {
	best := 0
	for i := range x {
		if x[i] > x[best] {
			best = i
		}
	}
	return best
}
