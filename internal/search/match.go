package search

import (
	"slices"

	"applylens/internal/search/postings"
)

// match returns the documents of the shard that satisfy a clause.
func (p *shard) match(c *clause) bitset {
	switch c.kind {
	case clauseWord:
		return p.word(c.slots[0], c.in)
	case clausePhrase:
		return p.phrase(c)
	case clauseNear:
		return p.near(c)
	case clauseNot:
		b := newBitset(len(p.docs))
		b.fill(len(p.docs))
		b.minus(p.match(c.kids[0]))
		return b
	}
	b := p.match(c.kids[0])
	for _, k := range c.kids[1:] {
		if c.kind == clauseOr {
			b.or(p.match(k))
		} else {
			b.and(p.match(k))
		}
	}
	return b
}

// word returns the documents with a word of a slot in one of these parts of the email.
func (p *shard) word(s slot, in postings.Class) bitset {
	b := newBitset(len(p.docs))
	for _, n := range s.wanted {
		for _, l := range p.lists[n] {
			l.All(func(doc int, counts postings.Counts) {
				if in == 0 || in == postings.Anywhere || counts.In()&in != 0 {
					b.set(doc)
				}
			})
		}
	}
	return b
}

// A run is where a phrase stands in a document.
type run struct{ first, last uint16 }

// phrase returns the documents with the words of a phrase at their distances, all in one part of the email.
func (p *shard) phrase(c *clause) bitset {
	b := newBitset(len(p.docs))
	p.runs(c, p.candidates(c), func(doc int, _ run) { b.set(doc) })
	return b
}

// candidates returns the documents with all words of a phrase.
func (p *shard) candidates(c *clause) bitset {
	b := p.word(c.slots[0], c.in)
	for _, s := range c.slots[1:] {
		b.and(p.word(s, c.in))
	}
	return b
}

// runs calls f for each place of a phrase, by document in order.
func (p *shard) runs(c *clause, among bitset, f func(doc int, r run)) {
	places := make([]spots, len(c.slots))
	for i, s := range c.slots {
		places[i] = p.places(s, among)
	}
	among.all(func(doc int) {
		if doc >= len(p.docs) {
			return
		}
		d := &p.docs[doc]
	next:
		for _, first := range places[0].of(doc) {
			in, last := d.ClassOf(first), first
			if in&c.in == 0 {
				continue
			}
			for i := 1; i < len(c.slots); i++ {
				last += uint16(c.slots[i].at - c.slots[i-1].at)
				if !slices.Contains(places[i].of(doc), last) || d.ClassOf(last) != in {
					continue next
				}
			}
			f(doc, run{first, last})
		}
	})
}

// spots are the positions of a word, by document.
type spots struct {
	all    []uint16
	bounds []int32    // of each document in all, when the word is one of the index
	more   [][]uint16 // by document, when it is several
}

func (s *spots) of(doc int) []uint16 {
	if s.more != nil {
		return s.more[doc]
	}
	return s.all[s.bounds[doc]:s.bounds[doc+1]]
}

// places returns the positions of the words of a slot in the documents that are of interest.
func (p *shard) places(s slot, among bitset) spots {
	var lists []postings.List
	for _, n := range s.wanted {
		lists = append(lists, p.lists[n]...)
	}
	found := spots{}
	if len(lists) > 1 {
		found.more = make([][]uint16, len(p.docs))
		for _, l := range lists {
			l.AllPlaces(among.has, func(doc int, places []uint16) { found.more[doc] = append(found.more[doc], places...) })
		}
		return found
	}
	found.bounds = make([]int32, len(p.docs)+1)
	if len(lists) == 0 {
		return found
	}
	lists[0].AllPlaces(among.has, func(doc int, places []uint16) {
		found.all = append(found.all, places...)
		found.bounds[doc+1] = int32(len(places))
	})
	for i := range p.docs {
		found.bounds[i+1] += found.bounds[i]
	}
	return found
}

// near returns the documents in which two phrases stand at most so many words apart in one part of the email.
func (p *shard) near(c *clause) bitset {
	b := newBitset(len(p.docs))
	among := p.candidates(c.kids[0])
	among.and(p.candidates(c.kids[1]))
	right := map[int][]run{}
	p.runs(c.kids[1], among, func(doc int, r run) { right[doc] = append(right[doc], r) })
	p.runs(c.kids[0], among, func(doc int, l run) {
		for _, r := range right[doc] {
			apart := int(r.first) - int(l.last)
			if r.first < l.first {
				apart = int(l.first) - int(r.last)
			}
			if apart > 0 && apart <= c.near && p.docs[doc].ClassOf(l.first) == p.docs[doc].ClassOf(r.first) {
				b.set(doc)
			}
		}
	})
	return b
}
