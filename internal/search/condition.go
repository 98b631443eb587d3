package search

import (
	"slices"

	"applylens/internal/search/postings"
)

// A ConditionKind is the kind of a Condition.
type ConditionKind uint8

// Kinds of conditions. All and Any have kids, None has one, Near two phrases; Word has one slot, Phrase has several.
const (
	All ConditionKind = iota
	Any
	None
	Word
	Phrase
	Near
	Filter
)

// A Condition is what a query asks of an email, for an engine other than Postgres to compile. It comes from the same
// analysis and the same rules as the conditions in SQL.
type Condition struct {
	Kind   ConditionKind
	Kids   []*Condition
	Slots  []Slot
	In     postings.Class // parts of the email; 0 is anywhere, of words under a mark too
	Within int            // Near: words apart at most
	Filter *Node          // a term that is no text and sets a condition
}

// A Slot is one word of a condition: any of the wanted.
type Slot struct {
	Wanted []Wanted
	At     int // its place among the words of the phrase
}

// A Wanted is a lexeme, or the beginning of lexemes.
type Wanted struct {
	Word   string
	Prefix bool
}

// A Rank is a word by which matches are ranked.
type Rank struct {
	Wanted []Wanted // any of them
	In     postings.Class
	Whole  bool // it is one word, and no beginning
}

// An Asked is a compiled query.
type Asked struct {
	Must     *Condition // nil: any email
	Loose    *Condition // the same with some of its plain words; nil when it has less than two
	Ranks    []Rank
	Hidden   []string // places that are left out
	Warnings []Warning
	textless bool
}

// Textless tells that no words are asked for beside filters.
func (a Asked) Textless() bool { return a.textless }

// Ask compiles a query for an engine other than Postgres.
func (a *Analyzer) Ask(q *Query, r Request) Asked {
	s := a.get()
	defer a.put(s)
	c := &compiler{userID: r.UserID}
	c.text = textQuery{lex: s, me: r.Me, warn: c.warn}
	asked := Asked{textless: true}
	if n := q.Root; n != nil {
		q.Terms(c.sees)
		if n.Kind != And {
			n = &Node{Kind: And, Kids: []*Node{n}}
		}
		words, rest := c.split(n)
		loose, _, _ := c.loosened(n)
		asked.textless = words == nil
		var kids []*Condition
		for _, k := range rest {
			kids = append(kids, c.portable(k))
		}
		asked.Must = united(All, append([]*Condition{c.words(words)}, kids...))
		if loose != nil {
			asked.Loose = united(All, append([]*Condition{c.words(loose)}, kids...))
		}
		for _, rank := range c.text.rankings(q) {
			asked.Ranks = append(asked.Ranks, Rank{c.wanted(rank.wanted), rank.in, rank.whole})
		}
	}
	asked.Hidden = c.hidden()
	asked.Warnings = append(q.Warnings[:len(q.Warnings):len(q.Warnings)], c.warnings...)
	return asked
}

// portable is condition in another form.
func (c *compiler) portable(n *Node) *Condition {
	if words, ok := c.text.write(n); ok {
		return c.words(words)
	}
	kind := All
	switch n.Kind {
	case Scope:
		return c.portable(n.Kids[0])
	case Not:
		if inner := c.portable(n.Kids[0]); inner != nil {
			return &Condition{Kind: None, Kids: []*Condition{inner}}
		}
		return nil
	case Term:
		switch {
		case n.Ignored:
			return nil
		case meaningField(n.Field): // Postgres knows whether it can be asked
			return &Condition{Kind: Filter, Filter: n}
		case c.filter(n) == "": // it warns as it does for Postgres
			return nil
		}
		return &Condition{Kind: Filter, Filter: n}
	case Or:
		kind = Any
	}
	var kids []*Condition
	for _, k := range n.Kids {
		kids = append(kids, c.portable(k))
	}
	return united(kind, kids)
}

// united makes one condition of those that are not nil.
func united(kind ConditionKind, kids []*Condition) *Condition {
	kids = slices.DeleteFunc(slices.Clone(kids), func(c *Condition) bool { return c == nil })
	switch len(kids) {
	case 0:
		return nil
	case 1:
		return kids[0]
	}
	return &Condition{Kind: kind, Kids: kids}
}

// words spells a clause out.
func (c *compiler) words(words *clause) *Condition {
	if words == nil {
		return nil
	}
	kinds := [...]ConditionKind{clauseWord: Word, clausePhrase: Phrase, clauseNear: Near, clauseAnd: All, clauseOr: Any, clauseNot: None}
	made := &Condition{Kind: kinds[words.kind], In: words.in, Within: words.near}
	for _, k := range words.kids {
		made.Kids = append(made.Kids, c.words(k))
	}
	for _, s := range words.slots {
		made.Slots = append(made.Slots, Slot{c.wanted(s.wanted), s.at})
	}
	return made
}

func (c *compiler) wanted(numbers []int) []Wanted {
	all := make([]Wanted, len(numbers))
	for i, n := range numbers {
		all[i] = Wanted{c.text.wants[n].word, c.text.wants[n].prefix}
	}
	return all
}
