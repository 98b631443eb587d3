package triage

import (
	"strings"

	"applylens/internal/mail"
)

// A view is one mail made ready for judgement: its words, the phrases found in them, who sent it and how.
type view struct {
	in   Input
	m    *mail.Message
	text string // the visible text, or the whole text when nothing else is visible
	span bool   // offsets into text are offsets into the visible text

	toks     []token
	hits     []hit
	subject  string
	subjToks []token
	subjHits []hit

	name, local, host, org string // of the sender
	replyOrg               string
	sender                 *sender // by domain; nil when unknown
	claimed                *sender // by display name; nil when none
	html                   htmlView
	flags                  flags

	sums [groupCount]float64 // weights of the hits, subject included
	best [groupCount]hit     // the strongest hit in the text
	subj [groupCount]bool    // the group has a hit in the subject
}

// flags are yes-or-no findings of headers and structure.
type flags struct {
	list, unsubscribe, bulk, auto, noreply, reply, forward bool
	saysReply                                              bool // the subject or the headers alone make it an answer
	freeMail, toOwner, fromOwner, known, manyTo            bool
	calendar, calRequest, calCancel, attachment            bool
	threadJob                                              bool
}

// see makes a view of the mail.
func see(in Input) *view {
	v := &view{in: in, m: in.Mail, text: in.Mail.VisibleText, span: true, subject: in.Mail.Subject}
	if strings.TrimSpace(v.text) == "" {
		v.text, v.span = in.Mail.Text, false
	}
	v.toks = tokenise(v.text, make([]token, 0, min(len(v.text), maxHeadBytes+maxTailBytes)/5+8))
	v.subjToks = tokenise(v.subject, make([]token, 0, 16))
	book := phrases()
	v.hits = book.find(v.toks, make([]hit, 0, 48))
	v.subjHits = book.find(v.subjToks, nil)
	v.html = readHTML(in.Mail.HTML)
	v.who()
	v.how()
	v.weigh()
	return v
}

// who reads the sender's identity.
func (v *view) who() {
	if len(v.m.From) > 0 {
		v.name = strings.TrimSpace(v.m.From[0].Name)
		v.local, v.host = splitAddress(v.m.From[0].Address)
		v.org = orgDomain(v.host)
	}
	if len(v.m.ReplyTo) > 0 {
		_, h := splitAddress(v.m.ReplyTo[0].Address)
		v.replyOrg = orgDomain(h)
	}
	book := senders()
	v.sender = book.byHost(v.host)
	v.claimed = book.byName(foldText(v.name))
	f := &v.flags
	f.freeMail = v.sender != nil && v.sender.kind == "free"
	from := v.local + "@" + v.host
	f.known = v.in.Known[from]
	for _, o := range v.in.Owner {
		f.fromOwner = f.fromOwner || o == from
		for _, a := range v.m.To {
			f.toOwner = f.toOwner || strings.EqualFold(a.Address, o)
		}
	}
	f.noreply = noreplyLocal(v.local)
	f.manyTo = len(v.m.To)+len(v.m.Cc) > 8
}

func noreplyLocal(l string) bool {
	l = strings.NewReplacer("-", "", "_", "", ".", "").Replace(l)
	return strings.Contains(l, "noreply") || strings.Contains(l, "donotreply") || strings.Contains(l, "nepasrepondre") ||
		strings.HasPrefix(l, "notification") || strings.HasPrefix(l, "mailer") || strings.HasPrefix(l, "bounce") ||
		strings.HasPrefix(l, "alert") || strings.HasPrefix(l, "notify") || strings.HasPrefix(l, "automated") || l == "system"
}

// how reads the headers and the structure.
func (v *view) how() {
	f := &v.flags
	f.list = v.m.List.ID != ""
	f.unsubscribe = len(v.m.List.Unsubscribe) > 0
	for i := range v.m.Headers {
		f.header(v.m.Headers[i].Name, v.m.Headers[i].Value)
	}
	s := foldText(v.subject[:min(len(v.subject), 40)])
	answers := strings.HasPrefix(s, "re ") || strings.HasPrefix(s, "aw ") || strings.HasPrefix(s, "antw ") ||
		strings.HasPrefix(s, "sv ") || strings.HasPrefix(s, "res ") || f.list && strings.Contains(s, " re ")
	headers := v.m.InReplyTo != "" || len(v.m.References) > 0
	f.reply = answers && headers || len(v.in.Thread) > 0
	f.saysReply = answers != headers && !f.reply
	f.forward = strings.HasPrefix(s, "fw ") || strings.HasPrefix(s, "fwd ") || strings.HasPrefix(s, "wg ") || strings.HasPrefix(s, "tr ") || strings.HasPrefix(s, "enc ") || strings.HasPrefix(s, "rv ")
	f.calendar = len(v.m.Calendar) > 0
	for _, e := range v.m.Calendar {
		f.calRequest = f.calRequest || strings.EqualFold(e.Method, "REQUEST")
		f.calCancel = f.calCancel || strings.EqualFold(e.Method, "CANCEL")
	}
	for _, a := range v.m.Attachments {
		f.attachment = f.attachment || !a.Inline
	}
	for i, t := range v.in.Thread {
		if i < 3 {
			f.threadJob = f.threadJob || jobWords(t) >= 6
		}
	}
}

// header notes what one header field says about the way of a mail.
func (f *flags) header(name, value string) {
	switch len(name) {
	case len("Precedence"):
		if strings.EqualFold(name, "Precedence") {
			p := strings.ToLower(value)
			f.bulk = f.bulk || strings.Contains(p, "bulk") || strings.Contains(p, "junk")
			f.list = f.list || strings.Contains(p, "list")
		}
	case len("X-Loop"):
		f.list = f.list || strings.EqualFold(name, "X-Loop")
	case len("List-Post"):
		f.list = f.list || strings.EqualFold(name, "List-Post")
	case len("Auto-Submitted"):
		f.list = f.list || strings.EqualFold(name, "X-Mailing-List")
		f.auto = f.auto || strings.EqualFold(name, "Auto-Submitted") && !strings.EqualFold(value, "no")
	}
}

// jobWords weighs how much a text speaks of an application for a job.
func jobWords(text string) float64 {
	if len(text) > 4000 {
		text = text[:4000]
	}
	toks := tokenise(text, make([]token, 0, len(text)/5+8))
	sum := 0.0
	for _, h := range phrases().find(toks, nil) {
		if h.group == gJob {
			sum += float64(h.weight)
		}
	}
	return sum
}

// weigh adds up the hits by group. A phrase counts less each time its line is found again, and little inside a
// condition ("if you are selected for an interview, …").
func (v *view) weigh() {
	conditional := map[int32]bool{}
	for _, h := range v.hits {
		if h.group == gConditional {
			conditional[h.sent] = true
		}
	}
	seen := make(map[int32]int8, len(v.hits))
	for i := range v.hits {
		h := &v.hits[i]
		n := seen[h.id]
		if n >= 4 {
			continue
		}
		seen[h.id] = n + 1
		w := float64(h.weight) / float64(int(1)<<n)
		if conditional[h.sent] && conditionalGroup(h.group) {
			w *= 0.35
		}
		v.sums[h.group] += w
		if h.weight > v.best[h.group].weight {
			v.best[h.group] = *h
		}
	}
	for _, h := range v.subjHits {
		v.sums[h.group] += 1.3 * float64(h.weight)
		v.subj[h.group] = true
	}
}

// conditionalGroup reports whether a group means nothing inside a condition.
func conditionalGroup(g group) bool {
	return g == cRejection || g == cInterview || g == cAssessment || g == cOffer || g == cRequest
}
