package search

import "slices"

// A pair is two ranking words that stand side by side in the query.
type pair struct{ left, right int }

// pairs returns the pairs of whole words.
func pairs(rankings []ranking) (all []pair) {
	for i := 1; i < len(rankings); i++ {
		if rankings[i-1].whole && rankings[i].whole {
			all = append(all, pair{i - 1, i})
		}
	}
	return all
}

// draw adds to the scores of the first proximityPool matches what the nearness of words is worth, and sorts them anew.
func (s *scorer) draw(c *corpus, best []matched) {
	all := pairs(s.rankings)
	if len(all) == 0 || s.unit <= 0 {
		return
	}
	best = best[:min(len(best), proximityPool)]
	byShard := make([][]*matched, len(c.shards))
	for i := range best {
		byShard[best[i].shard] = append(byShard[best[i].shard], &best[i])
	}
	for i, mine := range byShard {
		if len(mine) > 0 {
			s.drawIn(c.shards[i], mine, all)
		}
	}
	slices.SortFunc(best, order)
}

func (s *scorer) drawIn(p *shard, mine []*matched, all []pair) {
	among := newBitset(len(p.docs))
	for _, m := range mine {
		among.set(int(m.doc))
	}
	places := make([]spots, len(s.rankings))
	for _, x := range all {
		for _, i := range [...]int{x.left, x.right} {
			if places[i].bounds == nil {
				places[i] = p.places(slot{wanted: s.rankings[i].wanted}, among)
			}
		}
	}
	for _, m := range mine {
		sum := float32(0)
		for _, x := range all {
			near := nearness(places[x.left].of(int(m.doc)), places[x.right].of(int(m.doc)))
			sum += near * min(s.idf[x.left], s.idf[x.right])
		}
		m.score += weightProximity * sum * s.recency(m.at) / s.unit
	}
}

// nearness is 1/n for words that stand n apart in the order of the query, half of it when turned around, the largest
// of all their places, 0 beyond the window. Positions are sorted.
func nearness(left, right []uint16) float32 {
	best, from := float32(0), 0
	for _, a := range left {
		for from < len(right) && int(right[from]) < int(a)-proximityWindow {
			from++
		}
		for _, b := range right[from:] {
			gap := int(b) - int(a)
			if gap > proximityWindow {
				break
			}
			switch {
			case gap > 0:
				best = max(best, 1/float32(gap))
			case gap < 0:
				best = max(best, 0.5/float32(-gap))
			}
		}
	}
	return best
}
