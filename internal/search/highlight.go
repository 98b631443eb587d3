package search

import (
	"slices"
	"strings"
	"unicode/utf8"
)

// A Span is a part of a text, in bytes.
type Span struct {
	Start int `json:"start"`
	End   int `json:"end"`
}

// A Snippet is the piece of a text that shows best why it matched.
type Snippet struct {
	Text   string `json:"text"`
	Spans  []Span `json:"spans"`  // in Text, in order, without overlap
	Before bool   `json:"before"` // there is text before it
	After  bool   `json:"after"`
}

// A Highlighter marks in texts what a query looks for, by the analysis that the index uses. It is safe for concurrent
// use.
type Highlighter struct {
	analyzer *Analyzer
	wanted   []wanted
}

// A wanted is one term: its words in order, in the fields where it counts.
type wanted struct {
	field   string
	words   []lexed
	prefix  bool
	stems   []string // of a prefix: other lexemes that the last word stands for
	whether int      // number of the term
}

// Highlighter prepares the marks of q. Terms under a negation mark nothing.
func (a *Analyzer) Highlighter(q *Query, me []string) *Highlighter {
	s := a.get()
	defer a.put(s)
	h := &Highlighter{analyzer: a}
	n := 0
	q.Terms(func(t *Node, negated bool) {
		if negated || t.Ignored || !textField(t.Field) && factKind(t.Field) == "" {
			return
		}
		values := []string{t.Value}
		if (&textQuery{me: me}).isMe(t) {
			values = me
		}
		for _, v := range values {
			words := s.query(v)
			if len(words) == 0 {
				continue
			}
			w := wanted{field: t.Field, words: words, whether: n}
			if last := words[len(words)-1]; t.Prefix && utf8.RuneCountInString(last.raw) > 1 {
				w.prefix, w.stems = true, completions(last)
			}
			h.wanted = append(h.wanted, w)
		}
		n++
	})
	return h
}

// A found is one match in a text.
type found struct {
	Span
	term int
}

// Spans returns what to mark in a whole text that belongs to field: "subject", "from", "to" or "body".
func (h *Highlighter) Spans(field, text string) []Span {
	var spans []Span
	for _, f := range h.find(field, text) {
		spans = addSpan(spans, f.Span)
	}
	return spans
}

// addSpan appends a span, joined with the last when they touch or overlap.
func addSpan(spans []Span, s Span) []Span {
	if n := len(spans); n > 0 && s.Start <= spans[n-1].End {
		spans[n-1].End = max(spans[n-1].End, s.End)
		return spans
	}
	return append(spans, s)
}

// inField tells that a term of field want marks a text of field have.
func inField(want, have string) bool {
	switch want {
	case "", "company", "role", "person":
		return true
	case "domain":
		return have == "from"
	case "addressed":
		return have == "from" || have == "to"
	case "cc", "bcc":
		return have == "to"
	}
	return want == have
}

// find returns the matches in order of their beginning.
func (h *Highlighter) find(field, text string) []found {
	var mine []*wanted
	for i := range h.wanted {
		if inField(h.wanted[i].field, field) {
			mine = append(mine, &h.wanted[i])
		}
	}
	if len(mine) == 0 {
		return nil
	}
	s := h.analyzer.get()
	defer h.analyzer.put(s)
	m := matcher{wanted: mine, ends: make([]map[[2]int]Span, len(mine))}
	for _, w := range mine {
		for _, l := range w.words {
			m.first[l.raw[0]] = true
		}
	}
	s.reset(cutAt(text, maxText))
	at := 0
	for s.next() {
		m.chain(s, at)
		at += len(s.parts)
	}
	slices.SortStableFunc(m.found, func(a, b found) int { return a.Start - b.Start })
	return m.found
}

// A matcher follows the phrases through a text.
type matcher struct {
	wanted []*wanted
	ends   []map[[2]int]Span // by wanted: what is matched so far, by the last position and the number of words
	found  []found
	first  [256]bool // bytes with which wanted words begin; stemming never changes the first letter
}

// chain tries the lexemes of the current chain, which begins at position at.
func (m *matcher) chain(s *analysis, at int) {
	span := Span{s.parts[0].start, s.i}
	if s.parts[len(s.parts)-1].end > s.i {
		span.End = s.parts[len(s.parts)-1].end
	}
	if whole := s.wholeText(); whole != nil {
		m.try(string(whole), whole, at, span)
		s.hosts(func(host []byte) { m.try(string(host), host, at, span) })
	}
	for i, p := range s.parts {
		if word := s.word(i); m.first[word[0]] {
			m.try(s.lexemes[s.stem(word)], word, at+i, Span{p.start, p.end})
		}
	}
}

