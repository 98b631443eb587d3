package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"time"
)

// A table is what a section measured.
type table struct {
	title   string
	columns []string
	rows    [][]string
	notes   []string
}

func (t *table) add(cells ...string) { t.rows = append(t.rows, cells) }
func (t *table) note(format string, args ...any) {
	t.notes = append(t.notes, fmt.Sprintf(format, args...))
}

// String returns the table in Markdown.
func (t table) String() string {
	var s strings.Builder
	line := func(cells []string) { fmt.Fprintf(&s, "| %s |\n", strings.Join(cells, " | ")) }
	line(t.columns)
	rule := make([]string, len(t.columns))
	for i := range rule {
		rule[i] = "---"
	}
	line(rule)
	for _, row := range t.rows {
		line(row)
	}
	if len(t.notes) > 0 {
		s.WriteString("\n")
		for _, n := range t.notes {
			fmt.Fprintf(&s, "- %s\n", n)
		}
	}
	return s.String()
}

// machine is the line under a section's title: how to repeat it, of which commit, on what.
func (b *bench) machine(ctx context.Context, name string) string {
	return fmt.Sprintf("`make bench ONLY=%s` at commit %s, %s, on %d cores (%s), %s of memory.",
		name, b.commit(ctx), time.Now().UTC().Format("2006-01-02"), runtime.NumCPU(), cpuModel(), memory())
}

// commit names the commit that was measured, and says when the tree differs from it.
func (b *bench) commit(ctx context.Context) string {
	git := func(args ...string) string {
		cmd := exec.CommandContext(ctx, "git", args...)
		cmd.Dir = b.root
		out, err := cmd.Output()
		if err != nil {
			return ""
		}
		return strings.TrimSpace(string(out))
	}
	id := git("rev-parse", "--short", "HEAD")
	if id == "" {
		return "unknown"
	}
	if git("status", "--porcelain", "--", ":!docs/benchmarks.md") != "" {
		id += " with changes"
	}
	return id
}

func cpuModel() string { return firstField("/proc/cpuinfo", "model name") }

func memory() string {
	var kib int
	if _, err := fmt.Sscanf(firstField("/proc/meminfo", "MemTotal"), "%d kB", &kib); err != nil {
		return "an unknown amount"
	}
	return fmt.Sprintf("%d GiB", (kib+1<<19)>>20)
}

// firstField returns the value of the first "name: value" line of a file of /proc.
func firstField(file, name string) string {
	text, err := os.ReadFile(file)
	if err != nil {
		return "unknown"
	}
	for line := range strings.Lines(string(text)) {
		if key, value, ok := strings.Cut(line, ":"); ok && strings.TrimSpace(key) == name {
			return strings.TrimSpace(value)
		}
	}
	return "unknown"
}

const heading = `# Benchmarks

Written by ` + "`make bench`" + `; each section is replaced when it is measured again. Peers run in the same
run, on the same mails, from a warm page cache.
`

// writeSection puts a section between its markers in the report, in place of its former self.
func writeSection(file, name string, t table, how string) error {
	text, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		text, err = []byte(heading), os.MkdirAll(filepath.Dir(file), 0o755)
	}
	if err != nil {
		return err
	}
	begin, end := fmt.Sprintf("<!-- begin %s -->\n", name), fmt.Sprintf("<!-- end %s -->\n", name)
	body := fmt.Sprintf("%s## %s\n\n%s\n\n%s%s", begin, t.title, how, t, end)
	before, rest, found := bytes.Cut(text, []byte(begin))
	if !found {
		return os.WriteFile(file, append(text, "\n"+body...), 0o644)
	}
	_, after, closed := bytes.Cut(rest, []byte(end))
	if !closed {
		return fmt.Errorf("%s: %q has no end", file, strings.TrimSpace(begin))
	}
	return os.WriteFile(file, []byte(string(before)+body+string(after)), 0o644)
}
