// Command relevance measures how well the program finds what people look for: it imports the mail of a test
// collection with the built binary, asks its queries through `applylens search --queries`, first by words alone and
// then by words and meaning, and prints the measures beside those of a plain BM25 (k1 0.9, b 0.4, Snowball stems) over
// the same texts.
//
//	go run ./test/relevance            AESLC D (dev), A (dev and train) and Cranfield (odd queries)
//	go run ./test/relevance -set D     one of them
//	ELASTICSEARCH_URL=… go run ./test/relevance -engine elasticsearch
package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"log"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"applylens/internal/embed"
	"applylens/test/program"
)

// A document is one text of a collection; its id becomes the local part of a Message-ID.
type document struct{ id, subject, body string }

// A query knows the ids of the documents that answer it.
type query struct {
	text     string
	relevant map[string]bool
	any      bool // they are copies of each other: the first found is enough
}

type collection struct {
	documents []document
	queries   []query
	depth     int // hits that are asked for
}

func main() {
	set := flag.String("set", "D,A,cranfield", "collections, with commas")
	data := flag.String("data", "", "the folder with the unpacked collections; without it, ../shared/data is unpacked")
	models := flag.String("models", embed.Models()[0].Name, "sentence models, with commas; none for words alone")
	engine := flag.String("engine", "any", "postgres or elasticsearch (of ELASTICSEARCH_URL)")
	keep := flag.String("keep", "", "a folder in which the mailboxes are kept for the next run")
	flag.Parse()
	some := slices.DeleteFunc(strings.Split(*models, ","), func(m string) bool { return m == embed.None })
	if err := run(context.Background(), *data, *keep, *engine, strings.Split(*set, ","), some); err != nil {
		log.Fatal(err)
	}
}

func run(ctx context.Context, data, keep, engine string, sets, models []string) error {
	work, err := os.MkdirTemp("", "relevance")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(work) }()
	if data == "" {
		data = work
		if err := unpack(ctx, data); err != nil {
			return err
		}
	}
	if err := os.Chmod(work, 0o755); err != nil {
		return err
	}
	binary, err := program.Build(ctx, work)
	if err != nil {
		return err
	}
	if keep == "" {
		if keep, err = program.NewFolder("relevance"); err != nil {
			return err
		}
		defer func() { _ = os.RemoveAll(filepath.Dir(keep)) }()
	}
	for _, set := range sets {
		if err := measure(ctx, binary, data, keep, work, engine, set, models); err != nil {
			return fmt.Errorf("%s: %w", set, err)
		}
	}
	return nil
}

func unpack(ctx context.Context, dir string) error {
	root, err := program.Root()
	if err != nil {
		return err
	}
	for _, name := range []string{"aeslc", "cranfield"} {
		archive := filepath.Join(root, "..", "shared", "data", name+".tar.gz")
		if out, err := exec.CommandContext(ctx, "tar", "xzf", archive, "-C", dir).CombinedOutput(); err != nil {
			return fmt.Errorf("unpack %s: %w\n%s", archive, err, out)
		}
	}
	return nil
}

func measure(ctx context.Context, binary, data, keep, work, engine, set string, models []string) error {
	c, err := load(data, set)
	if err != nil {
		return err
	}
	user := strings.ToLower(set) + "@relevance.example"
	model := embed.None
	cmd := func(out *os.File, args ...string) error {
		run := exec.CommandContext(ctx, binary, append(args, "--data", keep, "--user", user, "--json")...)
		run.Stderr, run.Stdout, run.Env = os.Stderr, out, append(os.Environ(), "EMBED_MODEL="+model)
		return run.Run()
	}
	imported := filepath.Join(keep, set+".imported")
	if _, err := os.Stat(imported); err != nil {
		mbox := filepath.Join(work, set+".mbox")
		if err := writeMbox(mbox, c.documents); err != nil {
			return err
		}
		if err := cmd(os.Stdout, "import", mbox); err != nil {
			return err
		}
		if err := os.WriteFile(imported, nil, 0o644); err != nil {
			return err
		}
	}
	if engine == "elasticsearch" {
		for _, step := range []string{"build", "swap"} {
			if out, err := exec.CommandContext(ctx, binary, "index", step, "--data", keep).CombinedOutput(); err != nil {
				return fmt.Errorf("index %s: %w\n%s", step, err, out)
			}
		}
	}
	queries := filepath.Join(work, set+".queries")
	var lines strings.Builder
	for _, q := range c.queries {
		lines.WriteString(q.text + "\n")
	}
	if err := os.WriteFile(queries, []byte(lines.String()), 0o644); err != nil {
		return err
	}
	fmt.Printf("%s: %d mails, %d queries\n", set, len(c.documents), len(c.queries))
	report("BM25", c, newBM25(c.documents).answers(c))
	for _, model = range append([]string{embed.None}, models...) {
		if model != embed.None {
			if err := cmd(os.Stdout, "index", "embed"); err != nil {
				return err
			}
		}
		if err := ask(cmd, c, engine, model, queries, filepath.Join(work, set+".answers")); err != nil {
			return err
		}
	}
	return nil
}

// ask prints the measures of the program's answers.
func ask(cmd func(out *os.File, args ...string) error, c collection, engine, model, queries, answers string) error {
	out, err := os.Create(answers)
	if err != nil {
		return err
	}
	defer func() { _ = out.Close() }()
	if err := cmd(out, "search", "--engine", engine, "--queries", queries, "--limit", fmt.Sprint(c.depth)); err != nil {
		return err
	}
	ours, mode, ms, err := readAnswers(answers)
	if err != nil {
		return err
	}
	if model != embed.None {
		mode += ", " + model
	}
	report(mode, c, ours)
	fmt.Printf("  %-40s p50 %.1f ms, p95 %.1f ms a query\n", "", percentile(ms, 50), percentile(ms, 95))
	return nil
}

// writeMbox writes the documents as mail without dates, so that only the words can tell.
func writeMbox(name string, documents []document) error {
	var b bytes.Buffer
	for _, d := range documents {
		fmt.Fprintf(&b, "From MAILER-DAEMON Thu Jan  1 00:00:00 2026\nMessage-ID: <%s@relevance.example>\nSubject: %s\nContent-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: 8bit\n\n", d.id, d.subject)
		for line := range strings.Lines(d.body) {
			if strings.HasPrefix(strings.TrimLeft(line, ">"), "From ") {
				b.WriteByte('>')
			}
			b.WriteString(line)
		}
		b.WriteString("\n\n")
	}
	return os.WriteFile(name, b.Bytes(), 0o644)
}

func readAnswers(name string) (answers [][]string, mode string, ms []float64, err error) {
	file, err := os.Open(name)
	if err != nil {
		return nil, "", nil, err
	}
	defer func() { _ = file.Close() }()
	lines := bufio.NewScanner(file)
	lines.Buffer(nil, 64<<20)
	for lines.Scan() {
		var a struct {
			Mode string  `json:"mode"`
			MS   float64 `json:"ms"`
			Hits []struct {
				MessageID string `json:"message_id"`
			} `json:"hits"`
		}
		if err := json.Unmarshal(lines.Bytes(), &a); err != nil {
			return nil, "", nil, err
		}
		var ids []string
		for _, h := range a.Hits {
			ids = append(ids, strings.TrimSuffix(h.MessageID, "@relevance.example"))
		}
		answers, mode, ms = append(answers, ids), a.Mode, append(ms, a.MS)
	}
	return answers, mode, ms, lines.Err()
}
