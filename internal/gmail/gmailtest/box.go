package gmailtest

import (
	"fmt"
	"hash/fnv"
	"maps"
	"math/big"
	"slices"
	"strings"
	"time"
)

// A Message is one message as the fake keeps it.
type Message struct {
	ID, ThreadID string
	Raw          []byte
	Labels       []string // sorted ids
	HistoryID    *big.Int
	At           time.Time
	order        int // of arrival
}

// A Label is a system or user label.
type Label struct {
	ID   string `json:"id"`
	Name string `json:"name"`
	Type string `json:"type"` // system or user
}

// record is one entry of the history: one message, one kind of change.
type record struct {
	id      *big.Int
	kind    string // messagesAdded, messagesDeleted, labelsAdded, labelsRemoved
	message string
	thread  string
	labels  []string // of the message after the change
	changed []string // of labelsAdded and labelsRemoved
}

// A Box is one person's mailbox. All its methods may be called at any time; the fake's lock is theirs.
type Box struct {
	Address string
	Subject string // Google's id of the person

	f        *Fake
	messages map[string]*Message
	labels   map[string]*Label
	drafts   map[string]string // draft id to message id
	history  []record
	oldest   *big.Int // history before this is gone
	last     *big.Int
	next     int
	watch    *watch
	spent    []charge
	seen     map[string]int // executed requests by X-ApplyLens-Change
}

type watch struct {
	topic   string
	expires time.Time
}

func systemLabels() []string {
	return []string{"INBOX", "SENT", "DRAFT", "TRASH", "SPAM", "STARRED", "IMPORTANT", "UNREAD", "CHAT", "CATEGORY_PERSONAL", "CATEGORY_SOCIAL",
		"CATEGORY_PROMOTIONS", "CATEGORY_UPDATES", "CATEGORY_FORUMS"}
}

// Box returns the mailbox with an address, making an empty one if there is none.
func (f *Fake) Box(address string) *Box {
	f.mu.Lock()
	defer f.mu.Unlock()
	if b := f.boxes[address]; b != nil {
		return b
	}
	h := fnv.New64a()
	_, _ = h.Write([]byte(address)) // into memory
	b := &Box{Address: address, Subject: fmt.Sprintf("1%020d", h.Sum64()), f: f, messages: map[string]*Message{}, labels: map[string]*Label{},
		drafts: map[string]string{}, last: new(big.Int).Set(f.opts.FirstHistory), oldest: new(big.Int).Set(f.opts.FirstHistory), seen: map[string]int{}}
	for _, name := range systemLabels() {
		b.labels[name] = &Label{ID: name, Name: name, Type: "system"}
	}
	f.boxes[address] = b
	return b
}

// step gives the next history id; ids have gaps, as Google's have.
func (b *Box) step() *big.Int {
	b.last = new(big.Int).Add(b.last, big.NewInt(int64(1+b.f.rand.IntN(7))))
	return b.last
}

func (b *Box) note(m *Message, kind string, changed []string) {
	m.HistoryID = b.step()
	b.history = append(b.history, record{id: m.HistoryID, kind: kind, message: m.ID, thread: m.ThreadID, labels: slices.Clone(m.Labels), changed: changed})
	b.f.changed(b)
}

// Deliver puts a message into the mailbox and returns its id. Without a thread it begins its own.
func (b *Box) Deliver(raw []byte, thread string, labels ...string) string {
	b.f.mu.Lock()
	defer b.f.mu.Unlock()
	return b.deliver(raw, thread, labels).ID
}

func (b *Box) deliver(raw []byte, thread string, labels []string) *Message {
	b.next++
	at := b.f.opts.Clock()
	id := fmt.Sprintf("%x", uint64(at.UnixMilli())<<20|uint64(b.next)&0xfffff)
	if thread == "" {
		thread = id
	}
	m := &Message{ID: id, ThreadID: thread, Raw: raw, Labels: slices.Compact(slices.Sorted(slices.Values(labels))), At: at, order: b.next}
	b.messages[id] = m
	b.note(m, "messagesAdded", nil)
	return m
}

// Modify adds and removes labels; it reports whether the message is there.
func (b *Box) Modify(id string, add, remove []string) bool {
	b.f.mu.Lock()
	defer b.f.mu.Unlock()
	return b.modify(id, add, remove)
}

