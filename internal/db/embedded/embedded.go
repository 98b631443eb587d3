// Package embedded runs the Postgres that the program brings itself: fetched once from Maven Central into a cache,
// initialised in a data folder, started when the first program on that folder needs it and stopped by the last.
package embedded

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	embeddedpostgres "github.com/fergusstrange/embedded-postgres"
	"github.com/jackc/pgx/v5"
)

const (
	version   = embeddedpostgres.V18
	superuser = "applylens"
	database  = "applylens"
)

// A Server is a running Postgres on a data folder.
type Server struct {
	OwnerURL string // connects as the owner of the tables: for migrations
	AppURL   string // connects as a role that row-level security binds: for everything else

	folder folder
	inUse  *os.File // a shared lock: this program uses the server
}

// Start returns the server of the data folder, starting it when it does not run. It is safe to call from several
// programs at once. Started as root, it hands the folder to an ordinary user, since Postgres refuses root.
func Start(ctx context.Context, dataDir string, log *slog.Logger) (*Server, error) {
	f, err := prepare(dataDir)
	if err != nil {
		return nil, err
	}
	starting, err := lock(f.path("starting.lock"), syscall.LOCK_EX)
	if err != nil {
		return nil, err
	}
	defer func() { _ = starting.Close() }()
	inUse, err := lock(f.path("in-use.lock"), syscall.LOCK_SH)
	if err != nil {
		return nil, err
	}
	s := &Server{folder: f, inUse: inUse}
	if err := s.ensureRunning(ctx, log); err != nil {
		_ = inUse.Close()
		return nil, err
	}
	return s, nil
}

// Stop gives the server up; the last program to do so on the folder stops it.
func (s *Server) Stop() error {
	starting, err := lock(s.folder.path("starting.lock"), syscall.LOCK_EX)
	if err != nil {
		return err
	}
	defer func() { _ = starting.Close() }()
	defer func() { _ = s.inUse.Close() }()
	if syscall.Flock(int(s.inUse.Fd()), syscall.LOCK_EX|syscall.LOCK_NB) != nil {
		return nil // somebody else still uses it
	}
	if _, running := s.folder.runningPort(); !running {
		return nil // it was killed
	}
	return s.folder.asOwner(func() error {
		out, err := exec.Command(filepath.Join(s.folder.binaries, "bin", "pg_ctl"), "stop", "-w", "-m", "fast", "-D", s.folder.pgdata()).CombinedOutput()
		if err != nil {
			return fmt.Errorf("stop Postgres: %w: %s", err, out)
		}
		return nil
	})
}

func (s *Server) ensureRunning(ctx context.Context, log *slog.Logger) error {
	password, err := s.folder.password()
	if err != nil {
		return err
	}
	if port, ok := s.folder.runningPort(); ok {
		s.setURLs(port, password)
		if pingErr := ping(ctx, s.OwnerURL); pingErr == nil {
			return nil
		}
	}
	if err := s.folder.clearLeftovers(); err != nil {
		return err
	}
	port, err := freePort()
	if err != nil {
		return err
	}
	if !s.folder.initialised() {
		log.Info("preparing Postgres: the first start fetches it (15 MB) and makes a database", "folder", s.folder.dir)
	}
	var out bytes.Buffer
	if err := s.folder.asOwner(func() error { return launch(s.folder, port, password, &out) }); err != nil {
		return explain(err, s.folder, out.String())
	}
	s.setURLs(port, password)
	if err := ensureRole(ctx, s.OwnerURL, password); err != nil {
		return err
	}
	return s.folder.markInitialised()
}

func (s *Server) setURLs(port int, password string) {
	at := func(user string) string {
		return (&url.URL{Scheme: "postgres", User: url.UserPassword(user, password), Host: net.JoinHostPort("127.0.0.1", strconv.Itoa(port)), Path: database}).String()
	}
	s.OwnerURL, s.AppURL = at(superuser), at("applylens_app")
}

