package main

import (
	"archive/tar"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"applylens/test/bench/multiply"
)

// unpackMaildir writes every .eml of a .tar.gz as a read message of a Maildir and returns their
// number. A Maildir that is there already is kept.
func unpackMaildir(archive, dir string) (int, error) {
	cur := filepath.Join(dir, "cur")
	if names, err := os.ReadDir(cur); err == nil && len(names) > 0 {
		return len(names), nil
	}
	for _, sub := range []string{"cur", "new", "tmp"} {
		if err := os.MkdirAll(filepath.Join(dir, sub), 0o755); err != nil {
			return 0, err
		}
	}
	file, err := os.Open(archive)
	if err != nil {
		return 0, err
	}
	defer file.Close()
	unzipped, err := gzip.NewReader(file)
	if err != nil {
		return 0, err
	}
	mails := tar.NewReader(unzipped)
	count := 0
	for {
		head, err := mails.Next()
		if errors.Is(err, io.EOF) {
			return count, nil
		}
		if err != nil {
			return count, err
		}
		if head.Typeflag != tar.TypeReg || !strings.HasSuffix(head.Name, ".eml") {
			continue
		}
		raw, err := io.ReadAll(mails)
		if err != nil {
			return count, err
		}
		count++
		if err := os.WriteFile(filepath.Join(cur, fmt.Sprintf("%06d.bench:2,S", count)), raw, 0o644); err != nil {
			return count, err
		}
	}
}

// readMaildir returns the messages of a Maildir in the order of their names. It also warms the
// page cache, so that every program that is measured afterwards reads from memory.
func readMaildir(dir string) ([][]byte, error) {
	var names []string
	err := filepath.WalkDir(dir, func(name string, d fs.DirEntry, err error) error {
		if err == nil && d.Type().IsRegular() {
			names = append(names, name)
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	slices.Sort(names)
	raw := make([][]byte, len(names))
	for i, name := range names {
		if raw[i], err = os.ReadFile(name); err != nil {
			return nil, err
		}
	}
	return raw, nil
}

// writeMbox writes the large mailbox.
func (b *bench) writeMbox(name string) error {
	raw, err := readMaildir(b.path("maildir"))
	if err != nil {
		return err
	}
	file, err := os.Create(name)
	if err != nil {
		return err
	}
	if err := multiply.New(raw).WriteMbox(file, b.large); err != nil {
		return errors.Join(err, file.Close())
	}
	return file.Close()
}

// writeLargeMaildir writes the mails of the large mailbox as a Maildir.
func (b *bench) writeLargeMaildir(dir string) error {
	raw, err := readMaildir(b.path("maildir"))
	if err != nil {
		return err
	}
	return multiply.New(raw).WriteMaildir(dir, b.large)
}
