package postings

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
)

// made returns a segment of n documents with random words, and what it must hold as text.
func made(r *rand.Rand, firstID int64, n int) (Segment, map[int64][]string) {
	var b Builder
	want := map[int64][]string{}
	for i := range n {
		doc := Doc{ID: firstID + int64(i), At: 1e9 + r.Int64N(1e6), Starts: [3]uint16{3, 6, 9}, Length: uint32(r.IntN(100))}
		var words []string
		var ends []int32
		var places []uint16
		for w := range 200 {
			if r.IntN(4+w) != 0 {
				continue
			}
			words = append(words, fmt.Sprintf("word%d", w*7%200))
			for at, k := uint16(r.IntN(5)), r.IntN(20); k > 0; k-- {
				at += 1 + uint16(r.IntN(400))
				places = append(places, at)
			}
			ends = append(ends, int32(len(places)))
		}
		b.Add(doc, words, ends, places)
		begin := int32(0)
		for j, w := range words {
			want[doc.ID] = append(want[doc.ID], fmt.Sprintf("%s%v", w, places[begin:ends[j]]))
			begin = ends[j]
		}
		slices.Sort(want[doc.ID])
	}
	return b.Segment(), want
}

// text reads a segment back.
func text(t *testing.T, s Segment) map[int64][]string {
	t.Helper()
	docs, err := DecodeDocs(EncodeDocs(s.Docs))
	if err != nil || !slices.Equal(docs, s.Docs) {
		t.Fatalf("documents are not read as written: %v", err)
	}
	got := map[int64][]string{}
	last := ""
	for _, b := range s.Blocks {
		r := Read(b)
		for n := 0; r.Next(); n++ {
			word := string(r.Word)
			if word <= last || n == 0 && word != b.First {
				t.Fatalf("%q after %q, first %q", word, last, b.First)
			}
			last = word
			seen := map[int]bool{}
			count := 0
			r.List().All(func(int, Counts) { count++ })
			if count != r.Count {
				t.Fatalf("%s: %d documents, %d said", word, count, r.Count)
			}
			r.List().AllPlaces(func(int) bool { return true }, func(doc int, places []uint16) {
				seen[doc] = true
				got[docs[doc].ID] = append(got[docs[doc].ID], fmt.Sprintf("%s%v", word, places))
			})
			r.List().All(func(doc int, _ Counts) {
				if !seen[doc] {
					got[docs[doc].ID] = append(got[docs[doc].ID], word+"[]")
				}
			})
		}
		if r.Err() != nil {
			t.Fatal(r.Err())
		}
	}
	for id := range got {
		slices.Sort(got[id])
	}
	return got
}

func same(t *testing.T, got, want map[int64][]string) {
	t.Helper()
	if len(got) != len(want) {
		t.Errorf("%d documents, want %d", len(got), len(want))
	}
	for id := range want {
		if !slices.Equal(got[id], want[id]) {
			t.Fatalf("document %d is\n%v, want\n%v", id, got[id], want[id])
		}
	}
}

func TestBuildAndMerge(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	var parts []Segment
	want := map[int64][]string{}
	for i, n := range []int{1, 700, 3, 2000} {
		s, w := made(r, int64(i*10000+1), n)
		same(t, text(t, s), w)
		parts = append(parts, s)
		for id, words := range w {
			want[id] = words
		}
	}
	merged, err := Merge(parts, nil)
	if err != nil {
		t.Fatal(err)
	}
	same(t, text(t, merged), want)
	drop := map[int64]bool{1: true}
	for i := range int64(300) {
		drop[10001+2*i], drop[30500+i] = true, true
	}
	for id := range drop {
		delete(want, id)
	}
	if merged, err = Merge(parts, drop); err != nil {
		t.Fatal(err)
	}
	same(t, text(t, merged), want)
}

func TestCounts(t *testing.T) {
	var b Builder
	b.Add(Doc{ID: 1, Starts: [3]uint16{10, 20, 30}}, []string{"a", "b"}, []int32{4, 24}, []uint16{
		1, 2, 12, 60, 3, 4, 5, 6, 21, 31, 32, 33, 34, 35, 36, 37, 38, 39, 40, 41, 42, 43, 44, 45})
	r := Read(b.Segment().Blocks[0])
	for _, want := range [...]struct {
		subject, body int
		in            Class
	}{{2, 1, Subject | From | Body}, {3, 7, Subject | Recipients | Body}} {
		if !r.Next() {
			t.Fatal("a word is missing")
		}
		r.List().All(func(_ int, c Counts) {
			if lead := string(r.Word) == "b"; c.Lead() != lead {
				t.Errorf("%s: at the beginning: %v, want %v", r.Word, c.Lead(), lead)
			}
			if c.Subject() != want.subject || c.Body() != want.body || c.In() != want.in {
				t.Errorf("%s: %d in the subject, %d in the body, in %b", r.Word, c.Subject(), c.Body(), c.In())
			}
		})
	}
}

// FuzzRead reads bytes that nobody wrote: they may be refused, but not crash.
func FuzzRead(f *testing.F) {
	s, _ := made(rand.New(rand.NewPCG(3, 4)), 1, 20)
	f.Add(s.Blocks[0].Postings, s.Blocks[0].Places, EncodeDocs(s.Docs))
	f.Fuzz(func(t *testing.T, postings, places, docs []byte) {
		r := Read(Block{Postings: postings, Places: places})
		for r.Next() {
			r.List().AllPlaces(func(int) bool { return true }, func(int, []uint16) {})
		}
		if r.Err() == nil && len(r.postings) > 0 {
			t.Error("stopped early without an error")
		}
		if _, err := DecodeDocs(docs); err != nil && !errors.Is(err, ErrBroken) {
			t.Error(err)
		}
		_, _ = Merge([]Segment{{Docs: make([]Doc, 3), Blocks: []Block{{Postings: postings, Places: places}}}, s}, map[int64]bool{0: true})
	})
}
