package learn

import (
	"bytes"
	"fmt"
	"math"
	"testing"

	"applylens/internal/mail"
	"applylens/internal/triage"
)

func TestFoldsKeepGroupsTogether(t *testing.T) {
	var groups []string
	for i := range 100 {
		groups = append(groups, fmt.Sprint("g", i%17))
	}
	folds := Folds(groups, 4)
	of, size := map[string]int{}, map[int]int{}
	for i, g := range groups {
		if f, ok := of[g]; ok && f != folds[i] {
			t.Fatalf("group %s is in folds %d and %d", g, f, folds[i])
		}
		of[g] = folds[i]
		size[folds[i]]++
	}
	for f := range 4 {
		if size[f] < 18 || size[f] > 32 {
			t.Errorf("fold %d holds %d of 100", f, size[f])
		}
	}
}

func TestIsotonicRises(t *testing.T) {
	var ps []point
	for i := range 400 {
		x := float64(i) / 400
		ps = append(ps, point{x, (i*7919)%400 < int(400*x*x), 1})
	}
	steps := isotonic(ps, 20)
	for i := 1; i < len(steps); i++ {
		if steps[i].Right < steps[i-1].Right || steps[i].Raw <= steps[i-1].Raw {
			t.Fatalf("step %d: %v after %v", i, steps[i], steps[i-1])
		}
	}
	if last := steps[len(steps)-1].Right; last < 0.8 || len(steps) < 4 {
		t.Errorf("%d steps, last %v", len(steps), last)
	}
}

func TestPlattRecoversALogistic(t *testing.T) {
	var ps []point
	for i := range 2000 {
		x := float64(i%200)/20 - 5
		p := 1 / (1 + math.Exp(-(1.5*x - 1)))
		ps = append(ps, point{x, float64((i/200*37+i*13)%100)/100 < p, 1})
	}
	ab := platt(ps)
	if math.Abs(float64(ab[0])-1.5) > 0.4 || math.Abs(float64(ab[1])+1) > 0.5 {
		t.Errorf("a = %v, b = %v, want about 1.5 and −1", ab[0], ab[1])
	}
}

// small returns examples of two classes that differ by a word.
func small() []Example {
	var out []Example
	for i := range 60 {
		word, class := "zebra", 0
		if i%2 == 1 {
			word, class = "walnut", 1
		}
		m := &mail.Message{Text: fmt.Sprintf("note %d about the %s today", i, word)}
		out = append(out, Example{Features: triage.Extract(triage.Input{Mail: m}), Class: class, Unwanted: class, Weight: 1,
			Group: fmt.Sprint(i / 4), Source: "corpus"})
	}
	return out
}

func TestFitIsDeterministicAndLearns(t *testing.T) {
	first, err := Fit(small(), nil).MarshalBinary()
	if err != nil {
		t.Fatal(err)
	}
	second, err := Fit(small(), nil).MarshalBinary()
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(first, second) {
		t.Fatal("two trainings on the same examples differ")
	}
	m, err := triage.ReadModel(first)
	if err != nil {
		t.Fatal(err)
	}
	v := m.Judge(triage.Input{Mail: &mail.Message{Text: "note 77 about the walnut today"}})
	if v.Category != triage.Classes()[1] || v.Unwanted < 0.5 {
		t.Errorf("walnut: %s, unwanted %.2f", v.Category, v.Unwanted)
	}
	v = m.Judge(triage.Input{Mail: &mail.Message{Text: "note 77 about the zebra today"}})
	if v.Category != triage.Classes()[0] || v.Unwanted > 0.5 {
		t.Errorf("zebra: %s, unwanted %.2f", v.Category, v.Unwanted)
	}
}
