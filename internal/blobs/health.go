package blobs

import (
	"context"

	"gocloud.dev/gcerrors"
	"golang.org/x/sys/unix"
)

// trial is the key of the blob that CheckWrite writes; no owner has it.
const trial = "write-check"

// CheckWrite tells whether blobs can be written and deleted.
func (s *Store) CheckWrite(ctx context.Context) error {
	if err := s.bucket.WriteAll(ctx, trial, []byte("ok"), nil); err != nil {
		return full(err)
	}
	if err := s.bucket.Delete(ctx, trial); err != nil && gcerrors.Code(err) != gcerrors.NotFound { // another process checks as well
		return err
	}
	return nil
}

// Room returns the free and all bytes of the disk that a folder is on; ok is false where that means nothing, as in S3.
func (s *Store) Room() (free, size uint64, ok bool) {
	var disk unix.Statfs_t
	if s.dir == "" || unix.Statfs(s.dir, &disk) != nil || disk.Blocks == 0 {
		return 0, 0, false
	}
	block := uint64(disk.Bsize) //nolint:gosec // not negative
	return disk.Bavail * block, disk.Blocks * block, true
}
