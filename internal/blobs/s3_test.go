package blobs

import (
	"crypto/sha256"
	"errors"
	"net/http/httptest"
	"net/url"
	"os"
	"strings"
	"testing"

	"github.com/johannesboyne/gofakes3"
	"github.com/johannesboyne/gofakes3/backend/s3mem"

	"applylens/internal/errs"
)

// TestS3 speaks the S3 protocol to a server in this process: originals and uploads as in a folder.
func TestS3(t *testing.T) {
	backend := s3mem.New()
	if err := backend.CreateBucket("mail"); err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(gofakes3.New(backend).Server())
	defer server.Close()
	t.Setenv("AWS_ACCESS_KEY_ID", "test")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "test")
	ctx := t.Context()
	s, err := Open(ctx, "s3://mail?region=eu-central-1&use_path_style=true&disable_https=true&endpoint="+url.QueryEscape(server.URL), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = s.Close() }()
	if err := s.Check(ctx); err != nil {
		t.Fatal(err)
	}
	content := []byte("Subject: x\r\n\r\nbody")
	hash := sha256.Sum256(content)
	for range 2 {
		if _, err := s.Put(ctx, 7, hash[:], content); err != nil {
			t.Fatal(err)
		}
	}
	if got, err := s.Get(ctx, 7, hash[:]); err != nil || string(got) != string(content) {
		t.Errorf("got %q, %v", got, err)
	}
	if _, err := s.Get(ctx, 8, hash[:]); !errors.Is(err, errs.NotFound) {
		t.Errorf("another owner's blob: %v, want not found", err)
	}
	if err := s.Delete(ctx, 7, hash[:]); err != nil {
		t.Fatal(err)
	}
	key, err := s.Upload(ctx, 7, strings.NewReader("From x"))
	if err != nil {
		t.Fatal(err)
	}
	path, release, err := s.Local(ctx, key)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := os.ReadFile(path); err != nil || string(got) != "From x" {
		t.Errorf("the upload is %q, %v", got, err)
	}
	release()
	if _, err := os.Stat(path); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the copy of the upload stays: %v", err)
	}
	if err := s.Remove(ctx, key); err != nil {
		t.Fatal(err)
	}
}
