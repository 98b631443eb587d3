package ingest

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const mboxTwo = "From jane@example.com Mon Jan  5 10:00:00 2026\nFrom: jane@example.com\nSubject: one\n\nHello\n" +
	">From here on it is quoted.\n>>From twice.\nFrom the middle of a paragraph 2026.\n\nFrom 10:30 we meet in 2026\nno header here.\n\n" +
	"From - Tue Jan  6 10:00:00 2026\nFrom: joe@example.com\nSubject: two\n\nBye\n"

func TestMbox(t *testing.T) {
	for _, eol := range []string{"\n", "\r\n"} {
		dir := t.TempDir()
		path := write(t, dir, "box", strings.ReplaceAll("\n"+mboxTwo, "\n", eol))
		mails, problems := collect(t, path)
		if len(mails) != 2 || len(problems) != 0 {
			t.Fatalf("%d mails, problems %v", len(mails), problems)
		}
		first := strings.ReplaceAll("From: jane@example.com\nSubject: one\n\nHello\nFrom here on it is quoted.\n>From twice.\n"+
			"From the middle of a paragraph 2026.\n\nFrom 10:30 we meet in 2026\nno header here.\n", "\n", eol)
		if string(mails[0].Bytes) != first {
			t.Errorf("first mail: %q", mails[0].Bytes)
		}
		whole, _ := os.ReadFile(path)
		for _, m := range mails {
			if !bytes.HasPrefix(whole[m.Offset:], []byte("From ")) {
				t.Errorf("offset %d is at %.20q", m.Offset, whole[m.Offset:])
			}
		}
	}
}

func TestMboxTruncated(t *testing.T) {
	path := write(t, t.TempDir(), "box", mboxTwo[:len(mboxTwo)-2])
	mails, problems := collect(t, path)
	if len(mails) != 2 || !strings.HasSuffix(string(mails[1].Bytes), "By") {
		t.Errorf("%d mails", len(mails))
	}
	wantProblem(t, problems, "box", ErrTruncated)
}

func TestMboxHugeMessage(t *testing.T) {
	path := filepath.Join(t.TempDir(), "box")
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	line := strings.Repeat("x", 1<<20) // longer than the buffer
	w := bufio.NewWriter(f)
	w.WriteString("From a@b Mon Jan  5 10:00:00 2026\n" + small)
	for range 80 {
		w.WriteString(line)
	}
	w.WriteString("\n\nFrom a@b Mon Jan  5 10:00:00 2026\n" + small)
	if err := errors.Join(w.Flush(), f.Close()); err != nil {
		t.Fatal(err)
	}
	mails, problems := collect(t, path)
	if len(mails) != 2 || len(mails[0].Bytes) != MaxMailBytes || !mails[0].Truncated || string(mails[1].Bytes) != small || mails[1].Truncated {
		t.Errorf("%d mails", len(mails))
	}
	wantProblem(t, problems, "box", ErrTooLarge)
}

func TestTakeoutCorpus(t *testing.T) {
	path := filepath.Join("..", "..", "..", "shared", "data", "takeout.tar.gz")
	if _, err := os.Stat(path); err != nil {
		t.Skipf("no data: %v", err)
	}
	mails, problems := collect(t, path)
	if len(mails) != 244 || len(problems) != 0 {
		t.Errorf("%d mails, want 244; problems %v", len(mails), problems)
	}
	for _, m := range mails {
		if len(m.Labels) == 0 || m.GmailThreadID == "" {
			t.Errorf("at %d: labels %q, thread %q", m.Offset, m.Labels, m.GmailThreadID)
		}
	}
}

// FuzzMbox checks that no message is longer than the input, that offsets rise and point at a "From " line, and that
// nothing but separators and quoting is lost.
func FuzzMbox(f *testing.F) {
	f.Add([]byte(mboxTwo))
	f.Add([]byte(strings.ReplaceAll(mboxTwo, "\n", "\r\n")))
	f.Add([]byte("From \n\nFrom a 2026\nX: y\n\n\n\nFrom b 2026\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		m := mboxReader{r: bufio.NewReaderSize(bytes.NewReader(data), 64), fresh: true}
		last, total := int64(-1), 0
		for {
			msg, offset, _, err := m.next()
			total += len(msg)
			if offset < last || offset > int64(len(data)) {
				t.Fatalf("offset %d after %d of %d", offset, last, len(data))
			}
			if offset > 0 && !bytes.HasPrefix(data[offset:], []byte("From ")) {
				t.Fatalf("offset %d is at %.10q", offset, data[offset:])
			}
			last = offset
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				t.Fatal(err)
			}
		}
		if total > len(data) || m.at != int64(len(data)) {
			t.Fatalf("%d bytes given, %d read of %d", total, m.at, len(data))
		}
	})
}

// BenchmarkWalk reads the packed spamassassin set.
func BenchmarkWalk(b *testing.B) {
	path := filepath.Join("..", "..", "..", "shared", "data", "spamassassin.tar.gz")
	if _, err := os.Stat(path); err != nil {
		b.Skipf("no data: %v", err)
	}
	n := 0
	for b.Loop() {
		for _, err := range Walk(context.Background(), []string{path}, nil) {
			if err != nil {
				b.Fatal(err)
			}
			n++
		}
	}
	b.ReportMetric(float64(n)/b.Elapsed().Seconds(), "mails/s")
}
