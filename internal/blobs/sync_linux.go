package blobs

import (
	"os"

	"golang.org/x/sys/unix"
)

// Sync makes all that was put durable: one flush of the file system for a whole batch.
func (s *Store) Sync() error {
	if s.dir == "" {
		return nil // S3 is durable when it answers
	}
	dir, err := os.Open(s.dir)
	if err != nil {
		return err
	}
	defer func() { _ = dir.Close() }()
	return full(unix.Syncfs(int(dir.Fd())))
}
