// Package gmail talks to Gmail and to Google's OAuth endpoints: a thin client of the REST API with time-outs, retries
// and quotas, the flow by which a person connects an account, and the check of pushes. It stores nothing; the sync
// engine is in gmail/sync. Start at Client.
//
// It is written by hand because google.golang.org/api reads history ids as uint64, which not every server keeps to.
package gmail

import (
	"math/big"
	"slices"
)

// Endpoints are the base addresses of Google's services, without a slash at the end.
type Endpoints struct {
	API     string // Gmail
	Auth    string // consent page
	Token   string // token endpoint
	Revoke  string
	Certs   string // keys of Google's JWTs
	PubSub  string
	Issuers []string // of JWTs
}

// Google are the real ones.
func Google() Endpoints {
	return Endpoints{API: "https://gmail.googleapis.com", Auth: "https://accounts.google.com/o/oauth2/v2/auth", Token: "https://oauth2.googleapis.com/token",
		Revoke: "https://oauth2.googleapis.com/revoke", Certs: "https://www.googleapis.com/oauth2/v3/certs", PubSub: "https://pubsub.googleapis.com",
		Issuers: []string{"https://accounts.google.com", "accounts.google.com"}}
}

// At are those of one server that plays all of Google, as an emulator does.
func At(base string) Endpoints {
	return Endpoints{API: base, Auth: base + "/o/oauth2/v2/auth", Token: base + "/oauth2/token", Revoke: base + "/oauth2/revoke", Certs: base + "/oauth2/v3/certs",
		PubSub: base, Issuers: []string{"https://accounts.google.com", "accounts.google.com", base}}
}

// Labels of the system that the program acts on.
const (
	Inbox   = "INBOX"
	Sent    = "SENT"
	Draft   = "DRAFT"
	Trash   = "TRASH"
	Spam    = "SPAM"
	Starred = "STARRED"
	Unread  = "UNREAD"
	Chat    = "CHAT"
)

// A HistoryID is a place in a mailbox's history: a decimal number that may be larger than a uint64.
type HistoryID string

// Compare orders two ids by their numbers; an id that is no number is before all others.
func (h HistoryID) Compare(other HistoryID) int { return h.number().Cmp(other.number()) }

// Valid reports whether it is a decimal number.
func (h HistoryID) Valid() bool {
	_, ok := new(big.Int).SetString(string(h), 10)
	return ok && h[0] != '-' && h[0] != '+'
}

func (h HistoryID) number() *big.Int {
	n, ok := new(big.Int).SetString(string(h), 10)
	if !ok {
		return big.NewInt(-1)
	}
	return n
}

// UnmarshalJSON reads a string or a number.
func (h *HistoryID) UnmarshalJSON(b []byte) error {
	*h = HistoryID(slices.DeleteFunc(slices.Clone(b), func(c byte) bool { return c == '"' }))
	if *h == "null" {
		*h = ""
	}
	return nil
}

// A Profile is what Gmail says of a mailbox.
type Profile struct {
	EmailAddress  string    `json:"emailAddress"`
	MessagesTotal int64     `json:"messagesTotal"`
	HistoryID     HistoryID `json:"historyId"`
}

// A Ref names a message.
type Ref struct {
	ID       string `json:"id"`
	ThreadID string `json:"threadId"`
}

// A MessageList is a page of messages, newest first.
type MessageList struct {
	Messages      []Ref  `json:"messages"`
	NextPageToken string `json:"nextPageToken"`
}

// A Message is one message: with its source only if it was asked for.
type Message struct {
	Ref
	LabelIDs     []string  `json:"labelIds"`
	HistoryID    HistoryID `json:"historyId"`
	InternalDate int64     `json:"internalDate,string"` // milliseconds since 1970
	Raw          Raw       `json:"raw"`
}

// A Label is a system or user label.
type Label struct {
	ID   string `json:"id"`
	Name string `json:"name"`
	Type string `json:"type"`
}

// A HistoryPage is one page of changes.
type HistoryPage struct {
	History       []Record  `json:"history"`
	NextPageToken string    `json:"nextPageToken"`
	HistoryID     HistoryID `json:"historyId"` // of the mailbox now
}

// A Record is one entry of the history; it may hold changes of several kinds.
type Record struct {
	ID              HistoryID `json:"id"`
	MessagesAdded   []Change  `json:"messagesAdded"`
	MessagesDeleted []Change  `json:"messagesDeleted"`
	LabelsAdded     []Change  `json:"labelsAdded"`
	LabelsRemoved   []Change  `json:"labelsRemoved"`
}

// A Change is one message of a record; LabelIDs are the labels that were added or removed.
type Change struct {
	Message  Message  `json:"message"`
	LabelIDs []string `json:"labelIds"`
}
