// Package eval measures the triage on labelled mail: it reads the sets, runs the judgement and counts. It does the
// reading that package triage must not do. Start at Report.
package eval

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"strings"

	"applylens/internal/mail"
)

// ErrNoData means that the archive of a set is not on this machine.
var ErrNoData = errors.New("data set is not here")

// A Sample is one mail with what is known about it; an empty string or nil is "not known".
type Sample struct {
	Set      string
	Name     string
	Group    string // split by this: a campaign, a thread or a sender is never on both sides
	Mail     *mail.Message
	Category string
	Unwanted *bool
	Reply    *bool
	Lang     string
	Size     int // bytes of the source
}

// Open calls fn with each file of DIR/name.tar.gz, or of the folder DIR/name, in the order of the archive or of names.
func Open(dir, name string, fn func(name string, b []byte) error) error {
	f, err := os.Open(filepath.Join(dir, name+".tar.gz"))
	if errors.Is(err, os.ErrNotExist) {
		return openFolder(filepath.Join(dir, name), fn)
	}
	if err != nil {
		return fmt.Errorf("open set %s: %w", name, err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		return fmt.Errorf("open set %s: %w", name, err)
	}
	for t := tar.NewReader(z); ; {
		h, err := t.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("read set %s: %w", name, err)
		}
		if h.Typeflag != tar.TypeReg {
			continue
		}
		b, err := io.ReadAll(t)
		if err != nil {
			return fmt.Errorf("read set %s: %w", name, err)
		}
		if err := fn(h.Name, b); err != nil {
			return err
		}
	}
}

func openFolder(dir string, fn func(string, []byte) error) error {
	if _, err := os.Stat(dir); err != nil {
		return fmt.Errorf("%w: %s", ErrNoData, dir)
	}
	return filepath.WalkDir(dir, func(p string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		b, err := os.ReadFile(p)
		if err != nil {
			return err
		}
		return fn(p, b)
	})
}

// giveaways are words that tell the source of a set: they are removed before training and scoring.
var giveaways = regexp.MustCompile(`(?i)phishing@pot|phishing@|bestguesspass|spamassassin\.taint\.org|(zzzz|yyyy|jm|qqqqqqqqqq[\w-]*)@|jmason\.org|taint\.org`)

// Scrub takes what gives the source away out of a message.
func Scrub(b []byte) []byte {
	b = bytes.ReplaceAll(b, []byte("phishing@pot"), []byte("reader@example.org"))
	return giveaways.ReplaceAllFunc(b, func(m []byte) []byte {
		switch s := strings.ToLower(string(m)); {
		case strings.HasSuffix(s, "@"):
			return []byte("reader@")
		case s == "bestguesspass":
			return []byte("none")
		}
		return []byte("example.org")
	})
}

func yes(b bool) *bool { return &b }

// SpamAssassin reads the set of that name: easy-ham and hard-ham are wanted, spam is not.
func SpamAssassin(dir string) ([]Sample, error) {
	var out []Sample
	err := Open(dir, "spamassassin", func(name string, b []byte) error {
		folder := path.Base(path.Dir(name))
		kind := strings.TrimRight(folder, "-12")
		out = append(out, Sample{Set: "spamassassin/" + kind, Name: folder + "/" + path.Base(name), Mail: mail.Parse(Scrub(b)),
			Unwanted: yes(kind == "spam"), Size: len(b)})
		return nil
	})
	return out, err
}

// Phishing reads the honeypot mail: all unwanted.
func Phishing(dir string) ([]Sample, error) {
	var out []Sample
	err := Open(dir, "phishing", func(name string, b []byte) error {
		if !strings.HasSuffix(name, ".eml") {
			return nil
		}
		out = append(out, Sample{Set: "phishing", Name: path.Base(name), Mail: mail.Parse(Scrub(b)), Unwanted: yes(true), Size: len(b)})
		return nil
	})
	return out, err
}

// Takeout reads the Gmail mbox. Group is Gmail's own tab ("Promotions", "Updates", …); spam is left out of Category.
func Takeout(dir string) ([]Sample, error) {
	var out []Sample
	err := Open(dir, "takeout", func(name string, b []byte) error {
		if !strings.HasSuffix(name, ".mbox") {
			return nil
		}
		for i, raw := range splitMbox(b) {
			m := mail.Parse(raw)
			labels := m.Header("X-Gmail-Labels")
			s := Sample{Set: "takeout", Name: fmt.Sprint(i), Mail: m, Size: len(raw)}
			_, tab, _ := strings.Cut(labels, "Category ")
			s.Group, _, _ = strings.Cut(tab, ",")
			s.Unwanted = yes(strings.Contains(labels, "Spam"))
			out = append(out, s)
		}
		return nil
	})
	return out, err
}

// splitMbox cuts an mbox at its "From " lines.
func splitMbox(b []byte) [][]byte {
	var out [][]byte
	for _, p := range bytes.Split(append([]byte("\n"), b...), []byte("\nFrom ")) {
		if _, rest, ok := bytes.Cut(p, []byte("\n")); ok && len(bytes.TrimSpace(rest)) > 0 {
			out = append(out, bytes.ReplaceAll(rest, []byte("\n>From "), []byte("\nFrom ")))
		}
	}
	return out
}

// Jobmail reads the job texts: Category is "rejection" or "not".
func Jobmail(dir string) ([]Sample, error) {
	var out []Sample
	err := Open(dir, "jobmail", func(name string, b []byte) error {
		if path.Base(name) != "emails.csv" {
			return nil
		}
		rows, err := csv.NewReader(bytes.NewReader(b)).ReadAll()
		if err != nil {
			return fmt.Errorf("read jobmail: %w", err)
		}
		for _, r := range rows[1:] {
			c := "not"
			if r[1] == "reject" {
				c = "rejection"
			}
			m := mail.Parse([]byte("Content-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: 8bit\n\n" + r[0]))
			out = append(out, Sample{Set: "jobmail", Name: r[2], Mail: m, Category: c, Size: len(r[0])})
		}
		return nil
	})
	return out, err
}

// Enron reads the business mail: all wanted.
func Enron(dir string) ([]Sample, error) {
	var out []Sample
	err := Open(dir, "enron_categories", func(name string, b []byte) error {
		if strings.HasSuffix(name, ".txt") && !strings.Contains(name, "README") && !strings.Contains(name, "categories.txt") {
			out = append(out, Sample{Set: "enron", Name: path.Base(name), Mail: mail.Parse(b), Unwanted: yes(false), Size: len(b)})
		}
		return nil
	})
	return out, err
}

// A Sentence is one sentence and whether it asks for something.
type Sentence struct {
	Text string
	Asks bool
}

// Requests reads the sentences of the request set.
func Requests(dir string) ([]Sentence, error) {
	var out []Sentence
	err := Open(dir, "requests", func(name string, b []byte) error {
		if !strings.HasSuffix(name, ".txt") {
			return nil
		}
		for _, line := range strings.Split(string(b), "\n") {
			label, text, ok := strings.Cut(strings.TrimRight(line, "\r"), "\t")
			if ok {
				out = append(out, Sentence{Text: strings.ToValidUTF8(text, ""), Asks: label == "Yes"})
			}
		}
		return nil
	})
	return out, err
}
