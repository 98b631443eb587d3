package postings

import (
	"bytes"
	"encoding/binary"
)

// A source is a segment that is read for a merge.
type source struct {
	blocks []Block
	r      *Reader
	base   int32   // of its documents in the new segment
	moved  []int32 // by document: its new number, -1 when it is dropped; nil when all keep their order
}

// next goes to the next word, over the ends of blocks.
func (s *source) next() (bool, error) {
	for {
		if s.r != nil {
			if s.r.Next() {
				return true, nil
			}
			if err := s.r.Err(); err != nil {
				return false, err
			}
		}
		if len(s.blocks) == 0 {
			return false, nil
		}
		s.r = Read(s.blocks[0])
		s.blocks = s.blocks[1:]
	}
}

// Merge makes one segment of several, in their order, without the documents that drop names by id.
func Merge(segments []Segment, drop map[int64]bool) (Segment, error) {
	var merged Segment
	var live []*source
	for i := range segments {
		s := &source{blocks: segments[i].Blocks, base: int32(len(merged.Docs))}
		s.take(&merged, segments[i].Docs, drop)
		ok, err := s.next()
		if err != nil {
			return merged, err
		}
		if ok {
			live = append(live, s)
		}
	}
	var out writer
	var word []byte
	for len(live) > 0 {
		word = append(word[:0], smallest(live)...)
		out.begin()
		count, last := 0, int32(0)
		kept := live[:0]
		for _, s := range live {
			if bytes.Equal(s.r.Word, word) {
				n, end := s.copy(&out, last)
				count, last = count+n, end
				ok, err := s.next()
				if err != nil {
					return merged, err
				}
				if !ok {
					continue
				}
			}
			kept = append(kept, s)
		}
		live = kept
		if count > 0 {
			out.end(word, count, last)
		}
	}
	merged.Blocks = out.finish()
	return merged, nil
}

func smallest(live []*source) []byte {
	least := live[0].r.Word
	for _, s := range live[1:] {
		if bytes.Compare(s.r.Word, least) < 0 {
			least = s.r.Word
		}
	}
	return least
}

// take adds the documents to the merged segment.
func (s *source) take(merged *Segment, docs []Doc, drop map[int64]bool) {
	dropped := false
	for i := range docs {
		dropped = dropped || drop[docs[i].ID]
	}
	if !dropped {
		merged.Docs = append(merged.Docs, docs...)
		return
	}
	s.moved = make([]int32, len(docs))
	for i := range docs {
		s.moved[i] = -1
		if !drop[docs[i].ID] {
			s.moved[i] = int32(len(merged.Docs))
			merged.Docs = append(merged.Docs, docs[i])
		}
	}
}

// copy appends the postings of the current word; last is the number of the document before.
func (s *source) copy(out *writer, last int32) (count int, newLast int32) {
	r := s.r
	if s.moved == nil { // only the first distance changes
		first, n := binary.Uvarint(r.list)
		if n <= 0 {
			return 0, last
		}
		out.docs = binary.AppendUvarint(out.docs, uint64(int32(first)+s.base-last))
		out.docs = append(out.docs, r.list[n:]...)
		out.places = append(out.places, r.spots...)
		return r.Count, s.base + r.last
	}
	spots := r.spots
	r.List().All(func(doc int, counts Counts) {
		size := placesSize(spots)
		mine := spots[:size]
		spots = spots[size:]
		if doc >= len(s.moved) || s.moved[doc] < 0 {
			return
		}
		out.docs = append(binary.AppendUvarint(out.docs, uint64(s.moved[doc]-last)), byte(counts))
		out.places = append(out.places, mine...)
		last = s.moved[doc]
		count++
	})
	return count, last
}

// placesSize returns the bytes of the places of one document.
func placesSize(b []byte) int {
	n, size := binary.Uvarint(b)
	if size <= 0 {
		return 0
	}
	for range n {
		_, k := binary.Uvarint(b[size:])
		if k <= 0 {
			return size
		}
		size += k
	}
	return size
}
