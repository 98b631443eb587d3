package mail

import (
	"encoding/json"
	"time"
)

// normalise makes every slice non-nil, so that JSON shows [] and never null.
func (m *Message) normalise() {
	for _, list := range []*[]Address{&m.From, &m.To, &m.Cc, &m.Bcc, &m.ReplyTo} {
		if *list == nil {
			*list = []Address{}
		}
	}
	if m.References == nil {
		m.References = []string{}
	}
	if m.Attachments == nil {
		m.Attachments = []Attachment{}
	}
	if m.Calendar == nil {
		m.Calendar = []Event{}
	}
	if m.Warnings == nil {
		m.Warnings = []string{}
	}
	if m.List.Unsubscribe == nil {
		m.List.Unsubscribe = []string{}
	}
}

// MarshalJSON writes dates in RFC 3339 and a missing date as null.
func (m *Message) MarshalJSON() ([]byte, error) {
	type plain Message
	m.normalise()
	return json.Marshal(struct {
		*plain
		Date *time.Time `json:"date"`
	}{(*plain)(m), dateOrNull(m.Date)})
}

// MarshalJSON writes times in RFC 3339 and a missing one as null.
func (e Event) MarshalJSON() ([]byte, error) {
	type plain Event
	return json.Marshal(struct {
		plain
		Start *time.Time `json:"start"`
		End   *time.Time `json:"end"`
	}{plain(e), dateOrNull(e.Start), dateOrNull(e.End)})
}

func dateOrNull(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}
