// Package mail turns the bytes of one message into values: headers, addresses, text, safe HTML, attachments and
// calendar events. It does no I/O, keeps whatever could be read of a broken message, and says what was wrong in
// Warnings. Start at Parse.
package mail

import (
	"strings"
	"time"
)

// An Address is one mailbox of an address header; Name is decoded and may be empty.
type Address struct {
	Name    string `json:"name"`
	Address string `json:"address"`
}

// A Header is one header field, unfolded and decoded, in the order of the message.
type Header struct{ Name, Value string }

// A Message is one parsed mail. All strings are valid UTF-8 without NUL.
type Message struct {
	MessageID   string       `json:"message_id"`  // without angle brackets
	InReplyTo   string       `json:"in_reply_to"` // without angle brackets
	References  []string     `json:"references"`  // without angle brackets, oldest first
	From        []Address    `json:"from"`
	To          []Address    `json:"to"`
	Cc          []Address    `json:"cc"`
	Bcc         []Address    `json:"bcc"`
	ReplyTo     []Address    `json:"reply_to"`
	Subject     string       `json:"subject"`
	Date        time.Time    `json:"date"` // zero when the message has none that can be read
	Text        string       `json:"text"` // the text part, or the HTML rendered as text
	HTML        string       `json:"html"` // as sent: never show it without SanitiseHTML
	VisibleText string       `json:"visible_text"`
	Attachments []Attachment `json:"attachments"`
	Calendar    []Event      `json:"calendar"`
	Auth        Auth         `json:"auth"`
	List        List         `json:"list"`
	Warnings    []string     `json:"warnings"`

	Headers []Header `json:"-"`
}

// An Attachment is one part that is not the body; Data is decoded.
type Attachment struct {
	Filename    string `json:"filename"`
	ContentType string `json:"content_type"`
	Size        int64  `json:"size"`   // bytes, decoded
	SHA256      string `json:"sha256"` // of the decoded bytes, hex
	ContentID   string `json:"content_id"`
	Inline      bool   `json:"inline"`

	Data []byte `json:"-"`
}

// An Event is one VEVENT of a text/calendar part.
type Event struct {
	Method    string    `json:"method"`
	UID       string    `json:"uid"`
	Summary   string    `json:"summary"`
	Start     time.Time `json:"start"`
	End       time.Time `json:"end"`
	Location  string    `json:"location"`
	Organizer string    `json:"organizer"`
}

// Auth holds the results that the receiving server wrote into the topmost Authentication-Results header
// ("pass", "fail", "none", …); empty means that the header said nothing. Missing is not failed.
type Auth struct {
	SPF   string `json:"spf"`
	DKIM  string `json:"dkim"`
	DMARC string `json:"dmarc"`
}

// List holds the mailing-list headers (RFC 2369, 2919, 8058).
type List struct {
	ID          string   `json:"id"`
	Unsubscribe []string `json:"unsubscribe"`
	OneClick    bool     `json:"one_click"`
}

// Header returns the first value of a header, compared without case, or "".
func (m *Message) Header(name string) string {
	for _, h := range m.Headers {
		if strings.EqualFold(h.Name, name) {
			return h.Value
		}
	}
	return ""
}
