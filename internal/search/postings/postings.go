// Package postings is the form in which the words of a mailbox are stored to be searched: segments, each an inverted
// index of some emails, immutable, built from a batch and merged into larger ones. It is pure: bytes in, bytes out;
// package search keeps them in Postgres. Start at Builder, then Reader.
//
// A segment has documents, numbered from 0, and blocks. A block is a run of words in byte order, with the documents
// of each word in one string of bytes and the places in another, so that places are read only for phrases. A word is
// in exactly one block of a segment; a word in many documents has a block of its own.
package postings

import "errors"

// ErrBroken means that bytes are not what this package wrote.
var ErrBroken = errors.New("postings: broken block")

// MaxDocs bounds the documents of one segment.
const MaxDocs = 32_768

// A Class is a set of parts of an email.
type Class uint8

// The parts of an email in which a word may stand.
const (
	Subject Class = 1 << iota
	From
	Recipients // and names of attachments
	Body

	Anywhere = Subject | From | Recipients | Body
)

// A Doc is one email of a segment.
type Doc struct {
	ID     int64
	At     int64     // Unix seconds of receipt
	Starts [3]uint16 // positions at which the sender, the recipients and the body begin
	Length uint32    // words of the body
}

// ClassOf returns the part of the email in which a position lies.
func (d *Doc) ClassOf(place uint16) Class {
	switch {
	case place >= d.Starts[2]:
		return Body
	case place >= d.Starts[1]:
		return Recipients
	case place >= d.Starts[0]:
		return From
	}
	return Subject
}

// A Block is one stored run of words.
type Block struct {
	First    string // its first word
	Postings []byte
	Places   []byte
}

// A Segment is an index of some emails.
type Segment struct {
	Docs   []Doc
	Blocks []Block
}

// Words returns the number of words of all bodies.
func (s *Segment) Words() int64 {
	n := int64(0)
	for i := range s.Docs {
		n += int64(s.Docs[i].Length)
	}
	return n
}

// Counts says how often a word stands in the parts of one email. It saturates: 7 in the body, 3 in the subject, 1
// elsewhere, beyond which the weight of a word hardly grows.
type Counts uint8

// Lead is how many words are the beginning of a body, where people say what they write about.
const Lead = 30

const (
	maxBody    = 7
	leadBit    = 1 << 3
	maxSubject = 3
	fromBit    = 1 << 6
	rcptBit    = 1 << 7
)

// Body returns the count in the body.
func (c Counts) Body() int { return int(c & maxBody) }

// Lead tells that the word is at the beginning of the body.
func (c Counts) Lead() bool { return c&leadBit != 0 }

// Subject returns the count in the subject.
func (c Counts) Subject() int { return int(c >> 4 & maxSubject) }

// From tells that the word is in the sender.
func (c Counts) From() bool { return c&fromBit != 0 }

// Recipients tells that the word is in the recipients or a file's name.
func (c Counts) Recipients() bool { return c&rcptBit != 0 }

// In returns the parts in which the word stands. A word without places, such as one under a mark, is in none.
func (c Counts) In() (in Class) {
	if c&maxBody != 0 {
		in |= Body
	}
	if c>>4&maxSubject != 0 {
		in |= Subject
	}
	if c&fromBit != 0 {
		in |= From
	}
	if c&rcptBit != 0 {
		in |= Recipients
	}
	return in
}

// count adds one place of a document to the counts.
func (c Counts) count(d *Doc, place uint16) Counts {
	switch in := d.ClassOf(place); {
	case in == Body:
		if place-d.Starts[2] < Lead {
			c |= leadBit
		}
		if c&maxBody < maxBody {
			c++
		}
	case in == Subject && c>>4&maxSubject < maxSubject:
		c += 1 << 4
	case in == From:
		c |= fromBit
	case in == Recipients:
		c |= rcptBit
	}
	return c
}
