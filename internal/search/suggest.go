package search

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"applylens/internal/db"
)

const (
	suggestions   = 8 // of one kind
	suggestShort  = 2 // letters, from which on people and places are suggested for a bare word
	suggestLabels = 200
)

// A Suggestion is one way to go on with what is being typed.
type Suggestion struct {
	Kind  string // "field", or the field that the value is of
	Text  string // what it stands for
	Note  string // about it: what a field does, a sender's name
	Query string // the whole query with it, as it is typed and not canonical
}

// Suggest returns ways to finish the last word of a query that is being typed: names of fields, values of the field
// that is being filled in, and people, labels, categories and companies that begin so.
func (p *Postgres) Suggest(ctx context.Context, conn db.DBTX, source string, r Request) ([]Suggestion, error) {
	start := lastWord(source)
	sign := len(source[start:]) - len(strings.TrimLeft(source[start:], `-!+({`))
	word := strings.ToLower(source[start+sign:])
	if word == "" {
		return nil, nil
	}
	s := &suggesting{p: p, q: db.New(db.Planned(conn)), userID: r.UserID, head: source[:start+sign]}
	name, value, ok := strings.Cut(word, ":")
	if f := fieldOf(name); ok && f != nil {
		err := s.values(ctx, f, strings.TrimLeft(value, `"`))
		return s.all, err
	} else if ok {
		return nil, nil
	}
	s.fields(word)
	if runes(word) < suggestShort {
		return s.all, nil
	}
	err := s.named(ctx, strings.TrimLeft(word, `"`))
	return s.all, err
}

// lastWord returns where the last word of a query begins; a quotation that is still open belongs to it.
func lastWord(source string) int {
	start, quoted := 0, false
	for i := range len(source) {
		switch {
		case source[i] == '"':
			quoted = !quoted
		case source[i] == ' ' && !quoted:
			start = i + 1
		}
	}
	return start
}

type suggesting struct {
	p      *Postgres
	q      *db.Queries
	userID int64
	head   string // what stands before the word
	all    []Suggestion
}

func (s *suggesting) add(kind, text, note, part string) {
	s.all = append(s.all, Suggestion{Kind: kind, Text: text, Note: note, Query: s.head + part})
}

// fields suggests the fields whose name or alias begins so.
func (s *suggesting) fields(word string) {
	for _, f := range Fields() {
		begins := func(name string) bool { return strings.HasPrefix(name, word) }
		if begins(f.Name) || len(word) > 2 && slices.ContainsFunc(f.Aliases, begins) {
			s.all = append(s.all, Suggestion{Kind: "field", Text: f.Name + ":", Note: f.Help, Query: s.head + f.Name + ":"})
		}
		if len(s.all) == 4 {
			return
		}
	}
}

// values suggests values of a field.
func (s *suggesting) values(ctx context.Context, f *Field, word string) error {
	switch f.Name {
	case "from", "to", "cc", "bcc", "reply-to", "addressed", "deliveredto", "person":
		if strings.HasPrefix("me", word) {
			s.add(f.Name, "me", "your own address", f.Name+":me ")
		}
		return s.senders(ctx, f.Name, word, suggestions)
	case "domain":
		return s.domains(ctx, word)
	case "company", "role":
		return s.facts(ctx, f.Name, word, suggestions)
	case "label":
		return s.labels(ctx, word, suggestions)
	}
	values := f.Values
	switch f.kind {
	case typeDate:
		values = []string{"today", "yesterday", "7d", "30d", "3m", "1y"}
	case typeSize:
		values = []string{"500K", "1M", "5M", "10M"}
	}
	if f.Name == "risk" {
		values = []string{">60", "safe", "low", "medium", "high", "critical"}
	}
	for _, v := range values {
		if strings.HasPrefix(strings.ToLower(v), word) && v != word && len(s.all) < 20 {
			s.add(f.Name, v, "", f.Name+":"+v+" ")
		}
	}
	if f.Name == "in" && word != "" {
		return s.labels(ctx, word, suggestions)
	}
	return nil
}

// named suggests what people and things have a name that begins so.
func (s *suggesting) named(ctx context.Context, word string) error {
	for _, c := range categories {
		if strings.HasPrefix(c, word) || strings.Contains(c, "_"+word) {
			s.add("category", strings.ReplaceAll(c, "_", " "), "", "category:"+c+" ")
		}
	}
	if err := s.labels(ctx, word, 3); err != nil {
		return err
	}
	if err := s.senders(ctx, "from", word, 4); err != nil {
		return err
	}
	if runes(word) > suggestShort {
		return s.facts(ctx, "company", word, 3)
	}
	return nil
}

// senders suggests the senders of the most mail of whose name or address a word begins so.
func (s *suggesting) senders(ctx context.Context, field, word string, most int) error {
	cols, err := s.p.columns(ctx, s.q, s.userID)
	if err != nil {
		return err
	}
	var found []*sender
	for i := range cols.senders {
		if c := &cols.senders[i]; c.address != "" && wordBegins(c.key, word) {
			found = append(found, c)
		}
	}
	slices.SortFunc(found, func(a, b *sender) int { return cmp.Or(b.mails-a.mails, strings.Compare(a.address, b.address)) })
	for _, c := range found[:min(most, len(found))] {
		s.add(field, c.address, c.name, Part(field, c.address)+" ")
	}
	return nil
}

// wordBegins tells that a word in key begins so: after a blank, or after one of the signs within addresses.
func wordBegins(key, word string) bool {
	for at := 0; ; {
		i := strings.Index(key[at:], word)
		if i < 0 {
			return false
		}
		if at += i; at == 0 || strings.IndexByte(" .@-_+'\"(", key[at-1]) >= 0 {
			return true
		}
		at++
	}
}

// domains suggests the domains of the most senders.
func (s *suggesting) domains(ctx context.Context, word string) error {
	cols, err := s.p.columns(ctx, s.q, s.userID)
	if err != nil {
		return err
	}
	counts := map[string]int{}
	for i := range cols.senders {
		if _, domain, ok := strings.Cut(cols.senders[i].address, "@"); ok && strings.HasPrefix(domain, word) {
			counts[domain] += cols.senders[i].mails
		}
	}
	var found []Facet
	for domain, n := range counts {
		found = append(found, Facet{Value: domain, Count: n})
	}
	for _, f := range most("domain", found, suggestions) {
		s.add("domain", f.Value, "", f.Part+" ")
	}
	return nil
}

func (s *suggesting) labels(ctx context.Context, word string, most int) error {
	names, err := s.q.SearchLabelNames(ctx, db.SearchLabelNamesParams{UserID: s.userID, MaxRows: suggestLabels})
	if err != nil {
		return fmt.Errorf("search: read labels: %w", err)
	}
	for _, name := range names {
		if wordBegins(strings.ReplaceAll(strings.ToLower(name), "/", " "), word) && most > 0 {
			s.add("label", name, "", Part("label", name)+" ")
			most--
		}
	}
	return nil
}

// facts suggests companies or roles of which a word begins so.
func (s *suggesting) facts(ctx context.Context, kind, word string, most int) error {
	values, err := s.q.SearchFactValues(ctx, db.SearchFactValuesParams{UserID: s.userID, Kind: kind})
	if err != nil {
		return fmt.Errorf("search: read facts: %w", err)
	}
	for _, v := range values {
		if wordBegins(strings.ToLower(v), word) && most > 0 {
			s.add(kind, v, "", Part(kind, v)+" ")
			most--
		}
	}
	return nil
}
