// Package multiply makes a large mailbox out of a small one, for measuring: every copy of a mail
// gets fresh Message-IDs, other words and other dates, while the references inside one copy stay
// consistent, so that it threads like the original. Equal input gives equal output.
package multiply

import (
	"bufio"
	"bytes"
	"fmt"
	"hash/fnv"
	"io"
	"net/mail"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// A Mail is one message as it came, and the date it bears.
type Mail struct {
	raw  []byte
	date time.Time
}

// A Source is the mailbox to multiply.
type Source struct {
	mails []Mail
	words vocabulary
}

// fallbackDate stands for a missing or unreadable date.
var fallbackDate = mustTime("2002-09-01T12:00:00Z")

func mustTime(s string) time.Time {
	t, err := time.Parse(time.RFC3339, s)
	if err != nil {
		panic(err)
	}
	return t
}

// New prepares a source from raw messages (RFC 5322).
func New(raw [][]byte) *Source {
	s := &Source{words: newVocabulary(raw)}
	for _, b := range raw {
		b = bytes.ReplaceAll(b, []byte("\r\n"), []byte("\n"))
		date := fallbackDate
		if m, err := mail.ReadMessage(bytes.NewReader(b)); err == nil {
			if d, err := m.Header.Date(); err == nil && d.Year() > 1990 && d.Year() < 2030 {
				date = d
			}
		}
		s.mails = append(s.mails, Mail{b, date})
	}
	return s
}

// WriteMbox writes count messages as one mbox (mboxrd): the source as it is, then changed copies
// of it until the count is reached.
func (s *Source) WriteMbox(w io.Writer, count int) error {
	if len(s.mails) == 0 {
		return fmt.Errorf("no mail to multiply")
	}
	out := bufio.NewWriterSize(w, 1<<20)
	for i := range count {
		raw, at := s.mail(i)
		fmt.Fprintf(out, "From bench@example.com %s\n", at.UTC().Format(time.ANSIC))
		for line := range bytes.Lines(raw) {
			if bytes.HasPrefix(bytes.TrimLeft(line, ">"), []byte("From ")) {
				out.WriteByte('>') // bufio keeps the first error for Flush
			}
			out.Write(line)
		}
		if !bytes.HasSuffix(raw, []byte("\n")) {
			out.WriteByte('\n')
		}
		out.WriteByte('\n')
	}
	return out.Flush()
}

// WriteMaildir writes the same messages as WriteMbox into a Maildir, each read.
func (s *Source) WriteMaildir(dir string, count int) error {
	if len(s.mails) == 0 {
		return fmt.Errorf("no mail to multiply")
	}
	for _, sub := range []string{"cur", "new", "tmp"} {
		if err := os.MkdirAll(filepath.Join(dir, sub), 0o755); err != nil {
			return err
		}
	}
	for i := range count {
		raw, _ := s.mail(i)
		if err := os.WriteFile(filepath.Join(dir, "cur", fmt.Sprintf("%07d.bench:2,S", i)), raw, 0o644); err != nil {
			return err
		}
	}
	return nil
}

// mail returns one message of the large mailbox and its time.
func (s *Source) mail(i int) ([]byte, time.Time) {
	m, number := s.mails[i%len(s.mails)], i/len(s.mails)
	c := copier{number: number, words: s.words, shift: shift(number)}
	if number == 0 {
		return m.raw, m.date
	}
	return c.change(m), m.date.Add(c.shift)
}

// shift is how much later a copy is than its original: a prime number of hours apart, so that the
// copies interleave by date as the mail of one mailbox does.
func shift(number int) time.Duration { return time.Duration(number) * 1009 * time.Hour }

// A copier changes the mails of one copy of the mailbox.
type copier struct {
	number int
	words  vocabulary
	shift  time.Duration
}

// change returns the mail with the ids, dates and words of this copy.
func (c copier) change(m Mail) []byte {
	head, body, ok := bytes.Cut(m.raw, []byte("\n\n"))
	var out bytes.Buffer
	out.Grow(len(m.raw) + 256)
	for _, field := range fields(head) {
		name, value, found := strings.Cut(field, ":")
		if !found {
			out.WriteString(field + "\n") // an odd line, kept as it is
			continue
		}
		switch strings.ToLower(name) {
		case "message-id", "in-reply-to", "references", "resent-message-id":
			value = c.ids(value)
		case "date":
			value = " " + m.date.Add(c.shift).Format(time.RFC1123Z)
		case "received":
			value = c.received(value)
		case "subject":
			value = string(c.words.replace([]byte(value), c.number))
		}
		out.WriteString(name + ":" + value + "\n")
	}
	if ok {
		out.WriteByte('\n')
		c.body(&out, body)
	}
	return out.Bytes()
}

// fields splits a header into fields; a folded field keeps its line breaks.
func fields(head []byte) []string {
	var all []string
	for line := range strings.SplitSeq(string(head), "\n") {
		if len(all) > 0 && line != "" && (line[0] == ' ' || line[0] == '\t') {
			all[len(all)-1] += "\n" + line
			continue
		}
		all = append(all, line)
	}
	return all
}

// ids gives each <id@host> of a value the mark of this copy.
func (c copier) ids(value string) string {
	return strings.ReplaceAll(value, "@", fmt.Sprintf(".copy%d@", c.number))
}

// received moves the date after the last semicolon of a Received field.
func (c copier) received(value string) string {
	at := strings.LastIndexByte(value, ';')
	if at < 0 {
		return value
	}
	date, err := mail.ParseDate(strings.TrimSpace(strings.Join(strings.Fields(value[at+1:]), " ")))
	if err != nil {
		return value
	}
	return value[:at] + "; " + date.Add(c.shift).Format(time.RFC1123Z)
}

// body changes words line by line, where a line is text: not an encoded line, a boundary or the
// header of a part.
func (c copier) body(out *bytes.Buffer, body []byte) {
	for line := range bytes.Lines(body) {
		if isText(line) {
			line = c.words.replace(line, c.number)
		}
		out.Write(line)
	}
}

func isText(line []byte) bool {
	trimmed := bytes.TrimSpace(line)
	if len(trimmed) == 0 || bytes.HasPrefix(trimmed, []byte("--")) {
		return false
	}
	if !bytes.ContainsRune(trimmed, ' ') && len(trimmed) > 40 {
		return false // base64, uuencode, a long URL
	}
	name, _, found := bytes.Cut(trimmed, []byte(":"))
	return !(found && bytes.HasPrefix(bytes.ToLower(name), []byte("content-")))
}

func hash(word string, number int) uint32 {
	h := fnv.New32a()
	fmt.Fprintf(h, "%s %d", word, number)
	return h.Sum32()
}
