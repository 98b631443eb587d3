package eval

import (
	"fmt"
	"io/fs"
	"strings"
	"syscall"
	"time"

	"applylens/internal/triage"
)

// A Bar is one figure beside what it should be.
type Bar struct {
	Set, What string
	Figure    float64
	Want      float64
	AtMost    bool // the figure should not exceed Want; else it should reach it
	N         int
}

// Met reports whether the figure keeps the bar.
func (b Bar) Met() bool {
	if b.AtMost {
		return b.Figure <= b.Want
	}
	return b.Figure >= b.Want
}

func (b Bar) String() string {
	sign, mark := "≥", "met"
	if b.AtMost {
		sign = "≤"
	}
	if !b.Met() {
		mark = "NOT MET"
	}
	return fmt.Sprintf("%-26s %-46s %9.4f  %s %-8.4g %-8s n=%d", b.Set, b.What, b.Figure, sign, b.Want, mark, b.N)
}

// Bars measures everything that is promised, on data that the model has not learned from: held-out campaigns and
// systems by models trained without them, the other sets by the embedded model, which never sees them.
func Bars(data string, corpusDir fs.FS) ([]Bar, CategoryReport, error) {
	lab, err := OpenLab(data, corpusDir)
	if err != nil {
		return nil, CategoryReport{}, err
	}
	own, err := lab.Systems()
	if err != nil {
		return nil, CategoryReport{}, err
	}
	report := Categories(Select(own, func(j *Judged) bool { return !*j.Unwanted }))
	bars := corpusBars(report)
	campaigns := lab.Campaigns()
	bars = append(bars, campaignBars(campaigns)...)
	other, err := otherBars(data, campaigns)
	if err != nil {
		return nil, report, err
	}
	bars = append(bars, other...)
	asks, err := lab.Sentences()
	if err != nil {
		return nil, report, err
	}
	bars = append(bars, Bar{"requests", "accuracy as mails of one sentence", asks, 0.78, false, len(lab.sentences)},
		Bar{"corpus, held-out systems", "calibration error", report.ECE, 0.04, true, report.Mails})
	return append(bars, speedBars(lab.raw)...), report, nil
}

func corpusBars(r CategoryReport) []Bar {
	var out []Bar
	for _, c := range r.Classes {
		if c.Class == string(triage.Rejection) || c.Class == string(triage.Offer) {
			out = append(out, Bar{"corpus, held-out systems", "precision of " + c.Class, c.Precision, 0.97, false, c.Claimed})
		}
	}
	return append(out, Bar{"corpus, held-out systems", "macro-F1 of the job classes", r.JobF1, 0.90, false, r.Mails},
		Bar{"corpus, held-out systems", "abstention", r.Abstention, 0.10, true, r.Mails})
}

func campaignBars(js []Judged) []Bar {
	var out []Bar
	for _, x := range []struct {
		set    string
		want   float64
		atMost bool
	}{{"spam", 0.95, false}, {"easy-ham", 0.002, true}, {"hard-ham", 0.03, true}} {
		s := Select(js, func(j *Judged) bool { return strings.HasSuffix(j.Set, "/"+x.set) })
		f, n := Share(s, isUnwanted)
		out = append(out, Bar{"spamassassin by campaign", "unwanted, " + x.set, f, x.want, x.atMost, n})
	}
	return out
}

func isUnwanted(j *Judged) bool { return j.Verdict.Unwanted >= 0.5 }
func isRisky(j *Judged) bool    { return j.Verdict.Risk.Score >= 60 }
func isBulk(j *Judged) bool {
	return j.Verdict.Category == triage.Newsletter || j.Verdict.Category == triage.Promotion
}

// asksForValue reports whether a judged mail asks for credentials, money or papers, by the signals found.
func asksForValue(j *Judged) bool {
	for _, s := range j.Verdict.Risk.Signals {
		switch s.Name {
		case "asks_credentials", "asks_credentials_by_link", "asks_money", "asks_gift_cards", "asks_identity_papers", "advance_fee",
			"extortion", "parcel":
			if s.Weight >= 6 {
				return true
			}
		}
	}
	return false
}

func otherBars(data string, campaigns []Judged) ([]Bar, error) {
	phishing, err := Phishing(data)
	if err != nil {
		return nil, err
	}
	takeout, err := Takeout(data)
	if err != nil {
		return nil, err
	}
	jobs, err := Jobmail(data)
	if err != nil {
		return nil, err
	}
	enron, err := Enron(data)
	if err != nil {
		return nil, err
	}
	p, t := Run(phishing, triage.Judge), Run(takeout, triage.Judge)
	j, e := Run(jobs, triage.Judge), Run(enron, triage.Judge)
	t = Select(t, func(j *Judged) bool { return !*j.Unwanted })
	wanted := append(append(Select(campaigns, func(j *Judged) bool { return !*j.Unwanted }), t...), e...)
	var out []Bar
	add := func(set, what string, want float64, atMost bool, js []Judged, fn func(*Judged) bool) {
		f, n := Share(js, fn)
		out = append(out, Bar{set, what, f, want, atMost, n})
	}
	add("phishing", "unwanted", 0.93, false, p, isUnwanted)
	add("phishing", "risk ≥ 60, of those that ask for value", 0.90, false, Select(p, asksForValue), isRisky)
	add("wanted mail of all sets", "risk ≥ 60", 0.005, true, wanted, isRisky)
	add("jobmail", "rejection or not, text only", 0.975, false, j, func(j *Judged) bool {
		return (j.Verdict.Category == triage.Rejection) == (j.Category == string(triage.Rejection))
	})
	add("takeout", "Promotions tab read as newsletter or promotion", 0.90, false,
		Select(t, func(j *Judged) bool { return j.Group == "Promotions" }), isBulk)
	add("takeout", "newsletter or promotion, and in that tab, or neither", 0.90, false, t, func(j *Judged) bool {
		return isBulk(j) == (j.Group == "Promotions")
	})
	add("takeout", "unwanted, inbox", 0.03, true, t, isUnwanted)
	add("enron", "unwanted", 0.03, true, e, isUnwanted)
	return out, nil
}

// speedBars judges all parsed mails of the public set. The rate is by processor time, so that other work on the
// machine does not count: two cores give twice what one does.
func speedBars(samples []Sample) []Bar {
	Run(samples, triage.Judge)
	start := cpuTime()
	js := Run(samples, triage.Judge)
	each := (cpuTime() - start).Seconds() / float64(len(js))
	_, p99 := Times(js)
	return []Bar{
		{"speed", "judgements a second on two cores, processor time", 2 / each, 2000, false, len(js)},
		{"speed", "one judgement, ms of processor time", 1000 * each, 0.6, true, len(js)},
		{"speed", "p99 of one judgement, ms of wall time", float64(p99.Microseconds()) / 1000, 5, true, len(js)},
	}
}

// cpuTime is the processor time that the program has used.
func cpuTime() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
