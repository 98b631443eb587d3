package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"

	"applylens/internal/ingest"
	"applylens/internal/mail"
)

type parseCmd struct {
	File string `arg:"" help:"A file with one message, or - for standard input."`
	JSON bool   `name:"json" help:"Print JSON."`
}

// Run parses one message.
func (cmd *parseCmd) Run() error {
	raw, err := readMail(cmd.File)
	if err != nil {
		return err
	}
	m := mail.Parse(raw)
	if cmd.JSON {
		out := json.NewEncoder(os.Stdout)
		out.SetEscapeHTML(false)
		return out.Encode(m)
	}
	for _, h := range m.Headers {
		fmt.Fprintf(os.Stdout, "%s: %s\n", h.Name, h.Value)
	}
	fmt.Fprintf(os.Stdout, "\n%s\n", m.Text)
	for _, w := range m.Warnings {
		fmt.Fprintln(os.Stderr, "warning: "+w)
	}
	return nil
}

// readMail reads one message of at most ingest.MaxMailBytes.
func readMail(path string) ([]byte, error) {
	in := io.Reader(os.Stdin)
	if path != "-" {
		file, err := os.Open(path)
		if err != nil {
			return nil, err
		}
		defer func() { _ = file.Close() }()
		in = file
	}
	raw, err := io.ReadAll(io.LimitReader(in, ingest.MaxMailBytes+1))
	switch {
	case err != nil:
		return nil, fmt.Errorf("%s cannot be read: %w", path, err)
	case len(raw) == 0:
		return nil, fmt.Errorf("%s is empty", path)
	case len(raw) > ingest.MaxMailBytes:
		return nil, fmt.Errorf("%s is longer than %d MiB, the limit for one message", path, ingest.MaxMailBytes>>20)
	}
	return raw, nil
}
