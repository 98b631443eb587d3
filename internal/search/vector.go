package search

// A Document is what of a mail is found by words. Addresses are written as people see them: "Name <address>, …".
type Document struct {
	Subject, From, To, Cc, Bcc, ReplyTo, List, DeliveredTo string

	Files []string // names of attachments
	Body  string
}

// marks say in which field a word stands where the parts of an email that the index tells apart do not: such a word is
// indexed once more, as =, the mark and the lexeme. No lexeme begins with a =.
var marks = [...]struct {
	field string
	mark  byte
}{{"to", 't'}, {"cc", 'c'}, {"bcc", 'b'}, {"reply-to", 'r'}, {"list", 'l'}, {"deliveredto", 'd'}, {"filename", 'n'}}

func markOf(field string) byte {
	for _, m := range marks {
		if m.field == field {
			return m.mark
		}
	}
	return 0
}

// Lexemes is the searchable form of a document: each lexeme once, with its positions in order.
type Lexemes struct {
	words     []string
	ends      []int32 // of the places of words[i]
	places    []uint16
	starts    [3]uint16 // where sender, recipients and body begin
	length    int       // words of the body
	Truncated bool      // the text was longer than what is indexed
}

// Lexemes analyses a document. Reply-To, list and delivered-to are found by their fields alone.
func (a *Analyzer) Lexemes(d Document) Lexemes {
	s := a.get()
	defer a.put(s)
	v := &s.vector
	v.begin()
	var starts [3]int
	s.add(d.Subject, 0, true)
	starts[0] = v.at
	s.add(d.From, 0, true)
	starts[1] = v.at
	s.add(d.To, 't', true)
	s.add(d.Cc, 'c', true)
	s.add(d.Bcc, 'b', true)
	for _, name := range d.Files {
		s.add(name, 'n', true)
	}
	starts[2] = v.at
	s.add(d.ReplyTo, 'r', false)
	s.add(d.List, 'l', false)
	s.add(d.DeliveredTo, 'd', false)
	if len(d.Body) > maxText {
		v.truncated = true
	}
	s.add(cutAt(d.Body, maxText), 0, true)
	l := v.lexemes(s.lexemes)
	for i, at := range starts {
		l.starts[i] = uint16(min(at, maxPosition))
	}
	l.length = v.at - starts[2] - 1
	return l
}

// add puts a text into the vector, marked by its field when it has a mark; without places only so marked.
func (s *analysis) add(text string, mark byte, placed bool) {
	v := &s.vector
	first := v.at
	s.reset(text)
	for s.next() {
		at := v.at
		for i := range s.parts {
			s.place(s.stem(s.word(i)), mark, placed, v.at+i)
		}
		v.at += len(s.parts)
		if whole := s.wholeText(); whole != nil {
			s.place(s.number(whole), mark, placed, at)
			s.hosts(func(host []byte) { s.place(s.number(host), mark, placed, at) })
		}
	}
	if !placed {
		v.at = first
		return
	}
	v.at++ // no phrase goes from one field into the next
}

// place records a lexeme at a position, and its marked form.
func (s *analysis) place(lexeme int32, mark byte, placed bool, at int) {
	if placed {
		s.vector.add(lexeme, len(s.lexemes[lexeme]), uint16(min(at, maxPosition)), true)
	}
	if mark != 0 {
		s.key = append(append(s.key[:0], '=', mark), s.lexemes[lexeme]...)
		s.vector.add(s.number(s.key), len(s.key), 0, false)
	}
}

// A vector collects the lexemes of one document, by number.
type vector struct {
	stamp     uint32
	at        int // position of the next word; the first is 1
	bytes     int
	truncated bool

	stamps []uint32 // by number: the document in which the lexeme was last seen
	slots  []int32  // by number: its index in this document
	seen   []int32  // by index: number
	counts []int32  // by index: places
	last   []uint16 // by index: the latest place
	marks  []mark
}

type mark struct {
	slot  int32
	place uint16
}

func (v *vector) forget() {
	v.stamp = 0
	clear(v.stamps)
}

func (v *vector) begin() {
	v.stamp++
	v.at, v.bytes, v.truncated = 1, 0, false
	v.seen, v.counts, v.last, v.marks = v.seen[:0], v.counts[:0], v.last[:0], v.marks[:0]
}

func (v *vector) add(lexeme int32, size int, place uint16, placed bool) {
	for int(lexeme) >= len(v.stamps) {
		v.stamps, v.slots = append(v.stamps, 0), append(v.slots, 0)
	}
	if v.stamps[lexeme] != v.stamp {
		if v.bytes > maxVector {
			v.truncated = true
			return
		}
		v.stamps[lexeme], v.slots[lexeme] = v.stamp, int32(len(v.seen))
		v.seen, v.counts, v.last = append(v.seen, lexeme), append(v.counts, 0), append(v.last, 0)
		v.bytes += size + 4
	}
	slot := v.slots[lexeme]
	if !placed || v.counts[slot] >= maxPlaces || v.last[slot] >= place || v.bytes > maxVector {
		return
	}
	v.counts[slot]++
	v.last[slot] = place
	v.marks = append(v.marks, mark{slot, place})
	v.bytes += 2
}

// lexemes sorts what was collected by lexeme.
func (v *vector) lexemes(names []string) Lexemes {
	l := Lexemes{words: make([]string, len(v.seen)), ends: make([]int32, len(v.seen)),
		places: make([]uint16, len(v.marks)), Truncated: v.truncated}
	next, sum := v.counts, int32(0)
	for i, n := range v.counts {
		l.words[i] = names[v.seen[i]]
		next[i] = sum
		sum += n
		l.ends[i] = sum
	}
	for _, m := range v.marks {
		l.places[next[m.slot]] = m.place
		next[m.slot]++
	}
	return l
}

// Len returns the number of lexemes.
func (l Lexemes) Len() int { return len(l.words) }
