package postings

import (
	"encoding/binary"
	"slices"
)

// A Builder makes a segment of documents. The zero value is ready. It is not for concurrent use.
type Builder struct {
	docs    []Doc
	numbers map[string]int32
	words   []string
	all     []posting
	places  []byte
}

type posting struct {
	word   int32
	doc    int32
	counts Counts
	end    int // of its places in Builder.places; they begin where those of the posting before end
}

// Add adds a document. words[i] stands at places[ends[i-1]:ends[i]], positions in rising order.
func (b *Builder) Add(doc Doc, words []string, ends []int32, places []uint16) {
	if b.numbers == nil {
		b.numbers = make(map[string]int32, 4096)
	}
	at := int32(0)
	for i, w := range words {
		n, ok := b.numbers[w]
		if !ok {
			n = int32(len(b.words))
			b.words = append(b.words, w)
			b.numbers[w] = n
		}
		p := posting{word: n, doc: int32(len(b.docs))}
		b.places = binary.AppendUvarint(b.places, uint64(ends[i]-at))
		last := uint16(0)
		for _, place := range places[at:ends[i]] {
			p.counts = p.counts.count(&doc, place)
			b.places = binary.AppendUvarint(b.places, uint64(place-last))
			last = place
		}
		at = ends[i]
		p.end = len(b.places)
		b.all = append(b.all, p)
	}
	b.docs = append(b.docs, doc)
}

// Len returns the number of documents so far.
func (b *Builder) Len() int { return len(b.docs) }

// Segment returns the segment of all documents. The builder is not to be used again.
func (b *Builder) Segment() Segment {
	order := make([]int32, len(b.words))
	for i := range order {
		order[i] = int32(i)
	}
	slices.SortFunc(order, func(x, y int32) int {
		if b.words[x] < b.words[y] {
			return -1
		}
		return 1
	})
	next, sorted := make([]int, len(b.words)+1), make([]int32, len(b.all))
	for i := range b.all {
		next[b.all[i].word+1]++
	}
	for i := 1; i < len(next); i++ {
		next[i] += next[i-1]
	}
	begins := slices.Clone(next)
	for i := range b.all {
		w := b.all[i].word
		sorted[next[w]] = int32(i)
		next[w]++
	}
	var out writer
	for _, w := range order {
		b.word(&out, w, sorted[begins[w]:begins[w+1]])
	}
	return Segment{Docs: b.docs, Blocks: out.finish()}
}

// word writes the postings of one word, given by their indexes.
func (b *Builder) word(out *writer, w int32, mine []int32) {
	out.begin()
	last := int32(0)
	for _, i := range mine {
		p := &b.all[i]
		out.docs = append(binary.AppendUvarint(out.docs, uint64(p.doc-last)), byte(p.counts))
		last = p.doc
		begin := 0
		if i > 0 {
			begin = b.all[i-1].end
		}
		out.places = append(out.places, b.places[begin:p.end]...)
	}
	out.end([]byte(b.words[w]), len(mine), last)
}

// Sizes of blocks, in bytes of Postings.
const (
	blockBytes = 4096 // a block is closed when it is as large
	aloneBytes = 1536 // a word with as much has a block of its own
)

// A writer puts words, which come in order, into blocks.
type writer struct {
	blocks []Block
	docs   []byte // of the current word
	places []byte

	first    string
	previous []byte
	block    []byte
	blockPl  []byte
}

func (w *writer) begin() { w.docs, w.places = w.docs[:0], w.places[:0] }

// end writes the word whose docs and places were gathered.
func (w *writer) end(word []byte, count int, last int32) {
	alone := len(w.docs) >= aloneBytes
	if alone || len(w.block) >= blockBytes {
		w.close()
	}
	if len(w.block) == 0 {
		w.first, w.previous = string(word), w.previous[:0]
	}
	shared := 0
	for shared < len(word) && shared < len(w.previous) && shared < 255 && word[shared] == w.previous[shared] {
		shared++
	}
	b := append(w.block, byte(shared))
	b = binary.AppendUvarint(b, uint64(len(word)-shared))
	b = append(b, word[shared:]...)
	for _, n := range [...]int{count, int(last), len(w.docs), len(w.places)} {
		b = binary.AppendUvarint(b, uint64(n))
	}
	w.block = append(b, w.docs...)
	w.blockPl = append(w.blockPl, w.places...)
	w.previous = append(w.previous[:0], word...)
	if alone {
		w.close()
	}
}

func (w *writer) close() {
	if len(w.block) == 0 {
		return
	}
	w.blocks = append(w.blocks, Block{First: w.first, Postings: slices.Clone(w.block), Places: slices.Clone(w.blockPl)})
	w.block, w.blockPl = w.block[:0], w.blockPl[:0]
}

func (w *writer) finish() []Block {
	w.close()
	return w.blocks
}
