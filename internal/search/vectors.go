package search

import (
	"context"
	"fmt"
	"math"
	"slices"
	"sync"

	"applylens/internal/db"
	"applylens/internal/embed/scan"
)

// memoryVectors bounds the vectors in memory unless Sense.Memory does: those of 1.3 million mails.
const memoryVectors = 512 << 20

// A vectorSet is the vectors of one owner as of a version, in the order of the ids of their emails: 384 bytes a mail,
// and 16 beside. It does not change, but for what it remembers of segments.
type vectorSet struct {
	model   string
	version int64
	dims    int     // filled up to a multiple of scan.Width
	ids     []int64 // emails
	norms   []float32
	vectors []int8  // one after another
	without []int64 // emails that have no text and so no vector, in order

	mu   sync.Mutex
	rows map[int64][]int32 // by segment: the row of each document, or -1
}

func (v *vectorSet) bytes() int64 {
	return int64(len(v.vectors)) + 16*int64(len(v.ids)) + 8*int64(len(v.without))
}

// rowsOf returns the row of each document of a shard, -1 for those without a vector.
func (v *vectorSet) rowsOf(p *shard) []int32 {
	v.mu.Lock()
	defer v.mu.Unlock()
	if rows := v.rows[p.id]; rows != nil {
		return rows
	}
	rows := make([]int32, len(p.docs))
	at, last := 0, int64(math.MaxInt64)
	for i := range p.docs {
		id := p.docs[i].ID
		if id < last {
			at, _ = slices.BinarySearch(v.ids, id)
		}
		for at < len(v.ids) && v.ids[at] < id {
			at++
		}
		last, rows[i] = id, -1
		if at < len(v.ids) && v.ids[at] == id {
			rows[i] = int32(at)
		}
	}
	if len(v.rows) > 64 { // segments that were merged since
		v.rows = nil
	}
	if v.rows == nil {
		v.rows = map[int64][]int32{}
	}
	v.rows[p.id] = rows
	return rows
}

// covered returns how many of the documents of all segments have a vector or no text, and how many there are.
func (v *vectorSet) covered(c *corpus) (covered, all int) {
	for _, p := range c.shards {
		for _, row := range v.rowsOf(p) {
			if row >= 0 {
				covered++
			}
		}
		without := ofIDs(p.docs, v.without)
		covered += without.count()
		all += len(p.docs)
	}
	return covered, all
}

// with returns the set with newer vectors, which are in the order of their ids.
func (v *vectorSet) with(rows []db.VectorListRow) (*vectorSet, error) {
	made := &vectorSet{model: v.model, version: v.version, dims: v.dims}
	count := 0
	for _, r := range rows {
		made.version = max(made.version, r.Version)
		if len(r.Vector) == 0 {
			made.without = append(made.without, r.EmailID)
			continue
		}
		if made.dims == 0 {
			made.dims = scan.Padded(len(r.Vector))
		}
		if scan.Padded(len(r.Vector)) != made.dims {
			return nil, fmt.Errorf("search: the vector of email %d has %d dimensions, others %d", r.EmailID, len(r.Vector), made.dims)
		}
		count++
	}
	made.without = append(made.without, v.without...)
	slices.Sort(made.without)
	n := len(v.ids) + count
	made.ids, made.norms, made.vectors = make([]int64, 0, n), make([]float32, 0, n), make([]int8, 0, n*made.dims)
	old := 0
	take := func(to int) {
		made.ids, made.norms = append(made.ids, v.ids[old:to]...), append(made.norms, v.norms[old:to]...)
		made.vectors = append(made.vectors, v.vectors[old*made.dims:to*made.dims]...)
		old = to
	}
	for _, r := range rows {
		if len(r.Vector) == 0 {
			continue
		}
		to, _ := slices.BinarySearch(v.ids[old:], r.EmailID)
		take(old + to)
		at := len(made.vectors)
		made.vectors = made.vectors[:at+made.dims]
		for i, b := range r.Vector {
			made.vectors[at+i] = int8(b)
		}
		made.ids, made.norms = append(made.ids, r.EmailID), append(made.norms, scan.Norm(made.vectors[at:]))
	}
	take(len(v.ids))
	return made, nil
}

// standard returns the mean and one over the standard deviation.
func standard(values []float32) (mean, scale float32) {
	sum, square := 0.0, 0.0
	for _, x := range values {
		sum += float64(x)
		square += float64(x) * float64(x)
	}
	n := float64(len(values))
	variance := square/n - sum/n*sum/n
	if variance <= 1e-12 {
		return float32(sum / n), 0
	}
	return float32(sum / n), float32(1 / math.Sqrt(variance))
}

// A vectorMemory keeps the vectors of owners, those who searched last.
type vectorMemory struct {
	mu    sync.Mutex
	sets  map[int64]*remembered // by owner
	clock int64
}

type remembered struct {
	mu   sync.Mutex // held while the set is brought up to date
	set  *vectorSet
	size int64
	used int64
}

// get returns an owner's vectors, brought up to date with a version, reading only what is newer than what it knows.
func (m *vectorMemory) get(ctx context.Context, q *db.Queries, userID int64, model string, version, most int64) (*vectorSet, error) {
	m.mu.Lock()
	if m.sets == nil {
		m.sets = map[int64]*remembered{}
	}
	r := m.sets[userID]
	if r == nil {
		r = &remembered{}
		m.sets[userID] = r
	}
	m.clock++
	r.used = m.clock
	m.mu.Unlock()

	r.mu.Lock()
	defer r.mu.Unlock()
	known := r.set
	if known == nil || known.model != model || known.version > version { // gone and begun anew
		known = &vectorSet{model: model}
	}
	if known.version >= version {
		return known, nil
	}
	rows, err := q.VectorList(ctx, db.VectorListParams{UserID: userID, Model: model, Version: known.version})
	if err != nil {
		return nil, fmt.Errorf("search: read vectors: %w", err)
	}
	made, err := known.with(rows)
	if err != nil {
		return nil, err
	}
	made.version = max(made.version, version) // also when the emails of the newest are gone
	r.set = made
	m.keep(userID, made.bytes(), most)
	return made, nil
}

// keep notes the size of an owner's vectors, and forgets others until all are small enough.
func (m *vectorMemory) keep(userID, size, most int64) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if r := m.sets[userID]; r != nil {
		r.size = size
	}
	for {
		all, oldest := int64(0), userID
		for id, r := range m.sets {
			all += r.size
			if id != userID && (oldest == userID || r.used < m.sets[oldest].used) {
				oldest = id
			}
		}
		if all <= most || oldest == userID {
			return
		}
		delete(m.sets, oldest)
	}
}
