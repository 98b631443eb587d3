package eval

import (
	"fmt"
	"math"
	"sort"
	"strings"

	"applylens/internal/triage"
)

// A ClassFigure is how one class was judged. Mails below their threshold count as abstentions: they are no claim, so
// they lower recall and not precision.
type ClassFigure struct {
	Class     string  `json:"class"`
	Mails     int     `json:"mails"`
	Claimed   int     `json:"claimed"`
	Precision float64 `json:"precision"`
	Recall    float64 `json:"recall"` // over all mails of the class
	Answered  float64 `json:"recall_answered"`
	F1        float64 `json:"f1"` // of precision and Answered
	Abstained int     `json:"abstained"`
}

// A CategoryReport is the judgement on mails of known category.
type CategoryReport struct {
	Mails      int                       `json:"mails"`
	Abstention float64                   `json:"abstention"`
	Accuracy   float64                   `json:"accuracy"` // of the likeliest class, abstentions included
	ECE        float64                   `json:"ece"`      // expected calibration error over ten bins
	JobF1      float64                   `json:"job_macro_f1"`
	Classes    []ClassFigure             `json:"classes"`
	Confusion  map[string]map[string]int `json:"confusion"` // truth → likeliest class
}

// Categories measures the judged mails whose Category is one of the taxonomy.
func Categories(js []Judged) CategoryReport {
	r := CategoryReport{Confusion: map[string]map[string]int{}}
	type count struct{ mails, claimed, right, abstained int }
	per := map[string]*count{}
	at := func(c string) *count {
		if per[c] == nil {
			per[c] = &count{}
		}
		return per[c]
	}
	var bins [10]struct{ n, confidence, right float64 }
	right, abstained := 0, 0
	for i := range js {
		v, truth := &js[i].Verdict, js[i].Category
		claim := string(v.Category)
		if r.Confusion[truth] == nil {
			r.Confusion[truth] = map[string]int{}
		}
		r.Confusion[truth][claim]++
		at(truth).mails++
		b := &bins[min(9, int(v.Confidence*10))]
		b.n++
		b.confidence += v.Confidence
		if claim == truth {
			right++
			b.right++
		}
		if v.NeedsReview {
			abstained++
			at(truth).abstained++
			continue
		}
		at(claim).claimed++
		if claim == truth {
			at(claim).right++
		}
	}
	r.Mails = len(js)
	if r.Mails == 0 {
		return r
	}
	r.Accuracy, r.Abstention = float64(right)/float64(r.Mails), float64(abstained)/float64(r.Mails)
	for _, b := range bins {
		r.ECE += math.Abs(b.confidence-b.right) / float64(r.Mails)
	}
	jobs := 0
	for _, c := range triage.Classes() {
		p := at(string(c))
		f := ClassFigure{Class: string(c), Mails: p.mails, Claimed: p.claimed, Abstained: p.abstained,
			Precision: ratio(p.right, p.claimed), Recall: ratio(p.right, p.mails), Answered: ratio(p.right, p.mails-p.abstained)}
		if f.Precision+f.Answered > 0 {
			f.F1 = 2 * f.Precision * f.Answered / (f.Precision + f.Answered)
		}
		if c.IsJob() {
			r.JobF1 += f.F1
			jobs++
		}
		r.Classes = append(r.Classes, f)
	}
	r.JobF1 /= float64(jobs)
	return r
}

func ratio(a, b int) float64 {
	if b == 0 {
		return 0
	}
	return float64(a) / float64(b)
}

// String writes the report as a table, with the twelve most frequent confusions.
func (r CategoryReport) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%d mails, accuracy %.3f, abstention %.3f, job macro-F1 %.3f, calibration error %.3f\n", r.Mails, r.Accuracy,
		r.Abstention, r.JobF1, r.ECE)
	fmt.Fprintf(&b, "%-26s %6s %8s %9s %7s %9s %10s\n", "class", "mails", "claimed", "precision", "recall", "answered", "abstained")
	for _, c := range r.Classes {
		fmt.Fprintf(&b, "%-26s %6d %8d %9.3f %7.3f %9.3f %10d\n", c.Class, c.Mails, c.Claimed, c.Precision, c.Recall, c.Answered, c.Abstained)
	}
	type pair struct {
		what string
		n    int
	}
	var ps []pair
	for truth, row := range r.Confusion {
		for claim, n := range row {
			if claim != truth {
				ps = append(ps, pair{truth + " read as " + claim, n})
			}
		}
	}
	sort.Slice(ps, func(i, j int) bool { return ps[i].n > ps[j].n || ps[i].n == ps[j].n && ps[i].what < ps[j].what })
	for _, p := range ps[:min(12, len(ps))] {
		fmt.Fprintf(&b, "  %3d %s\n", p.n, p.what)
	}
	return b.String()
}
