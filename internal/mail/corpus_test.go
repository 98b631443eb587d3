package mail

import (
	"archive/tar"
	"compress/gzip"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"
)

// corpus reads the files of one archive of ../shared/data, or skips the test where the data is not there.
func corpus(tb testing.TB, name string, want func(path string) bool) map[string][]byte {
	tb.Helper()
	f, err := os.Open(filepath.Join("..", "..", "..", "shared", "data", name+".tar.gz"))
	if errors.Is(err, os.ErrNotExist) {
		tb.Skipf("no data: %v", err)
	}
	if err != nil {
		tb.Fatal(err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		tb.Fatal(err)
	}
	out := map[string][]byte{}
	for r := tar.NewReader(z); ; {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			return out
		}
		if err != nil {
			tb.Fatal(err)
		}
		if h.Typeflag == tar.TypeReg && want(h.Name) {
			if out[h.Name], err = io.ReadAll(r); err != nil {
				tb.Fatal(err)
			}
		}
	}
}

func anyFile(string) bool { return true }

// checkMessage fails on what must hold for every input.
func checkMessage(t *testing.T, name string, m *Message) {
	t.Helper()
	all := []string{m.MessageID, m.InReplyTo, m.Subject, m.Text, m.HTML, m.VisibleText, m.List.ID}
	all = append(all, m.References...)
	all = append(all, m.Warnings...)
	all = append(all, m.List.Unsubscribe...)
	for _, list := range [][]Address{m.From, m.To, m.Cc, m.Bcc, m.ReplyTo} {
		if list == nil {
			t.Errorf("%s: nil addresses", name)
		}
		for _, a := range list {
			all = append(all, a.Name, a.Address)
		}
	}
	for _, a := range m.Attachments {
		all = append(all, a.Filename, a.ContentType, a.ContentID)
		if int64(len(a.Data)) != a.Size || len(a.SHA256) != 64 {
			t.Errorf("%s: attachment %q: size %d of %d bytes, digest %q", name, a.Filename, a.Size, len(a.Data), a.SHA256)
		}
	}
	for _, h := range m.Headers {
		all = append(all, h.Name, h.Value)
	}
	for _, e := range m.Calendar {
		all = append(all, e.Method, e.UID, e.Summary, e.Location, e.Organizer)
	}
	for _, s := range all {
		if !utf8.ValidString(s) || strings.ContainsRune(s, 0) {
			t.Errorf("%s: %.60q is not UTF-8 without NUL", name, s)
		}
	}
	if len(m.Text) > MaxTextBytes+4 || len(m.Warnings) > MaxWarnings || !m.Date.IsZero() && !plausible(m.Date) {
		t.Errorf("%s: beyond a limit", name)
	}
}

func TestCorpora(t *testing.T) {
	for _, set := range []string{"spamassassin", "phishing", "mime"} {
		t.Run(set, func(t *testing.T) {
			n, noFrom, noDate, noText := 0, 0, 0, 0
			for name, raw := range corpus(t, set, func(p string) bool { return !strings.HasSuffix(p, ".json") && !strings.HasSuffix(p, ".py") }) {
				m := Parse(raw)
				checkMessage(t, name, m)
				n++
				if len(m.From) == 0 {
					noFrom++
				}
				if m.Date.IsZero() {
					noDate++
				}
				if m.VisibleText == "" && strings.TrimSpace(m.Text) != "" {
					t.Errorf("%s: text, but none of it visible", name)
				}
				if strings.TrimSpace(m.Text) == "" {
					noText++
				}
			}
			t.Logf("%d messages, %d without From, %d without Date, %d without text", n, noFrom, noDate, noText)
			if set == "spamassassin" && (n < 3500 || noFrom > n/100 || noDate > n/100 || noText > n/50) {
				t.Error("more messages without sender, date or text than the set has")
			}
		})
	}
}

// BenchmarkParse parses the spamassassin set; ns/op is for one message.
func BenchmarkParse(b *testing.B) {
	var raws [][]byte
	size := 0
	for _, raw := range corpus(b, "spamassassin", anyFile) {
		raws = append(raws, raw)
		size += len(raw)
	}
	b.SetBytes(int64(size / len(raws)))
	b.ReportAllocs()
	i := 0
	for b.Loop() {
		Parse(raws[i%len(raws)])
		i++
	}
}
