package triage

import (
	"math"
	"strings"
)

// ruleScores returns one score per class from the phrases, the sender and the structure: the judgement of the rules
// alone, and a feature of the learned model.
func (v *view) ruleScores() [classCount]float64 {
	var s [classCount]float64
	for c := range s {
		s[c] = saturate(v.sums[c])
	}
	job := v.jobContext()
	s[cRejection] += v.sums[gRejectionNo]
	if s[cRejection] < 0 {
		s[cRejection] = 0
	}
	gate := 0.35 + 0.65*math.Min(1, job/6)
	for _, c := range []int{cConfirmation, cRejection, cInterview, cAssessment, cOffer, cOutreach, cRequest} {
		s[c] *= gate
	}
	for _, c := range []int{cConfirmation, cRejection, cInterview, cAssessment, cOffer, cRequest} {
		s[c] = math.Max(0, s[c]-0.6*v.sums[gNotJob]-0.5*v.sums[gCandidate])
	}
	s[cOther] += math.Min(6, 0.5*v.sums[gNotJob])
	s[cPersonal] += math.Min(6, 0.5*v.sums[gCandidate])
	v.scoreSender(&s)
	v.scoreStructure(&s, job)
	v.decide(&s, job)
	s[cOther] += 1.5
	return s
}

// saturate keeps long mails from piling up points.
func saturate(x float64) float64 {
	if x <= 10 {
		return x
	}
	return 10 + 4*math.Log1p((x-10)/4)
}

// jobContext weighs the signs that a mail is about the reader's application or a job.
func (v *view) jobContext() float64 {
	job := v.sums[gJob]
	if v.sender != nil {
		switch v.sender.kind {
		case "ats", "test":
			job += 8
		case "board", "schedule":
			job += 3
		}
	}
	if v.flags.threadJob {
		job += 5
	}
	if careerLocal(v.local) {
		job += 4
	}
	return job
}

// careerLocal reports whether the local part is a recruiting desk's.
func careerLocal(l string) bool {
	for _, w := range []string{"career", "jobs", "recruit", "talent", "hiring", "bewerb", "karriere", "hr", "people", "staffing",
		"recrut", "emploi", "seleccion", "rrhh", "vacature", "vagas", "selecao", "personal"} {
		if strings.HasPrefix(l, w) || strings.HasSuffix(l, w) && len(w) > 2 {
			return true
		}
	}
	return false
}

func (v *view) scoreSender(s *[classCount]float64) {
	if v.sender == nil {
		return
	}
	for k, c := range v.sender.sends {
		s[c] += 2.5 / float64(1+k)
	}
	switch v.sender.kind {
	case "test":
		s[cAssessment] += 4
	case "board":
		if v.flags.unsubscribe || v.flags.noreply {
			s[cAlert] += 2
		}
	case "free":
		s[cNewsletter] -= 3
		s[cNotification] -= 2
	}
}

func (v *view) scoreStructure(s *[classCount]float64, job float64) {
	f := v.flags
	if f.calendar {
		if job >= 4 {
			s[cInterview] += 5
		} else {
			s[cEvent] += 5
		}
	}
	switch {
	case f.list && (f.reply || !f.unsubscribe || strings.HasPrefix(v.subject, "[")):
		s[cList] += 7
	case f.list || f.unsubscribe || f.bulk || v.sums[gUnsubscribe] > 0:
		s[cNewsletter] += 3
		s[cPromotion] += 2.5
		s[cPersonal] -= 4
	default:
		v.scorePersonal(s, job)
	}
	if f.noreply || f.auto {
		s[cNotification] += 2.5
		s[cPersonal] -= 4
		s[cOutreach] -= 3
	}
	if n := len(v.html.anchors); n > 15 {
		s[cNewsletter] += 1.5
		s[cPromotion] += 1.5
		s[cPersonal] -= 2
	}
}

// scorePersonal weighs the signs of one person writing to another.
func (v *view) scorePersonal(s *[classCount]float64, job float64) {
	f := v.flags
	if f.noreply || f.auto {
		return
	}
	p := 2.0
	if f.freeMail {
		p++
	}
	if f.reply || f.saysReply || f.known || f.fromOwner {
		p += 2
	}
	if strings.Count(v.name, " ") == 1 {
		p++
	}
	if len(v.html.anchors) == 0 {
		p++
	}
	s[cPersonal] += p - math.Min(6, job/2)
}

// decide resolves what contradicts itself: a decision outweighs the thanks that lead up to it, an offer or an
// invitation in the past tense does not survive a refusal.
func (v *view) decide(s *[classCount]float64, job float64) {
	if s[cRejection] >= 6 && job >= 3 {
		s[cRejection] += 3
		s[cConfirmation] *= 0.35
		s[cInterview] *= 0.4
		s[cOffer] *= 0.4
		s[cAlert] *= 0.5
		s[cOutreach] *= 0.4
		s[cRequest] *= 0.5
	}
	if s[cOffer] >= 7 && job >= 3 && s[cRejection] < 6 {
		s[cOffer] += 2
		s[cConfirmation] *= 0.5
	}
	if s[cAssessment] >= 6 && s[cRejection] < 6 {
		s[cInterview] *= 0.7
		s[cConfirmation] *= 0.7
	}
	if s[cInterview] >= 6 && s[cRejection] < 6 && s[cConfirmation] < s[cInterview] {
		s[cConfirmation] *= 0.7
	}
}

// ruleTemperature turns points into the exponent of a probability; chosen so that a lead of four points is about
// nine to one.
const ruleTemperature = 1.8

// softmax turns scores into probabilities.
func softmax(s [classCount]float64, temperature float64) [classCount]float64 {
	top := s[0]
	for _, x := range s {
		top = math.Max(top, x)
	}
	sum := 0.0
	for i, x := range s {
		s[i] = math.Exp((x - top) / temperature)
		sum += s[i]
	}
	for i := range s {
		s[i] /= sum
	}
	return s
}
