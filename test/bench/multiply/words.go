package multiply

import (
	"bytes"
	"cmp"
	"slices"
)

// A vocabulary swaps a word for another of about the same frequency in the same mailbox, so that
// the copies keep the statistics that a full-text index feels: length of texts, number of
// different words, how often each occurs.
type vocabulary struct {
	ranked []string
	rank   map[string]int
}

// neighbours is how many words of similar frequency may stand for one another.
const neighbours = 64

func newVocabulary(raw [][]byte) vocabulary {
	counts := map[string]int{}
	for _, mail := range raw {
		_, body, _ := bytes.Cut(mail, []byte("\n\n"))
		for line := range bytes.Lines(body) {
			if isText(line) {
				eachWord(line, func(start, end int) { counts[string(line[start:end])]++ })
			}
		}
	}
	v := vocabulary{rank: map[string]int{}}
	for word := range counts {
		v.ranked = append(v.ranked, word)
	}
	slices.SortFunc(v.ranked, func(a, b string) int {
		return cmp.Or(cmp.Compare(counts[b], counts[a]), cmp.Compare(a, b))
	})
	for i, word := range v.ranked {
		v.rank[word] = i
	}
	return v
}

// replace swaps about a third of the words of a line; which ones, and for what, depends on the
// word and the number of the copy alone.
func (v vocabulary) replace(line []byte, number int) []byte {
	if number == 0 {
		return line
	}
	out := make([]byte, 0, len(line)+16)
	last := 0
	eachWord(line, func(start, end int) {
		word := string(line[start:end])
		rank, known := v.rank[word]
		h := hash(word, number)
		if !known || h%3 != 0 {
			return
		}
		band := rank / neighbours * neighbours
		size := min(neighbours, len(v.ranked)-band)
		out = append(out, line[last:start]...)
		out = append(out, v.ranked[band+int(h/3)%size]...)
		last = end
	})
	return append(out, line[last:]...)
}

// eachWord calls fn with the bounds of each run of five or more lower-case letters that stands in
// running text: not inside a tag, an address, a path or an encoded word.
func eachWord(line []byte, fn func(start, end int)) {
	inTag := false
	for i := 0; i < len(line); {
		c := line[i]
		switch {
		case c == '<':
			inTag = true
		case c == '>':
			inTag = false
		}
		if c < 'a' || c > 'z' {
			i++
			continue
		}
		start := i
		for i < len(line) && line[i] >= 'a' && line[i] <= 'z' {
			i++
		}
		before, after := byte(' '), byte(' ')
		if start > 0 {
			before = line[start-1]
		}
		if i < len(line) {
			after = line[i]
		}
		if !inTag && i-start >= 5 && bytes.IndexByte([]byte(" \t(\"'>*_"), before) >= 0 &&
			bytes.IndexByte([]byte(" \t\r\n.,;:!?)\"'<*_"), after) >= 0 {
			fn(start, i)
		}
	}
}
