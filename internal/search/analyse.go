package search

import (
	"bytes"
	"sync"

	"github.com/kljensen/snowball/english"
)

// Limits of what one document puts into the index.
const (
	maxText     = 1 << 20   // bytes of the body that are analysed
	maxVector   = 900 << 10 // bytes of lexemes and places
	maxPosition = 65535
	maxPlaces   = 255
	maxMemory   = 1 << 16 // words that an analyser remembers between documents
)

// An Analyzer turns texts into lexemes, the same way for documents and for queries. The zero value is ready; it is
// safe for concurrent use, and remembers stems, so keep one for long.
//
// A lexeme is a word in the form that segmenter gives it, stemmed by the English Snowball algorithm when it is made of
// a–z alone. Addresses, host and file names are found whole, by their parts, and hosts by each parent domain.
type Analyzer struct{ pool sync.Pool }

func (a *Analyzer) get() *analysis {
	if s, ok := a.pool.Get().(*analysis); ok {
		if len(s.lexemes) > maxMemory {
			s.forget()
		}
		return s
	}
	s := &analysis{}
	s.forget()
	return s
}

func (a *Analyzer) put(s *analysis) { a.pool.Put(s) }

// An analysis is the working state of an Analyzer. Lexemes have numbers for as long as it remembers them.
type analysis struct {
	segmenter
	stems   map[string]int32 // word → number of its lexeme
	numbers map[string]int32 // lexeme → its number
	lexemes []string
	key     []byte

	vector vector
}

func (s *analysis) forget() {
	s.stems, s.numbers, s.lexemes = make(map[string]int32, 1024), make(map[string]int32, 1024), s.lexemes[:0]
	s.vector.forget()
}

// number returns the number of a lexeme.
func (s *analysis) number(lexeme []byte) int32 {
	if n, ok := s.numbers[string(lexeme)]; ok {
		return n
	}
	n := int32(len(s.lexemes))
	text := string(lexeme)
	s.lexemes = append(s.lexemes, text)
	s.numbers[text] = n
	return n
}

// stem returns the number of the lexeme of a normalised word.
func (s *analysis) stem(word []byte) int32 {
	if n, ok := s.stems[string(word)]; ok {
		return n
	}
	n := s.number(appendStem(nil, word))
	s.stems[string(word)] = n
	return n
}

func appendStem(dst, word []byte) []byte {
	if len(word) < 3 || len(word) > 32 {
		return append(dst, word...)
	}
	for _, b := range word {
		if b < 'a' || b > 'z' {
			return append(dst, word...)
		}
	}
	return append(dst, english.Stem(string(word), false)...)
}

// word returns the normalised i-th word of the chain.
func (s *analysis) word(i int) []byte { return s.buf[s.parts[i].lo:s.parts[i].hi] }

// wholeText returns the chain as a whole when it is to be found as one, else nil.
func (s *analysis) wholeText() []byte {
	if !s.whole || s.broken || len(s.buf) > maxWhole {
		return nil
	}
	return s.buf
}

// hosts calls f for the host of an address and for each parent of a host that has at least two labels and is not a
// number; none of them is the whole itself.
func (s *analysis) hosts(f func(host []byte)) {
	host := s.buf
	if s.at >= 0 {
		host = s.buf[s.at+1:]
		f(host)
	}
	for {
		dot := bytes.IndexByte(host, '.')
		if dot < 0 {
			return
		}
		host = host[dot+1:]
		if bytes.IndexByte(host, '.') < 0 || host[0] >= '0' && host[0] <= '9' {
			return
		}
		f(host)
	}
}

// A lexed is one lexeme of a query: at is its place among the words of the text.
type lexed struct {
	lexeme   string
	raw      string // normalised, not stemmed
	at       int
	whole    bool
	startEnd [2]int
}

// query analyses a text that is searched for: chains that are found as a whole stand for their words.
func (s *analysis) query(text string) []lexed {
	var all []lexed
	at := 0
	s.reset(text)
	for s.next() {
		span := [2]int{s.parts[0].start, s.i}
		if whole := s.wholeText(); whole != nil {
			all = append(all, lexed{lexeme: string(whole), raw: string(whole), at: at, whole: true, startEnd: span})
			at += len(s.parts)
			continue
		}
		for i, p := range s.parts {
			raw := string(s.word(i))
			all = append(all, lexed{lexeme: s.lexemes[s.stem(s.word(i))], raw: raw, at: at + i, startEnd: [2]int{p.start, p.end}})
		}
		at += len(s.parts)
	}
	return all
}
