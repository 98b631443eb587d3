package views

import (
	"fmt"
	"math"
	"strconv"

	"applylens/internal/db"
	"applylens/internal/triage/eval"
)

// fewest is how many mails a figure needs to be told.
const fewest = 10

// An Accuracy is how good the judgement was on the mail whose category the person told.
type Accuracy struct {
	Report    eval.CategoryReport
	Confirmed int                   // of Report.Mails, those that were confirmed and not corrected
	Wrong     []db.AccuracyMailsRow // mails that were judged otherwise, newest first
}

// A share is a count of a count, with its range at 95 %.
type share struct {
	right, of int
	low, high float64
}

func shareOf(right, of int) share {
	low, high := eval.Interval(right, of)
	return share{right, of, low, high}
}

// few tells that the share is of too few mails to be told.
func (s share) few() bool { return s.of < fewest }

func (s share) String() string { return strconv.Itoa(int(math.Round(100*s.value()))) + " %" }

func (s share) value() float64 {
	if s.of == 0 {
		return 0
	}
	return float64(s.right) / float64(s.of)
}

// between is the range in words.
func (s share) between() string { return fmt.Sprintf("%.0f–%.0f %%", 100*s.low, 100*s.high) }

// counts says what the share is made of.
func (s share) counts() string { return strconv.Itoa(s.right) + " of " + strconv.Itoa(s.of) }

// x is a share as a place on a scale of 100 units.
func x(of float64) string { return strconv.FormatFloat(100*of, 'f', 1, 64) }

// right counts the mails whose likeliest class was theirs.
func (a Accuracy) right() share {
	n := 0
	for truth, row := range a.Report.Confusion {
		n += row[truth]
	}
	return shareOf(n, a.Report.Mails)
}

// claims counts the mails that were judged without a doubt, and of them those that were right.
func (a Accuracy) claims() share {
	right, claimed := 0, 0
	for _, c := range a.Report.Classes {
		right, claimed = right+c.Right, claimed+c.Claimed
	}
	return shareOf(right, claimed)
}

// abstained counts the mails that were marked as needing review.
func (a Accuracy) abstained() share {
	n := 0
	for _, c := range a.Report.Classes {
		n += c.Abstained
	}
	return shareOf(n, a.Report.Mails)
}

// classes are those with mail, by what it is or was taken for.
func (a Accuracy) classes() (used []eval.ClassFigure) {
	for _, c := range a.Report.Classes {
		claimed := c.Claimed > 0
		for _, row := range a.Report.Confusion {
			claimed = claimed || row[c.Class] > 0
		}
		if c.Mails > 0 || claimed {
			used = append(used, c)
		}
	}
	return used
}

// heat is how dark a cell of the confusions is, 0 to 5, by its share of the row.
func heat(n, of int) string {
	if n == 0 || of == 0 {
		return "heat-0"
	}
	return "heat-" + strconv.Itoa(min(5, 1+int(4*float64(n)/float64(of))))
}

// A dot is a bin of the calibration chart, in units of its view box of 100 by 100.
type dot struct{ x, y, low, high, radius, title string }

// dots are the bins with enough mail.
func (a Accuracy) dots() (all []dot) {
	for _, b := range a.Report.Bins {
		if b.Mails < fewest {
			continue
		}
		s := shareOf(b.Right, b.Mails)
		all = append(all, dot{x(b.Confidence), x(1 - s.value()), x(1 - s.low), x(1 - s.high), strconv.FormatFloat(min(4.5, 1.5+math.Sqrt(float64(b.Mails))/4), 'f', 1, 64),
			fmt.Sprintf("said %.0f %% sure, right in %s (%s)", 100*b.Confidence, s, s.counts())})
	}
	return all
}
