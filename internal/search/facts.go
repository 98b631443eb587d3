package search

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"applylens/internal/db"
)

// factKind returns the kind of facts that a field searches, or "".
func factKind(field string) string {
	switch field {
	case "company", "role", "person":
		return field
	}
	return ""
}

// A factSet is an argument that is known once the values of a kind were read: those in which the words stand next to
// each other.
type factSet struct {
	kind   string
	words  []lexed
	prefix bool
}

// fact finds the emails with a fact that has the words of a term. A person is also whoever wrote or got the mail.
func (c *compiler) fact(n *Node) string {
	words := c.text.lex.query(n.Value)
	if len(words) == 0 {
		c.warn(n, "there is no word in it to search for: left out")
		return ""
	}
	set := factSet{kind: n.Field, words: words, prefix: n.Prefix && c.text.longEnough(n, words)}
	found := "e.id in (select f.email_id from email_facts f where f.user_id = " + c.arg(c.userID) + "::bigint and f.kind = " +
		c.arg(n.Field) + "::text and f.value = any (" + c.arg(set) + "::text[]))"
	if n.Field != "person" {
		return found
	}
	named := *n
	named.Field = "addressed"
	return group(append(c.matches(c.text.term(&named)), found), " or ")
}

// deadline finds the emails that name a deadline in a range.
func (c *compiler) deadline(n *Node) string {
	return "e.id in (select f.email_id from email_facts f where f.user_id = " + c.arg(c.userID) + "::bigint and f.kind = 'deadline' and " +
		c.during("f.at", n.Range) + ")"
}

// awaiting finds what the owner wrote and nobody answered: the last mail of its thread, and not only to oneself.
func (c *compiler) awaiting() string {
	user := c.arg(c.userID) + "::bigint"
	return "(e.sent and not e.draft and e.place not in ('trash', 'spam') and not exists (select from emails n where n.user_id = " + user +
		" and n.thread_id = e.thread_id and not n.draft and (n.received_at, n.id) > (e.received_at, e.id)) and not exists (select from emails s where s.user_id = " +
		user + " and s.id = e.id and strpos(s.recipients, ',') = 0 and strpos(lower(s.recipients), s.from_address) > 0))"
}

// matches tells that the words of the set stand next to each other in a value.
func (f *factSet) matches(value []lexed) bool {
next:
	for at := 0; at+len(f.words) <= len(value); at++ {
		for i, want := range f.words {
			have := value[at+i]
			if have.lexeme == want.lexeme || f.prefix && i == len(f.words)-1 && strings.HasPrefix(have.raw, want.raw) {
				continue
			}
			continue next
		}
		return true
	}
	return false
}

// facts gives the arguments that are sets of facts their values, reading the owner's values of each kind once.
func (a *Analyzer) facts(ctx context.Context, q *db.Queries, userID int64, args []any) error {
	known := map[string][]string{}
	for i, arg := range args {
		set, ok := arg.(factSet)
		if !ok {
			continue
		}
		values, read := known[set.kind]
		if !read {
			var err error
			if values, err = q.SearchFactValues(ctx, db.SearchFactValuesParams{UserID: userID, Kind: set.kind}); err != nil {
				return fmt.Errorf("search: read facts: %w", err)
			}
			known[set.kind] = values
		}
		s := a.get()
		args[i] = slices.DeleteFunc(slices.Clone(values), func(v string) bool {
			return !utf8.ValidString(v) || !set.matches(s.query(v))
		})
		a.put(s)
	}
	return nil
}
