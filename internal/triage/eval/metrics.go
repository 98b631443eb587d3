package eval

import (
	"math"

	"applylens/internal/triage"
)

// A ClassFigure is how one class was judged. Mails below their threshold count as abstentions: they are no claim, so
// they lower recall and not precision.
type ClassFigure struct {
	Class     string  `json:"class"`
	Mails     int     `json:"mails"`
	Claimed   int     `json:"claimed"`
	Right     int     `json:"right"` // of Claimed
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
	Bins       []Bin                     `json:"bins"`      // those with mail, by confidence
}

// A Bin is the mails that were judged with a confidence from From to a tenth more.
type Bin struct {
	From       float64 `json:"from"`
	Mails      int     `json:"mails"`
	Right      int     `json:"right"`
	Confidence float64 `json:"confidence"` // the mean
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
	var bins [10]Bin
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
		b.Mails++
		b.Confidence += v.Confidence
		if claim == truth {
			right++
			b.Right++
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
	for i, b := range bins {
		if b.Mails > 0 {
			r.ECE += math.Abs(b.Confidence-float64(b.Right)) / float64(r.Mails)
			r.Bins = append(r.Bins, Bin{From: float64(i) / 10, Mails: b.Mails, Right: b.Right, Confidence: b.Confidence / float64(b.Mails)})
		}
	}
	jobs := 0
	for _, c := range triage.Classes() {
		p := at(string(c))
		f := ClassFigure{Class: string(c), Mails: p.mails, Claimed: p.claimed, Right: p.right, Abstained: p.abstained,
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

// Interval is the range in which the share behind right of n lies, at 95 %: Wilson's score interval (E. B. Wilson,
// "Probable inference, the law of succession, and statistical inference", JASA 22, 1927).
func Interval(right, n int) (low, high float64) {
	if n == 0 {
		return 0, 1
	}
	const z = 1.959964 // of the normal distribution
	p, m := float64(right)/float64(n), float64(n)
	middle := p + z*z/(2*m)
	around := z * math.Sqrt(p*(1-p)/m+z*z/(4*m*m))
	return max(0, (middle-around)/(1+z*z/m)), min(1, (middle+around)/(1+z*z/m))
}

func ratio(a, b int) float64 {
	if b == 0 {
		return 0
	}
	return float64(a) / float64(b)
}
