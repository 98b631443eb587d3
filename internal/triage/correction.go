package triage

import (
	"strings"
	"unicode"
)

// A Correction is what a person taught: mails of this sender with this shape of subject are of this category.
type Correction struct {
	Sender   string // address, lower case
	Pattern  string // of the subject, as Pattern gives it
	Category Category
}

// Pattern is the shape of a subject: lower case, without reply prefixes and without words that hold digits, which
// change from mail to mail (numbers, dates, ids); at most its first eight words.
func Pattern(subject string) string {
	var words []string
	for _, w := range strings.FieldsFunc(strings.ToLower(subject), func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) && r != ':' }) {
		if strings.IndexFunc(w, unicode.IsDigit) >= 0 {
			continue
		}
		if len(words) == 0 && isReplyWord(w) {
			continue
		}
		if w = strings.Trim(w, ":"); w != "" && len(words) < 8 {
			words = append(words, w)
		}
	}
	return strings.Join(words, " ")
}

func isReplyWord(w string) bool {
	switch w {
	case "re:", "fw:", "fwd:", "aw:", "wg:", "sv:", "antw:", "rv:", "res:", "enc:", "tr:":
		return true
	}
	return false
}

// patternWords is how many words a shape needs to stand for itself, whoever sends it.
const patternWords = 3

// Corrected applies what a person taught to a verdict. Corrections are those of the mail's sender and those of the same
// shape, newest first. One of both decides at once. Without one, the sender decides: at once if it is a person or a
// sender of one kind of mail, and after two corrections to the same category if it is a system that sends many kinds;
// never when its corrections disagree. Then the shape does, whoever sends it, after two corrections that agree: systems
// write from an address that is new with each mail.
func (v Verdict) Corrected(sender, subject string, corrections []Correction) Verdict {
	category, reason := taught(sender, Pattern(subject), corrections)
	if category == "" {
		return v
	}
	v.Category, v.Confidence, v.NeedsReview = category, 1, false
	v.Categories = map[Category]float64{category: 1}
	v.Why = append([]Reason{{Text: reason}}, v.Why...)
	return v
}

func taught(sender, pattern string, corrections []Correction) (Category, string) {
	var bySender, byPattern lesson
	for _, c := range corrections {
		if c.Sender == sender && c.Pattern == pattern {
			return c.Category, "you moved mail like this one from " + sender + " here"
		}
		if c.Sender == sender {
			bySender.add(c.Category)
		}
		if c.Pattern == pattern {
			byPattern.add(c.Category)
		}
	}
	needed := 1
	if sendsMany(sender) {
		needed = 2
	}
	if bySender.holds(needed) {
		return bySender.category, "you moved mail from " + sender + " here"
	}
	if len(strings.Fields(pattern)) >= patternWords && byPattern.holds(2) {
		return byPattern.category, "you moved mail with a subject like this one here"
	}
	return "", ""
}

// A lesson is what several corrections say together.
type lesson struct {
	category Category
	times    int
	disputed bool
}

func (l *lesson) add(c Category) {
	l.disputed = l.disputed || l.times > 0 && c != l.category
	l.category = c
	l.times++
}

func (l *lesson) holds(times int) bool { return l.times >= times && !l.disputed }

// sendsMany reports whether an address is of a system that sends several kinds of mail.
func sendsMany(address string) bool {
	_, host := splitAddress(address)
	s := senders().byHost(host)
	return s != nil && s.kind != "free" && len(s.sends) != 1
}
