// Package config holds the settings: one struct whose tags are the documented table of flags and environment
// variables, and the checks that stop a start whose settings are unknown or contradict each other.
package config

import (
	"fmt"
	"log/slog"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// Settings are shared by all commands. The struct tags are read by kong.
type Settings struct {
	Data               string `name:"data" env:"APPLYLENS_DATA" help:"Folder of the embedded Postgres and the originals. Default: ~/.local/share/applylens, as root /var/lib/applylens." placeholder:"DIR"`
	DatabaseURL        string `name:"database-url" env:"DATABASE_URL" help:"A Postgres server (15 or newer) instead of the embedded one." placeholder:"URL"`
	MigrateDatabaseURL string `name:"migrate-database-url" env:"MIGRATE_DATABASE_URL" help:"Connection of the owner of the tables, for migrations, where DATABASE_URL is the program's own role." placeholder:"URL"`
	Blobs              string `name:"blobs" env:"APPLYLENS_BLOBS" help:"Where originals lie: a folder or s3://BUCKET?region=REGION. Default: DATA/blobs." placeholder:"ADDRESS"`
	LogFormat          string `name:"log-format" env:"APPLYLENS_LOG_FORMAT" enum:"text,json" default:"text" help:"Form of the log: ${enum}."`
	LogLevel           string `name:"log-level" env:"APPLYLENS_LOG_LEVEL" enum:"debug,info,warn,error" default:"info" help:"Least level that is logged: ${enum}."`
}

// Web are the settings of the web server.
type Web struct {
	Listen string `name:"listen" env:"APPLYLENS_LISTEN" default:"127.0.0.1:8080" help:"Address to listen on; port 0 takes a free one." placeholder:"HOST:PORT"`
	URL    string `name:"url" env:"APPLYLENS_URL" help:"Address under which people reach the site. Default: http:// and the address listened on." placeholder:"URL"`
	User   string `name:"user" env:"APPLYLENS_USER" default:"owner@localhost" help:"Address of the mailbox's owner, for whom the sign-in link is printed." placeholder:"EMAIL"`
	Worker bool   `name:"worker" env:"APPLYLENS_WORKER" default:"true" negatable:"" help:"Also carry out background jobs."`
	Sample bool   `name:"sample" env:"APPLYLENS_SAMPLE" default:"true" negatable:"" help:"Load the sample mailbox when the owner is new."`
}

// known are all variables with our prefix, so that a misspelt one is found.
var known = []string{"APPLYLENS_DATA", "APPLYLENS_BLOBS", "APPLYLENS_LOG_FORMAT", "APPLYLENS_LOG_LEVEL", "APPLYLENS_LISTEN", "APPLYLENS_URL",
	"APPLYLENS_USER", "APPLYLENS_WORKER", "APPLYLENS_SAMPLE", "APPLYLENS_TEST_DATA"}

// CheckEnvironment refuses variables with our prefix that mean nothing.
func CheckEnvironment(environ []string) error {
	for _, entry := range environ {
		name, _, _ := strings.Cut(entry, "=")
		if strings.HasPrefix(name, "APPLYLENS_") && !slices.Contains(known, name) {
			return fmt.Errorf("the environment variable %s is unknown; known are %s", name, strings.Join(known, ", "))
		}
	}
	return nil
}

// Check refuses settings that contradict each other, and fills in the data folder.
func (s *Settings) Check() error {
	if s.MigrateDatabaseURL != "" && s.DatabaseURL == "" {
		return fmt.Errorf("MIGRATE_DATABASE_URL is set but DATABASE_URL is not: set both, or neither for the embedded Postgres")
	}
	for name, value := range map[string]string{"DATABASE_URL": s.DatabaseURL, "MIGRATE_DATABASE_URL": s.MigrateDatabaseURL} {
		if value != "" && !strings.HasPrefix(value, "postgres://") && !strings.HasPrefix(value, "postgresql://") {
			return fmt.Errorf("%s must begin with postgres:// or postgresql://", name)
		}
	}
	if s.Data != "" {
		return nil
	}
	dir, err := defaultData()
	s.Data = dir
	return err
}

// Check refuses an address that cannot be listened on or linked to.
func (w *Web) Check() error {
	if _, _, err := net.SplitHostPort(w.Listen); err != nil {
		return fmt.Errorf("--listen %q is not HOST:PORT", w.Listen)
	}
	if w.URL != "" {
		u, err := url.Parse(w.URL)
		if err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Host == "" || strings.Trim(u.Path, "/") != "" {
			return fmt.Errorf("--url %q must be http:// or https:// and a host, without a path", w.URL)
		}
	}
	if !strings.Contains(w.User, "@") {
		return fmt.Errorf("--user %q is not an e-mail address", w.User)
	}
	return nil
}

// BlobAddress is where originals lie.
func (s *Settings) BlobAddress() string {
	if s.Blobs != "" {
		return s.Blobs
	}
	return filepath.Join(s.Data, "blobs")
}

// Logger writes to standard error in the chosen form. Nothing that is logged holds secrets or text of mail.
func (s *Settings) Logger() *slog.Logger {
	var level slog.Level
	_ = level.UnmarshalText([]byte(s.LogLevel)) // kong has checked it
	opts := &slog.HandlerOptions{Level: level}
	if s.LogFormat == "json" {
		return slog.New(slog.NewJSONHandler(os.Stderr, opts))
	}
	return slog.New(slog.NewTextHandler(os.Stderr, opts))
}

func defaultData() (string, error) {
	if os.Geteuid() == 0 {
		return "/var/lib/applylens", nil
	}
	if dir := os.Getenv("XDG_DATA_HOME"); dir != "" {
		return filepath.Join(dir, "applylens"), nil
	}
	home, err := os.UserHomeDir()
	if err != nil {
		return "", fmt.Errorf("no home folder: choose a data folder with --data: %w", err)
	}
	return filepath.Join(home, ".local", "share", "applylens"), nil
}
