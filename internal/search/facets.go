package search

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"applylens/internal/db"
)

// facetValues bounds the values of one facet that are given.
const facetValues = 8

// Facets count what the mail that matches a query is like: all of it, not only a page.
type Facets struct {
	Total      int // emails that match
	Categories []Facet
	Senders    []Facet
	Companies  []Facet
	Labels     []Facet
	Has        []Facet // attachments, unread, starred, needs a reply: those that some match has and not all
	Dates      []DateBar
	Unit       string // what a bar of Dates stands for: day, week, month or year
}

// A Facet is one value, and how many emails have it.
type Facet struct {
	Value string // as the mail has it
	Name  string // of a sender: the newest name; otherwise ""
	Part  string // the part of a query that asks for it, canonical
	Count int
}

// A DateBar counts the emails received in From ≤ t < To. Part is the part of a query that asks for them.
type DateBar struct {
	From, To time.Time
	Part     string
	Count    int
}

// Facets counts over all emails that match a query. The Limit and After of the request have no effect.
func (p *Postgres) Facets(ctx context.Context, conn db.DBTX, q *Query, r Request) (Facets, error) {
	plan, c, err := p.plan(ctx, conn, q, r)
	if err != nil {
		return Facets{}, err
	}
	cols, err := p.columns(ctx, db.New(db.Planned(conn)), r.UserID)
	if err != nil {
		return Facets{}, err
	}
	m := &counting{columns: &cols, found: newBitset(len(cols.ids))}
	if err := m.match(ctx, conn, &plan, c); err != nil {
		return Facets{}, err
	}
	f := m.facets(q.Now.Location())
	if err := m.named(ctx, db.New(db.Planned(conn)), r.UserID, &f); err != nil {
		return Facets{}, err
	}
	return f, nil
}

// A counting is the matches of a query on their way to facets.
type counting struct {
	columns    *mailColumns
	found      bitset // the matches, by their place in columns
	total      int
	categories map[string]int
	has        [4]int // by hasParts
}

// hasParts are the parts of a query behind Facets.Has, in the order of the bits of groupsSQL.
var hasParts = [4]string{"is:unread", "has:attachment", "is:starred", "is:needs-reply"}

// groupsSQL sorts what passes the conditions by all that may change, from the covering index alone. Two keys are hashed
// faster than five.
func groupsSQL(where string) string {
	return `select e.category, e.unread::int + 2 * e.has_attachment::int + 4 * e.starred::int + 8 * e.needs_reply::int, array_agg(e.id)
from emails e where ` + where + ` group by 1, 2`
}

// match finds the matches: what passes the filters, in groups, and of it what has the words.
func (m *counting) match(ctx context.Context, conn db.DBTX, plan *plan, c *corpus) error {
	m.categories = map[string]int{}
	words, n, ids := m.words(plan, c)
	if words != nil && n == 0 {
		return nil
	}
	where := plan.conditions()
	if words != nil && n <= max(direct, len(m.columns.ids)/directShare) {
		where += " and e.id = any (" + plan.arg(ids) + "::bigint[])"
	}
	rows, err := conn.Query(ctx, groupsSQL(where), plan.args...)
	if err != nil {
		return fmt.Errorf("search: facets: %w", err)
	}
	var category string
	var has int
	var group []int64
	_, err = pgx.ForEachRow(rows, []any{&category, &has, &group}, func() error {
		m.add(category, has, group, words)
		return nil
	})
	if err != nil {
		return fmt.Errorf("search: facets: %w", err)
	}
	return nil
}

// words returns the emails that have the words of a plan, by place and by id; nil when it has none.
func (m *counting) words(plan *plan, c *corpus) (places bitset, n int, ids []int64) {
	if plan.words == nil {
		return nil, 0, nil
	}
	places = newBitset(len(m.columns.ids))
	for _, seg := range c.shards {
		seg.satisfying(plan.words).all(func(doc int) {
			if at := m.columns.place(seg.docs[doc].ID); at >= 0 {
				places.set(at)
				ids = append(ids, seg.docs[doc].ID)
			}
		})
	}
	return places, len(ids), ids
}

// add counts the emails of a group that have the words.
func (m *counting) add(category string, has int, group []int64, words bitset) {
	n := 0
	for _, id := range group {
		at := m.columns.place(id)
		if words != nil && (at < 0 || !words.has(at)) {
			continue
		}
		n++
		if at >= 0 {
			m.found.set(at)
		}
	}
	m.total += n
	m.categories[category] += n
	for i := range m.has {
		if has&(1<<i) != 0 {
			m.has[i] += n
		}
	}
}

