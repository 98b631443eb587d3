package triage

import (
	"sort"
	"strings"
)

// Judge gives the verdict on one mail. It does no I/O and may be called from many goroutines at once.
func Judge(in Input) Verdict { return embedded().Judge(in) }

// Judge gives the verdict of this model on one mail.
func (m *Model) Judge(in Input) Verdict {
	if in.Mail == nil {
		v := Verdict{Category: Other, NeedsReview: true, Categories: map[Category]float64{Other: 1}, Priority: Low, Risk: Risk{Level: "safe"}}
		return v.listed()
	}
	v := see(in)
	signals := v.signals()
	rules := v.ruleScores()
	f := v.features(signals, rules)
	probs := m.classify(v, &f, rules)
	out := Verdict{Categories: make(map[Category]float64, classCount)}
	best := 0
	for i, c := range Classes() {
		out.Categories[c] = probs[i]
		if probs[i] > probs[best] {
			best = i
		}
	}
	out.Category, out.Confidence = Classes()[best], probs[best]
	out.NeedsReview = out.Confidence < float64(m.Thresholds[best])
	out.Unwanted = m.unwanted(v, &f)
	signals.learned(out.Unwanted)
	out.Risk = signals.finish()
	out.NeedsReply, out.ReplySentence = m.needsReply(v, best, out.Unwanted)
	out.Facts = v.facts(best)
	out.Priority, out.PriorityReason = v.priority(&out)
	out.Why = v.why(best)
	out.NeedsReview = out.NeedsReview || doubtful(in, &out)
	return out.listed()
}

// doubtful tells verdicts that are not to be trusted whatever the confidence: job mail that looks like a scam, since
// that is what scams pose as, and mail with too few words to say anything.
func doubtful(in Input, v *Verdict) bool {
	const fewWords = 4
	posing := v.Category.IsJob() && (v.Unwanted >= 0.5 || v.Risk.Score >= 60)
	return posing || len(strings.Fields(in.Mail.Subject))+len(strings.Fields(in.Mail.VisibleText)) < fewWords
}

// listed makes lists that are empty print as [].
func (v Verdict) listed() Verdict {
	if v.Risk.Signals == nil {
		v.Risk.Signals = []Signal{}
	}
	if v.Facts == nil {
		v.Facts = []Fact{}
	}
	if v.Why == nil {
		v.Why = []Reason{}
	}
	return v
}

// why lists what speaks for the class, strongest first.
func (v *view) why(class int) []Reason {
	type scored struct {
		Reason
		weight float64
	}
	var rs []scored
	seen := map[int32]bool{}
	for _, h := range v.hits {
		if int(h.group) != class || seen[h.id] {
			continue
		}
		seen[h.id] = true
		r := Reason{Text: "says “" + squeeze(v.text[h.start:h.end]) + "”"}
		if v.span {
			r.Start, r.End = int(h.start), int(h.end)
		}
		rs = append(rs, scored{r, float64(h.weight)})
	}
	for _, h := range v.subjHits {
		if int(h.group) == class && !seen[h.id] {
			seen[h.id] = true
			rs = append(rs, scored{Reason{Text: "subject says “" + squeeze(v.subject[h.start:h.end]) + "”"}, 1.3 * float64(h.weight)})
		}
	}
	for _, r := range v.headerReasons(class) {
		rs = append(rs, scored{r, 3.5})
	}
	sort.SliceStable(rs, func(i, j int) bool { return rs[i].weight > rs[j].weight })
	var out []Reason
	for i, r := range rs {
		if i == 6 {
			break
		}
		out = append(out, r.Reason)
	}
	return out
}

// headerReasons names the findings outside the text that speak for the class.
func (v *view) headerReasons(class int) []Reason {
	var rs []Reason
	add := func(t string) { rs = append(rs, Reason{Text: t}) }
	if v.sender != nil {
		for _, c := range v.sender.sends {
			if c == class && v.sender.kind != "free" {
				add("sent by " + v.sender.name)
				break
			}
		}
	}
	f := v.flags
	switch {
	case class == cList && f.list:
		add("has the headers of a mailing list")
	case (class == cNewsletter || class == cPromotion) && (f.unsubscribe || f.list):
		add("sent to many, with a way to unsubscribe")
	case class == cPersonal && f.reply:
		add("is part of a conversation")
	case class == cPersonal && !f.unsubscribe && !f.noreply:
		add("written to you by one person")
	case class == cNotification && (f.noreply || f.auto):
		add("sent by a machine that takes no answer")
	case (class == cInterview || class == cEvent) && f.calendar:
		add("carries a calendar invitation")
	}
	return rs
}

// squeezeAll joins the lines of a quotation.
func squeezeAll(s string) string { return strings.Join(strings.Fields(s), " ") }

// squeeze joins the lines of a quotation and cuts it to a readable length.
func squeeze(s string) string {
	if len(s) > 120 {
		s = s[:strings.LastIndexByte(s[:120], ' ')+1] + "…"
	}
	return strings.Join(strings.Fields(s), " ")
}

// RuleClass is the class that the rules alone would choose: the baseline of the learned model.
func RuleClass(in Input) Category {
	s := see(in).ruleScores()
	best := 0
	for i := range s {
		if s[i] > s[best] {
			best = i
		}
	}
	return Classes()[best]
}
