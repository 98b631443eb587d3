// Package vault seals secrets that are kept in the database, with an AEAD of Tink. Its keys lie outside the database,
// in a file or in an environment variable; each sealed text tells the id of its key, so that keys can be replaced
// while the program runs. Start at Open.
package vault

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync"

	"github.com/tink-crypto/tink-go/v2/aead"
	"github.com/tink-crypto/tink-go/v2/insecurecleartextkeyset"
	"github.com/tink-crypto/tink-go/v2/keyset"
	"github.com/tink-crypto/tink-go/v2/tink"
)

// A Vault seals and opens. It may be used by many goroutines.
type Vault struct {
	path string // of the keyset; empty when it is in the environment
	own  func(path string) error

	mu     sync.Mutex
	handle *keyset.Handle
	aead   tink.AEAD
}

// ErrKey means that a text was sealed by a key that the vault does not have, or was changed since.
var ErrKey = errors.New("it was sealed with a key that is not here")

// Open reads the keys: from text, a base64 keyset as in the environment, or else from a file, which is made with a new
// key if there is none. own is called with the file that was made; it may be nil.
func Open(path, text string, own func(path string) error) (*Vault, error) {
	if own == nil {
		own = func(string) error { return nil }
	}
	if text != "" {
		raw, err := base64.StdEncoding.DecodeString(text)
		if err != nil {
			return nil, fmt.Errorf("the keyset is no base64 text: %w", err)
		}
		v := &Vault{own: own}
		return v, v.use(raw)
	}
	v := &Vault{path: path, own: own}
	raw, err := os.ReadFile(path)
	switch {
	case err == nil:
		return v, v.use(raw)
	case !errors.Is(err, fs.ErrNotExist):
		return nil, fmt.Errorf("read the keyset: %w", err)
	}
	handle, err := keyset.NewHandle(aead.AES256GCMKeyTemplate())
	if err != nil {
		return nil, err
	}
	return v, v.save(handle)
}

func (v *Vault) use(raw []byte) error {
	handle, err := insecurecleartextkeyset.Read(keyset.NewJSONReader(bytes.NewReader(raw)))
	if err != nil {
		return fmt.Errorf("the keyset cannot be read: %w", err)
	}
	return v.set(handle)
}

func (v *Vault) set(handle *keyset.Handle) error {
	primitive, err := aead.New(handle)
	if err != nil {
		return fmt.Errorf("the keyset has no key for this: %w", err)
	}
	v.handle, v.aead = handle, primitive
	return nil
}

// save writes the keyset beside its file and then over it, so that no moment is without keys.
func (v *Vault) save(handle *keyset.Handle) error {
	var out bytes.Buffer
	if err := insecurecleartextkeyset.Write(handle, keyset.NewJSONWriter(&out)); err != nil {
		return err
	}
	if v.path == "" {
		return errors.New("the keyset is in the environment: it cannot be changed from here")
	}
	if err := os.MkdirAll(filepath.Dir(v.path), 0o755); err != nil {
		return err
	}
	if err := writeDurably(v.path+".new", out.Bytes()); err != nil {
		return fmt.Errorf("write the keyset: %w", err)
	}
	if err := v.own(v.path + ".new"); err != nil {
		return err
	}
	if err := os.Rename(v.path+".new", v.path); err != nil {
		return err
	}
	return v.set(handle)
}

func writeDurably(path string, content []byte) error {
	file, err := os.OpenFile(path, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	_, err = file.Write(content)
	return errors.Join(err, file.Sync(), file.Close())
}

// Seal seals a text for a place, such as an account's id; it opens only for the same place. It returns the id of the
// key that sealed it.
func (v *Vault) Seal(text []byte, place string) (sealed []byte, keyID int64, err error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	sealed, err = v.aead.Encrypt(text, []byte(place))
	return sealed, KeyOf(sealed), err
}

// Open opens what was sealed. A key that came into the file after the start is found.
func (v *Vault) Open(sealed []byte, place string) ([]byte, error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	text, err := v.aead.Decrypt(sealed, []byte(place))
	if err == nil {
		return text, nil
	}
	if raw, readErr := os.ReadFile(v.path); v.path != "" && readErr == nil && v.use(raw) == nil {
		if text, err = v.aead.Decrypt(sealed, []byte(place)); err == nil {
			return text, nil
		}
	}
	return nil, fmt.Errorf("%w (key %d)", ErrKey, KeyOf(sealed))
}

// KeyOf returns the id of the key that sealed a text: Tink puts it behind the first byte.
func KeyOf(sealed []byte) int64 {
	if len(sealed) < 5 {
		return 0
	}
	return int64(binary.BigEndian.Uint32(sealed[1:5]))
}

// A Key is one key of the vault.
type Key struct {
	ID      int64
	Primary bool // seals; the others only open
}

// Keys lists the keys, oldest first.
func (v *Vault) Keys() []Key {
	v.mu.Lock()
	defer v.mu.Unlock()
	var keys []Key
	primary := int64(v.handle.KeysetInfo().GetPrimaryKeyId())
	for _, k := range v.handle.KeysetInfo().GetKeyInfo() {
		keys = append(keys, Key{ID: int64(k.GetKeyId()), Primary: int64(k.GetKeyId()) == primary})
	}
	return keys
}

// Rotate adds a key and seals with it from now on; older keys still open.
func (v *Vault) Rotate() (keyID int64, err error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	m := keyset.NewManagerFromHandle(v.handle)
	id, err := m.Add(aead.AES256GCMKeyTemplate())
	if err != nil {
		return 0, err
	}
	if err := m.SetPrimary(id); err != nil {
		return 0, err
	}
	handle, err := m.Handle()
	if err != nil {
		return 0, err
	}
	return int64(id), v.save(handle)
}

// Drop removes a key that seals nothing any more.
func (v *Vault) Drop(keyID int64) error {
	v.mu.Lock()
	defer v.mu.Unlock()
	m := keyset.NewManagerFromHandle(v.handle)
	if err := m.Delete(uint32(keyID)); err != nil {
		return err
	}
	handle, err := m.Handle()
	if err != nil {
		return err
	}
	return v.save(handle)
}
