package main

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"unicode"

	"github.com/kljensen/snowball/english"
)

// report prints the mean over the queries of the reciprocal rank and the recall within ten hits, and for collections
// with several answers to a query the mean average precision.
func report(name string, c collection, answers [][]string) {
	var mrr, recall, precision float64
	for i := range c.queries {
		q := &c.queries[i]
		found, average := 0, 0.0
		for n, id := range answers[i] {
			if !q.relevant[id] {
				continue
			}
			if found++; q.any && found > 1 {
				continue
			}
			average += float64(found) / float64(n+1)
			if found == 1 && n < 10 {
				mrr += 1 / float64(n+1)
			}
			if n < 10 {
				recall += 1 / float64(q.answers())
			}
		}
		precision += average / float64(q.answers())
	}
	n := float64(len(c.queries))
	fmt.Printf("  %-40s MRR@10 %.3f  recall@10 %.3f  MAP@%d %.3f\n", name, mrr/n, recall/n, c.depth, precision/n)
}

// answers is how many there are to find.
func (q *query) answers() int {
	if q.any {
		return 1
	}
	return max(len(q.relevant), 1)
}

func percentile(values []float64, p int) float64 {
	if len(values) == 0 {
		return 0
	}
	slices.Sort(values)
	return values[(len(values)-1)*p/100]
}

// A bm25 is the reference: plain BM25 over subject and body as one bag of words.
type bm25 struct {
	documents []document
	lists     map[string]map[int]int
	lengths   []float64
	average   float64
}

func terms(text string) []string {
	var all []string
	for _, w := range strings.FieldsFunc(strings.ToLower(text), func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) }) {
		all = append(all, english.Stem(w, false))
	}
	return all
}

func newBM25(documents []document) *bm25 {
	b := &bm25{documents: documents, lists: map[string]map[int]int{}}
	for i, d := range documents {
		words := terms(d.subject + "\n" + d.body)
		for _, w := range words {
			if b.lists[w] == nil {
				b.lists[w] = map[int]int{}
			}
			b.lists[w][i]++
		}
		b.lengths = append(b.lengths, float64(len(words)))
		b.average += float64(len(words)) / float64(len(documents))
	}
	return b
}

func (b *bm25) answers(c collection) [][]string {
	const k1, k2 = 0.9, 0.4
	var all [][]string
	for _, q := range c.queries {
		scores := map[int]float64{}
		for _, w := range terms(q.text) {
			n := float64(len(b.lists[w]))
			idf := math.Log(1 + (float64(len(b.documents))-n+0.5)/(n+0.5))
			for d, count := range b.lists[w] {
				f := float64(count)
				scores[d] += idf * f * (k1 + 1) / (f + k1*(1-k2+k2*b.lengths[d]/b.average))
			}
		}
		best := make([]int, 0, len(scores))
		for d := range scores {
			best = append(best, d)
		}
		slices.SortFunc(best, func(x, y int) int {
			if scores[x] != scores[y] {
				if scores[x] > scores[y] {
					return -1
				}
				return 1
			}
			return x - y
		})
		var ids []string
		for _, d := range best[:min(len(best), c.depth)] {
			ids = append(ids, b.documents[d].id)
		}
		all = append(all, ids)
	}
	return all
}
