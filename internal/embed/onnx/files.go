package onnx

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path"
	"path/filepath"
	"time"
)

// Central is the repository that files come from unless another is named.
const Central = "https://repo1.maven.org/maven2"

// Files is a folder of what was fetched, which several programs may share. What lies in it is only used while it has
// the sum that is written in this program.
type Files struct {
	Dir      string
	Base     string                  // a repository in the form of Maven's; "" is Central
	Own      func(path string) error // hands over what root made; may be nil
	Progress func(done, all int64)   // bytes of files that are being fetched; may be nil
}

// get returns the paths of files.
func (f *Files) get(ctx context.Context, files []file, fetch bool) (paths []string, err error) {
	var missing []file
	all, done := int64(0), int64(0)
	for _, x := range files {
		p := f.path(x)
		paths = append(paths, p)
		if sumOf(p) != x.sum {
			missing = append(missing, x)
			all += x.size
		}
	}
	if len(missing) > 0 && !fetch {
		return nil, ErrMissing
	}
	for _, x := range missing {
		err := f.fetch(ctx, x, func(n int) {
			done += int64(n)
			if f.Progress != nil {
				f.Progress(done, all)
			}
		})
		if err != nil {
			return nil, fmt.Errorf("fetch %s from %s: %w", path.Base(x.entry), f.base(), err)
		}
	}
	return paths, nil
}

// path has the sum in it, so that programs of several versions get along.
func (f *Files) path(x file) string { return filepath.Join(f.Dir, x.sum[:12]+"-"+path.Base(x.entry)) }

func (f *Files) base() string {
	if f.Base != "" {
		return f.Base
	}
	return Central
}

func sumOf(path string) string {
	in, err := os.Open(path)
	if err != nil {
		return ""
	}
	defer func() { _ = in.Close() }()
	h := sha256.New()
	if _, err := io.Copy(h, in); err != nil {
		return ""
	}
	return hex.EncodeToString(h.Sum(nil))
}

// fetch writes one file beside its place, and moves it there when it is whole and right.
func (f *Files) fetch(ctx context.Context, x file, progress func(n int)) (err error) {
	client := &http.Client{Timeout: 2 * time.Minute}
	entry, err := openEntry(ctx, client, f.base()+"/"+x.jar, x.entry)
	if err != nil {
		return err
	}
	defer func() { _ = entry.Close() }()
	out, err := os.CreateTemp(f.Dir, ".fetching-")
	if err != nil {
		return err
	}
	defer func() {
		_ = out.Close()
		if err != nil {
			_ = os.Remove(out.Name())
		}
	}()
	h := sha256.New()
	n, err := io.Copy(io.MultiWriter(out, h, counted(progress)), io.LimitReader(entry, x.size+1))
	if err != nil {
		return err
	}
	if n != x.size || hex.EncodeToString(h.Sum(nil)) != x.sum {
		return errors.New("what came is not what this program was made with: it is not used")
	}
	if err := errors.Join(out.Chmod(0o644), out.Sync(), out.Close()); err != nil {
		return err
	}
	if f.Own != nil {
		if err := f.Own(out.Name()); err != nil {
			return err
		}
	}
	return os.Rename(out.Name(), f.path(x))
}

type counted func(n int)

func (c counted) Write(p []byte) (int, error) {
	c(len(p))
	return len(p), nil
}
