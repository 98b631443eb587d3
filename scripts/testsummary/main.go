// Testsummary reads `go test -json` on standard input and shows what a person wants to know:
// each failure in full as it happens, each skipped test with its reason, the counts, and, as the
// closing lines, go test's own line for every package. It exits with 1 when anything failed.
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strings"
	"time"
)

// An event is one line of `go test -json`; see `go doc test2json`.
type event struct {
	Action     string
	Package    string
	ImportPath string // set instead of Package by build events
	Test       string
	Output     string
	Elapsed    float64 // seconds
}

// A result is what the run amounted to.
type result struct {
	passed, failed, skipped int
	skips                   []string // one line each, with the reason
	closing                 []string // go test's line for each package
	broken                  bool     // a package failed without a failing test: build error, panic, time-out
}

func main() {
	start := time.Now()
	res, err := read(os.Stdin, os.Stdout)
	if err != nil {
		fmt.Fprintln(os.Stderr, "testsummary:", err)
		os.Exit(1)
	}
	for _, line := range res.skips {
		fmt.Println(line)
	}
	fmt.Printf("\n%d tests passed, %d failed, %d skipped in %s\n\n",
		res.passed, res.failed, res.skipped, time.Since(start).Round(time.Second))
	for _, line := range res.closing {
		fmt.Println(line)
	}
	if res.failed > 0 || res.broken {
		os.Exit(1)
	}
}

// read consumes the events, writes failures and one progress line a package to out as they come,
// and returns the rest. A line that is no event (a warning of the go command) is passed through.
func read(in io.Reader, out io.Writer) (result, error) {
	var res result
	output := map[string]*strings.Builder{} // package and test → what it printed
	sc := bufio.NewScanner(in)
	sc.Buffer(make([]byte, 64<<10), 16<<20)
	for sc.Scan() {
		var e event
		if err := json.Unmarshal(sc.Bytes(), &e); err != nil {
			fmt.Fprintln(out, sc.Text())
			continue
		}
		key := e.Package + "\x00" + e.Test
		if output[key] == nil {
			output[key] = new(strings.Builder)
		}
		switch {
		case e.Action == "build-output":
			fmt.Fprint(out, e.Output)
		case e.Action == "output" && e.Test == "" && isClosing(e.Output):
			res.closing = append(res.closing, strings.TrimRight(e.Output, "\n"))
		case e.Action == "output":
			output[key].WriteString(e.Output)
		case e.Test != "":
			res.count(e, output[key].String(), out)
			delete(output, key)
		default:
			res.finish(e, output[key].String(), out)
		}
	}
	return res, sc.Err()
}

// isClosing tells whether a line of a package is the one that go test closes the package with.
func isClosing(line string) bool {
	return strings.HasPrefix(line, "ok  \t") || strings.HasPrefix(line, "FAIL\t")
}

// count adds one finished test.
func (r *result) count(e event, printed string, out io.Writer) {
	switch e.Action {
	case "pass":
		r.passed++
	case "skip":
		r.skipped++
		r.skips = append(r.skips, fmt.Sprintf("skipped %s %s: %s", e.Package, e.Test, reason(printed)))
	case "fail":
		r.failed++
		fmt.Fprintf(out, "\nFAILED %s %s\n%s\n", e.Package, e.Test, printed)
	}
}

// finish shows the progress of a package that ended, and all it printed when it failed.
func (r *result) finish(e event, printed string, out io.Writer) {
	switch e.Action {
	case "pass":
		fmt.Fprintf(out, "· %s %.1fs\n", e.Package, e.Elapsed)
	case "fail":
		r.broken = true
		fmt.Fprintf(out, "\nFAILED %s\n%s\n", e.Package, printed)
	}
}

// reason returns the text given to t.Skip out of what a skipped test printed.
func reason(printed string) string {
	for line := range strings.Lines(printed) {
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "===") || strings.HasPrefix(line, "---") {
			continue
		}
		if _, text, ok := strings.Cut(line, ".go:"); ok {
			if _, text, ok = strings.Cut(text, ": "); ok {
				return text
			}
		}
		return line
	}
	return "no reason given"
}
