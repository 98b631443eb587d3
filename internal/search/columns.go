package search

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"

	"applylens/internal/db"
)

// mailColumns are what never changes of an owner's emails, in the order of their ids: what facets and orders are made of
// without asking the database for each email. They grow at the end, and keep emails that are gone, which no match names.
type mailColumns struct {
	ids     []int64
	at      []int64 // Unix seconds of receipt
	size    []int64
	sender  []uint32 // index in senders
	senders []sender
	places  []int32 // by id - ids[0]: index + 1; nil when the ids are too far apart
}

// A sender is one address and the newest name with it.
type sender struct {
	address, name string
	key           string // both in lower case, after a blank: a beginning of a word in it comes after no letter
	mails         int
}

// place returns the index of an email, or -1.
func (c *mailColumns) place(id int64) int {
	if len(c.ids) == 0 || id < c.ids[0] {
		return -1
	}
	if c.places != nil {
		if i := id - c.ids[0]; i < int64(len(c.places)) {
			return int(c.places[i]) - 1
		}
		return -1
	}
	if i, ok := slices.BinarySearch(c.ids, id); ok {
		return i
	}
	return -1
}

// Bounds of what is remembered: emails of all owners, at about 40 bytes each, and how much wider than their number the
// range of an owner's ids may be to be kept as a table.
const (
	columnsMails = 1 << 20
	columnsRange = 4
)

// A columnMemory keeps the columns of owners.
type columnMemory struct {
	mu     sync.Mutex
	owners map[int64]*ownedColumns
	size   int
}

type ownedColumns struct {
	mu      sync.Mutex
	columns mailColumns
	index   map[string]uint32 // address → sender
	counted int               // emails that the memory's size counts
}

// columns returns the columns of an owner, up to the newest email. They stay valid, and do not change.
func (p *Postgres) columns(ctx context.Context, q *db.Queries, userID int64) (mailColumns, error) {
	m := &p.columnMemory
	m.mu.Lock()
	if m.owners == nil {
		m.owners = map[int64]*ownedColumns{}
	}
	o := m.owners[userID]
	if o == nil {
		o = &ownedColumns{index: map[string]uint32{}}
		m.owners[userID] = o
	}
	m.mu.Unlock()

	o.mu.Lock()
	defer o.mu.Unlock()
	if err := o.grow(ctx, q, userID); err != nil {
		return mailColumns{}, err
	}
	m.keep(userID, o)
	return o.columns, nil
}

// keep counts what an owner's columns take, and forgets others' while that is too much.
func (m *columnMemory) keep(userID int64, o *ownedColumns) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.owners[userID] != o {
		return // forgotten meanwhile
	}
	m.size += len(o.columns.ids) - o.counted
	o.counted = len(o.columns.ids)
	for id, other := range m.owners { // whichever comes first: the order of a map is random
		if m.size <= columnsMails {
			return
		}
		if other != o {
			m.size -= other.counted
			delete(m.owners, id)
		}
	}
}

// grow reads the emails that came since the last time.
func (o *ownedColumns) grow(ctx context.Context, q *db.Queries, userID int64) error {
	c := &o.columns
	for {
		after := int64(0)
		if n := len(c.ids); n > 0 {
			after = c.ids[n-1]
		}
		rows, err := q.SearchColumns(ctx, db.SearchColumnsParams{UserID: userID, After: after})
		if err != nil {
			return fmt.Errorf("search: read columns: %w", err)
		}
		if len(rows) == 0 {
			return nil
		}
		c.senders = slices.Clone(c.senders) // others may be reading it
		for i := range rows {
			o.add(&rows[i])
		}
		c.table()
	}
}

func (o *ownedColumns) add(row *db.SearchColumnsRow) {
	c := &o.columns
	n, ok := o.index[row.FromAddress]
	if !ok {
		n = uint32(len(c.senders))
		o.index[row.FromAddress] = n
		c.senders = append(c.senders, sender{address: row.FromAddress, key: " " + row.FromAddress})
	}
	s := &c.senders[n]
	s.mails++
	if row.FromName != "" && row.FromName != s.name {
		s.name = row.FromName
		s.key = " " + strings.ToLower(s.name) + " " + s.address
	}
	c.ids, c.at = append(c.ids, row.ID), append(c.at, row.ReceivedAt.Unix())
	c.size, c.sender = append(c.size, row.Size), append(c.sender, n)
}

// table brings places up to date.
func (c *mailColumns) table() {
	first, last := c.ids[0], c.ids[len(c.ids)-1]
	width := last - first + 1
	if width > columnsRange*int64(len(c.ids))+1024 {
		c.places = nil
		return
	}
	places := make([]int32, width)
	for i, id := range c.ids {
		places[id-first] = int32(i) + 1
	}
	c.places = places
}
