// Command train learns internal/triage/model.bin from data that may ship: the public spam set, the request
// sentences, and our own corpus. The same input gives the same bytes.
package main

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"applylens/internal/triage/eval"
	"applylens/internal/triage/learn"
)

func main() {
	data := flag.String("data", "../shared/data", "folder of the data sets")
	root := flag.String("triage", "internal/triage", "folder of package triage")
	flag.Parse()
	if err := run(*data, *root); err != nil {
		fmt.Fprintln(os.Stderr, "train:", err)
		os.Exit(1)
	}
}

func run(data, root string) error {
	start := time.Now()
	examples, sentences, err := eval.TrainingData(data, os.DirFS(filepath.Join(root, "corpus")))
	if err != nil {
		return err
	}
	b, err := learn.Fit(examples, sentences).MarshalBinary()
	if err != nil {
		return err
	}
	out := filepath.Join(root, "model.bin")
	if err := os.WriteFile(out, b, 0o644); err != nil {
		return fmt.Errorf("write model: %w", err)
	}
	fmt.Fprintf(os.Stderr, "%d mails, %d sentences, %d bytes in %s, %.1f s\n", len(examples), len(sentences), len(b), out,
		time.Since(start).Seconds())
	return nil
}
