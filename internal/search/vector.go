package search

import (
	"slices"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5/pgtype"
)

// A Document is what of a mail is found by words. Addresses are written as people see them: "Name <address>, …".
type Document struct {
	Subject, From, To, Cc, Bcc, ReplyTo, List, DeliveredTo string

	Files []string // names of attachments
	Body  string
}

// marks are put before a lexeme, with a =, to say in which field it stands; no word contains a =. The index does not
// keep weights, so a field without a mark has to be looked up in each candidate.
var marks = [...]struct {
	field string
	mark  byte
}{{"subject", 's'}, {"from", 'f'}, {"to", 't'}, {"cc", 'c'}, {"bcc", 'b'}, {"reply-to", 'r'}, {"list", 'l'},
	{"deliveredto", 'd'}, {"filename", 'n'}, {"domain", 'f'}}

func markOf(field string) byte {
	for _, m := range marks {
		if m.field == field {
			return m.mark
		}
	}
	return 0
}

// Weights of a place, as Postgres codes them.
const (
	weightA uint16 = 3 << 14 // subject
	weightB uint16 = 2 << 14 // sender
	weightC uint16 = 1 << 14 // recipients and names of attachments
	weightD uint16 = 0       // body
	noPlace uint16 = 1       // findable by the mark alone; never a place, since the first is 1
)

// Lexemes is the searchable form of a document: each lexeme once, with its places (position and weight) in order.
type Lexemes struct {
	words     []string
	ends      []int32 // of the places of words[i]
	places    []uint16
	Truncated bool // the text was longer than what is indexed
}

// Vector analyses a document whose recipients and copies are in one string.
func Vector(subject, from, to, body string, attachments []string) Lexemes {
	return new(Analyzer).Vector(Document{Subject: subject, From: from, To: to, Body: body, Files: attachments})
}

// Vector analyses a document: A subject, B sender, C recipients and names of attachments, D body. Reply-To, list and
// delivered-to are found by their fields alone.
func (a *Analyzer) Vector(d Document) Lexemes {
	s := a.get()
	defer a.put(s)
	v := &s.vector
	v.begin()
	s.add(d.Subject, 's', weightA)
	s.add(d.From, 'f', weightB)
	s.add(d.To, 't', weightC)
	s.add(d.Cc, 'c', weightC)
	s.add(d.Bcc, 'b', weightC)
	for _, name := range d.Files {
		s.add(name, 'n', weightC)
	}
	s.add(d.ReplyTo, 'r', noPlace)
	s.add(d.List, 'l', noPlace)
	s.add(d.DeliveredTo, 'd', noPlace)
	if len(d.Body) > maxText {
		v.truncated = true
	}
	s.add(cutAt(d.Body, maxText), 0, weightD)
	return v.lexemes(s.lexemes)
}

// add puts a text into the vector, marked by its field when it has one.
func (s *analysis) add(text string, mark byte, weight uint16) {
	v := &s.vector
	first := v.at
	s.reset(text)
	for s.next() {
		at := v.at
		for i := range s.parts {
			s.place(s.stem(s.word(i)), mark, weight, v.at+i)
		}
		v.at += len(s.parts)
		if whole := s.wholeText(); whole != nil {
			s.place(s.number(whole), mark, weight, at)
			s.hosts(func(host []byte) { s.place(s.number(host), mark, weight, at) })
		}
	}
	if weight == noPlace {
		v.at = first
		return
	}
	v.at++ // no phrase goes from one field into the next
}

// place records a lexeme at a position; with noPlace only its marked form.
func (s *analysis) place(lexeme int32, mark byte, weight uint16, at int) {
	if weight != noPlace {
		s.vector.add(lexeme, len(s.lexemes[lexeme]), uint16(min(at, maxPosition))|weight, true)
	}
	if mark != 0 {
		s.key = append(append(s.key[:0], mark, '='), s.lexemes[lexeme]...)
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
	if !placed || v.counts[slot] >= maxPlaces || v.last[slot]&maxPosition >= place&maxPosition || v.bytes > maxVector {
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

func (l Lexemes) placesOf(i int) []uint16 {
	begin := int32(0)
	if i > 0 {
		begin = l.ends[i-1]
	}
	return l.places[begin:l.ends[i]]
}

// String returns the literal that Postgres reads as a tsvector.
func (l Lexemes) String() string {
	b := make([]byte, 0, 12*len(l.words)+6*len(l.places))
	for i, w := range l.words {
		if i > 0 {
			b = append(b, ' ')
		}
		b = appendQuoted(b, w)
		for j, p := range l.placesOf(i) {
			if j == 0 {
				b = append(b, ':')
			} else {
				b = append(b, ',')
			}
			b = strconv.AppendUint(b, uint64(p&maxPosition), 10)
			if w := p >> 14; w > 0 {
				b = append(b, 'D'-byte(w))
			}
		}
	}
	return string(b)
}

// appendQuoted writes a lexeme as tsvector and tsquery want it.
func appendQuoted(b []byte, lexeme string) []byte {
	b = append(b, '\'')
	if strings.IndexByte(lexeme, '\'') >= 0 || strings.IndexByte(lexeme, '\\') >= 0 {
		lexeme = strings.NewReplacer(`'`, `''`, `\`, `\\`).Replace(lexeme)
	}
	b = append(b, lexeme...)
	return append(b, '\'')
}

// TSVectorValue gives pgx the vector in Postgres's binary form, for queries and for CopyFrom.
func (l Lexemes) TSVectorValue() (pgtype.TSVector, error) {
	v := pgtype.TSVector{Lexemes: make([]pgtype.TSVectorLexeme, len(l.words)), Valid: true}
	all := make([]pgtype.TSVectorPosition, 0, len(l.places))
	for i, w := range l.words {
		begin := len(all)
		for _, p := range l.placesOf(i) {
			all = append(all, pgtype.TSVectorPosition{Position: p & maxPosition, Weight: pgtype.TSVectorWeight('D' - byte(p>>14))})
		}
		v.Lexemes[i] = pgtype.TSVectorLexeme{Word: w, Positions: slices.Clip(all[begin:])}
	}
	return v, nil
}
