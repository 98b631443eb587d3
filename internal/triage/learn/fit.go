package learn

import (
	"math"
	"slices"
	"strings"

	"applylens/internal/triage"
)

// A Sentence is one sentence to learn requests from.
type Sentence struct {
	Features triage.Features
	Asks     bool
	Group    string
	Weight   float64
}

// calibrationFolds is the number of parts that take turns at being held out for the calibration.
const calibrationFolds = 5

// How much the examples count against the pull of the weights to zero.
const (
	unwantedC = 1.2
	askC      = 0.12
)

// categoryOptions are those of the category head.
var categoryOptions = Options{Epochs: 10, Rate: 0.12, L2: 2e-5, L2Sig: 2e-4, Start: 0.01}

// Fit learns the model from examples and sentences, and calibrates it on parts that were held out by group.
func Fit(examples []Example, sentences []Sentence) *triage.Model {
	m := Heads(examples, sentences, &triage.Model{Temperature: 1, UnwantedFit: [2]float32{1, 0}, AskFit: [2]float32{1, 0}})
	groups := make([]string, len(examples))
	for i := range examples {
		groups[i] = examples[i].Group
	}
	folds := Folds(groups, calibrationFolds)
	var class []answer
	for f := range calibrationFolds {
		train, test := split(examples, folds, f)
		c := fitCategory(train)
		class = append(class, answers(&c, test)...)
	}
	calibrateClasses(m, class)
	m.UnwantedFit = unwantedFit(examples)
	if ps := askPoints(sentences); len(ps) > 0 {
		m.AskFit = platt(ps)
	}
	return m
}

// FitUnwanted learns the unwanted head alone, with its calibration, and takes the rest from another model.
func FitUnwanted(examples []Example, from *triage.Model) *triage.Model {
	m := *from
	m.Unwanted, m.UnwantedFit = fitUnwanted(examples), unwantedFit(examples)
	return &m
}

// FitAsk learns the sentence head alone, with its calibration, and takes the rest from another model.
func FitAsk(sentences []Sentence, from *triage.Model) *triage.Model {
	m := *from
	m.Ask, m.AskFit = fitAsk(sentences), platt(askPoints(sentences))
	return &m
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
			rows = append(rows, row{e.Features.Content(), e.Class, float32(e.Weight)})
		}
	}
	return fitLinear(rows, triage.ClassCount, triage.CategoryBits, len(triage.SignalNames()), categoryPrior(), categoryOptions)
}

func fitUnwanted(examples []Example) triage.Linear {
	var rows []row
	for i := range examples {
		if e := &examples[i]; e.Unwanted >= 0 {
			rows = append(rows, row{&e.Features, e.Unwanted, float32(e.Weight * bulkFactor(e))})
		}
	}
	return fitLogistic(rows, triage.UnwantedBits, len(triage.SignalNames()), unwantedPrior(), unwantedC)
}

// bulkFactor weighs the wanted mail that is most like unwanted mail: what is sent to many.
func bulkFactor(e *Example) float64 {
	if e.Unwanted == 0 && e.Class >= 0 {
		switch triage.Classes()[e.Class] {
		case triage.Newsletter, triage.Promotion, triage.JobAlert, triage.ReceiptBill, triage.AccountSecurity, triage.Notification:
			return 4
		}
	}
	return 1
}

func fitAsk(sentences []Sentence) triage.Linear {
	rows := make([]row, len(sentences))
	for i := range sentences {
		s := &sentences[i]
		rows[i] = row{&s.Features, 0, float32(s.Weight)}
		if s.Asks {
			rows[i].target = 1
		}
	}
	return fitLogistic(rows, triage.AskBits, triage.AskSignals, nil, askC)
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
		l.Score(e.Features.Content(), raw)
		a := answer{class: e.Class, weight: 1}
		for _, x := range raw {
			a.scores = append(a.scores, float64(x))
		}
		out = append(out, a)
	}
	return out
}

// The shares of wanted mail that may be called unwanted: of all, and of wanted mail that looks like it.
const (
	wantedError = 0.0015
	bulkError   = 0.025
)

// unwantedFit calibrates the unwanted head on parts that were held out by group: Platt's probability, moved so that
// one half stands where no more than the allowed shares of wanted mail lie above it.
func unwantedFit(examples []Example) [2]float32 {
	groups := make([]string, len(examples))
	for i := range examples {
		groups[i] = examples[i].Group
	}
	folds := Folds(groups, calibrationFolds)
	var all []point
	var wanted, bulk []float64
	for f := range calibrationFolds {
		train, test := split(examples, folds, f)
		l := fitUnwanted(train)
		for i := range test {
			e := &test[i]
			if e.Unwanted < 0 || e.Copy {
				continue
			}
			var raw [1]float32
			l.Score(&e.Features, raw[:])
			x := float64(raw[0])
			all = append(all, point{x, e.Unwanted == 1, 1})
			switch {
			case e.Unwanted == 1:
			case strings.HasSuffix(e.Source, "hard-ham"):
				bulk = append(bulk, x)
			default:
				wanted = append(wanted, x)
			}
		}
	}
	if len(all) == 0 {
		return [2]float32{1, 0}
	}
	fit := platt(all)
	for _, part := range []struct {
		scores []float64
		share  float64
	}{{wanted, wantedError}, {bulk, bulkError}} {
		if n := int(part.share * float64(len(part.scores))); n > 0 {
			slices.Sort(part.scores)
			fit[1] = min(fit[1], -fit[0]*float32(part.scores[len(part.scores)-1-n]))
		}
	}
	return fit
}

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
			l.Score(&test[i].Features, raw[:])
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
