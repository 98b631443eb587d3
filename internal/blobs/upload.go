package blobs

import (
	"context"
	"crypto/rand"
	"fmt"
	"io"
	"os"

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
	return key, full(w.Close())
}

// Download copies an upload into a file, or returns errs.NotFound.
func (s *Store) Download(ctx context.Context, key, path string) error {
	r, err := s.bucket.NewReader(ctx, key, nil)
	if gcerrors.Code(err) == gcerrors.NotFound {
		return errs.NotFound
	}
	if err != nil {
		return err
	}
	defer func() { _ = r.Close() }()
	file, err := os.OpenFile(path, os.O_CREATE|os.O_WRONLY|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = io.Copy(file, r)
	if closeErr := file.Close(); err == nil {
		err = closeErr
	}
	return full(err)
}

// Remove deletes an upload; one that is not there is no error.
func (s *Store) Remove(ctx context.Context, key string) error {
	err := s.bucket.Delete(ctx, key)
	if gcerrors.Code(err) == gcerrors.NotFound {
		return nil
	}
	return err
}
