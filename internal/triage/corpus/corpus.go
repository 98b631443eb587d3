// Package corpus reads the mails that were written for training and measuring the triage: one file per style, mails
// separated by a line "=====". Start at Read.
package corpus

import (
	"bytes"
	"fmt"
	"io/fs"
	"path"
	"sort"
	"strings"
)

// A Mail is one labelled mail. Raw is a message as a parser wants it.
type Mail struct {
	File       string // base name of the file, without ".txt"
	Number     int    // place in the file, from 1
	Category   string
	System     string // greenhouse, workday, person, …
	Lang       string // ISO 639-1
	NeedsReply bool
	Unwanted   bool
	Raw        []byte
}

// Read returns all mails of the .txt files of dir, in the order of names.
func Read(dir fs.FS) ([]Mail, error) {
	names, err := fs.Glob(dir, "*.txt")
	if err != nil {
		return nil, fmt.Errorf("list corpus: %w", err)
	}
	sort.Strings(names)
	var out []Mail
	for _, name := range names {
		b, err := fs.ReadFile(dir, name)
		if err != nil {
			return nil, fmt.Errorf("read corpus: %w", err)
		}
		mails, err := Parse(strings.TrimSuffix(path.Base(name), ".txt"), b)
		if err != nil {
			return nil, err
		}
		out = append(out, mails...)
	}
	return out, nil
}

// Parse reads the mails of one file.
func Parse(file string, b []byte) ([]Mail, error) {
	b = bytes.ReplaceAll(b, []byte("\r\n"), []byte("\n"))
	var out []Mail
	for i, block := range strings.Split("\n"+string(b)+"\n", "\n=====\n") {
		block = strings.TrimLeft(block, "\n")
		if strings.TrimSpace(block) == "" {
			continue
		}
		m, err := parseOne(block)
		if err != nil {
			return nil, fmt.Errorf("corpus %s, mail %d: %w", file, i+1, err)
		}
		m.File, m.Number = file, i+1
		out = append(out, m)
	}
	return out, nil
}

// parseOne reads the labels and makes a message of the rest.
func parseOne(block string) (Mail, error) {
	head, body, ok := strings.Cut(block, "\n\n")
	if !ok {
		return Mail{}, fmt.Errorf("no blank line between header and body")
	}
	var m Mail
	var raw bytes.Buffer
	var contentType string
	label := false
	for _, line := range strings.Split(head, "\n") {
		name, value, ok := strings.Cut(line, ":")
		value = strings.TrimSpace(value)
		switch name {
		case "category":
			m.Category, label = value, true
		case "system":
			m.System = value
		case "lang":
			m.Lang = value
		case "needs_reply":
			m.NeedsReply = value == "yes"
		case "unwanted":
			m.Unwanted = value == "yes"
		default:
			switch {
			case !ok:
				raw.WriteString(line + "\n")
			case strings.EqualFold(name, "Content-Type"):
				contentType = value
			default:
				raw.WriteString(line + "\n")
			}
		}
	}
	if !label {
		return Mail{}, fmt.Errorf("no category")
	}
	if contentType == "" {
		contentType = "text/plain"
	}
	if !strings.Contains(strings.ToLower(contentType), "charset") && !strings.HasPrefix(contentType, "multipart/") {
		contentType += "; charset=utf-8"
	}
	raw.WriteString("Content-Type: " + contentType + "\n")
	if !strings.Contains(strings.ToLower(head), "content-transfer-encoding") {
		raw.WriteString("Content-Transfer-Encoding: 8bit\n")
	}
	raw.WriteString("MIME-Version: 1.0\n\n" + body)
	m.Raw = raw.Bytes()
	return m, nil
}
