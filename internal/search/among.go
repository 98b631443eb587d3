package search

import (
	"context"
	"slices"
	"strings"

	"applylens/internal/db"
	"applylens/internal/search/postings"
)

// Among returns which emails of a segment that Store has just written a query finds: the same as Search finds among
// them, by the same plan, without a look at the rest of the index. conn is the transaction that stored them.
func (a *Analyzer) Among(ctx context.Context, conn db.DBTX, s Segment, q *Query, r Request) ([]int64, error) {
	analysis := a.get()
	p := planOf(analysis, q, r, nil)
	a.put(analysis)
	if err := a.facts(ctx, db.New(conn), r.UserID, p.args); err != nil {
		return nil, err
	}
	c, err := s.corpus(p.wants)
	if err != nil {
		return nil, err
	}
	p.resolve(c)
	ids := []int64{}
	for _, seg := range c.shards {
		seg.satisfying(p.words).all(func(doc int) { ids = append(ids, seg.docs[doc].ID) })
	}
	if len(ids) == 0 || !p.filtered() && len(p.hidden) == 0 {
		return ids, nil
	}
	sql := "select e.id from emails e where " + p.conditions() + " and e.id = any (" + p.arg(ids) + "::bigint[])"
	return readIDs(ctx, conn, sql, p.args)
}

// corpus looks words up in the segment alone.
func (s Segment) corpus(wants []want) (*corpus, error) {
	seg := &shard{docs: s.s.Docs, lists: make([][]postings.List, len(wants))}
	words := map[string][]int{}
	var begun []int
	for i, w := range wants {
		if w.prefix {
			begun = append(begun, i)
		} else {
			words[w.word] = append(words[w.word], i)
		}
	}
	for _, b := range s.s.Blocks {
		r := postings.Read(b)
		for r.Next() {
			for _, i := range words[string(r.Word)] {
				seg.lists[i] = append(seg.lists[i], r.List())
			}
			for _, i := range begun {
				if strings.HasPrefix(string(r.Word), wants[i].word) {
					seg.lists[i] = append(seg.lists[i], r.List())
				}
			}
		}
		if err := r.Err(); err != nil {
			return nil, err
		}
	}
	return &corpus{shards: []*shard{seg}, mails: len(seg.docs)}, nil
}

// Standing returns what keeps a query from being a standing condition, one that is decided for a mail by itself as it
// comes in: what Parse or the compiler warns of, what depends on other mail or on a model, and times that are counted
// from now. Nothing means that it may stand.
func (a *Analyzer) Standing(q *Query, me []string) []Warning {
	if q.Root == nil {
		return append(slices.Clone(q.Warnings), Warning{Msg: "say which mail is meant, such as from:anna@example.com"})
	}
	var faults []Warning
	later := Parse(q.Source, q.Now.AddDate(3, 1, 11))
	var moved []Range
	later.Terms(func(n *Node, _ bool) { moved = append(moved, n.Range) })
	i := 0
	q.Terms(func(n *Node, _ bool) {
		if msg := n.unsettled(); msg != "" {
			faults = append(faults, Warning{Pos: n.Pos, End: n.End, Msg: msg})
		} else if i < len(moved) && (!n.Range.From.Equal(moved[i].From) || !n.Range.To.Equal(moved[i].To)) {
			faults = append(faults, Warning{Pos: n.Pos, End: n.End, Msg: "counts from today, and a rule looks at mail the moment it comes in: write a date, such as after:2026-01-31"})
		}
		i++
	})
	analysis := a.get()
	defer a.put(analysis)
	for _, w := range append(slices.Clone(q.Warnings), planOf(analysis, q, Request{Me: me}, nil).warnings...) {
		if !slices.ContainsFunc(faults, func(f Warning) bool { return f.Pos == w.Pos && f.End == w.End }) {
			faults = append(faults, w)
		}
	}
	slices.SortStableFunc(faults, func(x, y Warning) int { return x.Pos - y.Pos })
	return faults
}

// unsettled says why a term cannot be decided for one mail as it comes in, or "".
func (n *Node) unsettled() string {
	switch {
	case n.Ignored:
		return ""
	case meaningField(n.Field):
		return "a meaning is a matter of degree: a rule needs words, which match or do not"
	case n.Field == "stage", n.Field == "is" && (n.Value == "awaiting" || n.Value == "ghosted"):
		return "depends on the rest of the conversation, which a single mail does not tell"
	case n.Field == "is" && n.Value == "snoozed", n.Field == "in" && n.Value == "snoozed":
		return "no mail is snoozed when it comes in"
	}
	return ""
}
