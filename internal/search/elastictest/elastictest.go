// Package elastictest gives a test a real Elasticsearch: the server that Elastic publishes for integration tests,
// fetched once from Maven Central, with a plugin of ours that stands in for the analysis module it lacks. Start at New.
package elastictest

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"applylens/internal/db/embedded"
)

// A Server is a running Elasticsearch.
type Server struct {
	URL string

	dir     string
	account *embedded.Account
}

// shared is the server of the run, started by the first test that needs it; other test programs find it by its folder,
// and `make test` stops it at the end.
var shared = sync.OnceValues(func() (*Server, error) { return start(context.Background(), folder(), "") })

// New returns the server of the test run. Where Java or the server is missing, the test is skipped and says so.
func New(t testing.TB) *Server {
	t.Helper()
	s, err := shared()
	return usable(t, s, err)
}

// Own starts a server for one test alone, which may kill it, and stops it at its end.
func Own(t testing.TB) *Server {
	t.Helper()
	dir, err := os.MkdirTemp("", "applylens-elastic")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	s, err := start(t.Context(), dir, "")
	t.Cleanup(func() {
		if s != nil {
			_ = s.Signal(syscall.SIGCONT)
			_ = s.Kill()
		}
		_ = os.RemoveAll(dir)
	})
	return usable(t, s, err)
}

func usable(t testing.TB, s *Server, err error) *Server {
	t.Helper()
	if missing := new(missingError); errors.As(err, &missing) {
		t.Skip("Elasticsearch cannot run here: " + err.Error())
	}
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// folder is where the shared server lives: beside the tests' Postgres.
func folder() string {
	if dir := os.Getenv("APPLYLENS_TEST_DATA"); dir != "" {
		return dir + "-elasticsearch"
	}
	return filepath.Join(os.TempDir(), "applylens-test-elasticsearch")
}

// start returns the server of a folder, starting it when it does not run. port is that to listen on, "" a free one.
func start(ctx context.Context, dir, port string) (*Server, error) {
	account, err := embedded.OrdinaryUser(dir)
	if err != nil {
		return nil, &missingError{err}
	}
	s := &Server{dir: dir, account: account}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, err
	}
	if err := account.Own(dir); err != nil {
		return nil, err
	}
	lock, err := os.OpenFile(filepath.Join(dir, "starting.lock"), os.O_CREATE|os.O_RDWR, 0o644)
	if err != nil {
		return nil, err
	}
	defer func() { _ = lock.Close() }()
	if err := syscall.Flock(int(lock.Fd()), syscall.LOCK_EX); err != nil {
		return nil, err
	}
	if s.URL = s.address(); s.URL != "" && s.answers(ctx) == nil {
		return s, nil
	}
	home, err := install(ctx)
	if err != nil {
		return nil, err
	}
	if err := s.launch(home, port); err != nil {
		return nil, err
	}
	return s, s.wait(ctx)
}

// Restart starts a killed server again on its data, at the address it had.
func (s *Server) Restart(ctx context.Context) error {
	home, err := install(ctx)
	if err != nil {
		return err
	}
	port := s.URL[strings.LastIndexByte(s.URL, ':')+1:]
	if err := s.launch(home, port); err != nil {
		return err
	}
	return s.wait(ctx)
}

// Signal sends a signal to the server: SIGSTOP pauses it, SIGCONT lets it go on.
func (s *Server) Signal(signal syscall.Signal) error {
	pid, err := s.pid()
	if err != nil {
		return err
	}
	return syscall.Kill(pid, signal)
}

// Kill ends the server as a crash would, and returns when it is gone.
func (s *Server) Kill() error {
	pid, err := s.pid()
	if err != nil {
		return err
	}
	if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
		return err
	}
	for range 200 {
		if gone(pid) {
			return os.Remove(s.path("pid"))
		}
		time.Sleep(50 * time.Millisecond)
	}
	return errors.New("the killed Elasticsearch is still there")
}

// gone tells that a process has ended; a zombie, which its parent has not asked for yet, has.
func gone(pid int) bool {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return syscall.Kill(pid, 0) != nil
	}
	_, rest, _ := strings.Cut(string(stat), ") ")
	return strings.HasPrefix(rest, "Z")
}

func (s *Server) pid() (int, error) {
	text, err := os.ReadFile(s.path("pid"))
	if err != nil {
		return 0, fmt.Errorf("the pid of Elasticsearch: %w", err)
	}
	return strconv.Atoi(strings.TrimSpace(string(text)))
}

func (s *Server) path(name string) string { return filepath.Join(s.dir, name) }

// address is what the server said it listens on.
func (s *Server) address() string {
	text, err := os.ReadFile(s.path("logs/http.ports"))
	if err != nil {
		return ""
	}
	for line := range strings.Lines(string(text)) {
		if line = strings.TrimSpace(line); strings.HasPrefix(line, "127.0.0.1:") {
			return "http://" + line
		}
	}
	return ""
}

func (s *Server) answers(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, s.URL+"/_cluster/health?wait_for_status=yellow&timeout=1s", nil)
	if err != nil {
		return err
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer func() { _ = res.Body.Close() }()
	if res.StatusCode != http.StatusOK {
		return fmt.Errorf("elasticsearch answers %s", res.Status)
	}
	return nil
}

// wait returns when the server answers.
func (s *Server) wait(ctx context.Context) error {
	var err error
	for range 2400 { // 240 s: starting takes ten, many more where others work
		if s.URL = s.address(); s.URL != "" {
			if err = s.answers(ctx); err == nil {
				return nil
			}
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(100 * time.Millisecond):
		}
	}
	return fmt.Errorf("start Elasticsearch: %w: %s", err, s.tail())
}

// tail is the end of what the server wrote.
func (s *Server) tail() string {
	text, err := os.ReadFile(s.path("output"))
	if err != nil {
		return err.Error()
	}
	return string(text[max(0, len(text)-2000):])
}
