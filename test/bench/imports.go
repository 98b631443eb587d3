package main

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"time"

	"applylens/test/program"
)

// repeats is how often the small mailbox is imported by each program; the median counts.
const repeats = 3

const mailboxUser = "bench@example.com"

// A measure is one import.
type measure struct {
	mails int
	took  time.Duration // the whole command
	rate  float64       // mails a second
}

// importAndPeers imports the small mailbox with every program in turn.
func importAndPeers(ctx context.Context, b *bench) (table, error) {
	t := table{title: fmt.Sprintf("Import of %d mails (SpamAssassin, as a Maildir)", b.small),
		columns: []string{"program", "mails", "whole command", "mails/s", "ApplyLens against it"}}
	if _, err := readMaildir(b.path("maildir")); err != nil {
		return t, err
	}
	ours := func(ctx context.Context) (measure, error) { return b.importFresh(ctx, b.path("maildir")) }
	names, runs := []string{"applylens import"}, []runFunc{ours}
	for _, p := range peers {
		names, runs = append(names, p.name), append(runs, func(ctx context.Context) (measure, error) { return b.runPeer(ctx, p) })
	}
	medians, errs := medianOf(ctx, runs)
	if errs[0] != nil {
		return t, errs[0]
	}
	b.rate = medians[0].rate
	for i, m := range medians {
		switch {
		case errors.Is(errs[i], errMissing):
			t.add(names[i], "–", "–", "not installed", "–")
		case errs[i] != nil:
			return t, fmt.Errorf("%s: %w", names[i], errs[i])
		default:
			t.add(names[i], fmt.Sprint(m.mails), seconds(m.took), fmt.Sprintf("%.0f", m.rate), fmt.Sprintf("%.2f ×", b.rate/m.rate))
		}
	}
	t.note("Median of %d rounds, in each of which every program fills an empty store. ApplyLens parses, threads, judges, stores, indexes and commits; its "+
		"rate is by the `seconds` of its own report, the whole command also starts and stops Postgres.", repeats)
	return t, nil
}

func (b *bench) runPeer(ctx context.Context, p peer) (measure, error) {
	scratch, err := os.MkdirTemp(b.work, "peer")
	if err != nil {
		return measure{}, err
	}
	defer os.RemoveAll(scratch)
	n, took, err := p.run(ctx, b, scratch)
	return measure{n, took, float64(n) / took.Seconds()}, err
}

// A runFunc imports once.
type runFunc func(context.Context) (measure, error)

// medianOf runs each program once a round, so that a slow minute of the machine meets them all,
// and returns the medians. A program that fails is not run again.
func medianOf(ctx context.Context, runs []runFunc) ([]measure, []error) {
	all, errs := make([][]measure, len(runs)), make([]error, len(runs))
	for range repeats {
		for i, run := range runs {
			if errs[i] != nil {
				continue
			}
			m, err := run(ctx)
			all[i], errs[i] = append(all[i], m), err
		}
	}
	medians := make([]measure, len(runs))
	for i, ms := range all {
		slices.SortFunc(ms, func(a, b measure) int { return cmp.Compare(a.rate, b.rate) })
		medians[i] = ms[len(ms)/2]
	}
	return medians, errs
}

// importLarge imports the multiplied mailbox and keeps the data folder for the sections on pages.
func importLarge(ctx context.Context, b *bench) (table, error) {
	t := table{title: fmt.Sprintf("Import of %d mails", b.large), columns: []string{"mailbox", "mails", "whole command", "mails/s", "of the small one's rate"}}
	if b.rate == 0 {
		m, errs := medianOf(ctx, []runFunc{func(ctx context.Context) (measure, error) { return b.importFresh(ctx, b.path("maildir")) }})
		if errs[0] != nil {
			return t, errs[0]
		}
		b.rate = m[0].rate
	}
	t.add("as it is", fmt.Sprint(b.small), "", fmt.Sprintf("%.0f", b.rate), "")
	m, err := b.fillLarge(ctx)
	if err != nil {
		return t, err
	}
	t.add("multiplied", fmt.Sprint(m.mails), seconds(m.took), fmt.Sprintf("%.0f", m.rate), fmt.Sprintf("%.0f %%", 100*m.rate/b.rate))
	t.note("The large mailbox holds the small one and changed copies of it: fresh Message-IDs, references consistent inside a copy, " +
		"about a third of the words swapped for others of like frequency, other dates; one mbox.")
	return t, nil
}

// fillLarge imports the large mailbox into a fresh data folder below the scratch folder.
func (b *bench) fillLarge(ctx context.Context) (measure, error) {
	mbox := b.path(fmt.Sprintf("large-%d.mbox", b.large))
	if _, err := os.Stat(mbox); err != nil {
		if err := b.writeMbox(mbox); err != nil {
			return measure{}, err
		}
	}
	b.largeData = b.path(fmt.Sprintf("large-%d-data", b.large))
	if err := errors.Join(os.RemoveAll(b.largeData), os.MkdirAll(b.largeData, 0o755)); err != nil {
		return measure{}, err
	}
	return b.importInto(ctx, b.largeData, mbox)
}

// importFresh imports a path into an empty data folder, which is removed afterwards.
func (b *bench) importFresh(ctx context.Context, path string) (measure, error) {
	data, err := program.NewFolder("applylens-bench-data")
	if err != nil {
		return measure{}, err
	}
	defer os.RemoveAll(filepath.Dir(data))
	return b.importInto(ctx, data, path)
}

// importInto prepares the database of a data folder, so that making it is not measured, and imports.
func (b *bench) importInto(ctx context.Context, data, path string) (measure, error) {
	up := exec.CommandContext(ctx, b.bin, "migrate", "up")
	up.Env = program.Environment(data)
	if _, err := timed(up); err != nil {
		return measure{}, err
	}
	cmd := exec.CommandContext(ctx, b.bin, "import", path, "--user", mailboxUser, "--json")
	cmd.Env = program.Environment(data)
	var complaints bytes.Buffer
	cmd.Stderr = &complaints
	began := time.Now()
	out, err := cmd.Output()
	took := time.Since(began)
	if err != nil {
		return measure{}, fmt.Errorf("applylens import: %w\n%s%s", err, tail(complaints.Bytes()), out)
	}
	var counts struct {
		Seen, New, Duplicates, Warnings, Failed int
		Seconds                                 float64
	}
	if err := json.Unmarshal(out, &counts); err != nil {
		return measure{}, fmt.Errorf("applylens import printed no counts: %w: %s", err, out)
	}
	if counts.Failed > 0 || counts.New+counts.Duplicates != counts.Seen || counts.Seen == 0 {
		return measure{}, fmt.Errorf("applylens import lost mail: %s", out)
	}
	fmt.Printf("%s: %s", filepath.Base(path), out)
	return measure{counts.Seen, took, float64(counts.Seen) / counts.Seconds}, nil
}

func seconds(d time.Duration) string { return fmt.Sprintf("%.1f s", d.Seconds()) }
