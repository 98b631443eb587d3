package ingest

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"runtime"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/google/uuid"
	"golang.org/x/sync/errgroup"

	"applylens/internal/db"
	"applylens/internal/mail"
	"applylens/internal/search"
	"applylens/internal/triage"
)

// A batch is what is committed together.
type batch struct {
	known  []*item // of connected accounts, and stored before: only to be noted
	mails  []*item
	broken []error // mails that could not be read at all: a mistake of ours
	bytes  int
	copies int       // duplicates, within the batch or of stored mail
	run    uuid.UUID // under which it was judged; zero for none
}

// An item is one mail on its way.
type item struct {
	raw       Raw
	identity  [32]byte
	rawHash   [32]byte
	mail      *mail.Message
	verdict   triage.Verdict
	received  time.Time
	words     search.Lexemes
	id        int64
	threadID  int64
	taught    []triage.Correction // about its sender or its shape, newest first
	taughtAt  time.Time           // the newest of them
	corrected bool                // they gave the verdict its category
	before    []string            // visible texts of the thread so far, newest first
	messageID string              // the header's, or one made of the identity
	unjudged  bool                // its verdict is to follow
	place     string              // where a stored mail lies
}

func (b *batch) add(raw Raw) {
	b.mails = append(b.mails, &item{raw: raw})
	b.bytes += len(raw.Bytes)
}

func (b *batch) full() bool { return len(b.mails) >= batchMails || b.bytes >= batchBytes }

// Identity tells mails apart by what they are, not by how they came: a mail that was exported twice, by another program
// or with other transport headers, is the same mail. It is the SHA-256 of Message-ID, Date, From and Subject as they
// stand in the header, and of the body with line ends and trailing blank lines made equal.
func Identity(raw []byte) [32]byte {
	header, body := splitHeader(raw)
	h := sha256.New()
	for _, name := range []string{"Message-Id", "Date", "From", "Subject"} {
		_, _ = h.Write(rawHeader(header, name))
		_, _ = h.Write([]byte{0})
	}
	body = bytes.TrimRight(body, "\r\n \t")
	for len(body) > 0 {
		line, rest, _ := bytes.Cut(body, []byte{'\n'})
		_, _ = h.Write(bytes.TrimSuffix(line, []byte{'\r'}))
		_, _ = h.Write([]byte{'\n'})
		body = rest
	}
	return [32]byte(h.Sum(nil))
}

func splitHeader(raw []byte) (header, body []byte) {
	lf, crlf := bytes.Index(raw, []byte("\n\n")), bytes.Index(raw, []byte("\n\r\n"))
	switch {
	case crlf >= 0 && (lf < 0 || crlf < lf):
		return raw[:crlf+1], raw[crlf+3:]
	case lf >= 0:
		return raw[:lf+1], raw[lf+2:]
	}
	return raw, nil
}

// rawHeader returns the undecoded value of the first header of a name, with its folding spaces made single.
func rawHeader(header []byte, name string) []byte {
	for len(header) > 0 {
		end := bytes.IndexByte(header, '\n') + 1
		if end == 0 {
			end = len(header)
		}
		for end < len(header) && (header[end] == ' ' || header[end] == '\t') {
			next := bytes.IndexByte(header[end:], '\n') + 1
			if next == 0 {
				next = len(header) - end
			}
			end += next
		}
		line := header[:end]
		if len(line) > len(name) && line[len(name)] == ':' && strings.EqualFold(string(line[:len(name)]), name) {
			return bytes.Join(bytes.Fields(line[len(name)+1:]), []byte{' '})
		}
		header = header[end:]
	}
	return nil
}

// prepare drops what is stored already and does all the work that needs no lock: parsing, judging, analysis, keeping
// the originals.
func (in *Ingest) prepare(ctx context.Context, box Mailbox, b *batch) error {
	for _, m := range b.mails {
		m.identity = Identity(m.raw.Bytes)
	}
	if err := in.dropKnown(ctx, in.DB.As(box.UserID), box, b); err != nil {
		return err
	}
	b.each(func(m *item) { m.parse(in.Now()) })
	if err := in.readThreads(ctx, box, b); err != nil {
		return err
	}
	if err := in.readCorrections(ctx, box, b); err != nil {
		return err
	}
	if err := in.judge(ctx, box, b, uuid.Nil, false); err != nil {
		return err
	}
	b.each(func(m *item) { m.words = in.Words.Lexemes(m.document()) })
	return in.putBlobs(ctx, box, b)
}

