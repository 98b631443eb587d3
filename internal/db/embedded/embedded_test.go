package embedded

import (
	"context"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

// newFolder is a data folder that an ordinary user can enter also when the test runs as root.
func newFolder(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	for _, d := range []string{dir, filepath.Dir(dir)} {
		if err := os.Chmod(d, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	return filepath.Join(dir, "data")
}

func start(t *testing.T, dir string) *Server {
	t.Helper()
	s, err := Start(t.Context(), dir, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func ask(t *testing.T, url, sql string) (answer string) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close(context.Background()) }()
	if err := conn.QueryRow(t.Context(), sql).Scan(&answer); err != nil {
		t.Fatal(err)
	}
	return answer
}

// keep commits a row to be found later.
func keep(t *testing.T, url, value string) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close(context.Background()) }()
	if _, err := conn.Exec(t.Context(), "create table kept as select '"+value+"'::text as v"); err != nil {
		t.Fatal(err)
	}
}

func TestServerLivesAsLongAsItIsUsed(t *testing.T) {
	dir := newFolder(t)
	one := start(t, dir)
	two := start(t, dir)
	if one.AppURL != two.AppURL {
		t.Errorf("two servers on one folder: %s and %s", one.AppURL, two.AppURL)
	}
	if got := ask(t, one.AppURL, "select current_user::text"); got != "applylens_app" {
		t.Errorf("the program connects as %s", got)
	}
	if err := one.Stop(); err != nil {
		t.Fatal(err)
	}
	keep(t, two.OwnerURL, "still here")
	if err := two.Stop(); err != nil {
		t.Fatal(err)
	}
	if _, err := pgx.Connect(t.Context(), two.AppURL); err == nil {
		t.Error("the server runs although nobody uses it")
	}
	three := start(t, dir)
	defer func() { _ = three.Stop() }()
	if got := ask(t, three.OwnerURL, "select v from kept"); got != "still here" {
		t.Errorf("after a restart: %q", got)
	}
}

// TestKilledServerStartsAgain: neither a killed Postgres nor a pid file whose number another process has now is in the way.
func TestKilledServerStartsAgain(t *testing.T) {
	dir := newFolder(t)
	s := start(t, dir)
	keep(t, s.OwnerURL, "committed")
	pid, _, ok := s.folder.pidFile()
	if !ok {
		t.Fatal("no pid file")
	}
	if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	for deadline := time.Now().Add(10 * time.Second); isPostgres(pid) && time.Now().Before(deadline); {
		time.Sleep(20 * time.Millisecond)
	}
	pidFile := filepath.Join(s.folder.pgdata(), "postmaster.pid")
	text, err := os.ReadFile(pidFile)
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(text), "\n")
	if err := os.WriteFile(pidFile, []byte("1\n"+rest), 0o600); err != nil { // process 1 lives and is not Postgres
		t.Fatal(err)
	}
	again := start(t, dir)
	defer func() { _ = again.Stop() }()
	if got := ask(t, again.OwnerURL, "select v from kept"); got != "committed" {
		t.Errorf("after kill -9: %q", got)
	}
}

// TestHalfMadeDatabaseIsMadeAnew: a program that was killed during the first start leaves no dead end.
func TestHalfMadeDatabaseIsMadeAnew(t *testing.T) {
	dir := newFolder(t)
	f, err := prepare(dir)
	if err != nil {
		t.Fatal(err)
	}
	if err := f.owner.mkdir(f.pgdata()); err != nil {
		t.Fatal(err)
	}
	if err := f.owner.writeFile(filepath.Join(f.pgdata(), "PG_VERSION"), "18\n"); err != nil {
		t.Fatal(err)
	}
	s := start(t, dir)
	defer func() { _ = s.Stop() }()
	ask(t, s.AppURL, "select 'alive'")
}

// TestOtherVersionIsRefused: a folder of another major version is left alone; embedded-postgres would empty it.
func TestOtherVersionIsRefused(t *testing.T) {
	dir := newFolder(t)
	f, err := prepare(dir)
	if err != nil {
		t.Fatal(err)
	}
	if err := f.owner.mkdir(f.pgdata()); err != nil {
		t.Fatal(err)
	}
	for path, text := range map[string]string{filepath.Join(f.pgdata(), "PG_VERSION"): "12\n", f.path("initialised"): "12.1\n"} {
		if err := f.owner.writeFile(path, text); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := Start(t.Context(), dir, slog.New(slog.DiscardHandler)); err == nil || !strings.Contains(err.Error(), "Postgres 12") {
		t.Errorf("%v, want a refusal that names version 12", err)
	}
	if _, err := os.Stat(filepath.Join(f.pgdata(), "PG_VERSION")); err != nil {
		t.Errorf("the old database was touched: %v", err)
	}
}

func TestFolderOfRootThatIsNotEmptyIsRefused(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root hands folders over")
	}
	dir := newFolder(t)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "thesis.txt"), []byte("mine"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Start(t.Context(), dir, slog.New(slog.DiscardHandler)); err == nil || !strings.Contains(err.Error(), "not empty") {
		t.Errorf("%v, want a refusal: the folder may be somebody's", err)
	}
}
