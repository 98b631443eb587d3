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

// TestBars prints every promised figure, and fails when one falls behind the floor that the model of this release
// reached: floors are a little below the figures, bars are what we want.
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
	}
	floors := map[string]float64{"unwanted, spam": 0.84, "macro-F1 of the job classes": 0.88, "precision of rejection": 0.90,
		"precision of offer": 0.90, "accuracy as mails of one sentence": 0.74, "rejection or not, text only": 0.93}
	ceilings := map[string]float64{"unwanted, easy-ham": 0.01, "unwanted, hard-ham": 0.10, "risk ≥ 60": 0.01, "calibration error": 0.06}
	for _, b := range bars {
		if f, ok := floors[b.What]; ok && b.Figure < f {
			t.Errorf("%s: %s fell to %.4f, under %.4f", b.Set, b.What, b.Figure, f)
		}
		if c, ok := ceilings[b.What]; ok && b.Figure > c {
			t.Errorf("%s: %s rose to %.4f, over %.4f", b.Set, b.What, b.Figure, c)
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
