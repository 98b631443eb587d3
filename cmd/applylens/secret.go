package main

import (
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"syscall"
)

// secret returns 32 random bytes that stay the same over starts, kept in a file that only the data's owner can read.
func (a *app) secret(name string) ([]byte, error) {
	path := a.dataFile(name)
	key, err := os.ReadFile(path)
	if err == nil && len(key) == 32 {
		return key, nil
	}
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("read %s: %w", path, err)
	}
	if err := os.MkdirAll(a.settings.Data, 0o755); err != nil {
		return nil, err
	}
	key = make([]byte, 32)
	_, _ = rand.Read(key) // never fails
	if err := os.WriteFile(path, key, 0o600); err != nil {
		return nil, fmt.Errorf("write %s: %w", path, err)
	}
	return key, a.owner.Own(path)
}

// claim makes sure that only one server runs on the data folder. The claim ends with the process.
func (a *app) claim() (*os.File, error) {
	if err := os.MkdirAll(a.settings.Data, 0o755); err != nil {
		return nil, err
	}
	path := a.dataFile("serve.lock")
	file, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o644)
	if err != nil {
		return nil, fmt.Errorf("the data folder cannot be used: %w", err)
	}
	if err := syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		pid := make([]byte, 16)
		n, _ := file.Read(pid)
		_ = file.Close()
		return nil, fmt.Errorf("another “applylens serve” (process %s) already runs on %s: stop it first, or choose another folder with --data", pid[:n], a.settings.Data)
	}
	if err := file.Truncate(0); err != nil {
		return nil, err
	}
	_, err = fmt.Fprint(file, os.Getpid())
	return file, errors.Join(err, a.owner.Own(path))
}