// launch starts the server. The library writes its log into the folder for temporary files, which may be closed to the
// ordinary user, so it gets one of its own.
func launch(f folder, port int, password string, out io.Writer) error {
	runtimeDir, tmp := f.path("run"), f.path("tmp")
	defer func() { _ = errors.Join(os.RemoveAll(runtimeDir), os.RemoveAll(tmp)) }()
	if err := os.MkdirAll(tmp, 0o700); err != nil {
		return err
	}
	before := os.Getenv("TMPDIR")
	if err := os.Setenv("TMPDIR", tmp); err != nil {
		return err
	}
	defer func() { _ = os.Setenv("TMPDIR", before) }()
	return embeddedpostgres.NewDatabase(embeddedpostgres.DefaultConfig().
		Version(version).Port(uint32(port)).Username(superuser).Password(password).Database(database).
		CachePath(f.cache).BinariesPath(f.binaries).RuntimePath(runtimeDir).DataPath(f.pgdata()).
		Locale("C").Encoding("UTF8").StartTimeout(60 * time.Second).Logger(out).
		StartParameters(settings())).Start()
}

// settings suit one person's machine. A commit is durable: synchronous_commit stays on.
func settings() map[string]string {
	return map[string]string{
		"listen_addresses":         "127.0.0.1",
		"unix_socket_directories":  "",
		"max_connections":          "60",
		"shared_buffers":           "128MB",
		"work_mem":                 "16MB",
		"maintenance_work_mem":     "128MB",
		"max_wal_size":             "2GB",
		"checkpoint_timeout":       "15min",
		"wal_level":                "minimal",
		"max_wal_senders":          "0",
		"random_page_cost":         "1.1",
		"jit":                      "off",
		"timezone":                 "UTC",
		"log_timezone":             "UTC",
		"logging_collector":        "on",
		"log_directory":            "log",
		"log_filename":             "postgres-%a.log",
		"log_truncate_on_rotation": "on",
		"log_statement":            "none",
		"log_min_error_statement":  "panic", // statements may hold mail
		"log_parameter_max_length": "0",
	}
}

// ensureRole makes the program's role able to log in. The password is made of hex digits, so it needs no quoting.
func ensureRole(ctx context.Context, ownerURL, password string) error {
	conn, err := pgx.Connect(ctx, ownerURL)
	if err != nil {
		return fmt.Errorf("connect to the new Postgres: %w", err)
	}
	defer func() { _ = conn.Close(ctx) }()
	_, err = conn.Exec(ctx, `do $$ begin
		if not exists (select from pg_roles where rolname = 'applylens_app') then
			create role applylens_app nosuperuser nobypassrls nocreatedb nocreaterole;
		end if;
		alter role applylens_app login password '`+password+`';
	end $$`)
	if err != nil {
		return fmt.Errorf("make the role applylens_app: %w", err)
	}
	return nil
}

func ping(ctx context.Context, url string) error {
	ctx, cancel := context.WithTimeout(ctx, 20*time.Second)
	defer cancel()
	for {
		conn, err := pgx.Connect(ctx, url)
		if err == nil {
			return conn.Close(ctx)
		}
		var refused *net.OpError
		if errors.As(err, &refused) || ctx.Err() != nil {
			return err
		}
		select { // it is starting up or recovering
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(100 * time.Millisecond):
		}
	}
}

func freePort() (int, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, fmt.Errorf("find a free port for Postgres: %w", err)
	}
	defer func() { _ = l.Close() }()
	return l.Addr().(*net.TCPAddr).Port, nil
}

func newPassword() string {
	b := make([]byte, 24)
	_, _ = rand.Read(b) // never fails
	return hex.EncodeToString(b)
}

// explain adds to a failed start what a person can do about it.
func explain(err error, f folder, out string) error {
	text := err.Error() + out
	switch {
	case strings.Contains(text, "No space left"):
		return fmt.Errorf("the disk under %s is full: make room and start again; nothing was lost", f.dir)
	case strings.Contains(text, "unable to connect to"), strings.Contains(text, "no version found"), strings.Contains(text, "dial tcp"):
		return fmt.Errorf("Postgres could not be fetched from Maven Central: connect to the internet for the first start, or set DATABASE_URL to a Postgres server: %w", err)
	}
	return fmt.Errorf("start Postgres in %s: %s", f.dir, complaint(text))
}

// complaint picks the lines in which Postgres says what is wrong.
func complaint(text string) string {
	var lines []string
	for line := range strings.Lines(text) {
		for _, mark := range []string{"FATAL:", "ERROR:", "HINT:", "error:"} {
			if _, after, ok := strings.Cut(line, mark); ok {
				lines = append(lines, strings.TrimSpace(after))
			}
		}
	}
	if lines == nil {
		return strings.TrimSpace(text)
	}
	return strings.Join(lines, "; ")
}
