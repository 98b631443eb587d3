package search

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"sync"

	"applylens/internal/db"
	"applylens/internal/search/postings"
)

// A shard is a segment with what a query looked up in it.
type shard struct {
	id    int64
	docs  []postings.Doc
	dead  []int64           // emails that are deleted, in order; of all segments
	lists [][]postings.List // by want
}

// A corpus is what a query needs of an owner's index.
type corpus struct {
	shards []*shard
	mails  int
	words  int64
	found  []int // by want: mails with the word
}

// lookup reads the postings of words in all segments, in one statement, and then the documents of segments that are
// not remembered. A segment that was merged between the two is noticed, and all is read again.
func (p *Postgres) lookup(ctx context.Context, q *db.Queries, userID int64, wants []want) (*corpus, error) {
	params, numbers := lookupParams(userID, wants)
	for try := 0; ; try++ {
		rows, err := q.SearchLookup(ctx, params)
		if err != nil {
			return nil, fmt.Errorf("search: look up words: %w", err)
		}
		c, err := gather(rows, wants, numbers)
		if err != nil {
			return nil, err
		}
		whole, err := p.docs(ctx, q, userID, c.shards)
		if err != nil {
			return nil, err
		}
		if whole || try == 3 {
			return c, nil
		}
	}
}

// lookupParams also returns which want each row of the answer is about.
func lookupParams(userID int64, wants []want) (params db.SearchLookupParams, numbers map[int32]int) {
	params.UserID, numbers = userID, map[int32]int{}
	params.Words, params.WordPlaces, params.Lows, params.LowPlaces = []string{}, []bool{}, []string{}, []bool{}
	for i, w := range wants {
		if !w.prefix {
			params.Words, params.WordPlaces = append(params.Words, w.word), append(params.WordPlaces, w.places)
			numbers[int32(len(params.Words))] = i
			continue
		}
		params.Lows, params.LowPlaces = append(params.Lows, w.word), append(params.LowPlaces, w.places)
		numbers[-int32(len(params.Lows))] = i
	}
	return params, numbers
}

// gather sorts the rows of a lookup into parts.
func gather(rows []db.SearchLookupRow, wants []want, numbers map[int32]int) (*corpus, error) {
	c := &corpus{found: make([]int, len(wants))}
	byID := map[int64]*shard{}
	for i := range rows {
		row := &rows[i]
		seg := byID[row.ID]
		if seg == nil {
			seg = &shard{id: row.ID, dead: rows[0].Dead, lists: make([][]postings.List, len(wants))}
			byID[row.ID] = seg
			c.shards = append(c.shards, seg)
			c.mails += int(row.Mails)
			c.words += row.Words
		}
		if row.N == 0 {
			continue
		}
		n := numbers[row.N]
		lists, err := listsOf(row, wants[n])
		if err != nil {
			return nil, err
		}
		for _, l := range lists {
			c.found[n] += l.Count
		}
		seg.lists[n] = append(seg.lists[n], lists...)
	}
	slices.SortFunc(c.shards, func(a, b *shard) int { return int(a.id - b.id) })
	return c, nil
}

// listsOf finds what is wanted in one block.
func listsOf(row *db.SearchLookupRow, w want) (lists []postings.List, err error) {
	r := postings.Read(postings.Block{Postings: row.Postings, Places: row.Places})
	for r.Next() {
		if string(r.Word) == w.word || w.prefix && bytes.HasPrefix(r.Word, []byte(w.word)) {
			lists = append(lists, r.List())
		} else if string(r.Word) > w.word {
			break
		}
	}
	return lists, r.Err()
}

// docs fills in the documents of parts; it is false when a segment is gone.
func (p *Postgres) docs(ctx context.Context, q *db.Queries, userID int64, parts []*shard) (whole bool, err error) {
	missing := map[int64]*shard{}
	var ids []int64
	for _, seg := range parts {
		if seg.docs = p.memory.get(seg.id); seg.docs == nil {
			missing[seg.id] = seg
			ids = append(ids, seg.id)
		}
	}
	if len(ids) == 0 {
		return true, nil
	}
	rows, err := q.SearchSegmentDocs(ctx, db.SearchSegmentDocsParams{UserID: userID, Ids: ids})
	if err != nil {
		return false, fmt.Errorf("search: read segments: %w", err)
	}
	for _, row := range rows {
		docs, err := postings.DecodeDocs(row.Docs)
		if err != nil {
			return false, fmt.Errorf("search: segment %d: %w", row.ID, err)
		}
		p.memory.put(row.ID, docs)
		missing[row.ID].docs = docs
	}
	return len(rows) == len(ids), nil
}

// memoryDocs bounds how many documents are remembered, at 32 bytes each.
const memoryDocs = 1 << 20

// A memory keeps the documents of segments, which never change; their ids belong to one owner only.
type memory struct {
	mu   sync.Mutex
	docs map[int64][]postings.Doc
	size int
}

func (m *memory) get(id int64) []postings.Doc {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.docs[id]
}

func (m *memory) put(id int64, docs []postings.Doc) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.docs == nil {
		m.docs = map[int64][]postings.Doc{}
	}
	for other := range m.docs { // whichever comes first: the order of a map is random
		if m.size+len(docs) <= memoryDocs {
			break
		}
		m.size -= len(m.docs[other])
		delete(m.docs, other)
	}
	if m.docs[id] == nil {
		m.size += len(docs)
		m.docs[id] = docs
	}
}
