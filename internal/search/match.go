package search

import "applylens/internal/search/postings"

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
	for doc := range p.runs(c, p.candidates(c)) {
		b.set(doc)
	}
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

// runs returns the places of a phrase, by document.
func (p *shard) runs(c *clause, among bitset) map[int][]run {
	found := map[int][]run{}
	for i, s := range c.slots {
		places := p.places(s, among)
		if i == 0 {
			for doc, at := range places {
				for _, a := range at {
					if p.docs[doc].ClassOf(a)&c.in != 0 {
						found[doc] = append(found[doc], run{a, a})
					}
				}
			}
			continue
		}
		gap := uint16(s.at - c.slots[i-1].at)
		for doc, runs := range found {
			next := runs[:0]
			for _, r := range runs {
				if places[doc].has(r.last+gap) && p.docs[doc].ClassOf(r.last+gap) == p.docs[doc].ClassOf(r.first) {
					next = append(next, run{r.first, r.last + gap})
				}
			}
			if found[doc] = next; len(next) == 0 {
				delete(found, doc)
			}
		}
	}
	return found
}

// spots are positions in one document, in any order.
type spots []uint16

func (s spots) has(at uint16) bool {
	for _, a := range s {
		if a == at {
			return true
		}
	}
	return false
}

// places returns the positions of the words of a slot in the documents that are of interest.
func (p *shard) places(s slot, among bitset) map[int]spots {
	all := map[int]spots{}
	for _, n := range s.wanted {
		for _, l := range p.lists[n] {
			l.AllPlaces(among.has, func(doc int, places []uint16) { all[doc] = append(all[doc], places...) })
		}
	}
	return all
}

// near returns the documents in which two phrases stand at most so many words apart in one part of the email.
func (p *shard) near(c *clause) bitset {
	b := newBitset(len(p.docs))
	among := p.candidates(c.kids[0])
	among.and(p.candidates(c.kids[1]))
	right := p.runs(c.kids[1], among)
	for doc, lefts := range p.runs(c.kids[0], among) {
		for _, l := range lefts {
			for _, r := range right[doc] {
				apart := int(r.first) - int(l.last)
				if r.first < l.first {
					apart = int(l.first) - int(r.last)
				}
				if apart > 0 && apart <= c.near && p.docs[doc].ClassOf(l.first) == p.docs[doc].ClassOf(r.first) {
					b.set(doc)
				}
			}
		}
	}
	return b
}
