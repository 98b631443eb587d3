package ingest

import (
	"archive/tar"
	"archive/zip"
	"bufio"
	"compress/bzip2"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"path"
	"strings"
)

// unpack reads a packed stream.
func (w *walk) unpack(in *input, kind kind, depth int) error {
	switch kind {
	case kindZip:
		return w.zip(in, depth)
	case kindTar:
		return w.tar(in, depth)
	case kindBzip2:
		return w.unpacked(in, bzip2.NewReader(in.r), depth)
	}
	z, err := gzip.NewReader(in.r)
	if err != nil {
		return fmt.Errorf("the gzip header is broken: %w", err)
	}
	defer func() { _ = z.Close() }()
	return w.unpacked(in, z, depth)
}

// unpacked reads what one packed file holds.
func (w *walk) unpacked(in *input, r io.Reader, depth int) error {
	g := &guard{r: r, packed: in.packed}
	inner := &input{source: in.source, size: -1, labels: in.labels, r: bufio.NewReaderSize(g, bufferBytes), packed: in.packed}
	return w.read(inner, depth+1)
}

// A guard stops reading when a packed stream gives far more than it holds.
type guard struct {
	r      io.Reader
	n      int64
	packed func() int64
}

// Read reads and checks the limits.
func (g *guard) Read(p []byte) (int, error) {
	n, err := g.r.Read(p)
	g.n += int64(n)
	if g.n > MaxArchiveBytes || g.n > archiveRatioFrom && g.n/MaxArchiveRatio > g.packed() {
		return n, ErrBomb
	}
	return n, err
}

// tar reads the entries of a tar in their order.
func (w *walk) tar(in *input, depth int) error {
	r := tar.NewReader(in.r)
	for n := 0; ; n++ {
		h, err := r.Next()
		switch {
		case err == io.EOF:
			return nil
		case err != nil:
			return fmt.Errorf("reading the archive stopped after %d entries: %w", n, sentence(err))
		case n >= MaxArchiveEntries:
			return fmt.Errorf("the archive has more than %d entries; the rest was left out", MaxArchiveEntries)
		}
		if h.Typeflag == tar.TypeLink || h.Typeflag == tar.TypeSymlink {
			w.problem(entryName(in.source, h.Name), errors.New("a link in an archive is not followed"))
			continue
		}
		if h.Typeflag != tar.TypeReg || isHiddenEntry(h.Name) {
			continue
		}
		entry := &input{source: entryName(in.source, h.Name), size: h.Size, r: bufio.NewReaderSize(r, bufferFor(h.Size)), packed: in.packed}
		if err := w.entry(entry, h.Name, depth); err != nil {
			return err
		}
	}
}

// zip reads the entries of a zip in the order of its directory. Only a file can be read, since zip needs to seek.
func (w *walk) zip(in *input, depth int) error {
	if in.file == nil {
		return errors.New("a zip within an archive is not opened: unpack the outer one first")
	}
	r, err := zip.NewReader(in.file, in.size)
	if err != nil {
		return fmt.Errorf("the zip cannot be read, it may be cut off (%w)", err)
	}
	if len(r.File) > MaxArchiveEntries {
		return fmt.Errorf("the archive has more than %d entries", MaxArchiveEntries)
	}
	begin, total := w.done-in.packed(), int64(0)
	packed := int64(0)
	for _, f := range r.File {
		w.done = begin + packed
		packed += int64(min(f.CompressedSize64, uint64(in.size)))
		if f.FileInfo().IsDir() || isHiddenEntry(f.Name) {
			continue
		}
		if !f.Mode().IsRegular() {
			w.problem(entryName(in.source, f.Name), errors.New("a link in an archive is not followed"))
			continue
		}
		n, err := w.zipEntry(in, f, depth)
		if err != nil {
			return err
		}
		if total += n; total > MaxArchiveBytes || total > archiveRatioFrom && total/MaxArchiveRatio > packed {
			return ErrBomb
		}
	}
	return nil
}

// zipEntry reads one entry and returns how much it unpacked to.
func (w *walk) zipEntry(in *input, f *zip.File, depth int) (int64, error) {
	source := entryName(in.source, f.Name)
	if f.Flags&1 != 0 {
		w.problem(source, errors.New("the entry is encrypted and cannot be read"))
		return 0, nil
	}
	rc, err := f.Open()
	if err != nil {
		w.problem(source, fmt.Errorf("the entry cannot be read: %w", err))
		return 0, nil
	}
	defer rc.Close()
	packed := func() int64 { return int64(min(f.CompressedSize64, uint64(in.size))) }
	g := &guard{r: rc, packed: packed}
	size := int64(min(f.UncompressedSize64, 1<<40))
	entry := &input{source: source, size: size, r: bufio.NewReaderSize(g, bufferFor(size)), packed: packed}
	err = w.entry(entry, f.Name, depth)
	return g.n, err
}

// entry reads one entry of an archive; only an error that ends the walk, or the archive, comes back.
func (w *walk) entry(in *input, name string, depth int) error {
	if !safeName(name) {
		w.problem(in.source, errors.New("the entry's name leads out of the archive; it was left out"))
		return nil
	}
	w.source = in.source
	in.labels = maildirFileLabels(path.Clean("/" + name))
	if in.size > MaxMailBytes {
		in.size = -1
	}
	err := w.read(in, depth+1)
	if errors.Is(err, ErrBomb) {
		return err
	}
	return w.settle(in.source, err)
}

// bufferFor keeps the buffer of a small entry small; it still holds what recognise looks at.
func bufferFor(size int64) int {
	return int(min(max(size, 4096), bufferBytes))
}

func entryName(source, entry string) string {
	return source + "!" + strings.ToValidUTF8(strings.ReplaceAll(entry, "\x00", ""), "\uFFFD")
}

// safeName reports whether an entry's name stays inside of the archive.
func safeName(name string) bool {
	name = strings.ReplaceAll(name, `\`, "/")
	if strings.HasPrefix(name, "/") || len(name) > 1 && name[1] == ':' {
		return false
	}
	clean := path.Clean(name)
	return clean != ".." && !strings.HasPrefix(clean, "../")
}

// isHiddenEntry knows the entries that programs add: dot files and the resource forks of macOS. A file in a hidden
// Maildir folder is none.
func isHiddenEntry(name string) bool {
	return strings.HasPrefix(path.Base(name), ".") || strings.HasPrefix(name, "__MACOSX/")
}
