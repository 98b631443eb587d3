package ingest

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

const small = "From: a@example.com\nTo: b@example.com\nSubject: one\n\nHello\n"

// write puts a file, with its folders, under dir.
func write(t *testing.T, dir, name, content string) string {
	t.Helper()
	path := filepath.Join(dir, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

// collect walks paths and returns the mails and the problems.
func collect(t *testing.T, paths ...string) (mails []Raw, problems []*SourceError) {
	t.Helper()
	var last Progress
	report := func(p Progress) {
		if p.Done < 0 || p.Done > p.Total {
			t.Errorf("progress %d of %d", p.Done, p.Total)
		}
		last = p
	}
	for raw, err := range Walk(context.Background(), paths, report) {
		var problem *SourceError
		switch {
		case errors.As(err, &problem):
			problems = append(problems, problem)
		case err != nil:
			t.Fatal(err)
		default:
			mails = append(mails, raw)
		}
	}
	if last.Done != last.Total || last.Mails != int64(len(mails)) {
		t.Errorf("last progress %+v for %d mails", last, len(mails))
	}
	return mails, problems
}

// sources lists where mails were found, relative to dir, with their labels.
func sources(dir string, mails []Raw) []string {
	var out []string
	for _, m := range mails {
		out = append(out, strings.TrimPrefix(strings.TrimPrefix(m.Source, dir), "/")+" "+strings.Join(m.Labels, ","))
	}
	return out
}

func wantProblem(t *testing.T, problems []*SourceError, source string, is error) {
	t.Helper()
	for _, p := range problems {
		if strings.HasSuffix(p.Source, source) && (is == nil || errors.Is(p.Err, is)) {
			if strings.Contains(p.Error(), "\n") || len(p.Err.Error()) < 10 {
				t.Errorf("no sentence: %q", p.Error())
			}
			return
		}
	}
	t.Errorf("no problem of %s is %v; have %v", source, is, problems)
}

func TestFolder(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, "b.eml", small)
	write(t, dir, "a/2.eml", small)
	write(t, dir, "a/10.txt", "\xef\xbb\xbf"+small)
	write(t, dir, "crlf", strings.ReplaceAll(small, "\n", "\r\n"))
	write(t, dir, ".DS_Store", "junk")
	write(t, dir, "notes.txt", "Just a note: nothing else.\n\nReally.\n")
	write(t, dir, "empty.eml", "")
	mails, problems := collect(t, dir)
	want := []string{"a/10.txt INBOX", "a/2.eml INBOX", "b.eml INBOX", "crlf INBOX"}
	if got := sources(dir, mails); !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	if len(problems) != 2 {
		t.Errorf("problems: %v", problems)
	}
	wantProblem(t, problems, "notes.txt", ErrNotMail)
	wantProblem(t, problems, "empty.eml", ErrEmpty)
	if string(mails[1].Bytes) != small {
		t.Errorf("bytes changed: %q", mails[1].Bytes)
	}
}

func TestMissingAndLinks(t *testing.T) {
	dir, outside := t.TempDir(), t.TempDir()
	write(t, dir, "a.eml", small)
	secret := write(t, outside, "secret.eml", small)
	for name, target := range map[string]string{"out.eml": secret, "outdir": outside, "in.eml": filepath.Join(dir, "a.eml"), "nowhere": "/does/not/exist"} {
		if err := os.Symlink(target, filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	mails, problems := collect(t, dir, filepath.Join(dir, "missing.mbox"))
	if got := sources(dir, mails); !slices.Equal(got, []string{"a.eml INBOX"}) {
		t.Errorf("got %q", got)
	}
	wantProblem(t, problems, "missing.mbox", os.ErrNotExist)
	wantProblem(t, problems, "out.eml", nil)
	wantProblem(t, problems, "outdir", nil)
	wantProblem(t, problems, "nowhere", nil)
	if len(problems) != 4 {
		t.Errorf("problems: %v", problems)
	}
}

func TestHugeMail(t *testing.T) {
	dir := t.TempDir()
	path := write(t, dir, "huge.eml", small)
	if err := os.Truncate(path, 200<<20); err != nil { // sparse: 200 MB of NUL after the header
		t.Fatal(err)
	}
	mails, problems := collect(t, path)
	if len(mails) != 1 || len(mails[0].Bytes) != MaxMailBytes || !mails[0].Truncated || !strings.HasPrefix(string(mails[0].Bytes), small) {
		t.Errorf("%d mails", len(mails))
	}
	wantProblem(t, problems, "huge.eml", ErrTooLarge)
}

func TestStop(t *testing.T) {
	dir := t.TempDir()
	for i := range 10 {
		write(t, dir, fmt.Sprintf("%d.eml", i), small)
	}
	n := 0
	for range Walk(context.Background(), []string{dir}, nil) {
		if n++; n == 3 {
			break
		}
	}
	if n != 3 {
		t.Errorf("%d mails after a break at 3", n)
	}
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	n = 0
	var last error
	for _, err := range Walk(ctx, []string{dir}, nil) {
		if last = err; err == nil {
			n++
		}
		cancel()
	}
	if n != 1 || !errors.Is(last, context.Canceled) {
		t.Errorf("%d mails, then %v", n, last)
	}
}

func TestGmailLabels(t *testing.T) {
	for _, c := range []struct{ value, want string }{
		{"Inbox,Category Promotions,Unread", "INBOX|CATEGORY_PROMOTIONS|UNREAD"},
		{"Archived,Opened", ""},
		{"Sent,Important,Opened,Job hunt/Acme", "SENT|IMPORTANT|Job hunt/Acme"},
		{`Inbox,"Acme, Inc.",Starred`, "INBOX|Acme, Inc.|STARRED"},
		{"Posteingang,Ungelesen,Wichtig", "INBOX|UNREAD|IMPORTANT"},
		{"=?UTF-8?Q?Entw=C3=BCrfe,Ge=C3=B6ffnet?=", "DRAFT"},
		{"=?UTF-8?Q?Bo=C3=AEte_de_r=C3=A9ception,Messages_envoy=C3=A9?=\r\n =?UTF-8?Q?s,Corbeille?=", "INBOX|SENT|TRASH"},
		{"=?UTF-8?Q?Recibidos,No_le=C3=ADdos,Destacados,Papelera,Categor=C3=ADa:_Promociones?=", "INBOX|UNREAD|STARRED|TRASH|CATEGORY_PROMOTIONS"},
		{"=?UTF-8?B?S2F0ZWdvcmllICJXZXJidW5nIg==?=", "CATEGORY_PROMOTIONS"},
		{"", ""},
	} {
		if got := strings.Join(gmailLabels(c.value), "|"); got != c.want {
			t.Errorf("%q: got %q, want %q", c.value, got, c.want)
		}
	}
}

func TestStateHeaders(t *testing.T) {
	for _, c := range []struct{ header, want, thread string }{
		{"Subject: x\n", "INBOX", ""},
		{"Status: RO\n", "INBOX", ""},
		{"Status: O\n", "INBOX,UNREAD", ""},
		{"Status: RO\nX-Status: AF\n", "INBOX,STARRED", ""},
		{"X-Mozilla-Status: 0001\n", "INBOX", ""},
		{"X-Mozilla-Status: 0004\n", "INBOX,UNREAD,STARRED", ""},
		{"X-Mozilla-Status: 0009\n", "TRASH", ""},
		{"X-GM-THRID: 1626537852094234511\nX-Gmail-Labels: Archived\n", "", "1626537852094234511"},
		{"X-GM-THRID: no\nX-Gmail-Labels: Inbox,\n Unread\n", "INBOX,UNREAD", ""},
		{"Subject: x\n\nStatus: O\n", "INBOX", ""},
	} {
		labels, thread := labelsOf([]byte(c.header+"\nbody\n"), nil)
		if got := strings.Join(labels, ","); got != c.want || thread != c.thread || labels == nil {
			t.Errorf("%q: got %q and thread %q", c.header, got, thread)
		}
	}
}
