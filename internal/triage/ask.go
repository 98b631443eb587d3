package triage

// Salts of the word features of sentences.
const (
	saltAskWord  = 0x3c6ef372fe
	saltAskPair  = 0xa54ff53a5f
	saltAskThree = 0x510e527fad
	saltAskFirst = 0x9b05688c2b
)

// AskSignals is the number of signals that a sentence has.
const AskSignals = 14

// ExtractSentence returns the features of one sentence for the question whether it asks for something.
func ExtractSentence(text string) Features {
	v := &view{text: text}
	v.toks = tokenise(text, make([]token, 0, len(text)/4+8))
	v.hits = phrases().find(v.toks, nil)
	if len(v.toks) == 0 {
		return Features{Signals: make([]float32, AskSignals)}
	}
	return v.sentenceFeatures(0, len(v.toks), nil)
}

// sentenceFeatures returns the features of the tokens from..to; buf may be reused.
func (v *view) sentenceFeatures(from, to int, buf []uint32) Features {
	buf = buf[:0]
	add := func(h, salt uint64) {
		buf = append(buf, uint32((h^salt)*0x9E3779B97F4A7C15>>(64-wordBits)))
	}
	var one, two uint64
	for i := from; i < to && i < from+80; i++ {
		h := shape(v.text, &v.toks[i])
		add(h, saltAskWord)
		if i > from {
			add(pair(one, h), saltAskPair)
		}
		if i > from+1 {
			add(pair(two, pair(one, h)), saltAskThree)
		}
		if i < from+3 {
			add(h, saltAskFirst+uint64(i-from))
		}
		two, one = one, h
	}
	return Features{Words: buf, Signals: v.askSignals(from, to)}
}

func (v *view) askSignals(from, to int) []float32 {
	w := &signalWriter{out: make([]float32, 0, AskSignals)}
	lo, hi := v.toks[from].start, v.toks[to-1].end
	ask, first, urgent, deadline, conditional, promo := 0.0, false, false, false, false, 0.0
	for i := range v.hits {
		h := &v.hits[i]
		if h.start < lo || h.end > hi {
			continue
		}
		switch h.group {
		case gAsk:
			ask += float64(h.weight)
			first = first || h.start == lo
		case gUrgent:
			urgent = true
		case gDeadline:
			deadline = true
		case gConditional:
			conditional = conditional || h.start == lo
		case cPromotion, cNewsletter, gSpamGoods, gUnsubscribe:
			promo += float64(h.weight)
		}
	}
	question := false
	for i := from; i < to; i++ {
		question = question || v.endsWithQuestion(i)
	}
	links := 0
	for i := from; i < to; i++ {
		if v.toks[i].kind == link {
			links++
		}
	}
	n := to - from
	w.put(min(1, ask/10))
	w.flag(first)
	w.flag(question)
	w.flag(v.endsWithQuestion(to - 1))
	w.flag(urgent)
	w.flag(deadline)
	w.flag(conditional)
	w.put(min(1, promo/10))
	w.flag(links > 0)
	w.flag(n < 4)
	w.flag(n >= 4 && n < 10)
	w.flag(n >= 10 && n < 25)
	w.flag(n >= 25)
	w.flag(v.toks[0].start < hi && hi > 0 && v.text[min(int(hi), len(v.text)-1)] == '!')
	return w.out
}

// askProbability is the calibrated probability that a sentence of these features asks for something.
func (m *Model) askProbability(f *Features) float64 {
	var out [1]float32
	m.Ask.Score(f, out[:])
	return logistic(float64(m.AskFit[0]*out[0] + m.AskFit[1]))
}

// Asks is the probability that the text asks its reader for something.
func (m *Model) Asks(text string) float64 {
	f := ExtractSentence(text)
	return m.askProbability(&f)
}
