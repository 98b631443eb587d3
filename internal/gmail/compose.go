package gmail

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"mime"
	"mime/quotedprintable"
	netmail "net/mail"
	"slices"
	"strings"
	"time"

	"applylens/internal/mail"
)

// A Letter is a mail to send.
type Letter struct {
	From       string // address
	To, Cc     []*netmail.Address
	Subject    string
	Body       string
	MessageID  string // without angle brackets
	References []string
	Reply      bool      // it answers the last of References
	Forwarded  []byte    // source of a mail to attach, or nil
	Date       time.Time // of the header
}

// Bytes is the letter as it travels: text in quoted-printable, a forwarded mail attached as it came.
func (l Letter) Bytes() []byte {
	var b bytes.Buffer
	head := func(name, value string) {
		if value != "" {
			fmt.Fprintf(&b, "%s: %s\r\n", name, value)
		}
	}
	head("From", (&netmail.Address{Address: l.From}).String())
	head("To", addressList(l.To))
	head("Cc", addressList(l.Cc))
	head("Subject", mime.QEncoding.Encode("utf-8", oneLine(l.Subject)))
	head("Date", l.Date.Format("Mon, 02 Jan 2006 15:04:05 -0700"))
	head("Message-ID", "<"+l.MessageID+">")
	if l.Reply && len(l.References) > 0 {
		head("In-Reply-To", "<"+l.References[len(l.References)-1]+">")
	}
	head("References", referenceList(l.References))
	head("MIME-Version", "1.0")
	if l.Forwarded == nil {
		writeText(&b, l.Body)
		return b.Bytes()
	}
	boundary := "=_" + base64.RawURLEncoding.EncodeToString([]byte(l.MessageID))
	boundary = boundary[:min(len(boundary), 60)]
	head("Content-Type", `multipart/mixed; boundary="`+boundary+`"`)
	b.WriteString("\r\n--" + boundary + "\r\n")
	writeText(&b, l.Body)
	b.WriteString("\r\n--" + boundary + "\r\nContent-Type: message/rfc822\r\nContent-Disposition: attachment; filename=\"forwarded.eml\"\r\n\r\n")
	b.Write(l.Forwarded)
	b.WriteString("\r\n--" + boundary + "--\r\n")
	return b.Bytes()
}

func writeText(b *bytes.Buffer, text string) {
	b.WriteString("Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n")
	w := quotedprintable.NewWriter(b)
	_, _ = w.Write([]byte(strings.ReplaceAll(strings.ReplaceAll(text, "\r\n", "\n"), "\n", "\r\n"))) // into memory
	_ = w.Close()
}

func oneLine(s string) string { return strings.Join(strings.Fields(s), " ") }

func addressList(list []*netmail.Address) string {
	parts := make([]string, len(list))
	for i, a := range list {
		parts[i] = a.String()
	}
	return strings.Join(parts, ",\r\n ")
}

func referenceList(ids []string) string {
	parts := make([]string, len(ids))
	for i, id := range ids {
		parts[i] = "<" + id + ">"
	}
	return strings.Join(parts, "\r\n ")
}

// ParseAddresses reads addresses as a person types them: separated by commas or semicolons.
func ParseAddresses(text string) ([]*netmail.Address, error) {
	text = strings.Trim(strings.ReplaceAll(oneLine(text), ";", ","), ", ")
	if text == "" {
		return nil, nil
	}
	return netmail.ParseAddressList(text)
}

// An Answer is what a person finds when beginning one.
type Answer struct {
	To, Cc, Subject, Body string
	References            []string
}

// NewAnswer begins a reply, a reply to all, or a forward. own are the person's addresses, which are not written to.
func NewAnswer(kind string, m *mail.Message, own []string) Answer {
	d := Answer{Subject: withPrefix("Re: ", m.Subject), References: thread(m)}
	if kind == "forward" {
		return Answer{Subject: withPrefix("Fwd: ", m.Subject)}
	}
	to := m.ReplyTo
	if len(to) == 0 {
		to = m.From
	}
	if len(m.From) > 0 && slices.Contains(own, strings.ToLower(m.From[0].Address)) { // an answer to one's own mail goes where it went
		to = m.To
	}
	seen := slices.Clone(own)
	d.To = typed(to, &seen, false)
	if kind == "reply_all" {
		d.Cc = typed(slices.Concat(m.To, m.Cc), &seen, true)
	}
	who := "somebody"
	if len(m.From) > 0 {
		who = m.From[0].Address
		if m.From[0].Name != "" {
			who = m.From[0].Name
		}
	}
	d.Body = "\n\nOn " + m.Date.Format("2 January 2006, 15:04") + ", " + who + " wrote:\n" + quote(m.VisibleText)
	return d
}

func typed(list []mail.Address, seen *[]string, others bool) string {
	var parts []string
	for _, a := range list {
		address := strings.ToLower(a.Address)
		if address == "" || others && slices.Contains(*seen, address) {
			continue
		}
		*seen = append(*seen, address)
		parts = append(parts, a.Address)
	}
	return strings.Join(parts, ", ")
}

func quote(text string) string {
	lines := strings.Split(strings.TrimSpace(text), "\n")
	for i, l := range lines {
		lines[i] = strings.TrimRight("> "+l, " ")
	}
	return strings.Join(lines, "\n") + "\n"
}

// thread is what an answer refers to: what the mail refers to, and the mail; the oldest and the nearest of many.
func thread(m *mail.Message) []string {
	ids := slices.Clone(m.References)
	if len(ids) == 0 && m.InReplyTo != "" {
		ids = []string{m.InReplyTo}
	}
	if m.MessageID != "" {
		ids = append(ids, m.MessageID)
	}
	if len(ids) > 20 {
		ids = append(ids[:1:1], ids[len(ids)-19:]...)
	}
	return slices.DeleteFunc(ids, func(id string) bool { return strings.ContainsAny(id, " \r\n\t<>") || len(id) > 400 })
}

// withPrefix puts Re: or Fwd: before a subject that does not have it: Gmail joins only equal subjects to a thread.
func withPrefix(prefix, subject string) string {
	if len(subject) >= len(prefix)-1 && strings.EqualFold(subject[:len(prefix)-1], prefix[:len(prefix)-1]) {
		return subject
	}
	return prefix + subject
}
