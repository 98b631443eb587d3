package blobs

import (
	"crypto/sha256"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"applylens/internal/errs"
)

func TestStore(t *testing.T) {
	ctx := t.Context()
	dir := t.TempDir()
	var owned []string
	s, err := Open(ctx, dir, func(path string) error { owned = append(owned, path); return nil })
	if err != nil {
		t.Fatal(err)
	}
	content := []byte("Subject: x\r\n\r\nbody")
	hash := sha256.Sum256(content)
	for range 2 {
		if _, err := s.Put(ctx, 7, hash[:], content); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Sync(); err != nil {
		t.Fatal(err)
	}
	if got, err := s.Get(ctx, 7, hash[:]); err != nil || string(got) != string(content) {
		t.Errorf("got %q, %v", got, err)
	}
	if _, err := s.Get(ctx, 8, hash[:]); !errors.Is(err, errs.NotFound) {
		t.Errorf("another owner's blob: %v, want not found", err)
	}
	if want := 3; len(owned) != want { // the owner's folder, the shard, the file
		t.Errorf("handed over %d paths %v, want %d", len(owned), owned, want)
	}
	if err := os.Truncate(filepath.Join(dir, Key(7, hash[:])), 3); err != nil { // a torn write
		t.Fatal(err)
	}
	if _, err := s.Put(ctx, 7, hash[:], content); err != nil {
		t.Fatal(err)
	}
	if got, err := s.Get(ctx, 7, hash[:]); err != nil || string(got) != string(content) {
		t.Errorf("after a torn write: got %q, %v", got, err)
	}
	for range 2 {
		if err := s.Delete(ctx, 7, hash[:]); err != nil {
			t.Fatal(err)
		}
	}
}
