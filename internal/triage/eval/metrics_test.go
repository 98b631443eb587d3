package eval

import (
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"applylens/internal/triage"
)

func verdictOf(truth, claim string, confidence float64, review bool) Judged {
	return Judged{Sample: Sample{Category: truth}, Verdict: triage.Verdict{Category: triage.Category(claim), Confidence: confidence, NeedsReview: review}}
}

func TestCategories(t *testing.T) {
	r := Categories([]Judged{
		verdictOf("offer", "offer", 0.95, false), verdictOf("offer", "rejection", 0.65, false), verdictOf("offer", "offer", 0.4, true),
		verdictOf("rejection", "rejection", 0.65, false),
	})
	if r.Mails != 4 || r.Accuracy != 0.75 || r.Abstention != 0.25 || r.Confusion["offer"]["rejection"] != 1 {
		t.Errorf("the report is %+v", r)
	}
	for _, c := range r.Classes {
		switch c.Class {
		case "offer":
			if c.Mails != 3 || c.Claimed != 1 || c.Right != 1 || c.Precision != 1 || math.Abs(c.Recall-1./3) > 1e-9 || c.Answered != 0.5 || c.Abstained != 1 {
				t.Errorf("offer: %+v", c)
			}
		case "rejection":
			if c.Mails != 1 || c.Claimed != 2 || c.Precision != 0.5 || c.Recall != 1 {
				t.Errorf("rejection: %+v", c)
			}
		}
	}
	// Three bins: 0.4 (1 of 1 right), 0.6 (1 of 2), 0.9 (1 of 1): |0.4−1|/4 + |1.3−1|/4 + |0.95−1|/4.
	if len(r.Bins) != 3 || r.Bins[1].Mails != 2 || r.Bins[1].Right != 1 || math.Abs(r.Bins[1].Confidence-0.65) > 1e-9 || math.Abs(r.ECE-0.2375) > 1e-9 {
		t.Errorf("bins %+v, calibration error %v", r.Bins, r.ECE)
	}
	text := r.String()
	for _, want := range []string{"offer                           3        1     1.000   0.333     0.500          1", "0.6 – 0.7         2     0.650   0.500", "is \\ read as"} {
		if !strings.Contains(text, want) {
			t.Errorf("the table lacks %q:\n%s", want, text)
		}
	}
	if empty := Categories(nil).String(); strings.Contains(empty, "class") {
		t.Errorf("a table of nothing: %s", empty)
	}
}

// TestInterval against values of the literature: Newcombe 1998, table I, method 3.
func TestInterval(t *testing.T) {
	for _, c := range []struct {
		right, n  int
		low, high float64
	}{{81, 263, 0.2553, 0.3662}, {15, 148, 0.0624, 0.1605}, {0, 20, 0, 0.1611}, {1, 29, 0.0061, 0.1718}, {29, 29, 0.8830, 1}, {0, 0, 0, 1}} {
		low, high := Interval(c.right, c.n)
		if math.Abs(low-c.low) > 5e-5 || math.Abs(high-c.high) > 5e-5 {
			t.Errorf("%d of %d: %.4f–%.4f, want %.4f–%.4f", c.right, c.n, low, high, c.low, c.high)
		}
	}
}

func TestUnwanted(t *testing.T) {
	yes, no := true, false
	mail := func(truth *bool, p float64, risk int) Judged {
		return Judged{Sample: Sample{Unwanted: truth}, Verdict: triage.Verdict{Unwanted: p, Risk: triage.Risk{Score: risk}}}
	}
	r := Unwanted([]Judged{mail(&yes, 0.9, 70), mail(&yes, 0.3, 10), mail(&no, 0.6, 5), mail(&no, 0, 0), mail(&no, 0.1, 80), mail(nil, 1, 100)})
	if r.Unwanted != 2 || r.Wanted != 3 || r.Recall != 0.5 || r.Precision != 0.5 || math.Abs(r.FalseRate-1./3) > 1e-9 || r.RiskRecall != 0.5 || math.Abs(r.RiskFalseRate-1./3) > 1e-9 {
		t.Errorf("%+v", r)
	}
	if text := (UnwantedReport{}).String(); strings.Contains(text, "0.000") {
		t.Errorf("figures of nothing:\n%s", text)
	}
}

// TestLabelled reads each form, and mail that nobody asked for.
func TestLabelled(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{
		"own.txt": "category: offer\nsystem: people\nSubject: Offer\n\nWe offer you the job.\n=====\ncategory: offer\nsystem: scam\nunwanted: yes\nSubject: Offer\n\nPay first.\n",
		"my.csv":  "text,label\nhello,personal\nbuy,unwanted\n", "box/offer/1.eml": "Subject: x\n\ny\n", "box/unwanted/2.eml": "Subject: x\n\ny\n", "box/notes/3.eml": "Subject: x\n\ny\n",
	} {
		name = filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	samples, err := Labelled([]string{dir})
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]int{}
	for _, s := range samples {
		label := s.Category
		if *s.Unwanted {
			label += "unwanted"
		}
		got[s.Set+" "+label]++
	}
	want := []string{"people offer", "scam unwanted", "my.csv personal", "my.csv unwanted", "box offer", "box unwanted"}
	for _, w := range want {
		if got[w] != 1 {
			t.Errorf("no %q in %v", w, got)
		}
	}
	if len(samples) != len(want) {
		t.Errorf("%d samples: %v", len(samples), got)
	}
}
