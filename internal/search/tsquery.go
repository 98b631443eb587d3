package search

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// textFields are those found in the text index.
func textField(field string) bool {
	return field == "" || field == "body" || field == "addressed" || markOf(field) != 0
}

// ranked tells that a term of the field is text to be ranked by, and not a filter.
func ranked(field string) bool { return field == "" || field == "body" || field == "subject" }

// weightsOf returns the weights under which the places of a field stand; "" is any. Fields without places of their
// own give "-".
func weightsOf(field string) string {
	switch field {
	case "":
		return ""
	case "subject":
		return "A"
	case "from":
		return "B"
	case "to", "cc", "bcc", "filename":
		return "C"
	case "body":
		return "D"
	}
	return "-"
}

// A textQuery writes parts of a query as a tsquery.
type textQuery struct {
	lex  *analysis
	me   []string // the owner's addresses
	rank bool     // for ranking: negations and filters are left out, fields become weights
	head bool     // with rank: all of it in the subject
	warn func(n *Node, msg string)
}

// write returns n as a tsquery. ok is false when n holds something that the text index does not know. anchored tells
// that some word must be there for a match, without which no index can help. An empty query means no condition.
func (t *textQuery) write(n *Node) (q string, anchored, ok bool) {
	switch n.Kind {
	case Term:
		if n.Ignored || !textField(n.Field) || t.rank && !ranked(n.Field) {
			return "", false, t.rank
		}
		q = t.term(n)
		return q, q != "", true
	case Around:
		q = t.around(n)
		return q, q != "", true
	case Scope:
		return t.write(n.Kids[0])
	case Not:
		if t.rank {
			return "", false, true
		}
		q, _, ok = t.write(n.Kids[0])
		if q != "" {
			q = "!" + q
		}
		return q, false, ok
	}
	return t.all(n)
}

// all writes an And or an Or.
func (t *textQuery) all(n *Node) (q string, anchored, ok bool) {
	anchored = n.Kind == Or
	var parts []string
	for _, k := range n.Kids {
		part, a, ok := t.write(k)
		if !ok {
			return "", false, false
		}
		if part == "" {
			continue
		}
		parts = append(parts, part)
		if n.Kind == Or {
			anchored = anchored && a
		} else {
			anchored = anchored || a
		}
	}
	if n.Kind == Or {
		return group(parts, " | "), anchored && len(parts) > 0, true
	}
	return group(parts, " & "), anchored, true
}

// group joins parts in brackets.
func group(parts []string, op string) string {
	switch len(parts) {
	case 0:
		return ""
	case 1:
		return parts[0]
	}
	return "(" + strings.Join(parts, op) + ")"
}

// term writes one word or phrase of a field.
func (t *textQuery) term(n *Node) string {
	fields := []string{n.Field}
	switch n.Field {
	case "addressed":
		fields = []string{"from", "to", "cc", "bcc"}
	case "domain":
		fields = []string{"from"}
	}
	if t.head {
		fields = []string{"subject"}
	}
	values := []string{n.Value}
	if t.isMe(n) {
		values = t.me
	}
	var parts []string
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
			parts = append(parts, t.words(words, f, n.Prefix && t.longEnough(n, words)))
		}
	}
	return group(parts, " | ")
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
func (t *textQuery) words(words []lexed, field string, prefix bool) string {
	weights, mark := weightsOf(field), markOf(field)
	if t.rank && !t.head {
		mark = 0
	}
	var marked []string
	phrase := ""
	for i, w := range words {
		last := prefix && i == len(words)-1
		if mark != 0 {
			marked = append(marked, lexemeQuery(w, string(mark)+"=", "", last))
		}
		if i > 0 {
			phrase += fmt.Sprintf(" <%d> ", w.at-words[i-1].at)
		}
		phrase += lexemeQuery(w, "", strings.Trim(weights, "-"), last)
	}
	if mark == 0 || len(words) > 1 && weights != "-" {
		if len(words) > 1 {
			phrase = "(" + phrase + ")"
		}
		marked = append(marked, phrase)
	}
	return group(marked, " & ")
}

// lexemeQuery writes one lexeme; as a prefix with the stems of the words that it can go on to.
func lexemeQuery(w lexed, mark, weights string, prefix bool) string {
	if !prefix {
		return suffixed(mark+w.lexeme, weights)
	}
	parts := []string{suffixed(mark+w.raw, "*"+weights)}
	for _, s := range completions(w) {
		parts = append(parts, suffixed(mark+s, weights))
	}
	return group(parts, " | ")
}

func suffixed(lexeme, suffix string) string {
	q := string(appendQuoted(nil, lexeme))
	if suffix != "" {
		q += ":" + suffix
	}
	return q
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
func (t *textQuery) around(n *Node) string {
	field := n.Kids[0].Field
	if t.rank && !ranked(field) {
		return ""
	}
	weights := weightsOf(field)
	if weights == "-" {
		a, b := t.term(n.Kids[0]), t.term(n.Kids[1])
		t.warn(n, "AROUND does not look at distances in this field: both words are searched for")
		return group(slices.DeleteFunc([]string{a, b}, func(s string) bool { return s == "" }), " & ")
	}
	var sides [2]string
	for i, k := range n.Kids {
		words := t.lex.query(k.Value)
		if len(words) == 0 {
			t.warn(k, "there is no word in it to search for: left out")
			return t.term(n.Kids[1-i])
		}
		sides[i] = (&textQuery{lex: t.lex, rank: true, warn: t.warn}).words(words, field, k.Prefix && t.longEnough(k, words))
	}
	var parts []string
	for d := 1; d <= n.N; d++ {
		op := " <" + strconv.Itoa(d) + "> "
		parts = append(parts, sides[0]+op+sides[1], sides[1]+op+sides[0])
	}
	return group(parts, " | ")
}
