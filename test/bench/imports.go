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
	ours, err := median(func() (measure, error) { return b.importFresh(ctx, b.path("maildir")) })
	if err != nil {
		return t, err
	}
	b.rate = ours.rate
	t.add("applylens import", fmt.Sprint(ours.mails), seconds(ours.took), fmt.Sprintf("%.0f", ours.rate), "")
	for _, p := range peers {
		m, err := median(func() (measure, error) { return b.runPeer(ctx, p) })
		if errors.Is(err, errMissing) {
			t.add(p.name, "–", "–", "not installed", "–")
			continue
		}
		if err != nil {
			return t, fmt.Errorf("%s: %w", p.name, err)
		}
		t.add(p.name, fmt.Sprint(m.mails), seconds(m.took), fmt.Sprintf("%.0f", m.rate), fmt.Sprintf("%.2f ×", ours.rate/m.rate))
	}
	t.note("Median of %d runs, each into an empty store. ApplyLens parses, threads, judges, stores, indexes and commits; its "+
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

func median(run func() (measure, error)) (measure, error) {
	var all []measure
	for range repeats {
		m, err := run()
		if err != nil {
			return m, err
		}
		all = append(all, m)
	}
	slices.SortFunc(all, func(a, b measure) int { return cmp.Compare(a.rate, b.rate) })
	return all[len(all)/2], nil
}

// importLarge imports the multiplied mailbox and keeps the data folder for the sections on pages.
func importLarge(ctx context.Context, b *bench) (table, error) {
	t := table{title: fmt.Sprintf("Import of %d mails", b.large), columns: []string{"mailbox", "mails", "whole command", "mails/s", "of the small one's rate"}}
	if b.rate == 0 {
		m, err := median(func() (measure, error) { return b.importFresh(ctx, b.path("maildir")) })
		if err != nil {
			return t, err
		}
		b.rate = m.rate
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
