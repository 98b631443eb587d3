package triage

import (
	"math"
	"strings"
	"sync"

	"applylens/internal/mail"
)

// structureNames are the signals that are neither groups, rule scores, kinds of senders nor lines of the risk table.
const structureNames = "list unsubscribe bulk auto noreply reply forward free_mail to_owner known many_to calendar attachment thread_job " +
	"career_local job_context links_0 links_1 links_5 links_15 links_40 images_1 images_8 html has_html_only text_short text_mid text_long " +
	"reply_headers fake_reply self_sent fancy_letters subject_empty subject_caps subject_exclaim subject_question subject_digits subject_emoji subject_money subject_spaces subject_long " +
	"reader_named no_to no_from no_date host_invalid host_deep name_empty name_odd name_person name_address name_is_domain foreign_links " +
	"own_links text_caps text_exclaim text_money latin_share odd_words question_last no_headers hidden tracking org_in_text subject_tag " +
	"link_no_dot plain_links auth_none_all times many_times dates amounts large_amount questions last_asks weekdays"

// senderKinds are the kinds of senders.txt.
const senderKinds = "ats test schedule board free social shop travel dev bulk"

// SignalNames returns the names of the signals in their fixed order.
func SignalNames() []string {
	var out []string
	for _, c := range Classes() {
		out = append(out, "group:"+string(c))
	}
	for _, n := range strings.Fields(themeNames) {
		out = append(out, "group:"+n)
	}
	for i := range groupCount {
		out = append(out, "subject:"+strings.TrimPrefix(out[i], "group:"))
	}
	for _, c := range Classes() {
		out = append(out, "rule:"+string(c))
	}
	for _, c := range Classes() {
		out = append(out, "p:"+string(c))
	}
	for _, k := range strings.Fields(senderKinds) {
		out = append(out, "sender:"+k)
	}
	for _, c := range Classes() {
		out = append(out, "sends:"+string(c))
	}
	for i := range riskTable {
		out = append(out, "risk:"+riskTable[i].name)
	}
	for _, n := range strings.Fields(structureNames) {
		out = append(out, "is:"+n)
	}
	return out
}

// A signalWriter fills the vector in the order of SignalNames.
type signalWriter struct{ out []float32 }

func (w *signalWriter) put(x float64) { w.out = append(w.out, float32(x)) }

func (w *signalWriter) flag(b bool) {
	if b {
		w.out = append(w.out, 1)
	} else {
		w.out = append(w.out, 0)
	}
}

func (v *view) signalVector(r *riskSum, rules [classCount]float64) []float32 {
	w := &signalWriter{out: make([]float32, 0, 2*int(groupCount)+4*classCount+len(riskTable)+80)}
	for g := range groupCount {
		w.put(math.Min(1.5, math.Max(0, v.sums[g])/12))
	}
	for g := range groupCount {
		w.flag(v.subj[g])
	}
	for _, x := range rules {
		w.put(math.Max(0, x) / 12)
	}
	for _, p := range softmax(rules, ruleTemperature) {
		w.put(p)
	}
	for k := range strings.FieldsSeq(senderKinds) {
		w.flag(v.sender != nil && v.sender.kind == k)
	}
	var sends [classCount]bool
	if v.sender != nil {
		for _, c := range v.sender.sends {
			sends[c] = true
		}
	}
	for _, b := range sends {
		w.flag(b)
	}
	for i := range riskTable {
		w.put(r.share(&riskTable[i]))
	}
	v.structure(w)
	return w.out
}

// structure writes the signals of structureNames.
func (v *view) structure(w *signalWriter) {
	f := v.flags
	for _, b := range [...]bool{f.list, f.unsubscribe, f.bulk, f.auto, f.noreply, f.reply, f.forward, f.freeMail, f.toOwner, f.known, f.manyTo,
		f.calendar, f.attachment, f.threadJob, careerLocal(v.local)} {
		w.flag(b)
	}
	w.put(math.Min(1, v.jobContext()/12))
	links := len(v.html.anchors)
	for _, b := range [...]bool{links == 0, links >= 1 && links < 5, links >= 5 && links < 15, links >= 15 && links < 40, links >= 40,
		v.html.images >= 1 && v.html.images < 8, v.html.images >= 8, v.m.HTML != "", v.m.HTML != "" && htmlOnly(v.m),
		len(v.toks) < 25, len(v.toks) >= 25 && len(v.toks) < 200, len(v.toks) >= 700} {
		w.flag(b)
	}
	v.replyShape(w)
	v.subjectShape(w)
	v.senderShape(w)
	v.textShape(w)
	v.statements(w)
}

// statements counts what a mail states: times of day, dates, sums of money, questions.
func (v *view) statements(w *signalWriter) {
	times, dates, amounts, large, days := 0, 0, 0, false, 0
	for i := 0; i < len(v.toks) && i < 500; i++ {
		t := &v.toks[i]
		if weekdays()[t.hash] {
			days++
		}
		if t.kind == word && monthNames()[t.hash] != 0 && (i > 0 && v.toks[i-1].kind == number || i+1 < len(v.toks) && v.toks[i+1].kind == number) {
			dates++
		}
		if c := v.text[t.start]; c < '0' || c > '9' {
			continue
		}
		if _, _, ok := v.timeAt(i); ok {
			times++
		} else if code, _, _ := v.currency(i); code != "" {
			amounts++
			x, ok := parseAmount(v.word(i))
			large = large || ok && x >= 1000
		}
	}
	questions := strings.Count(v.text[:min(len(v.text), 4000)], "?")
	w.flag(times > 0)
	w.flag(times > 2)
	w.flag(dates > 0)
	w.flag(amounts > 0)
	w.flag(large)
	w.put(math.Min(1, float64(questions)/3))
	w.flag(len(v.toks) > 0 && v.endsWithQuestion(len(v.toks)-1))
	w.flag(days > 0)
}

// weekdays holds the hashes of the names of the days of the week in six languages.
var weekdays = sync.OnceValue(func() map[uint64]bool {
	m := map[uint64]bool{}
	for n := range strings.FieldsSeq("monday tuesday wednesday thursday friday saturday sunday mon tue tues wed thu thurs fri montag dienstag " +
		"mittwoch donnerstag freitag samstag sonntag lundi mardi mercredi jeudi vendredi samedi dimanche lunes martes miercoles jueves " +
		"viernes sabado domingo maandag dinsdag woensdag donderdag vrijdag zaterdag zondag segunda terca quarta quinta sexta tomorrow " +
		"morgen demain manana amanha") {
		m[hashString(n)] = true
	}
	return m
})

// htmlOnly reports whether the message has no text part of its own.
func htmlOnly(m *mail.Message) bool {
	return hasPrefixFold(m.Header("Content-Type"), "text/html")
}

// replyShape tells real answers from those that only say so.
func (v *view) replyShape(w *signalWriter) {
	w.flag(v.m.InReplyTo != "" && v.flags.reply)
	w.flag(v.flags.saysReply)
	self := false
	for _, a := range v.m.To {
		self = self || strings.EqualFold(a.Address, v.local+"@"+v.host)
	}
	w.flag(self)
	w.flag(fancyLetters(v.subject) || fancyLetters(v.name))
}

// fancyLetters reports whether a text uses mathematical letters in place of ordinary ones.
func fancyLetters(s string) bool {
	for _, r := range s {
		if r >= 0x1D400 && r <= 0x1D7FF {
			return true
		}
	}
	return false
}
