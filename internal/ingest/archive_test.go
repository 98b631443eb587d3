package ingest

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"slices"
	"strings"
	"testing"
)

func tarOf(t *testing.T, entries ...string) string {
	t.Helper()
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for i := 0; i < len(entries); i += 2 {
		h := &tar.Header{Name: entries[i], Typeflag: tar.TypeReg, Mode: 0o644, Size: int64(len(entries[i+1]))}
		if entries[i+1] == "LINK" {
			h.Typeflag, h.Linkname, h.Size = tar.TypeSymlink, "/etc/passwd", 0
		}
		if err := w.WriteHeader(h); err != nil {
			t.Fatal(err)
		}
		if h.Size > 0 {
			w.Write([]byte(entries[i+1]))
		}
	}
	w.Close()
	return b.String()
}

func gzipOf(content string) string {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	w.Write([]byte(content))
	w.Close()
	return b.String()
}

func zipOf(t *testing.T, entries ...string) string {
	t.Helper()
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for i := 0; i < len(entries); i += 2 {
		f, err := w.Create(entries[i])
		if err != nil {
			t.Fatal(err)
		}
		f.Write([]byte(entries[i+1]))
	}
	w.Close()
	return b.String()
}

func TestArchives(t *testing.T) {
	entries := []string{
		"set/a.eml", small, "Mail/.Sent/cur/1.host:2,S", small, "Mail/new/2.host", small, "Takeout/All mail.mbox", mboxTwo,
		"set/box.gz", gzipOf(mboxTwo), "set/page.html", "<html>no mail</html>", "../../evil.eml", small, "/abs.eml", small, "set/.DS_Store", "x",
	}
	want := []string{
		"!set/a.eml INBOX", "!Mail/.Sent/cur/1.host:2,S SENT", "!Mail/new/2.host INBOX,UNREAD", "!Takeout/All mail.mbox INBOX",
		"!Takeout/All mail.mbox INBOX", "!set/box.gz INBOX", "!set/box.gz INBOX",
	}
	for name, content := range map[string]string{
		"a.tar": tarOf(t, entries...), "a.tgz": gzipOf(tarOf(t, entries...)), "a.zip": zipOf(t, entries...),
	} {
		t.Run(name, func(t *testing.T) {
			path := write(t, t.TempDir(), name, content)
			mails, problems := collect(t, path)
			if got := sources(path, mails); !slices.Equal(got, want) {
				t.Errorf("got  %q\nwant %q", got, want)
			}
			if len(problems) != 3 {
				t.Errorf("problems: %v", problems)
			}
			wantProblem(t, problems, "set/page.html", ErrNotMail)
			wantProblem(t, problems, "evil.eml", nil)
			wantProblem(t, problems, "abs.eml", nil)
		})
	}
}

func TestArchiveLinks(t *testing.T) {
	path := write(t, t.TempDir(), "a.tar", tarOf(t, "x", "LINK", "a.eml", small))
	mails, problems := collect(t, path)
	if len(mails) != 1 {
		t.Errorf("%d mails", len(mails))
	}
	wantProblem(t, problems, "!x", nil)
}

func TestGzip(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, "a.eml.gz", gzipOf(small))
	write(t, dir, "b.mbox.gz", gzipOf(mboxTwo))
	write(t, dir, "c.gz", gzipOf(gzipOf(gzipOf(gzipOf(small)))))
	write(t, dir, "d.gz", "\x1f\x8bjunk")
	mails, problems := collect(t, dir)
	if len(mails) != 3 || len(problems) != 2 {
		t.Errorf("%d mails, problems %v", len(mails), problems)
	}
	wantProblem(t, problems, "c.gz", nil)
	wantProblem(t, problems, "d.gz", nil)
}

func TestTruncatedArchives(t *testing.T) {
	var box strings.Builder
	for i := range 2000 {
		box.WriteString("From a@b Mon Jan  5 10:00:00 2026\nSubject: " + strings.Repeat(string(rune('a'+i%26)), i%70) + "\n" + small + "\n")
	}
	packed := gzipOf(box.String())
	dir := t.TempDir()
	write(t, dir, "a.mbox.gz", packed[:len(packed)/2])
	tgz := gzipOf(tarOf(t, "1.eml", small, "2.mbox", box.String(), "3.eml", small))
	write(t, dir, "b.tgz", tgz[:len(tgz)-200])
	write(t, dir, "c.zip", zipOf(t, "1.eml", small, "2.eml", small)[:100])
	mails, problems := collect(t, dir)
	if len(mails) < 1000 {
		t.Errorf("%d mails", len(mails))
	}
	wantProblem(t, problems, "a.mbox.gz", ErrTruncated)
	wantProblem(t, problems, "b.tgz", ErrTruncated)
	wantProblem(t, problems, "c.zip", nil)
}

func TestBombs(t *testing.T) {
	bomb := small + strings.Repeat("\x00", 60<<20)
	dir := t.TempDir()
	write(t, dir, "a.eml.gz", gzipOf(bomb))
	write(t, dir, "b.zip", zipOf(t, "1.eml", small, "2.eml", bomb))
	write(t, dir, "c.tgz", gzipOf(tarOf(t, "1.eml", small, "2.eml", bomb)))
	write(t, dir, "d.eml", small)
	mails, problems := collect(t, dir)
	if len(mails) != 3 {
		t.Errorf("got %q", sources(dir, mails))
	}
	for _, name := range []string{"a.eml.gz", "b.zip", "c.tgz"} {
		wantProblem(t, problems, name, ErrBomb)
	}
}
