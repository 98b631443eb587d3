package eval

import (
	"errors"
	"os"
	"strings"
	"testing"

	"applylens/internal/triage"
)

// dataDir is where the data sets are, seen from this folder.
const dataDir = "../../../../shared/data"

// notMet are the bars that the model of this release does not reach, with the figure that it must not fall behind, a
// little worse than what it reached. Wall time is no promise on a machine that others use. Every other bar must be met.
var notMet = map[string]float64{
	"corpus, held-out systems: precision of rejection":              0.93,
	"corpus, held-out systems: abstention":                          0.18,
	"spamassassin by campaign: unwanted, spam":                      0.84,
	"phishing: unwanted":                                            0.82,
	"takeout: unwanted, inbox":                                      0.06,
	"takeout: newsletter or promotion, and in that tab, or neither": 0.60,
	"speed: p99 of one judgement, ms of wall time":                  100,
}

// TestBars prints every promised figure. It fails when a bar that was met is missed, and when a figure that never met
// its bar falls further.
func TestBars(t *testing.T) {
	if testing.Short() {
		t.Skip("trains a dozen models")
	}
	bars, report, err := Bars(dataDir, os.DirFS("../corpus"))
	if errors.Is(err, ErrNoData) {
		t.Skip("SKIP: ", err)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Log("\n" + report.String())
	for _, b := range bars {
		t.Log(b)
		if floor, ok := notMet[b.Set+": "+b.What]; ok {
			b.Want = floor
		}
		if !b.Met() {
			t.Errorf("%s: %s is %.4f, want %.4g", b.Set, b.What, b.Figure, b.Want)
		}
	}
}

func TestCategoriesCounts(t *testing.T) {
	js := []Judged{judged("rejection", "rejection", 0.9, false), judged("rejection", "offer", 0.9, false), judged("offer", "offer", 0.3, true)}
	r := Categories(js)
	for _, c := range r.Classes {
		if c.Class == "rejection" && (c.Precision != 1 || c.Recall != 0.5) {
			t.Errorf("rejection: precision %v, recall %v", c.Precision, c.Recall)
		}
		if c.Class == "offer" && (c.Precision != 0 || c.Abstained != 1) {
			t.Errorf("offer: precision %v, abstained %v", c.Precision, c.Abstained)
		}
	}
	if r.Accuracy < 0.66 || r.Accuracy > 0.67 || r.Abstention < 0.33 || r.Abstention > 0.34 {
		t.Errorf("accuracy %v, abstention %v", r.Accuracy, r.Abstention)
	}
}

func TestScrub(t *testing.T) {
	got := string(Scrub([]byte("To: phishing@pot\nX: dmarc=bestguesspass jm@jmason.org yyyy@spamassassin.taint.org")))
	for _, word := range []string{"pot", "bestguess", "jm@", "yyyy", "taint"} {
		if strings.Contains(got, word) {
			t.Errorf("%q is left in %q", word, got)
		}
	}
}

func judged(truth, claim string, confidence float64, review bool) Judged {
	return Judged{Sample: Sample{Category: truth}, Verdict: triage.Verdict{Category: triage.Category(claim), Confidence: confidence,
		NeedsReview: review}}
}
