package triage

import "math"

// needsReply says whether the mail asks its reader for an answer, and with which sentence.
func (v *view) needsReply(class int, unwanted float64) (bool, string) {
	f := v.flags
	if f.fromOwner || unwanted >= 0.5 || f.list || f.auto {
		return false, ""
	}
	switch class {
	case cRejection, cConfirmation, cAlert, cNewsletter, cPromotion, cReceipt, cSecurity, cList:
		return false, ""
	}
	if (f.noreply || f.unsubscribe) && class != cInterview && class != cRequest && class != cOffer && class != cOutreach {
		return false, ""
	}
	best, at := 0.0, -1
	v.eachSentence(func(from, to int) {
		if p := v.asks(from, to); p > best {
			best, at = p, from
		}
	})
	if at < 0 || best < 0.5 {
		return false, ""
	}
	return true, v.sentence(at)
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

// asks estimates the probability that the sentence of these tokens asks for something.
func (v *view) asks(from, to int) float64 {
	x := -2.5
	lo, hi := v.toks[from].start, v.toks[to-1].end
	for i := range v.hits {
		if h := &v.hits[i]; h.group == gAsk && h.start >= lo && h.end <= hi {
			x += float64(h.weight) * 0.5
		}
	}
	if v.endsWithQuestion(to - 1) {
		x += 2.2
	}
	if to-from < 3 {
		x -= 1.5
	}
	return logistic(x)
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
