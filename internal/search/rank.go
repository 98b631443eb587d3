package search

import (
	"math"
	"slices"

	"applylens/internal/search/postings"
)

// Parameters of BM25F (Robertson, Zaragoza: The Probabilistic Relevance Framework, 2009, eq. 3.19): counts in the parts
// of an email are weighted and summed, and saturate together; the length is that of the body.
const (
	bm25K1 = 0.9
	bm25B  = 0.6

	weightSubject   = 3
	weightFrom      = 2
	weightRecipient = 0.5
	weightLead      = 2 // of a word at the beginning of the body

	weightAll = 1.2 // of mail that has all words, among mail that has some of them

	// Words that stand near each other in the query and in the email add to its score: side by side as in the query
	// the weight of the less rare one, further apart or turned around less. Only the first proximityPool are compared.
	weightProximity = 1
	proximityWindow = 3
	proximityPool   = 200
)

// A scorer adds up the weights of the words of a query.
type scorer struct {
	rankings []ranking
	idf      []float32
	base     float32 // k1 (1 - b)
	slope    float32 // k1 b / average length
	now      int64   // Unix seconds
	unit     float32 // what a score of 1 is in weights of words: 1 for words alone, the best score when fused
}

func (c *corpus) scorer(rankings []ranking, now int64) scorer {
	average := float64(c.words) / max(float64(c.mails), 1)
	s := scorer{rankings: rankings, now: now, unit: 1, base: bm25K1 * (1 - bm25B), slope: float32(bm25K1 * bm25B / max(average, 1))}
	for _, r := range rankings {
		found := 0
		for _, n := range r.wanted {
			found += c.found[n]
		}
		n, mails := float64(min(found, c.mails)), float64(c.mails)
		s.idf = append(s.idf, float32(math.Log(1+(mails-n+0.5)/(n+0.5))))
	}
	return s
}

// scores returns the sum for each document of a shard that has one of the words.
func (s *scorer) scores(p *shard) []float32 {
	sums := make([]float32, len(p.docs))
	var many []float32 // counts of a word that stands for several
	for i, r := range s.rankings {
		if len(r.wanted) == 1 && len(p.lists[r.wanted[0]]) == 1 {
			p.lists[r.wanted[0]][0].All(func(doc int, counts postings.Counts) {
				if doc < len(sums) {
					sums[doc] += s.weight(i, frequency(counts, r.in), p.docs[doc].Length)
				}
			})
			continue
		}
		if many == nil {
			many = make([]float32, len(p.docs))
		}
		clear(many)
		for _, n := range r.wanted {
			for _, l := range p.lists[n] {
				l.All(func(doc int, counts postings.Counts) {
					if doc < len(many) {
						many[doc] += frequency(counts, r.in)
					}
				})
			}
		}
		for doc, f := range many {
			if f > 0 {
				sums[doc] += s.weight(i, f, p.docs[doc].Length)
			}
		}
	}
	return sums
}

func (s *scorer) weight(i int, frequency float32, length uint32) float32 {
	return s.idf[i] * frequency * (1 + bm25K1) / (frequency + s.base + s.slope*float32(length))
}

// frequency is the weighted count of a word.
func frequency(c postings.Counts, in postings.Class) float32 {
	f := float32(0)
	if in&postings.Body != 0 {
		f = float32(c.Body())
		if c.Lead() {
			f += weightLead
		}
	}
	if in&postings.Subject != 0 {
		f += weightSubject * float32(c.Subject())
	}
	if in&postings.From != 0 && c.From() {
		f += weightFrom
	}
	if in&postings.Recipients != 0 && c.Recipients() {
		f += weightRecipient
	}
	return f
}

// recency is a mild prior: a mail of a year ago counts about 0.7 of one of today.
func (s *scorer) recency(at int64) float32 {
	months := float64(max(s.now-at, 0)) / (30 * 24 * 3600)
	return float32(1 / (1 + 0.15*math.Log1p(months)))
}

// A page keeps the first so many of all that it is given, in order.
type page struct {
	most int
	best []matched // a heap: the last comes first
}

func (p *page) add(m matched) {
	if len(p.best) < p.most {
		p.best = append(p.best, m)
		for i := len(p.best) - 1; i > 0; {
			up := (i - 1) / 2
			if !p.best[up].before(p.best[i]) {
				break
			}
			p.best[up], p.best[i] = p.best[i], p.best[up]
			i = up
		}
		return
	}
	if len(p.best) == 0 || !m.before(p.best[0]) {
		return
	}
	p.best[0] = m
	for i := 0; ; {
		down := 2*i + 1
		if down >= len(p.best) {
			return
		}
		if down+1 < len(p.best) && p.best[down].before(p.best[down+1]) {
			down++
		}
		if !p.best[i].before(p.best[down]) {
			return
		}
		p.best[i], p.best[down] = p.best[down], p.best[i]
		i = down
	}
}

// sorted empties the page.
func (p *page) sorted() []matched {
	slices.SortFunc(p.best, order)
	return p.best
}