// facets makes the facets that need nothing more from the database.
func (m *counting) facets(zone *time.Location) Facets {
	f := Facets{Total: m.total}
	for value, n := range m.categories {
		f.Categories = addFacet(f.Categories, value, n)
	}
	f.Categories = most("category", f.Categories, len(f.Categories))
	for i, n := range m.has {
		if n > 0 {
			f.Has = append(f.Has, Facet{Part: hasParts[i], Count: n})
		}
	}
	counts := make([]int, len(m.columns.senders))
	m.found.all(func(at int) { counts[m.columns.sender[at]]++ })
	for i, n := range counts {
		if s := m.columns.senders[i]; n > 0 {
			f.Senders = addFacet(f.Senders, s.address, n)
		}
	}
	f.Senders = most("from", f.Senders, facetValues)
	for i := range f.Senders {
		if n := slices.IndexFunc(m.columns.senders, func(s sender) bool { return s.address == f.Senders[i].Value }); n >= 0 {
			f.Senders[i].Name = m.columns.senders[n].name
		}
	}
	f.Dates, f.Unit = m.dates(zone)
	return f
}

// named counts labels and companies. For few matches only theirs are read.
func (m *counting) named(ctx context.Context, q *db.Queries, userID int64, f *Facets) error {
	var ids []int64
	if few := m.total <= direct; few {
		m.found.all(func(at int) { ids = append(ids, m.columns.ids[at]) })
	}
	labels, companies, err := readNamed(ctx, q, userID, ids, m.total > direct)
	if err != nil {
		return err
	}
	for _, row := range labels {
		f.Labels = addFacet(f.Labels, row.Name, m.count(row.Emails))
	}
	for _, row := range companies {
		f.Companies = addFacet(f.Companies, row.Value, m.count(row.Emails))
	}
	f.Labels, f.Companies = most("label", f.Labels, facetValues), most("company", f.Companies, facetValues)
	return nil
}

func readNamed(ctx context.Context, q *db.Queries, userID int64, ids []int64, all bool) (labels []db.SearchLabelsRow, companies []db.SearchCompaniesRow, err error) {
	if all {
		if labels, err = q.SearchLabels(ctx, userID); err == nil {
			companies, err = q.SearchCompanies(ctx, userID)
		}
	} else if len(ids) > 0 {
		var l []db.SearchLabelsOfRow
		var c []db.SearchCompaniesOfRow
		if l, err = q.SearchLabelsOf(ctx, db.SearchLabelsOfParams{UserID: userID, Ids: ids}); err == nil {
			c, err = q.SearchCompaniesOf(ctx, db.SearchCompaniesOfParams{UserID: userID, Ids: ids})
		}
		for _, row := range l {
			labels = append(labels, db.SearchLabelsRow(row))
		}
		for _, row := range c {
			companies = append(companies, db.SearchCompaniesRow(row))
		}
	}
	if err != nil {
		return nil, nil, fmt.Errorf("search: facets: %w", err)
	}
	return labels, companies, nil
}

// count returns how many of these emails match.
func (m *counting) count(ids []int64) (n int) {
	for _, id := range ids {
		if at := m.columns.place(id); at >= 0 && m.found.has(at) {
			n++
		}
	}
	return n
}

// addFacet adds a value that some email has and that a query can ask for.
func addFacet(all []Facet, value string, n int) []Facet {
	if n == 0 || value == "" {
		return all
	}
	return append(all, Facet{Value: value, Count: n})
}

// most returns the n values of a field with the highest counts, in this order. Only these get their parts: a mailbox has
// thousands of senders.
func most(field string, all []Facet, n int) []Facet {
	slices.SortFunc(all, func(a, b Facet) int { return cmp.Or(b.Count-a.Count, cmp.Compare(a.Value, b.Value)) })
	all = all[:min(n, len(all))]
	for i := range all {
		all[i].Part = Part(field, all[i].Value)
	}
	return all
}

// Part returns the part of a query that asks for a value of a field, canonical. Quotes within the value become blanks,
// since nothing can stand for them.
func Part(field, value string) string {
	value = strings.TrimSpace(strings.ReplaceAll(value, `"`, " "))
	part := Parse(field+`:"`+value+`"`, time.Time{}).String()
	if bare := Parse(field+":"+value, time.Time{}); len(bare.Warnings) == 0 && bare.Root != nil && bare.Root.Kind == Term && bare.Root.Value == value &&
		!bare.Root.Prefix && !bare.Root.Quoted {
		return bare.String()
	}
	return part
}
