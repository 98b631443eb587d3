package vault

import (
	"encoding/base64"
	"errors"
	"os"
	"path/filepath"
	"testing"
)

func TestRotateWhileRunning(t *testing.T) {
	path := filepath.Join(t.TempDir(), "keys")
	running, err := Open(path, "", nil)
	if err != nil {
		t.Fatal(err)
	}
	old, oldKey, err := running.Seal([]byte("token"), "7")
	if err != nil {
		t.Fatal(err)
	}
	other, err := Open(path, "", nil) // another process
	if err != nil {
		t.Fatal(err)
	}
	newKey, err := other.Rotate()
	if err != nil || newKey == oldKey {
		t.Fatalf("rotate: key %d after %d, %v", newKey, oldKey, err)
	}
	fresh, sealedBy, err := other.Seal([]byte("token"), "7")
	if err != nil || sealedBy != newKey {
		t.Fatalf("sealed by %d, want %d: %v", sealedBy, newKey, err)
	}
	for name, sealed := range map[string][]byte{"old": old, "fresh": fresh} {
		if text, err := running.Open(sealed, "7"); err != nil || string(text) != "token" {
			t.Errorf("the running program opens the %s one: %q, %v", name, text, err)
		}
	}
	if _, err := running.Open(old, "8"); !errors.Is(err, ErrKey) {
		t.Errorf("opened for another place: %v", err)
	}
	if err := other.Drop(oldKey); err != nil {
		t.Fatal(err)
	}
	if _, err := other.Open(old, "7"); !errors.Is(err, ErrKey) {
		t.Errorf("opened by a key that was dropped: %v", err)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the file: %v, %v", info.Mode(), err)
	}
}

func TestKeysFromEnvironment(t *testing.T) {
	path := filepath.Join(t.TempDir(), "keys")
	file, err := Open(path, "", nil)
	if err != nil {
		t.Fatal(err)
	}
	sealed, _, err := file.Seal([]byte("x"), "")
	if err != nil {
		t.Fatal(err)
	}
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	v, err := Open("", base64.StdEncoding.EncodeToString(raw), nil)
	if err != nil {
		t.Fatal(err)
	}
	if text, err := v.Open(sealed, ""); err != nil || string(text) != "x" {
		t.Errorf("%q, %v", text, err)
	}
	if _, err := v.Rotate(); err == nil {
		t.Error("the environment was changed from within")
	}
}
