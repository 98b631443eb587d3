package search

import (
	"slices"
	"strings"
	"unicode/utf8"

	"applylens/internal/search/postings"
)

// textField tells that a field is found in the text index.
func textField(field string) bool {
	switch field {
	case "", "body", "subject", "from", "domain", "addressed":
		return true
	}
	return markOf(field) != 0
}

// ranked tells that a term of the field is text to be ranked by, and not a filter.
func ranked(field string) bool { return field == "" || field == "body" || field == "subject" }

// classOf returns the parts of an email in which the places of a field lie; none for fields without places.
func classOf(field string) postings.Class {
	switch field {
	case "":
		return postings.Anywhere
	case "subject":
		return postings.Subject
	case "from", "domain":
		return postings.From
	case "to", "cc", "bcc", "filename":
		return postings.Recipients
	case "body":
		return postings.Body
	}
	return 0
}

type clauseKind uint8

const (
	clauseWord   clauseKind = iota // slots[0], in one of the parts in
	clausePhrase                   // slots, at their distances
	clauseNear                     // two phrases (kids) at most near words apart, in either order
	clauseAnd
	clauseOr
	clauseNot
)

// A clause is a condition on the words of an email.
type clause struct {
	kind  clauseKind
	kids  []*clause
	slots []slot
	in    postings.Class // 0: wherever; of words under a mark
	near  int
}

// A slot is a word of a clause: any of these wanted words, by number.
type slot struct {
	wanted []int
	at     int // its place among the words of the term
}

// A want is a word that is looked up in the index, or all words that begin with it.
type want struct {
	word   string
	prefix bool
	places bool
}

// A textQuery turns parts of a query into clauses. What they look up is gathered in wants.
type textQuery struct {
	lex   *analysis
	me    []string // the owner's addresses
	warn  func(n *Node, msg string)
	wants []want
}

// number returns the number of a word to look up.
func (t *textQuery) number(word string, prefix, places bool) int {
	for i := range t.wants {
		if w := &t.wants[i]; w.word == word && w.prefix == prefix {
			w.places = w.places || places
			return i
		}
	}
	t.wants = append(t.wants, want{word, prefix, places})
	return len(t.wants) - 1
}

// write returns n as a clause; nil means that it sets no condition. ok is false when n holds something that the text
// index does not know.
func (t *textQuery) write(n *Node) (c *clause, ok bool) {
	switch n.Kind {
	case Term:
		if n.Ignored || !textField(n.Field) {
			return nil, false
		}
		return t.term(n), true
	case Around:
		return t.around(n), true
	case Scope:
		return t.write(n.Kids[0])
	case Not:
		c, ok = t.write(n.Kids[0])
		if c != nil {
			c = &clause{kind: clauseNot, kids: []*clause{c}}
		}
		return c, ok
	}
	kind := clauseAnd
	if n.Kind == Or {
		kind = clauseOr
	}
	var kids []*clause
	for _, k := range n.Kids {
		c, ok := t.write(k)
		if !ok {
			return nil, false
		}
		kids = append(kids, c)
	}
	return joined(kind, kids), true
}

// joined makes one clause of those that are not nil.
func joined(kind clauseKind, kids []*clause) *clause {
	kids = slices.DeleteFunc(kids, func(c *clause) bool { return c == nil })
	switch len(kids) {
	case 0:
		return nil
	case 1:
		return kids[0]
	}
	return &clause{kind: kind, kids: kids}
}

// term writes one word or phrase of a field.
func (t *textQuery) term(n *Node) *clause {
	fields := []string{n.Field}
	if n.Field == "addressed" {
		fields = []string{"from", "to", "cc", "bcc"}
	}
	values := []string{n.Value}
	if t.isMe(n) {
		values = t.me
	}
	var kids []*clause
	for _, v := range values {
		words := t.lex.query(v)
		if len(words) == 0 {
			t.warn(n, "there is no word in it to search for: left out")
			continue
		}
		if n.Exact && slices.ContainsFunc(words, func(w lexed) bool { return w.lexeme != w.raw }) {
			t.warn(n, "+ is not obeyed yet: other forms of the word are found too")
		}
		for _, f := range fields {
			kids = append(kids, t.words(words, f, n.Prefix && t.longEnough(n, words)))
		}
	}
	return joined(clauseOr, kids)
}

func (t *textQuery) isMe(n *Node) bool {
	if n.Value != "me" || n.Quoted || n.Prefix || len(t.me) == 0 {
		return false
	}
	switch n.Field {
	case "from", "to", "cc", "bcc", "reply-to", "addressed", "deliveredto":
		return true
	}
	return false
}

