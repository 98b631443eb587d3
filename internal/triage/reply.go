package triage

import "math"

// needsReply says whether the mail asks its reader for an answer, and with which sentence. Mail that no person waits
// behind asks for nothing, whatever its words are.
func (m *Model) needsReply(v *view, class int, unwanted float64) (bool, string) {
	f := v.flags
	if f.fromOwner || unwanted >= 0.5 || f.list || f.auto {
		return false, ""
	}
	byMachine := f.noreply || f.unsubscribe || f.bulk
	switch class {
	case cRejection, cConfirmation:
		if byMachine || v.host != "" {
			return false, ""
		}
	case cAlert, cNewsletter, cPromotion, cReceipt, cSecurity, cList:
		if byMachine || v.sums[gUnsubscribe] > 0 || len(v.html.anchors) > 5 || v.sender != nil && v.sender.kind != "free" {
			return false, ""
		}
	case cInterview, cRequest, cOffer, cOutreach:
	default:
		if byMachine {
			return false, ""
		}
	}
	best, at := 0.0, -1
	var buf []uint32
	v.eachSentence(func(from, to int) {
		if to-from < 2 || from > maxModelTokens || v.forbids(from, to) {
			return
		}
		x := v.sentenceFeatures(from, to, buf)
		buf = x.Words
		if p := m.askProbability(&x); p > best {
			best, at = p, from
		}
	})
	if at < 0 || best < 0.5 {
		return false, ""
	}
	return true, v.sentence(at)
}

// forbids reports whether a sentence of a few words tells its reader not to answer: "Don't ask.", "Please do not reply to
// this mail."
func (v *view) forbids(from, to int) bool {
	if v.endsWithQuestion(to-1) || to-from > 12 {
		return false
	}
	for i := from; i < min(to-1, from+3); i++ {
		next := i + 1
		switch foldText(v.word(i)) {
		case "dont", "never":
		case "do":
			if foldText(v.word(next)) != "not" || next+1 >= to {
				continue
			}
			next++
		default:
			continue
		}
		switch foldText(v.word(next)) {
		case "ask", "reply", "respond", "answer", "write", "worry", "bother", "hesitate":
			return true
		}
	}
	return false
}

// eachSentence calls fn with the token range of each sentence.
func (v *view) eachSentence(fn func(from, to int)) {
	for i := 0; i < len(v.toks); {
		j := i
		for j < len(v.toks) && v.toks[j].sent == v.toks[i].sent {
			j++
		}
		fn(i, j)
		i = j
	}
}

// endsWithQuestion reports whether a question mark follows the token.
func (v *view) endsWithQuestion(i int) bool {
	for j := int(v.toks[i].end); j < len(v.text); j++ {
		switch c := v.text[j]; {
		case c == '?':
			return true
		case c == '\n' || isWordByte(c):
			return false
		}
	}
	return false
}

// sentence returns the text of the sentence that begins at the token, with its final mark.
func (v *view) sentence(at int) string {
	j := at
	for j+1 < len(v.toks) && v.toks[j+1].sent == v.toks[at].sent {
		j++
	}
	end := int(v.toks[j].end)
	for end < len(v.text) && (v.text[end] == '?' || v.text[end] == '.' || v.text[end] == '!') {
		end++
	}
	s := v.text[v.toks[at].start:end]
	if len(s) > 300 {
		s = s[:300]
	}
	return squeezeAll(s)
}

func logistic(x float64) float64 { return 1 / (1 + math.Exp(-x)) }
