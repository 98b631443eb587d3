package triage

import (
	_ "embed"
	"fmt"
	"strconv"
	"strings"
	"sync"
)

//go:embed phrases.txt
var phraseText string

//go:embed risk_phrases.txt
var riskPhraseText string

// A phrase is a sequence of folded words that speaks for a group.
type phrase struct {
	group  group
	weight int8
	id     int32 // the line it comes from: alternatives of one line count once
	elems  []element
}

// An element is one word of a phrase, after a gap of up to maxGap words when gap is set.
type element struct {
	hash uint64
	any  bool // matches every word
	num  bool // matches every number
	gap  bool
}

// maxGap is the number of words that ".." may stand for.
const maxGap = 5

// A phraseBook finds phrases by their first word.
type phraseBook struct {
	first map[uint64][]phrase
	lines int
}

// phrases is the table of phrases.txt and risk_phrases.txt, read once.
var phrases = sync.OnceValue(func() *phraseBook {
	book := &phraseBook{first: map[uint64][]phrase{}}
	for _, text := range []string{phraseText, riskPhraseText} {
		if err := book.read(text); err != nil {
			panic("triage: embedded phrases: " + err.Error())
		}
	}
	return book
})

// read adds the phrases of one table.
func (b *phraseBook) read(text string) error {
	var g group
	for n, line := range strings.Split(text, "\n") {
		line = strings.TrimSpace(line)
		switch {
		case line == "" || line[0] == '#':
			continue
		case line[0] == '@':
			var ok bool
			if g, ok = groupByName(line[1:]); !ok {
				return fmt.Errorf("line %d: unknown group %q", n+1, line[1:])
			}
			continue
		}
		num, rest, _ := strings.Cut(line, " ")
		weight, err := strconv.ParseInt(num, 10, 8)
		if err != nil {
			return fmt.Errorf("line %d: weight: %w", n+1, err)
		}
		b.lines++
		for _, words := range expand(rest) {
			b.add(g, int8(weight), words)
		}
	}
	return nil
}

func (b *phraseBook) add(g group, weight int8, words string) {
	p := phrase{group: g, weight: weight, id: int32(b.lines)}
	gap := false
	for _, w := range strings.Fields(words) {
		e := element{gap: gap}
		gap = false
		switch w {
		case "..":
			gap = true
			continue
		case "_":
			e.any = true
		case "#":
			e.num = true
		default:
			e.hash = hashString(w)
		}
		p.elems = append(p.elems, e)
	}
	if len(p.elems) == 0 {
		return
	}
	key := p.elems[0].hash
	if p.elems[0].num {
		key = numberKey
	}
	b.first[key] = append(b.first[key], p)
}

// numberKey is where phrases that begin with a number are found.
const numberKey = 1

// expand multiplies out the alternatives of a phrase.
func expand(s string) []string {
	open := strings.IndexByte(s, '(')
	if open < 0 {
		return []string{s}
	}
	depth, end := 0, -1
	bars := []int{open}
	for i := open; i < len(s) && end < 0; i++ {
		switch s[i] {
		case '(':
			depth++
		case ')':
			if depth--; depth == 0 {
				end = i
			}
		case '|':
			if depth == 1 {
				bars = append(bars, i)
			}
		}
	}
	if end < 0 {
		return []string{s}
	}
	bars = append(bars, end)
	var out []string
	for k := 0; k+1 < len(bars); k++ {
		for _, alt := range expand(s[bars[k]+1 : bars[k+1]]) {
			for _, tail := range expand(s[end+1:]) {
				out = append(out, s[:open]+alt+tail)
			}
		}
	}
	return out
}

// A hit is one phrase found in a text.
type hit struct {
	group      group
	weight     int8
	id         int32
	start, end int32 // bytes of the text
	sent       int32
}

// find appends the hits of the book in tokens to out.
func (b *phraseBook) find(toks []token, out []hit) []hit {
	for i := range toks {
		key := toks[i].hash
		if toks[i].kind == number {
			out = b.match(b.first[numberKey], toks, i, out)
		}
		if ps := b.first[key]; ps != nil {
			out = b.match(ps, toks, i, out)
		}
	}
	return out
}

func (b *phraseBook) match(ps []phrase, toks []token, i int, out []hit) []hit {
	for k := range ps {
		p := &ps[k]
		last := matchFrom(p.elems, toks, i)
		if last < 0 {
			continue
		}
		h := hit{group: p.group, weight: p.weight, id: p.id, start: toks[i].start, end: toks[last].end, sent: toks[i].sent}
		if n := len(out); n > 0 && out[n-1].id == h.id && out[n-1].start == h.start {
			continue
		}
		out = append(out, h)
	}
	return out
}

// matchFrom returns the index of the token that the last element matches, or -1. Elements behind a gap take the
// nearest word that fits.
func matchFrom(elems []element, toks []token, i int) int {
	sent := toks[i].sent
	at := i
	for k := 1; k < len(elems); k++ {
		e := &elems[k]
		reach := 1
		if e.gap {
			reach += maxGap
		}
		found := -1
		for j := at + 1; j <= at+reach && j < len(toks) && toks[j].sent == sent; j++ {
			if e.any || e.num && toks[j].kind == number || e.hash != 0 && toks[j].hash == e.hash {
				found = j
				break
			}
		}
		if found < 0 {
			return -1
		}
		at = found
	}
	return at
}