func (t *textQuery) longEnough(n *Node, words []lexed) bool {
	last := words[len(words)-1].raw
	if r, _ := utf8.DecodeRuneInString(last); len(last) > 1 && (r >= 0x0E00 || utf8.RuneCountInString(last) > 1) {
		return true
	}
	t.warn(n, "* wants at least two letters before it")
	return false
}

// words writes words that follow each other in a field.
func (t *textQuery) words(words []lexed, field string, prefix bool) *clause {
	in, mark := classOf(field), markOf(field)
	var kids []*clause
	if mark != 0 {
		for i, w := range words {
			s := t.slot(w, "="+string(mark), prefix && i == len(words)-1, false)
			kids = append(kids, &clause{kind: clauseWord, slots: []slot{s}})
		}
	}
	switch {
	case len(words) == 1 && mark == 0:
		kids = append(kids, &clause{kind: clauseWord, slots: []slot{t.slot(words[0], "", prefix, false)}, in: in})
	case len(words) > 1 && in != 0:
		kids = append(kids, t.phrase(words, in, prefix))
	}
	return joined(clauseAnd, kids)
}

func (t *textQuery) phrase(words []lexed, in postings.Class, prefix bool) *clause {
	c := &clause{kind: clausePhrase, in: in}
	for i, w := range words {
		c.slots = append(c.slots, t.slot(w, "", prefix && i == len(words)-1, true))
	}
	return c
}

// slot looks up one word; as a prefix with the stems of the words that it can go on to.
func (t *textQuery) slot(w lexed, mark string, prefix, places bool) slot {
	s := slot{at: w.at}
	if !prefix {
		s.wanted = []int{t.number(mark+w.lexeme, false, places)}
		return s
	}
	s.wanted = []int{t.number(mark+w.raw, true, places)}
	for _, c := range completions(w) {
		s.wanted = append(s.wanted, t.number(mark+c, false, places))
	}
	return s
}

// endings are what the stemmer takes off English words, so that a beginning that reaches into one would match no
// lexeme.
var endings = [...]string{"ing", "ings", "ed", "es", "er", "ers", "ation", "ations", "ment", "ments", "ness", "able",
	"ally", "ically", "ly", "ies", "ied", "ive", "ion", "ions", "ate", "ity", "e", "s", "y"}

// completions returns the lexemes of words that begin with w but whose stem does not.
func completions(w lexed) []string {
	if w.whole || len(w.raw) < 4 || strings.Trim(w.raw, "abcdefghijklmnopqrstuvwxyz") != "" {
		return nil
	}
	var found []string
	try := func(word string) {
		s := string(appendStem(nil, []byte(word)))
		if !strings.HasPrefix(s, w.raw) && len(s) >= 3 && !slices.Contains(found, s) {
			found = append(found, s)
		}
	}
	try(w.raw)
	for _, e := range endings {
		for n := min(len(e), len(w.raw)-3); n > 0; n-- {
			if strings.HasSuffix(w.raw, e[:n]) {
				try(w.raw + e[n:])
			}
		}
	}
	return found
}

// around writes two words or phrases at most n.N words apart, in either order.
func (t *textQuery) around(n *Node) *clause {
	in := classOf(n.Kids[0].Field)
	if in == 0 || n.Kids[0].Field != n.Kids[1].Field || n.Kids[0].Field == "addressed" {
		t.warn(n, "AROUND does not look at distances in this field: both words are searched for")
		return joined(clauseAnd, []*clause{t.term(n.Kids[0]), t.term(n.Kids[1])})
	}
	var sides []*clause
	for i, k := range n.Kids {
		words := t.lex.query(k.Value)
		if len(words) == 0 {
			t.warn(k, "there is no word in it to search for: left out")
			return t.term(n.Kids[1-i])
		}
		sides = append(sides, t.phrase(words, in, k.Prefix && t.longEnough(k, words)))
	}
	return &clause{kind: clauseNear, kids: sides, near: n.N}
}

// A ranking is a word by which matches are ranked.
type ranking struct {
	wanted []int          // any of them
	in     postings.Class // where it counts
	whole  bool           // it is one word, and no beginning
}

// rankings returns the words of a query that are not filters or negated, each once.
func (t *textQuery) rankings(q *Query) []ranking {
	var all []ranking
	q.Terms(func(n *Node, negated bool) {
		if negated || n.Ignored || !ranked(n.Field) {
			return
		}
		words := t.lex.query(n.Value)
		for i, w := range words {
			prefix := n.Prefix && i == len(words)-1 && utf8.RuneCountInString(w.raw) > 1
			r := ranking{wanted: t.slot(w, "", prefix, !prefix).wanted, in: classOf(n.Field), whole: !prefix}
			if !slices.ContainsFunc(all, func(o ranking) bool { return o.in == r.in && slices.Equal(o.wanted, r.wanted) }) {
				all = append(all, r)
			}
		}
	})
	return all
}
