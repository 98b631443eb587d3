package ingest

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
)

// startsMbox reports whether a stream begins as an mbox does: a "From " line and a header, perhaps after blank lines.
func startsMbox(head []byte) bool {
	head = bytes.TrimPrefix(head, []byte("\xef\xbb\xbf"))
	head = bytes.TrimLeft(head, "\r\n")
	if !bytes.HasPrefix(head, []byte("From ")) {
		return false
	}
	i := bytes.IndexByte(head, '\n')
	return i < 0 || i+1 >= len(head) || startsField(head[i+1:])
}

// startsField reports whether b begins with a header field (or the ">From " that some programs put first).
func startsField(b []byte) bool {
	if bytes.HasPrefix(b, []byte(">From ")) {
		return true
	}
	for i, c := range b {
		switch {
		case c == ':':
			return i > 0
		case c <= ' ' || c >= 127 || i > 100:
			return false
		}
	}
	return false
}

// isFromLine reports whether line is the separator of an mbox: "From ", a sender, a date with a time or a year.
func isFromLine(line []byte) bool {
	if !bytes.HasPrefix(line, []byte("From ")) || len(line) > 1000 {
		return false
	}
	rest := bytes.TrimSpace(line[5:])
	i := bytes.IndexByte(rest, ' ')
	if i <= 0 {
		return false
	}
	run, clock := 0, false
	for j, c := range rest[i:] {
		if c >= '0' && c <= '9' {
			run++
			if run == 4 {
				return true
			}
			continue
		}
		clock = clock || c == ':' && run > 0 && j > 0
		run = 0
	}
	return clock
}

// mbox reads an mbox of any kind: a message begins at a "From " line at the start or after a blank line, when a header
// follows; one ">" of a quoted "From " is removed (mboxrd; right for mboxo too).
func (w *walk) mbox(in *input) error {
	m := mboxReader{r: in.r, fresh: true}
	for {
		msg, offset, truncated, err := m.next()
		if len(bytes.TrimSpace(msg)) > 0 {
			if gave := w.give(Raw{Source: in.source, Offset: offset, Bytes: msg, Labels: in.labels, Truncated: truncated}); gave != nil {
				return gave
			}
		}
		switch {
		case errors.Is(err, io.EOF) && m.cut:
			return fmt.Errorf("%w: the last line of the mailbox has no end, so its last message may be incomplete", ErrTruncated)
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return fmt.Errorf("reading stopped at byte %d: %w", m.at, sentence(err))
		}
	}
}

// An mboxReader cuts a stream into messages.
type mboxReader struct {
	r     *bufio.Reader
	at    int64 // offset of the next line
	start int64 // offset of the "From " line of the current message
	fresh bool  // before the first "From " line
	cut   bool  // the last line had no end
	last  int   // length of the message before, a guess for the next
}

// next returns the next message and the offset of its "From " line. io.EOF comes with the last one.
func (m *mboxReader) next() (msg []byte, offset int64, truncated bool, err error) {
	msg = make([]byte, 0, min(max(m.last, 2<<10), 64<<10))
	blank, whole := m.fresh, true // the line before was blank; the line before had its end
	for {
		line, err := m.r.ReadSlice('\n')
		if len(line) > 0 {
			ended := line[len(line)-1] == '\n'
			if blank && whole && isFromLine(line) {
				line = bytes.Clone(line) // looking ahead moves the buffer
			} else {
				blank = blank && line[0] != 'F'
			}
			if blank && line[0] == 'F' && m.fieldFollows() {
				begin := m.at
				m.at += int64(len(line))
				if m.fresh {
					m.fresh, m.start, blank = false, begin, false
					continue
				}
				offset, m.start = m.start, begin
				m.last = len(msg)
				return trimBlankLine(msg), offset, truncated, nil
			}
			m.at += int64(len(line))
			blank = whole && (line[0] == '\n' || len(line) == 2 && line[0] == '\r' && ended)
			if !(m.fresh && blank) {
				if m.fresh && !blank {
					m.fresh = false
				}
				msg, truncated = appendLine(msg, line, whole, truncated)
			}
			whole, m.cut = ended, !ended
		}
		if errors.Is(err, bufio.ErrBufferFull) {
			continue
		}
		if err != nil {
			return trimBlankLine(msg), m.start, truncated, err
		}
	}
}

// fieldFollows reports whether a header begins at the reader's place; the end of the stream counts as one.
func (m *mboxReader) fieldFollows() bool {
	next, _ := m.r.Peek(128)
	return len(next) == 0 || startsField(next)
}

// appendLine adds a line, or a piece of one, up to MaxMailBytes.
func appendLine(msg, line []byte, lineStart, truncated bool) ([]byte, bool) {
	if lineStart && line[0] == '>' {
		if rest := bytes.TrimLeft(line, ">"); bytes.HasPrefix(rest, []byte("From ")) {
			line = line[1:]
		}
	}
	if room := MaxMailBytes - len(msg); len(line) > room {
		return append(msg, line[:room]...), true
	}
	return append(msg, line...), truncated
}

// trimBlankLine removes the blank line that belongs to the separator.
func trimBlankLine(msg []byte) []byte {
	switch {
	case bytes.HasSuffix(msg, []byte("\r\n\r\n")):
		return msg[:len(msg)-2]
	case bytes.HasSuffix(msg, []byte("\n\n")):
		return msg[:len(msg)-1]
	}
	return msg
}