func (b *Box) modify(id string, add, remove []string) bool {
	m := b.messages[id]
	if m == nil {
		return false
	}
	added, removed := minus(add, m.Labels), both(remove, m.Labels)
	added = minus(added, removed)
	m.Labels = slices.Sorted(slices.Values(append(minus(m.Labels, removed), added...)))
	if len(added) > 0 {
		b.note(m, "labelsAdded", added)
	}
	if len(removed) > 0 {
		b.note(m, "labelsRemoved", removed)
	}
	return true
}

// Delete removes a message for good; it reports whether it was there.
func (b *Box) Delete(id string) bool {
	b.f.mu.Lock()
	defer b.f.mu.Unlock()
	return b.remove(id)
}

func (b *Box) remove(id string) bool {
	m := b.messages[id]
	if m == nil {
		return false
	}
	delete(b.messages, id)
	b.note(m, "messagesDeleted", nil)
	return true
}

// AddLabel makes a user label and returns its id.
func (b *Box) AddLabel(name string) string {
	b.f.mu.Lock()
	defer b.f.mu.Unlock()
	return b.addLabel(name).ID
}

func (b *Box) addLabel(name string) *Label {
	for _, l := range b.labels {
		if strings.EqualFold(l.Name, name) {
			return nil
		}
	}
	b.next++
	l := &Label{ID: fmt.Sprint("Label_", b.next), Name: name, Type: "user"}
	b.labels[l.ID] = l
	return l
}

// RemoveLabel deletes a user label. Its messages lose it, and the history says nothing of it.
func (b *Box) RemoveLabel(id string) {
	b.f.mu.Lock()
	defer b.f.mu.Unlock()
	delete(b.labels, id)
	for _, m := range b.messages {
		m.Labels = minus(m.Labels, []string{id})
	}
}

// RenameLabel gives a user label another name.
func (b *Box) RenameLabel(id, name string) {
	b.f.mu.Lock()
	defer b.f.mu.Unlock()
	b.labels[id].Name = name
}

// ForgetHistory makes every cursor up to now too old.
func (b *Box) ForgetHistory() {
	b.f.mu.Lock()
	defer b.f.mu.Unlock()
	b.history = nil
	b.oldest = new(big.Int).Set(b.step())
}

// Revoke makes the person's tokens void, as a password change does; tokens given out later are good.
func (b *Box) Revoke() {
	b.f.mu.Lock()
	defer b.f.mu.Unlock()
	b.f.dropTokens(b)
}

// Messages returns a copy of all messages, oldest first.
func (b *Box) Messages() []Message {
	b.f.mu.Lock()
	defer b.f.mu.Unlock()
	all := b.sorted()
	out := make([]Message, len(all))
	for i, m := range all {
		out[len(all)-1-i] = *m
	}
	return out
}

// LabelNames returns the names of all labels by id.
func (b *Box) LabelNames() map[string]string {
	b.f.mu.Lock()
	defer b.f.mu.Unlock()
	names := map[string]string{}
	for id, l := range b.labels {
		names[id] = l.Name
	}
	return names
}

// HistoryID is the newest history id.
func (b *Box) HistoryID() string {
	b.f.mu.Lock()
	defer b.f.mu.Unlock()
	return b.last.String()
}

// Executed returns how often a changing request with each X-ApplyLens-Change was carried out.
func (b *Box) Executed() map[string]int {
	b.f.mu.Lock()
	defer b.f.mu.Unlock()
	return maps.Clone(b.seen)
}

// Watching reports whether a watch is on, and until when.
func (b *Box) Watching() (until time.Time, on bool) {
	b.f.mu.Lock()
	defer b.f.mu.Unlock()
	if b.watch == nil {
		return time.Time{}, false
	}
	return b.watch.expires, b.f.opts.Clock().Before(b.watch.expires)
}

// sorted returns the messages newest first.
func (b *Box) sorted() []*Message {
	return slices.SortedFunc(maps.Values(b.messages), func(x, y *Message) int { return y.order - x.order })
}

func minus(all, without []string) []string {
	var rest []string
	for _, s := range all {
		if !slices.Contains(without, s) {
			rest = append(rest, s)
		}
	}
	return rest
}

func both(a, b []string) []string {
	var out []string
	for _, s := range a {
		if slices.Contains(b, s) {
			out = append(out, s)
		}
	}
	return out
}
