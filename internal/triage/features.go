package triage

// Features are what the learned model sees of a mail: hashes of the words and their neighbours that occur, hashes of
// marks of its making (headers, links, elements), and the named signals of the rules, each about 0 to 1. Hashes are
// distinct and in the order of their first place. A long mail has many words and no more marks than a short one, so
// the two are weighed apart.
type Features struct {
	Words   []uint32
	Marks   []uint32
	Signals []float32 // Signals[i] belongs to SignalNames()[i]
}

// Limits of the words that the model reads; what decides stands at the top.
const (
	maxModelTokens = 700
	maxModelWords  = 1800
)

// Content is what a mail says and not how it is made: what the categories are learned from. The written mails of our
// corpus have few headers, so marks would tell them from real mail and nothing else.
func (f *Features) Content() *Features { return &Features{Words: f.Words, Signals: f.Signals} }

// Extract returns the features of a mail.
func Extract(in Input) Features {
	v := see(in)
	return v.features(v.signals(), v.ruleScores())
}

func (v *view) features(r *riskSum, rules [classCount]float64) Features {
	return Features{Words: v.words(), Marks: v.marks(), Signals: v.signalVector(r, rules)}
}

// wordBits is the width of the hashes of words, WordBits for who learns.
const (
	wordBits = 18
	WordBits = wordBits
)

// A wordSet gathers distinct hashes.
type wordSet struct {
	seen [1 << wordBits / 64]uint64
	out  []uint32
}

func (s *wordSet) add(h uint64, salt uint64) {
	h = (h ^ salt) * 0x9E3779B97F4A7C15
	x := uint32(h >> (64 - wordBits))
	if s.seen[x>>6]&(1<<(x&63)) != 0 || len(s.out) >= maxModelWords {
		return
	}
	s.seen[x>>6] |= 1 << (x & 63)
	s.out = append(s.out, x)
}

// Salts keep the kinds of word features apart.
const (
	saltWord    = 0x01
	saltPair    = 0x5bd1e995
	saltStem    = 0x7f4a7c15a3
	saltSubject = 0x1b873593cc
	saltSubPair = 0x85ebca6b11
	saltName    = 0x27d4eb2f77
	saltLetters = 0xc2b2ae3d27
	saltPath    = 0x6c62272e07
	saltPhrase  = 0xff51afd7ed
)

// phraseWords hashes which lines of the phrase table were found: at all, in the subject, at the top, in a condition.
func (v *view) phraseWords(s *wordSet) {
	for i := range v.subjHits {
		s.add(uint64(v.subjHits[i].id), saltPhrase+1)
		s.add(uint64(v.subjHits[i].id), saltPhrase)
	}
	var conditional int32 = -1
	for i := range v.hits {
		h := &v.hits[i]
		if h.group == gConditional {
			conditional = h.sent
		}
		where := uint64(3)
		switch {
		case h.sent == conditional:
			where = 2
		case h.sent < 4:
			where = 4
		}
		s.add(uint64(h.id), saltPhrase+where)
		s.add(uint64(h.id), saltPhrase)
		s.add(uint64(h.group), saltPhrase+4+where)
	}
}

// linkWords hashes the words of the paths of links.
func (v *view) linkWords(s *wordSet) {
	for i := range v.html.anchors {
		if i == 12 {
			break
		}
		for w := range pathWords(v.html.anchors[i].href) {
			s.add(hashString(w), saltPath)
		}
	}
}

// words hashes words, pairs and stems of the text, words and pairs of the subject, words of the display name, and
// four-letter runs of the subject.
func (v *view) words() []uint32 {
	s := &wordSet{out: make([]uint32, 0, min(maxModelWords, 3*len(v.toks)+80))}
	for i := range v.subjToks {
		h := shape(v.subject, &v.subjToks[i])
		s.add(h, saltSubject)
		s.add(h, saltWord)
		if i > 0 {
			s.add(pair(shape(v.subject, &v.subjToks[i-1]), h), saltSubPair)
		}
	}
	s.letters(foldText(v.subject[:min(len(v.subject), 120)]))
	var name [16]token
	for _, t := range tokenise(v.name, name[:0]) {
		s.add(t.hash, saltName)
	}
	v.phraseWords(s)
	v.linkWords(s)
	prev := uint64(0)
	for i := 0; i < len(v.toks) && i < maxModelTokens; i++ {
		t := &v.toks[i]
		h := shape(v.text, t)
		s.add(h, saltWord)
		if t.stem != 0 {
			s.add(t.stem, saltStem)
		}
		if i > 0 {
			s.add(pair(prev, h), saltPair)
		}
		prev = h
	}
	return s.out
}

// letters adds the runs of four letters of a folded text.
func (s *wordSet) letters(t string) {
	for i := 0; i+4 <= len(t); i++ {
		s.add(hashString(t[i:i+4]), saltLetters)
	}
}

// shape is the hash of a word, or of the length of a number.
func shape(text string, t *token) uint64 {
	if t.kind == number {
		return uint64(1000 + min(8, t.end-t.start))
	}
	return t.hash
}

func pair(a, b uint64) uint64 { return a*31 ^ (b<<17 | b>>47) }
