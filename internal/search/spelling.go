package search

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"unicode/utf8"

	"applylens/internal/db"
	"applylens/internal/search/postings"
)

// A misspelt word is looked for among the words of the owner's own mail that begin nearly alike.
const (
	spellShortest = 4 // letters; shorter words have too many neighbours
	spellWords    = 6 // words of a query that are corrected
	spellTried    = 3 // words whose written forms are looked at
	spellText     = "20000"
)

// Spelling returns the query with the words that no mail has replaced by the nearest ones that some mail has, canonical;
// "" when there is nothing to correct. It is only a proposal: nothing was searched for by it.
func (p *Postgres) Spelling(ctx context.Context, conn db.DBTX, q *Query, r Request) (string, error) {
	words := p.unknown(ctx, conn, q, r)
	if words.err != nil || len(words.of) == 0 {
		return "", words.err
	}
	corrected := Parse(q.Source, q.Now)
	changed, n := false, 0
	var failed error
	corrected.Terms(func(t *Node, _ bool) {
		n++
		word, ok := words.of[n]
		if !ok || failed != nil {
			return
		}
		better, err := p.nearest(ctx, conn, r.UserID, word)
		if err != nil {
			failed = err
		} else if better != "" {
			t.Value, changed = better, true
		}
	})
	if failed != nil || !changed {
		return "", failed
	}
	return corrected.String(), nil
}

// unknowns are words that no mail has, by the number of their term, from 1.
type unknowns struct {
	of  map[int]lexed
	err error
}

// unknown finds the terms of one plain word that stands nowhere.
func (p *Postgres) unknown(ctx context.Context, conn db.DBTX, q *Query, r Request) unknowns {
	s := p.Analyzer.get()
	t := textQuery{lex: s, me: r.Me, warn: func(*Node, string) {}}
	found := unknowns{of: map[int]lexed{}}
	numbers, n := map[int]int{}, 0
	q.Terms(func(node *Node, negated bool) {
		n++
		if negated || node.Ignored || node.Quoted || node.Prefix || !(ranked(node.Field) || node.Field == "from") || len(numbers) == spellWords {
			return
		}
		if words := s.query(node.Value); len(words) == 1 && !words[0].whole && utf8.RuneCountInString(words[0].raw) >= spellShortest {
			found.of[n], numbers[n] = words[0], t.number(words[0].lexeme, false, false)
		}
	})
	p.Analyzer.put(s)
	if len(numbers) == 0 {
		return found
	}
	c, err := p.lookup(ctx, db.New(conn), r.UserID, t.wants)
	if err != nil {
		return unknowns{err: err}
	}
	for term, number := range numbers {
		if c.found[number] > 0 {
			delete(found.of, term)
		}
	}
	return found
}

// A candidate is a word of the index that is spelt nearly alike.
type candidate struct {
	lexeme   string
	distance int
	mails    int
	segment  int64
	doc      int // of the segment, that has it
}

// nearest returns the word that is spelt most like one that stands nowhere, as some mail writes it; "" if none is near.
func (p *Postgres) nearest(ctx context.Context, conn db.DBTX, userID int64, word lexed) (string, error) {
	lows := beginnings(word.raw)
	rows, err := db.New(conn).SearchLookup(ctx, db.SearchLookupParams{UserID: userID, Words: []string{}, WordPlaces: []bool{},
		Lows: lows, LowPlaces: make([]bool, len(lows))})
	if err != nil {
		return "", fmt.Errorf("search: look up words: %w", err)
	}
	found := map[string]candidate{}
	for i := range rows {
		if err := near(&rows[i], lows, word, found); err != nil {
			return "", err
		}
	}
	all := slices.SortedFunc(maps.Values(found), func(a, b candidate) int {
		return cmp.Or(a.distance-b.distance, b.mails-a.mails, cmp.Compare(a.lexeme, b.lexeme))
	})
	for _, c := range all[:min(spellTried, len(all))] {
		text, err := p.written(ctx, conn, userID, c, word.raw)
		if err != nil || c.distance != stemmed || distance(word.raw, text) <= mostWrong(word.raw) {
			return text, err
		}
	}
	return "", nil
}

// beginnings are the two letters that a word may have been meant to begin with: its own, swapped, or with one of the
// first three too much.
func beginnings(word string) (lows []string) {
	r := []rune(word)
	known := map[string]bool{}
	for _, two := range [][2]rune{{r[0], r[1]}, {r[1], r[0]}, {r[0], r[2]}, {r[1], r[2]}} {
		if low := string(two[:]); !known[low] {
			known[low] = true
			lows = append(lows, low)
		}
	}
	return lows
}

// near gathers the words of a block that are near a word, each under one beginning only.
func near(row *db.SearchLookupRow, lows []string, word lexed, found map[string]candidate) error {
	if row.N >= 0 {
		return nil
	}
	low := lows[-row.N-1]
	most := mostWrong(word.raw)
	r := postings.Read(postings.Block{Postings: row.Postings})
	for r.Next() {
		if string(r.Word) > low && !strings.HasPrefix(string(r.Word), low) {
			break
		}
		if !strings.HasPrefix(string(r.Word), low) || len(r.Word) > len(word.raw)+most {
			continue
		}
		d := spelt(word, string(r.Word))
		if d > most && d != stemmed {
			continue
		}
		c := candidate{lexeme: string(r.Word), distance: d, mails: r.Count + found[string(r.Word)].mails, segment: row.ID, doc: -1}
		r.List().All(func(doc int, _ postings.Counts) {
			if c.doc < 0 {
				c.doc = doc
			}
		})
		found[c.lexeme] = c
	}
	return r.Err()
}

// mostWrong is how many letters of a word may be wrong.
func mostWrong(word string) int {
	if len(word) >= 6 {
		return 2
	}
	return 1
}

// stemmed is the distance of a lexeme that the word may be a longer form of: how it is written tells.
const stemmed = 9

// spelt is how far a word is from a lexeme.
func spelt(word lexed, lexeme string) int {
	d := min(distance(word.raw, lexeme), distance(word.lexeme, lexeme))
	if n := len(lexeme); d > mostWrong(word.raw) && n >= 5 && n < len(word.raw) && distance(word.raw[:n], lexeme) <= 1 {
		return stemmed
	}
	return d
}

// written returns a word of the index as a mail that has it writes it, in the form nearest to what was typed.
func (p *Postgres) written(ctx context.Context, conn db.DBTX, userID int64, c candidate, typed string) (string, error) {
	seg := &shard{id: c.segment}
	if whole, err := p.docs(ctx, db.New(conn), userID, []*shard{seg}); err != nil || !whole || c.doc < 0 || c.doc >= len(seg.docs) {
		return "", err // merged just now
	}
	var text string
	err := conn.QueryRow(ctx, `select e.subject || ' ' || e.from_name || ' ' || e.from_address || ' ' || left(t.body, `+spellText+`) from emails e
		join email_texts t on t.user_id = e.user_id and t.email_id = e.id where e.user_id = $1 and e.id = $2
		union all select '' limit 1`, userID, seg.docs[c.doc].ID).Scan(&text)
	if err != nil {
		return "", fmt.Errorf("search: %w", err)
	}
	s := p.Analyzer.get()
	defer p.Analyzer.put(s)
	best := ""
	for s.reset(text); s.next(); {
		for i := range s.parts {
			if word := s.word(i); s.lexemes[s.stem(word)] == c.lexeme && (best == "" || distance(typed, string(word)) < distance(typed, best)) {
				best = string(word)
			}
		}
	}
	return cmp.Or(best, c.lexeme), nil
}
