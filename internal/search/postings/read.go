package postings

import "encoding/binary"

// A Reader reads the words of a block in order.
type Reader struct {
	postings []byte
	places   []byte
	bad      bool

	Word  []byte // valid until the next call of Next
	Count int    // documents
	list  []byte
	spots []byte
	last  int32
}

// Read begins to read a block; its Places may be nil when they are not wanted.
func Read(b Block) *Reader { return &Reader{postings: b.Postings, places: b.Places} }

// Next goes to the next word.
func (r *Reader) Next() bool {
	if len(r.postings) == 0 || r.bad {
		return false
	}
	shared := int(r.postings[0])
	b := r.postings[1:]
	suffix, b := r.bytes(b)
	if r.bad || shared > len(r.Word) {
		r.bad = true
		return false
	}
	r.Word = append(r.Word[:shared], suffix...)
	var n [4]int
	for i := range n {
		n[i], b = r.number(b)
	}
	if r.bad || n[2] > len(b) || r.places != nil && n[3] > len(r.places) {
		r.bad = true
		return false
	}
	r.Count, r.last, r.list, r.postings = n[0], int32(n[1]), b[:n[2]], b[n[2]:]
	if r.spots = nil; r.places != nil {
		r.spots, r.places = r.places[:n[3]], r.places[n[3]:]
	}
	return true
}

func (r *Reader) number(b []byte) (int, []byte) {
	v, n := binary.Uvarint(b)
	if n <= 0 || v > 1<<31 {
		r.bad = true
		return 0, nil
	}
	return int(v), b[n:]
}

func (r *Reader) bytes(b []byte) (head, rest []byte) {
	n, b := r.number(b)
	if r.bad || n > len(b) {
		r.bad = true
		return nil, nil
	}
	return b[:n], b[n:]
}

// Err returns ErrBroken when the block could not be read to its end.
func (r *Reader) Err() error {
	if r.bad {
		return ErrBroken
	}
	return nil
}

// List returns the documents of the current word; it stays valid.
func (r *Reader) List() List { return List{Count: r.Count, docs: r.list, places: r.spots} }

// A List is the documents of one word in one segment.
type List struct {
	Count  int
	docs   []byte
	places []byte
}

// All calls f for each document in order. A broken list ends early.
func (l List) All(f func(doc int, counts Counts)) {
	b, doc := l.docs, 0
	for len(b) >= 2 {
		if b[0] < 0x80 { // nearly always
			doc += int(b[0])
			f(doc, Counts(b[1]))
			b = b[2:]
			continue
		}
		v, n := binary.Uvarint(b)
		if n <= 0 || n >= len(b) || v > MaxDocs {
			return
		}
		doc += int(v)
		f(doc, Counts(b[n]))
		b = b[n+1:]
	}
}

// AllPlaces calls f for each document in order, with its positions, which are valid during the call. want tells which
// documents are of interest.
func (l List) AllPlaces(want func(doc int) bool, f func(doc int, places []uint16)) {
	spots, buf := l.places, make([]uint16, 0, 64)
	l.All(func(doc int, _ Counts) {
		n, k := binary.Uvarint(spots)
		if k <= 0 {
			spots = nil
			return
		}
		spots = spots[k:]
		wanted := want(doc)
		buf = buf[:0]
		at := uint16(0)
		for range n {
			v, k := binary.Uvarint(spots)
			if k <= 0 {
				spots = nil
				return
			}
			spots = spots[k:]
			at += uint16(v)
			if wanted {
				buf = append(buf, at)
			}
		}
		if wanted && len(buf) > 0 {
			f(doc, buf)
		}
	})
}

// docsFormat is the first byte of encoded documents.
const docsFormat = 1

// EncodeDocs writes documents for storage.
func EncodeDocs(docs []Doc) []byte {
	b := binary.AppendUvarint([]byte{docsFormat}, uint64(len(docs)))
	id, at := int64(0), int64(0)
	for i := range docs {
		d := &docs[i]
		b = binary.AppendVarint(b, d.ID-id)
		b = binary.AppendVarint(b, d.At-at)
		id, at = d.ID, d.At
		for _, s := range d.Starts {
			b = binary.AppendUvarint(b, uint64(s))
		}
		b = binary.AppendUvarint(b, uint64(d.Length))
	}
	return b
}

// DecodeDocs reads what EncodeDocs wrote.
func DecodeDocs(b []byte) ([]Doc, error) {
	if len(b) < 2 || b[0] != docsFormat {
		return nil, ErrBroken
	}
	n, k := binary.Uvarint(b[1:])
	if k <= 0 || n > MaxDocs {
		return nil, ErrBroken
	}
	b = b[1+k:]
	docs := make([]Doc, n)
	id, at := int64(0), int64(0)
	for i := range docs {
		var v [6]int64
		for j := range v {
			if j < 2 {
				v[j], k = binary.Varint(b)
			} else {
				var u uint64
				u, k = binary.Uvarint(b)
				v[j] = int64(u)
			}
			if k <= 0 {
				return nil, ErrBroken
			}
			b = b[k:]
		}
		id, at = id+v[0], at+v[1]
		docs[i] = Doc{ID: id, At: at, Starts: [3]uint16{uint16(v[2]), uint16(v[3]), uint16(v[4])}, Length: uint32(v[5])}
	}
	return docs, nil
}
