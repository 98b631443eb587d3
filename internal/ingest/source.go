package ingest

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"os"
	"strings"

	"applylens/internal/mail"
)

// bufferBytes is the size of the one read buffer of a walk. It holds what is looked at to tell what a file is.
const bufferBytes = 256 << 10

// Problems of sources that callers may want to tell apart.
var (
	ErrEmpty     = errors.New("the file is empty")
	ErrNotMail   = errors.New("this is not a mail, a mailbox or an archive of them")
	ErrTruncated = errors.New("the file ends too early; what could be read of it was kept")
	ErrTooLarge  = fmt.Errorf("the message is longer than %d MiB; only its first part was kept", MaxMailBytes>>20)
	ErrBomb      = errors.New("the archive unpacks to far more than it holds; it was left at that point")
)

// Walk finds every mail under paths, in a stable order: paths as given, folders sorted. What a file is shows its
// content: mbox (also of Google Takeout), Maildir, one mail, and .gz, .bz2, .tar and .zip of those. For a source, or a
// part of it, that cannot be read it yields a *SourceError with a Raw that holds nothing but the Source, and goes on;
// the error of ctx comes last. report, which may be nil, is called after each mail and each file. Memory is bounded by
// one message and the list of files.
func Walk(ctx context.Context, paths []string, report func(Progress)) iter.Seq2[Raw, error] {
	return func(yield func(Raw, error) bool) {
		w := &walk{ctx: ctx, report: report, yield: yield, buf: bufio.NewReaderSize(nil, bufferBytes)}
		if err := w.run(paths); err != nil && !errors.Is(err, errStopped) {
			yield(Raw{}, err)
		}
	}
}

// errStopped ends a walk whose receiver wants no more.
var errStopped = errors.New("stopped")

// A walk is the state of one Walk.
type walk struct {
	ctx     context.Context
	report  func(Progress)
	yield   func(Raw, error) bool
	stopped bool // yield returned false: it must not be called again
	buf     *bufio.Reader
	source  string
	done    int64
	total   int64
	mails   int64
}

func (w *walk) run(paths []string) error {
	var files []found
	for _, path := range paths {
		files = w.plan(files, path)
	}
	for _, f := range files {
		w.total += f.size
	}
	before := int64(0)
	for _, f := range files {
		if err := w.over(); err != nil {
			return err
		}
		w.source, w.done = f.path, before
		if err := w.file(f); err != nil {
			return err
		}
		before += f.size
		w.done = before
		w.progress()
	}
	return w.over()
}

// over returns why the walk must end, or nil.
func (w *walk) over() error {
	if w.stopped {
		return errStopped
	}
	return w.ctx.Err()
}

// A found is one file to read.
type found struct {
	path   string
	size   int64
	labels []string // by folder and flags; nil where the source knows none
}

func (w *walk) progress() {
	if w.report != nil {
		w.report(Progress{Source: w.source, Done: min(w.done, w.total), Total: w.total, Mails: w.mails})
	}
}

// problem tells what is wrong with a source and lets the walk go on.
func (w *walk) problem(source string, err error) {
	if !w.stopped && !w.yield(Raw{Source: source}, &SourceError{Source: source, Err: sentence(err)}) {
		w.stopped = true
	}
}

// sentence says the common errors of files in plain words.
func sentence(err error) error {
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("there is no such file or folder (%w)", fs.ErrNotExist)
	case errors.Is(err, fs.ErrPermission):
		return fmt.Errorf("this program may not read it (%w)", fs.ErrPermission)
	case errors.Is(err, io.ErrUnexpectedEOF) && !errors.Is(err, ErrTruncated):
		return fmt.Errorf("%w (%w)", ErrTruncated, err)
	}
	return err
}

// give hands one mail on; its error ends the walk.
func (w *walk) give(raw Raw) error {
	if raw.Truncated {
		w.problem(place(raw.Source, raw.Offset), ErrTooLarge)
	}
	if err := w.over(); err != nil {
		return err
	}
	raw.Labels, raw.GmailThreadID = labelsOf(raw.Bytes, raw.Labels)
	w.mails++
	if !w.yield(raw, nil) {
		w.stopped = true
		return errStopped
	}
	w.progress()
	return nil
}

// place names a message within an mbox.
func place(source string, offset int64) string {
	if offset == 0 {
		return source
	}
	return fmt.Sprintf("%s (at byte %d)", source, offset)
}