// try follows each term with a lexeme that stands at a position.
func (m *matcher) try(lexeme string, raw []byte, at int, span Span) {
	for i, w := range m.wanted {
		for k := len(w.words) - 1; k >= 0; k-- {
			last := k == len(w.words)-1
			if !w.matches(k, last && w.prefix, lexeme, raw) {
				continue
			}
			whole := span
			if k > 0 {
				begun, ok := m.ends[i][[2]int{at - w.words[k].at + w.words[k-1].at, k}]
				if !ok {
					continue
				}
				whole.Start = begun.Start
			}
			if last {
				m.found = append(m.found, found{whole, w.whether})
				continue
			}
			if m.ends[i] == nil {
				m.ends[i] = map[[2]int]Span{}
			}
			m.ends[i][[2]int{at, k + 1}] = whole
		}
	}
}

func (w *wanted) matches(k int, prefix bool, lexeme string, raw []byte) bool {
	if lexeme == w.words[k].lexeme {
		return true
	}
	return prefix && (len(raw) >= len(w.words[k].raw) && string(raw[:len(w.words[k].raw)]) == w.words[k].raw || slices.Contains(w.stems, lexeme))
}

// Snippet returns at most n runes of a text of field around the place with the most different terms, then the most
// matches, then the earliest. White space is shown as single blanks. Without a match it is the beginning.
func (h *Highlighter) Snippet(field, text string, n int) Snippet {
	matches := h.find(field, text)
	begin, end := window(text, matches, n)
	return excerpt(text, begin, end, matches)
}

// window chooses the bytes of the snippet. n runes are at least n bytes; lead is what comes before the first match.
func window(text string, matches []found, n int) (begin, end int) {
	if len(matches) > 0 {
		lead := n / 4
		best, bestScore := 0, -1
		for i, j := 0, 0; i < len(matches); i++ {
			j = max(i, j)
			for j < len(matches) && matches[j].End-matches[i].Start <= n-lead {
				j++
			}
			terms := map[int]bool{}
			for _, f := range matches[i:j] {
				terms[f.term] = true
			}
			if score := 100*len(terms) + min(j-i, 99); score > bestScore {
				best, bestScore = i, score
			}
		}
		begin = wordStart(text, max(0, matches[best].Start-lead), matches[best].Start)
	}
	end = begin
	for count := 0; end < len(text) && count < n; count++ {
		_, size := utf8.DecodeRuneInString(text[end:])
		end += size
	}
	if end < len(text) {
		if cut := strings.LastIndexAny(text[begin:end], " \n\t"); cut > (end-begin)/2 {
			end = begin + cut
		}
	}
	return begin, end
}

// wordStart moves begin forward to the next beginning of a word before limit, or of a rune.
func wordStart(text string, begin, limit int) int {
	if begin == 0 {
		return 0
	}
	if blank := strings.IndexAny(text[begin:limit], " \n\t"); blank >= 0 {
		return begin + blank + 1
	}
	for begin < limit && !utf8.RuneStart(text[begin]) {
		begin++
	}
	return begin
}

// excerpt copies text[begin:end] with white space made single, and moves the marks along.
func excerpt(text string, begin, end int, matches []found) Snippet {
	s := Snippet{Before: begin > 0, After: end < len(text)}
	var b strings.Builder
	moved := make([]int, end-begin+1) // by byte of the window: where it went
	space := true
	for i, r := range text[begin:end] {
		for k := range utf8.RuneLen(max(r, 0)) {
			if i+k < len(moved) {
				moved[i+k] = b.Len()
			}
		}
		if blank(r) {
			if !space {
				b.WriteByte(' ')
			}
			space = true
			continue
		}
		space = false
		b.WriteRune(r)
	}
	moved[end-begin] = b.Len()
	s.Text = strings.TrimRight(b.String(), " ")
	for _, f := range matches {
		if f.Start >= begin && f.End <= end {
			s.Spans = addSpan(s.Spans, Span{moved[f.Start-begin], min(moved[f.End-begin], len(s.Text))})
		}
	}
	return s
}
