package search

import (
	"context"
	"fmt"
	"slices"

	"applylens/internal/db"
)

// Parameters of the ranking by words and meaning together: the score of a mail is that of its words over the best one's,
// plus a weight times the standard deviations by which it is nearer than the mean. The weight lies between 0.12 and 0.2,
// which were measured on the dev part of AESLC (test/relevance; docs/meaning.md).
const (
	weightMeaning = 0.15

	joinMost = 20  // mails without the words that join for their meaning
	joinZ    = 2.5 // and how near they are at least
)

// joiners returns the documents near in meaning that are free to join: nearest first, at most joinMost.
func (m *meant) joiners(c *corpus, free, all []bitset) (joined []bitset, n int) {
	best := page{most: joinMost}
	for i, seg := range c.shards {
		rows := m.set.rowsOf(seg)
		free[i].all(func(doc int) {
			if all[i].has(doc) || rows[doc] < 0 {
				return
			}
			if z := m.z(rows[doc]); z >= joinZ {
				best.add(matched{at: seg.docs[doc].At, id: seg.docs[doc].ID, score: z, shard: int32(i), doc: int32(doc)})
			}
		})
	}
	joined = make([]bitset, len(c.shards))
	for i, seg := range c.shards {
		joined[i] = newBitset(len(seg.docs))
	}
	for _, b := range best.best {
		joined[b.shard].set(int(b.doc))
	}
	return joined, len(best.best)
}

// join finds the mail that has none of the words and is near in meaning, when few have them.
func (p *plan) join(ctx context.Context, conn db.DBTX, c *corpus, sets, loose []bitset, total int, result *Result) ([]bitset, error) {
	if p.meant == nil || !p.joins || p.asking.text == "" || !result.Ranked || total >= enough {
		return nil, nil
	}
	free, _, err := p.matches(ctx, conn, c, p.free)
	if err != nil {
		return nil, err
	}
	if loose != nil {
		sets = loose
	}
	joined, n := p.meant.joiners(c, free, sets)
	if result.Near = n; n > 0 {
		result.Warnings = append(result.Warnings, Warning{Msg: nearMessage(n)})
	}
	return joined, nil
}

// assume gives mail without a vector the mean z of what has one among the matches.
func (m *meant) assume(c *corpus, all []bitset) {
	sum, n := float32(0), 0
	for i, seg := range c.shards {
		rows := m.set.rowsOf(seg)
		all[i].all(func(doc int) {
			if rows[doc] >= 0 {
				sum += m.z(rows[doc])
				n++
			}
		})
	}
	if m.unknown = 0; n > 0 {
		m.unknown = sum / float32(n)
	}
}

// fuse returns the scores of a shard's documents by words and meaning; strict holds those that have all words.
func (m *meant) fuse(seg *shard, words []float32, best float32) []float32 {
	rows := m.set.rowsOf(seg)
	fused := make([]float32, len(words))
	if best <= 0 {
		best = 1
	}
	for doc, w := range words {
		z := m.unknown
		if rows[doc] >= 0 {
			z = m.z(rows[doc])
		}
		fused[doc] = w/best + weightMeaning*z
	}
	return fused
}

func nearMessage(n int) string {
	if n == 1 {
		return "one mail without these words is near in meaning; it is shown as well"
	}
	return fmt.Sprintf("%d mails without these words are near in meaning; they are shown as well", n)
}

// mode says what really ran.
func (r *Result) mode(a *asking, m *meant, c *corpus) {
	const words = "postgres word index"
	r.Mode = words
	if a == nil {
		return
	}
	if m == nil {
		if a.why != "" {
			r.Mode = words + " alone (" + a.why + ")"
		}
		return
	}
	covered, all := m.set.covered(c)
	r.Mode, r.Meaning = words+" and meaning", 1
	if covered < all {
		r.Meaning = float64(covered) / float64(all)
		r.Mode = fmt.Sprintf("%s and meaning (%d %% of the mail has no vector yet and is ranked by words)", words, max(1, (all-covered)*100/all))
	}
}

// union returns the documents of any of the sets.
func union(sets ...[]bitset) []bitset {
	all := make([]bitset, len(sets[0]))
	for i := range all {
		all[i] = slices.Clone(sets[0][i])
		for _, s := range sets[1:] {
			all[i].or(s[i])
		}
	}
	return all
}
