// Package blobs keeps the originals: sources of mails and their attachments, under the SHA-256 of their content, apart
// for each owner, in a folder or in S3.
package blobs

import (
	"context"
	"encoding/hex"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"

	"gocloud.dev/blob"
	"gocloud.dev/blob/fileblob"
	_ "gocloud.dev/blob/s3blob" // s3:// addresses
	"gocloud.dev/gcerrors"

	"applylens/internal/errs"
)

// A Store holds blobs by owner and content hash.
type Store struct {
	bucket *blob.Bucket
	dir    string // of a folder; empty for S3
	own    func(path string) error
	made   sync.Map // folders that were made, by path
}

// Open opens a folder (a path or a file:// address) or a bucket (s3://name?region=…). own is called with each path
// made in a folder, to hand it to the user who owns the data; it may be nil.
func Open(ctx context.Context, address string, own func(path string) error) (*Store, error) {
	if own == nil {
		own = func(string) error { return nil }
	}
	if u, err := url.Parse(address); err == nil && u.Scheme != "" && u.Scheme != "file" {
		bucket, err := blob.OpenBucket(ctx, address)
		if err != nil {
			return nil, fmt.Errorf("open the blob store %s: %w", u.Redacted(), err)
		}
		return &Store{bucket: bucket, own: own}, nil
	}
	dir, err := filepath.Abs(strings.TrimPrefix(address, "file://"))
	if err != nil {
		return nil, err
	}
	s := &Store{dir: dir, own: own}
	if err := s.makeDir(dir); err != nil {
		return nil, fmt.Errorf("the folder for blobs cannot be used: %w", err)
	}
	s.bucket, err = fileblob.OpenBucket(dir, &fileblob.Options{NoTempDir: true, Metadata: fileblob.MetadataDontWrite})
	if err != nil {
		return nil, fmt.Errorf("open the folder for blobs: %w", err)
	}
	return s, nil
}

// Close releases the store.
func (s *Store) Close() error { return s.bucket.Close() }

// Put stores content under its hash, and tells whether it was not there before. It is durable after Sync.
func (s *Store) Put(ctx context.Context, userID int64, hash, content []byte) (stored bool, err error) {
	key := Key(userID, hash)
	if s.dir != "" {
		path := filepath.Join(s.dir, filepath.FromSlash(key))
		if info, err := os.Stat(path); err == nil && info.Size() == int64(len(content)) {
			return false, nil
		}
		if err := s.makeDir(filepath.Dir(path)); err != nil {
			return false, full(err)
		}
		if err := s.bucket.WriteAll(ctx, key, content, nil); err != nil {
			return false, full(err)
		}
		return true, s.own(path)
	}
	if exists, err := s.bucket.Exists(ctx, key); err != nil || exists {
		return false, err
	}
	return true, s.bucket.WriteAll(ctx, key, content, nil)
}

// Get returns a blob, or errs.NotFound.
func (s *Store) Get(ctx context.Context, userID int64, hash []byte) ([]byte, error) {
	content, err := s.bucket.ReadAll(ctx, Key(userID, hash))
	if gcerrors.Code(err) == gcerrors.NotFound {
		return nil, errs.NotFound
	}
	return content, err
}

// Delete removes a blob; one that is not there is no error.
func (s *Store) Delete(ctx context.Context, userID int64, hash []byte) error {
	err := s.bucket.Delete(ctx, Key(userID, hash))
	if gcerrors.Code(err) == gcerrors.NotFound {
		return nil
	}
	return err
}

// Check tells whether the store answers.
func (s *Store) Check(ctx context.Context) error {
	ok, err := s.bucket.IsAccessible(ctx)
	if err == nil && !ok {
		return fmt.Errorf("the blob store is not there")
	}
	return err
}

// Key is where a blob lies: OWNER/first two hex digits/hash.
func Key(userID int64, hash []byte) string {
	h := hex.EncodeToString(hash)
	return strconv.FormatInt(userID, 10) + "/" + h[:2] + "/" + h
}

// makeDir makes a folder below the store once and hands it over.
func (s *Store) makeDir(dir string) error {
	if _, ok := s.made.Load(dir); ok {
		return nil
	}
	if _, err := os.Stat(dir); err != nil {
		if parent := filepath.Dir(dir); dir != s.dir {
			if err := s.makeDir(parent); err != nil {
				return err
			}
		}
		if err := os.MkdirAll(dir, 0o700); err != nil {
			return err
		}
		if err := s.own(dir); err != nil {
			return err
		}
	}
	s.made.Store(dir, true)
	return nil
}

// full names the cause that a person can do something about; nil stays nil.
func full(err error) error {
	if err != nil && strings.Contains(err.Error(), "no space left") {
		return errs.Unavailable("The disk for the originals is full: make room and run the import again; it goes on where it stopped.", err)
	}
	return err
}