// dropKnown removes duplicates of stored mail and within the batch.
func (in *Ingest) dropKnown(ctx context.Context, q *db.Queries, box Mailbox, b *batch) error {
	identities := make([][]byte, len(b.mails))
	for i, m := range b.mails {
		identities[i] = m.identity[:]
	}
	known, err := q.EmailKnown(ctx, db.EmailKnownParams{UserID: box.UserID, Identities: identities})
	if err != nil {
		return err
	}
	seen := make(map[[32]byte]bool, len(known)+len(b.mails))
	for _, k := range known {
		seen[[32]byte(k)] = true
	}
	fresh := b.mails[:0]
	for _, m := range b.mails {
		if seen[m.identity] {
			b.copies++
			if m.raw.Gmail != nil {
				b.known = append(b.known, m)
			}
			continue
		}
		seen[m.identity] = true
		fresh = append(fresh, m)
	}
	b.mails = fresh
	return nil
}

// each runs fn for all mails of the batch on all cores. A mail on which it panics is set aside: a mistake of ours in
// reading one mail must not keep the others out.
func (b *batch) each(fn func(*item)) {
	var group errgroup.Group
	workers := runtime.GOMAXPROCS(0)
	panics := make([]error, len(b.mails))
	for w := range workers {
		group.Go(func() error {
			for i := w; i < len(b.mails); i += workers {
				panics[i] = guarded(b.mails[i], fn)
			}
			return nil
		})
	}
	_ = group.Wait() // none of them fails
	whole := b.mails[:0]
	for i, m := range b.mails {
		if panics[i] != nil {
			b.broken = append(b.broken, panics[i])
			continue
		}
		whole = append(whole, m)
	}
	b.mails = whole
}

func guarded(m *item, fn func(*item)) (err error) {
	defer func() {
		if v := recover(); v != nil {
			err = fmt.Errorf("%s: this message cannot be read because of a mistake in %s; please report it", m.raw.Source, panicPlace())
		}
	}()
	fn(m)
	return nil
}

// panicPlace names the function that panicked: no values, which may be mail.
func panicPlace() string {
	var pcs [32]uintptr
	frames := runtime.CallersFrames(pcs[:runtime.Callers(3, pcs[:])])
	for {
		frame, more := frames.Next()
		if strings.Contains(frame.Function, "applylens/") && !strings.Contains(frame.Function, "ingest.guarded") {
			return frame.Function
		}
		if !more {
			return "an unknown place"
		}
	}
}

func (m *item) parse(now time.Time) {
	m.mail = mail.Parse(m.raw.Bytes)
	m.rawHash = sha256.Sum256(m.raw.Bytes)
	m.received = receivedAt(m.mail, now)
	if m.raw.Gmail != nil {
		m.received = m.raw.Gmail.ReceivedAt
	}
	m.messageID = m.mail.MessageID
	if m.messageID == "" {
		m.messageID = fmtIdentity(m.identity)
	}
}

func (m *item) judge(box Mailbox) {
	own := triage.Judge(triage.Input{Mail: m.mail, Owner: box.Addresses, Thread: m.before, Now: m.received})
	m.verdict = own.Corrected(strings.ToLower(first(m.mail.From).Address), m.mail.Subject, m.taught)
	m.corrected = len(m.verdict.Why) > len(own.Why) // the reason that a correction adds
}

// document is what of the mail is found by words.
func (m *item) document() search.Document {
	return search.Document{Subject: m.mail.Subject, From: addressText(m.mail.From), To: addressText(m.mail.To), Cc: addressText(m.mail.Cc),
		Bcc: addressText(m.mail.Bcc), ReplyTo: addressText(m.mail.ReplyTo), List: m.mail.List.ID, DeliveredTo: m.mail.Header("Delivered-To"), Files: m.fileNames(), Body: m.mail.Text}
}

// segmentOf is the text index of mails, in their order.
func segmentOf(mails []*item) search.Segment {
	var b search.Batch
	for _, m := range mails {
		b.Add(m.received, m.words)
	}
	return b.Segment()
}

func (m *item) fileNames() []string {
	var names []string
	for _, a := range m.mail.Attachments {
		names = append(names, a.Filename)
	}
	return names
}

// receivedAt is when the mail arrived: the time of the topmost Received header, else of Date, never in the future.
func receivedAt(m *mail.Message, now time.Time) time.Time {
	at := m.Date
	if t, ok := m.Received(); ok {
		at = t
	}
	switch {
	case at.After(now):
		return now
	case at.Year() < 1971:
		return time.Unix(0, 0).UTC() // unknown: last in every list
	}
	return at
}

// snippet is the start of the visible text on one line.
func snippet(m *mail.Message) string {
	const runes = 160
	text := m.VisibleText
	if text == "" {
		text = m.Text
	}
	if len(text) > 4*1024 {
		text = strings.ToValidUTF8(text[:4*1024], "")
	}
	line := strings.Join(strings.Fields(text), " ")
	if utf8.RuneCountInString(line) > runes {
		line = string([]rune(line)[:runes])
	}
	return line
}

func jsonText(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		panic(err) // our own types always encode
	}
	return string(b) // jsonb has no NUL, and neither has a parsed mail
}
