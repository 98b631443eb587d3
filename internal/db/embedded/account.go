package embedded

import (
	"errors"
	"fmt"
	"os"
	"os/user"
	"path/filepath"
	"runtime"
	"strconv"
	"sync"
	"syscall"
)

// An Account is the ordinary user to whom a data folder belongs while the program runs as root; nil when it does not.
type Account struct {
	name     string
	uid, gid int
}

// becoming guards the identity of the process, which all its threads share.
var becoming sync.Mutex

// OrdinaryUser returns the user to whom root hands the data folder: its present owner, else the one behind sudo, else
// the first of a few customary accounts. It is nil when the program does not run as root.
func OrdinaryUser(dataDir string) (*Account, error) {
	if os.Geteuid() != 0 {
		return nil, nil
	}
	for _, dir := range []string{filepath.Join(dataDir, "postgres"), dataDir} {
		if info, err := os.Stat(dir); err == nil {
			if stat, ok := info.Sys().(*syscall.Stat_t); ok && stat.Uid != 0 {
				return &Account{name: "the owner of " + dir, uid: int(stat.Uid), gid: int(stat.Gid)}, nil
			}
		}
	}
	if uid, err := strconv.Atoi(os.Getenv("SUDO_UID")); err == nil && uid != 0 {
		gid, _ := strconv.Atoi(os.Getenv("SUDO_GID"))
		return &Account{name: os.Getenv("SUDO_USER"), uid: uid, gid: gid}, nil
	}
	for _, name := range []string{"applylens", "postgres", "nobody"} {
		u, err := user.Lookup(name)
		if err != nil {
			continue
		}
		uid, uidErr := strconv.Atoi(u.Uid)
		gid, gidErr := strconv.Atoi(u.Gid)
		if uidErr == nil && gidErr == nil && uid != 0 {
			return &Account{name: name, uid: uid, gid: gid}, nil
		}
	}
	return nil, errors.New("Postgres does not run as root, and there is no user named applylens, postgres or nobody to run it: make one (useradd -r applylens)")
}

// Drop makes the whole process run as the account, for good. It does nothing for nil.
func (a *Account) Drop() error {
	if a == nil {
		return nil
	}
	becoming.Lock()
	defer becoming.Unlock()
	if err := errors.Join(syscall.Setgroups([]int{a.gid}), syscall.Setgid(a.gid), syscall.Setuid(a.uid)); err != nil {
		return fmt.Errorf("become the user %s: %w", a.name, err)
	}
	return nil
}

// asOwner runs fn with the identity of the folder's owner and takes root's back afterwards. Programs that fn starts
// keep the ordinary identity: the saved one is replaced when they are executed.
func (f folder) asOwner(fn func() error) error {
	if f.owner == nil || os.Geteuid() != 0 {
		return fn()
	}
	becoming.Lock()
	defer becoming.Unlock()
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	groups, err := syscall.Getgroups()
	if err != nil {
		return err
	}
	if err := errors.Join(syscall.Setgroups([]int{f.owner.gid}), syscall.Setresgid(f.owner.gid, f.owner.gid, 0), syscall.Setresuid(f.owner.uid, f.owner.uid, 0)); err != nil {
		return fmt.Errorf("become the user %s: %w", f.owner.name, err)
	}
	err = fn()
	return errors.Join(err, syscall.Setresuid(0, 0, 0), syscall.Setresgid(0, 0, 0), syscall.Setgroups(groups))
}

// Own hands a path that root made to the account.
func (a *Account) Own(path string) error {
	if a == nil {
		return nil
	}
	return os.Lchown(path, a.uid, a.gid)
}

// Credential is the identity for a program that is started for the account; nil, the present one, for nil.
func (a *Account) Credential() *syscall.Credential {
	if a == nil {
		return nil
	}
	return &syscall.Credential{Uid: uint32(a.uid), Gid: uint32(a.gid)}
}

// mkdir makes a folder and its missing parents, each owned by the account.
func (a *Account) mkdir(dir string) error {
	info, err := os.Stat(dir)
	if err == nil {
		if !info.IsDir() {
			return errors.New("it is a file")
		}
		if stat, ok := info.Sys().(*syscall.Stat_t); ok && a != nil && stat.Uid == 0 {
			return a.adopt(dir)
		}
		return nil
	}
	if parent := filepath.Dir(dir); parent != dir {
		if _, err := os.Stat(parent); err != nil {
			if err := a.mkdir(parent); err != nil {
				return err
			}
		}
	}
	if err := os.Mkdir(dir, 0o755); err != nil && !errors.Is(err, os.ErrExist) {
		return err
	}
	return a.Own(dir)
}

// adopt hands over a folder of root's, but only an empty one: what is in it may be somebody's.
func (a *Account) adopt(dir string) error {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	if len(entries) > 0 {
		return fmt.Errorf("it belongs to root and is not empty; choose another folder, or chown it to %s", a.name)
	}
	return a.Own(dir)
}

func (a *Account) writeFile(path, text string) error {
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		return err
	}
	return a.Own(path)
}

// checkReach tells whether the account can enter every folder above dir.
func (a *Account) checkReach(dir string) error {
	if a == nil {
		return nil
	}
	for at := filepath.Dir(dir); ; at = filepath.Dir(at) {
		info, err := os.Stat(at)
		if err != nil {
			return err
		}
		stat, ok := info.Sys().(*syscall.Stat_t)
		if ok && info.Mode()&0o001 == 0 && int(stat.Uid) != a.uid && (int(stat.Gid) != a.gid || info.Mode()&0o010 == 0) {
			return fmt.Errorf("started as root, Postgres runs as the user %s, who cannot enter %s: choose a data folder elsewhere (--data), or chmod o+x %s", a.name, at, at)
		}
		if at == filepath.Dir(at) {
			return nil
		}
	}
}
