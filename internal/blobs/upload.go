package blobs

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"gocloud.dev/gcerrors"

	"applylens/internal/errs"
)

// Upload stores what a person sends until a job has imported it, and returns its key.
func (s *Store) Upload(ctx context.Context, userID int64, content io.Reader) (key string, err error) {
	key = fmt.Sprintf("%d/uploads/%s", userID, rand.Text())
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	w, err := s.bucket.NewWriter(ctx, key, nil)
	if err != nil {
		return "", full(err)
	}
	if _, err := io.Copy(w, content); err != nil {
		cancel() // drops what was written
		_ = w.Close()
		return "", full(err)
	}
	if err := w.Close(); err != nil {
		return "", full(err)
	}
	return key, s.ownUpload(key)
}

// ownUpload hands a new upload, and the folders that were made for it, to the user who owns the data.
func (s *Store) ownUpload(key string) error {
	if s.dir == "" {
		return nil
	}
	path := filepath.Join(s.dir, filepath.FromSlash(key))
	return errors.Join(s.own(filepath.Dir(filepath.Dir(path))), s.own(filepath.Dir(path)), s.own(path))
}

// Local returns a file with the content of an upload, or errs.NotFound: the upload itself in a folder, else a copy.
// release removes the copy.
func (s *Store) Local(ctx context.Context, key string) (path string, release func(), err error) {
	if s.dir != "" {
		path = filepath.Join(s.dir, filepath.FromSlash(key))
		if _, err := os.Stat(path); errors.Is(err, os.ErrNotExist) {
			return "", nil, errs.NotFound
		}
		return path, func() {}, nil
	}
	r, err := s.bucket.NewReader(ctx, key, nil)
	if gcerrors.Code(err) == gcerrors.NotFound {
		return "", nil, errs.NotFound
	}
	if err != nil {
		return "", nil, err
	}
	defer func() { _ = r.Close() }()
	file, err := os.CreateTemp("", "applylens-import-")
	if err != nil {
		return "", nil, err
	}
	release = func() { _ = os.Remove(file.Name()) }
	_, err = io.Copy(file, r)
	if err := errors.Join(err, file.Close()); err != nil {
		release()
		return "", nil, full(err)
	}
	return file.Name(), release, nil
}

// Remove deletes an upload; one that is not there is no error.
func (s *Store) Remove(ctx context.Context, key string) error {
	err := s.bucket.Delete(ctx, key)
	if gcerrors.Code(err) == gcerrors.NotFound {
		return nil
	}
	return err
}
