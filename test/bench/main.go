// Bench measures ApplyLens as the promises of docs/benchmarks.md are worded, beside other mail
// programs in the same run, and writes that file. `make bench` runs it; -only chooses sections.
//
// Start at the list of sections. Each returns a table; a peer or tool that is not installed is
// shown as missing, never left out silently.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"

	"applylens/test/program"
)

// A section is one part of the report.
type section struct {
	name string
	run  func(context.Context, *bench) (table, error)
}

var sections = []section{
	{"import", importAndPeers},
	{"import-large", importLarge},
	{"pages", pages},
	{"rest", rest},
	{"lighthouse", lighthouse},
	{"slo", objectives},
	{"gmail", gmailSection},
}

// A bench holds what the sections share.
type bench struct {
	root, work string // the module; a scratch folder that is kept with -keep
	bin        string // the built program
	data       string // the archive of mails
	small      int    // mails in the small mailbox
	large      int    // mails in the large one
	rounds     int    // requests for each page
	sloDays    int    // days of runs that the objectives are measured on
	rate       float64
	largeData  string // the data folder that import-large filled
}

func main() {
	only := flag.String("only", "", "comma-separated sections: import, import-large, pages, rest, lighthouse, slo, gmail; default all")
	large := flag.Int("large", 100_000, "mails in the large mailbox")
	rounds := flag.Int("rounds", 200, "requests for each kind of page")
	sloDays := flag.Int("slo-days", 30, "days of a million runs for the section slo; 0.33 GB of disk each")
	data := flag.String("data", "../shared/data/spamassassin.tar.gz", "archive of .eml files to import")
	work := flag.String("work", "", "scratch folder; one that exists is used again, with the large mailbox in it")
	out := flag.String("out", "docs/benchmarks.md", "report to write into")
	mbox := flag.String("mbox", "", "only write the large mailbox to this file")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, *only, *data, *work, *out, *mbox, *large, *rounds, *sloDays); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		stop()
		os.Exit(1)
	}
}

func run(ctx context.Context, only, data, work, out, mbox string, large, rounds, sloDays int) error {
	root, err := program.Root()
	if err != nil {
		return err
	}
	b := &bench{root: root, data: filepath.Join(root, data), large: large, rounds: rounds, sloDays: sloDays, work: work}
	if filepath.IsAbs(data) {
		b.data = data
	}
	if err := b.prepare(ctx); err != nil {
		return err
	}
	if work == "" {
		defer os.RemoveAll(b.work)
	}
	if mbox != "" {
		return b.writeMbox(mbox)
	}
	return b.report(ctx, only, out)
}

// prepare makes the scratch folder, the Maildir and the binary.
func (b *bench) prepare(ctx context.Context) error {
	if _, err := os.Stat(b.data); err != nil {
		return fmt.Errorf("the mails to measure with are missing (-data): %w", err)
	}
	if b.work == "" {
		dir, err := os.MkdirTemp("", "applylens-bench")
		if err != nil {
			return err
		}
		b.work = dir
	}
	if err := errors.Join(os.MkdirAll(b.work, 0o755), os.Chmod(b.work, 0o755)); err != nil {
		return err
	}
	n, err := unpackMaildir(b.data, b.path("maildir"))
	if err != nil {
		return err
	}
	b.small = n
	b.bin, err = program.Build(ctx, b.work)
	return err
}

func (b *bench) path(name string) string { return filepath.Join(b.work, name) }

// report runs the chosen sections and writes each as soon as it is measured. A section that fails
// does not stop the others.
func (b *bench) report(ctx context.Context, only, out string) error {
	if !filepath.IsAbs(out) {
		out = filepath.Join(b.root, out)
	}
	var failed []error
	for _, s := range sections {
		if only != "" && !slices.Contains(strings.Split(only, ","), s.name) {
			continue
		}
		fmt.Printf("== %s\n", s.name)
		t, err := s.run(ctx, b)
		if err != nil {
			failed = append(failed, fmt.Errorf("%s: %w", s.name, err))
			fmt.Println(failed[len(failed)-1])
			continue
		}
		fmt.Println(t)
		if err := writeSection(out, s.name, t, b.machine(ctx, s.name)); err != nil {
			return err
		}
	}
	return errors.Join(failed...)
}
