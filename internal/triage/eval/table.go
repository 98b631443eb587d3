package eval

import (
	"fmt"
	"strings"
)

// String writes the report as tables: the classes, the calibration, and what was read as what.
func (r CategoryReport) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%d mails, accuracy %.3f, abstention %.3f, job macro-F1 %.3f, calibration error %.3f\n", r.Mails, r.Accuracy,
		r.Abstention, r.JobF1, r.ECE)
	if r.Mails == 0 {
		return b.String()
	}
	fmt.Fprintf(&b, "%-26s %6s %8s %9s %7s %9s %10s\n", "class", "mails", "claimed", "precision", "recall", "answered", "abstained")
	for _, c := range r.Classes {
		if c.Mails > 0 || c.Claimed > 0 {
			fmt.Fprintf(&b, "%-26s %6d %8d %9s %7s %9s %10d\n", c.Class, c.Mails, c.Claimed, Figure(c.Precision, c.Claimed), Figure(c.Recall, c.Mails),
				Figure(c.Answered, c.Mails-c.Abstained), c.Abstained)
		}
	}
	fmt.Fprintf(&b, "\n%-12s %6s %9s %7s\n", "confidence", "mails", "mean", "right")
	for _, n := range r.Bins {
		fmt.Fprintf(&b, "%.1f – %.1f    %6d %9.3f %7.3f\n", n.From, n.From+0.1, n.Mails, n.Confidence, ratio(n.Right, n.Mails))
	}
	r.matrix(&b)
	return b.String()
}

// Figure is a share, or a dash where there is nothing that it could be a share of.
func Figure(x float64, of int) string {
	if of == 0 {
		return "–"
	}
	return fmt.Sprintf("%.3f", x)
}

// matrix writes the confusions: a row for what a mail is, a column for the likeliest class.
func (r CategoryReport) matrix(b *strings.Builder) {
	var used []int // of Classes
	for i, c := range r.Classes {
		claimed := false
		for _, row := range r.Confusion {
			claimed = claimed || row[c.Class] > 0
		}
		if c.Mails > 0 || claimed {
			used = append(used, i)
		}
	}
	fmt.Fprintf(b, "\n%-26s", "is \\ read as")
	for _, i := range used {
		fmt.Fprintf(b, " %6.6s", r.Classes[i].Class)
	}
	b.WriteByte('\n')
	for _, i := range used {
		truth := r.Classes[i].Class
		if len(r.Confusion[truth]) == 0 {
			continue
		}
		fmt.Fprintf(b, "%-26s", truth)
		for _, k := range used {
			if n := r.Confusion[truth][r.Classes[k].Class]; n > 0 {
				fmt.Fprintf(b, " %6d", n)
			} else {
				fmt.Fprintf(b, " %6s", "·")
			}
		}
		b.WriteByte('\n')
	}
}
