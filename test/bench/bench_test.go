package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestWriteSectionReplacesItself(t *testing.T) {
	file := filepath.Join(t.TempDir(), "docs", "benchmarks.md")
	write := func(name, cell string) {
		t.Helper()
		tbl := table{title: "Title of " + name, columns: []string{"what"}}
		tbl.add(cell)
		if err := writeSection(file, name, tbl, "how"); err != nil {
			t.Fatal(err)
		}
	}
	write("one", "first")
	write("two", "other")
	write("one", "second")
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	got := string(text)
	if strings.Contains(got, "first") || !strings.Contains(got, "second") || !strings.Contains(got, "other") {
		t.Errorf("sections were not replaced one by one:\n%s", got)
	}
	if strings.Count(got, "# Benchmarks") != 1 || strings.Index(got, "second") > strings.Index(got, "other") {
		t.Errorf("order or heading changed:\n%s", got)
	}
}

func TestPercentile(t *testing.T) {
	var times []time.Duration
	for i := 1; i <= 20; i++ {
		times = append(times, time.Duration(i)*time.Millisecond)
	}
	for percentile, want := range map[int]string{50: "10.0 ms", 95: "19.0 ms", 100: "20.0 ms"} {
		if got := ms(times, percentile); got != want {
			t.Errorf("p%d = %s, want %s", percentile, got, want)
		}
	}
}

// TestPeersTakeEveryMail guards the comparison: a peer that silently skips mail would look fast.
func TestPeersTakeEveryMail(t *testing.T) {
	b := &bench{work: t.TempDir(), small: 5}
	for _, sub := range []string{"cur", "new", "tmp"} {
		if err := os.MkdirAll(b.path("maildir/"+sub), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	for i := range b.small {
		raw := fmt.Sprintf("From: a@example.com\nTo: b@example.com\nMessage-ID: <%d@example.com>\nDate: Mon, 02 Sep 2002 10:00:00 +0000\nSubject: s\n\ntext\n", i)
		if err := os.WriteFile(b.path(fmt.Sprintf("maildir/cur/%d.x:2,S", i)), []byte(raw), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for _, p := range peers[:2] { // mailpit would be fetched and built
		t.Run(p.name, func(t *testing.T) {
			n, took, err := p.run(t.Context(), b, t.TempDir())
			if errors.Is(err, errMissing) {
				t.Skipf("%s is not installed", p.name)
			}
			if err != nil {
				t.Fatal(err)
			}
			if n != b.small || took <= 0 {
				t.Errorf("%d mails in %s, want %d", n, took, b.small)
			}
		})
	}
}