// file reads one file; the error is one that ends the walk.
func (w *walk) file(it found) error {
	f, err := os.Open(it.path)
	if err != nil {
		w.problem(it.path, err)
		return nil
	}
	defer f.Close()
	counted := &counter{r: f, add: func(n int) { w.done += int64(n) }}
	w.buf.Reset(counted)
	in := &input{source: it.path, size: it.size, labels: it.labels, r: w.buf, packed: func() int64 { return counted.n }, file: f}
	return w.settle(it.path, w.read(in, 0))
}

// settle tells the error of a source and returns one that ends the walk.
func (w *walk) settle(source string, err error) error {
	if end := w.over(); end != nil {
		return end
	}
	if err != nil {
		w.problem(source, err)
	}
	return nil
}

// An input is one stream of bytes to be recognised and read.
type input struct {
	source string
	size   int64 // -1 when unknown
	labels []string
	r      *bufio.Reader
	packed func() int64 // how much of the file itself was read, to tell a bomb
	file   *os.File     // for zip, which needs to seek; nil within archives
}

// read recognises what in holds and reads it.
func (w *walk) read(in *input, depth int) error {
	head, err := in.r.Peek(4096)
	if len(head) == 0 {
		if err == io.EOF {
			return ErrEmpty
		}
		return err
	}
	switch kind := recognise(head); kind {
	case kindMbox:
		return w.mbox(in)
	case kindMail:
		return w.mail(in)
	case kindGzip, kindBzip2, kindTar, kindZip:
		if depth >= MaxArchiveDepth {
			return fmt.Errorf("packed more than %d times; it was not opened", MaxArchiveDepth)
		}
		return w.unpack(in, kind, depth)
	case kindXZ:
		return errors.New("packed with xz, which is not read here: unpack it first")
	}
	if err != nil && err != io.EOF {
		return err
	}
	return ErrNotMail
}

// A kind is what a stream holds.
type kind byte

const (
	kindUnknown kind = iota
	kindMbox
	kindMail
	kindGzip
	kindBzip2
	kindTar
	kindZip
	kindXZ
)

// recognise tells by the first bytes what a stream holds.
func recognise(head []byte) kind {
	has := func(magic string) bool { return strings.HasPrefix(string(head[:min(len(head), 8)]), magic) }
	switch {
	case has("\x1f\x8b"):
		return kindGzip
	case has("BZh"):
		return kindBzip2
	case has("PK\x03\x04"), has("PK\x05\x06"):
		return kindZip
	case has("\xfd7zXZ"):
		return kindXZ
	case len(head) > 262 && string(head[257:262]) == "ustar":
		return kindTar
	case startsMbox(head):
		return kindMbox
	case mail.LooksLikeHeader(head):
		return kindMail
	}
	return kindUnknown
}

// mail reads a stream that is one message.
func (w *walk) mail(in *input) error {
	hint := in.size
	if hint < 0 || hint > MaxMailBytes {
		hint = 16 << 10
	}
	body, more, err := readUpTo(in.r, MaxMailBytes, hint)
	if err != nil && (len(body) == 0 || errors.Is(err, ErrBomb)) {
		return err
	}
	if gave := w.give(Raw{Source: in.source, Bytes: body, Labels: in.labels, Truncated: more}); gave != nil {
		return gave
	}
	return err
}

// readUpTo reads at most limit bytes; more reports that there were more.
func readUpTo(r io.Reader, limit, hint int64) (b []byte, more bool, err error) {
	b = make([]byte, 0, hint+1)
	for int64(len(b)) <= limit {
		if len(b) == cap(b) {
			b = append(b, 0)[:len(b)]
		}
		n, err := r.Read(b[len(b):cap(b)])
		b = b[:len(b)+n]
		if err == io.EOF {
			break
		}
		if err != nil {
			return b[:min(int64(len(b)), limit)], false, err
		}
	}
	if int64(len(b)) > limit {
		return b[:limit], true, nil
	}
	return b, false, nil
}

// A counter tells how much was read through it.
type counter struct {
	r   io.Reader
	n   int64
	add func(int)
}

// Read reads and counts.
func (c *counter) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.n += int64(n)
	if c.add != nil {
		c.add(n)
	}
	return n, err
}
