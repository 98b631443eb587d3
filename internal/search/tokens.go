package search

import (
	"strings"

	"applylens/internal/search/postings"
)

// Signs in the texts of Tokens that are in no lexeme.
const (
	TokenHole = "." // a position without a word
	TokenAlso = "|" // between the lexemes of one position
)

// clampGap is how many holes stand between lexemes whose positions are beyond those that are counted: more than any
// phrase or AROUND spans.
const clampGap = 64

// Tokens is the searchable form of a document written out, for an index that analyses by blanks: what the word index
// keeps, no more and no less.
type Tokens struct {
	All                             []string // each lexeme once, without those under a mark
	Marks                           []string // lexemes under a mark: the mark's letter and the lexeme
	Subject, From, Recipients, Body string   // positions with blanks between them
}

// Tokens writes the lexemes out.
func (l Lexemes) Tokens() Tokens {
	var t Tokens
	type spot struct{ word, next int32 } // of one position: a list
	last, at := 0, int32(0)
	for _, place := range l.places {
		last = max(last, int(place))
	}
	heads := make([]int32, last+1)
	spots := make([]spot, 1, len(l.places)+1) // 0 ends a list
	for i, word := range l.words {
		if word[0] == '=' {
			t.Marks = append(t.Marks, word[1:])
		} else {
			t.All = append(t.All, word)
		}
		for _, place := range l.places[at:l.ends[i]] {
			spots = append(spots, spot{int32(i), heads[place]})
			heads[place] = int32(len(spots) - 1)
		}
		at = l.ends[i]
	}
	doc := postings.Doc{Starts: l.starts}
	var parts [4]strings.Builder
	var begun [4]int // the next position to write
	for place := 1; place <= last; place++ {
		if heads[place] == 0 {
			continue
		}
		n := partOf(doc.ClassOf(uint16(place)))
		b := &parts[n]
		for ; begun[n] > 0 && begun[n] < place; begun[n]++ {
			b.WriteString(TokenHole + " ")
		}
		begun[n] = place + 1
		for s := heads[place]; s != 0; s = spots[s].next {
			b.WriteString(l.words[spots[s].word])
			switch {
			case spots[s].next == 0:
				b.WriteByte(' ')
			case place == maxPosition:
				b.WriteString(strings.Repeat(" "+TokenHole, clampGap) + " ")
			default:
				b.WriteString(TokenAlso)
			}
		}
	}
	t.Subject, t.From, t.Recipients, t.Body = parts[0].String(), parts[1].String(), parts[2].String(), parts[3].String()
	return t
}

func partOf(c postings.Class) int {
	switch c {
	case postings.Subject:
		return 0
	case postings.From:
		return 1
	case postings.Recipients:
		return 2
	}
	return 3
}
