package embedded

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
)

// A folder is the part of a data folder that belongs to Postgres, and the user to whom it belongs.
type folder struct {
	dir      string // DATA/postgres
	cache    string // the fetched archive
	binaries string // the unpacked server
	owner    *Account
}

func (f folder) path(name string) string { return filepath.Join(f.dir, name) }
func (f folder) pgdata() string          { return f.path("data") }

// prepare makes the folders and, as root, hands them to an ordinary user.
func prepare(dataDir string) (folder, error) {
	dataDir, err := filepath.Abs(dataDir)
	if err != nil {
		return folder{}, err
	}
	cache, err := cacheDir()
	if err != nil {
		return folder{}, err
	}
	f := folder{dir: filepath.Join(dataDir, "postgres"), cache: cache, binaries: filepath.Join(cache, "postgres-"+string(version))}
	if f.owner, err = OrdinaryUser(dataDir); err != nil {
		return folder{}, err
	}
	for _, dir := range []string{dataDir, f.dir, f.cache} {
		if err := f.owner.mkdir(dir); err != nil {
			return folder{}, fmt.Errorf("the folder %s cannot be used: %w", dir, err)
		}
	}
	if err := f.owner.checkReach(f.dir); err != nil {
		return folder{}, err
	}
	return f, f.checkVersion()
}

// checkVersion refuses a folder of another major version, which embedded-postgres would empty.
func (f folder) checkVersion() error {
	got, err := os.ReadFile(filepath.Join(f.pgdata(), "PG_VERSION"))
	if err != nil || !f.initialised() {
		return nil // a new folder
	}
	if v := strings.TrimSpace(string(got)); !strings.HasPrefix(string(version), v+".") {
		return fmt.Errorf("%s was made by Postgres %s, this program brings %s: use the program that made it, or pg_upgrade", f.pgdata(), v, version)
	}
	return nil
}

// cacheDir is shared by all data folders, so that Postgres is fetched and unpacked once.
func cacheDir() (string, error) {
	if os.Geteuid() == 0 {
		return "/var/cache/applylens", nil
	}
	dir, err := os.UserCacheDir()
	if err != nil {
		return "", fmt.Errorf("no folder for a cache: %w", err)
	}
	return filepath.Join(dir, "applylens"), nil
}

// CacheFolder makes the folder for what is fetched once for all data folders, owned by the account.
func (a *Account) CacheFolder() (string, error) {
	dir, err := cacheDir()
	if err != nil {
		return "", err
	}
	if err := a.mkdir(dir); err != nil {
		return "", fmt.Errorf("the folder %s cannot be used: %w", dir, err)
	}
	return dir, nil
}

func (f folder) initialised() bool {
	_, err := os.Stat(f.path("initialised"))
	return err == nil
}

func (f folder) markInitialised() error {
	if f.initialised() {
		return nil
	}
	return f.owner.writeFile(f.path("initialised"), string(version)+"\n")
}

// clearLeftovers removes what a killed program left: a half-made database that never held mail, and the pid file of a
// server that is gone but whose number another process has now.
func (f folder) clearLeftovers() error {
	if !f.initialised() {
		return os.RemoveAll(f.pgdata())
	}
	if pid, _, ok := f.pidFile(); ok && !isPostgres(pid) {
		err := os.Remove(filepath.Join(f.pgdata(), "postmaster.pid"))
		if err != nil && !errors.Is(err, os.ErrNotExist) {
			return err
		}
	}
	return nil
}

// runningPort returns the port of the server that runs on this folder.
func (f folder) runningPort() (int, bool) {
	pid, port, ok := f.pidFile()
	return port, ok && f.initialised() && isPostgres(pid)
}

func (f folder) pidFile() (pid, port int, ok bool) {
	text, err := os.ReadFile(filepath.Join(f.pgdata(), "postmaster.pid"))
	if err != nil {
		return 0, 0, false
	}
	lines := strings.Split(string(text), "\n")
	if len(lines) < 4 {
		return 0, 0, false
	}
	pid, err = strconv.Atoi(strings.TrimSpace(lines[0]))
	if err != nil {
		return 0, 0, false
	}
	port, err = strconv.Atoi(strings.TrimSpace(lines[3]))
	return pid, port, err == nil
}

func isPostgres(pid int) bool {
	if err := syscall.Kill(pid, 0); errors.Is(err, syscall.ESRCH) {
		return false
	}
	cmdline, err := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", pid))
	return err != nil || strings.Contains(string(cmdline), "postgres") // no /proc: believe the file
}

// password returns the folder's password, making one first if needed. Only the folder's owner can read it.
func (f folder) password() (string, error) {
	text, err := os.ReadFile(f.path("password"))
	if err == nil && len(text) > 0 {
		return strings.TrimSpace(string(text)), nil
	}
	if f.initialised() {
		return "", fmt.Errorf("the password file %s is missing or unreadable: %w", f.path("password"), err)
	}
	password := newPassword()
	return password, f.owner.writeFile(f.path("password"), password)
}

// lock takes a lock on a file, waiting for it.
func lock(path string, how int) (*os.File, error) {
	file, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o666)
	if err != nil {
		return nil, fmt.Errorf("the folder cannot be used: %w", err)
	}
	_ = file.Chmod(0o666) // root and the ordinary user share it; fails harmlessly for the one who did not make it
	if err := syscall.Flock(int(file.Fd()), how); err != nil {
		_ = file.Close()
		return nil, fmt.Errorf("lock %s: %w", path, err)
	}
	return file, nil
}
