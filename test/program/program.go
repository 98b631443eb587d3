// Package program runs the built binary as a person would: start it, read the one-time sign-in
// link from what it prints, use the pages, stop it. The browser tests and the benchmarks share it.
package program

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"
)

// A Program is a running `applylens serve`.
type Program struct {
	BaseURL string        // http://127.0.0.1:PORT
	Link    string        // the one-time sign-in link that it printed
	Ready   time.Duration // from the start of the process to the link

	cmd    *exec.Cmd
	out    *output
	exited chan struct{}
}

var link = regexp.MustCompile(`https?://[^\s"<>]+/sign-in[^\s"<>]*`)

// Root returns the folder of the module, from any folder below it.
func Root() (string, error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir, nil
		}
		if dir == filepath.Dir(dir) {
			return "", errors.New("no go.mod above the working folder")
		}
		dir = filepath.Dir(dir)
	}
}

// Build builds the binary into dir and returns its path.
func Build(ctx context.Context, dir string) (string, error) {
	root, err := Root()
	if err != nil {
		return "", err
	}
	bin := filepath.Join(dir, "applylens")
	cmd := exec.CommandContext(ctx, "go", "build", "-o", bin, "./cmd/applylens")
	cmd.Dir = root
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("build applylens: %w\n%s", err, out)
	}
	return bin, os.Chmod(bin, 0o755)
}

// NewFolder makes an empty data folder below the temporary one. It can be entered by the ordinary
// user to whom the program, started as root, hands it.
func NewFolder(name string) (string, error) {
	dir, err := os.MkdirTemp("", name)
	if err != nil {
		return "", err
	}
	if err := os.Chmod(dir, 0o755); err != nil {
		return "", err
	}
	data := filepath.Join(dir, "data")
	return data, os.Mkdir(data, 0o755)
}

// Environment is that of this process, with the data folder and without other settings of ApplyLens.
func Environment(data string) []string {
	var env []string
	for _, entry := range os.Environ() {
		if !strings.HasPrefix(entry, "APPLYLENS_") && !strings.HasPrefix(entry, "DATABASE_URL=") {
			env = append(env, entry)
		}
	}
	return append(env, "APPLYLENS_DATA="+data)
}

// Start runs `BIN serve ARGS…` on a data folder and a free port, and waits for the sign-in link.
func Start(ctx context.Context, bin, data string, args ...string) (*Program, error) {
	cmd := exec.Command(bin, append([]string{"serve", "--listen", "127.0.0.1:0"}, args...)...)
	cmd.Env = Environment(data)
	cmd.Dir = filepath.Dir(bin)
	out := newOutput()
	cmd.Stdout, cmd.Stderr = out, out
	began := time.Now()
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	p := &Program{cmd: cmd, out: out, exited: make(chan struct{})}
	go func() {
		_ = cmd.Wait()
		close(p.exited)
	}()
	select {
	case p.Link = <-out.link:
	case <-p.exited:
		return nil, fmt.Errorf("the program ended before it printed a sign-in link:\n%s", out)
	case <-ctx.Done():
		_ = p.Stop()
		return nil, fmt.Errorf("no sign-in link: %w\n%s", ctx.Err(), out)
	}
	p.Ready = time.Since(began)
	u, err := url.Parse(p.Link)
	if err != nil {
		return nil, err
	}
	p.BaseURL = u.Scheme + "://" + u.Host
	return p, nil
}

// Output is what the program has printed until now.
func (p *Program) Output() string { return p.out.String() }

// PID is the number of the process.
func (p *Program) PID() int { return p.cmd.Process.Pid }

// Memory returns the resident memory of the process in bytes (Linux).
func (p *Program) Memory() (int64, error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", p.PID()))
	if err != nil {
		return 0, err
	}
	for line := range strings.Lines(string(text)) {
		if value, ok := strings.CutPrefix(line, "VmRSS:"); ok {
			kib, err := strconv.ParseInt(strings.Fields(value)[0], 10, 64)
			return kib << 10, err
		}
	}
	return 0, errors.New("no VmRSS in /proc")
}

// Stop ends the program as Ctrl-C does and waits for it; after 20 seconds it is killed, which is an error.
func (p *Program) Stop() error {
	_ = p.cmd.Process.Signal(syscall.SIGINT)
	select {
	case <-p.exited:
		if code := p.cmd.ProcessState.ExitCode(); code != 0 {
			return fmt.Errorf("the program ended with status %d:\n%s", code, p.out)
		}
		return nil
	case <-time.After(20 * time.Second):
		_ = p.cmd.Process.Kill()
		<-p.exited
		return fmt.Errorf("the program did not stop within 20 s:\n%s", p.out)
	}
}

// SignIn uses the link and returns a client that holds the session.
func (p *Program) SignIn(ctx context.Context) (*http.Client, error) {
	jar, err := cookiejar.New(nil)
	if err != nil {
		return nil, err
	}
	client := &http.Client{Jar: jar, Timeout: 60 * time.Second}
	if err := p.followLink(ctx, client); err != nil {
		return nil, err
	}
	if u, _ := url.Parse(p.BaseURL); len(jar.Cookies(u)) == 0 {
		return nil, errors.New("signing in set no cookie")
	}
	return client, nil
}

func (p *Program) followLink(ctx context.Context, client *http.Client) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, p.Link, nil)
	if err != nil {
		return err
	}
	res, err := client.Do(req)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		return fmt.Errorf("%s answered %s", p.Link, res.Status)
	}
	return nil
}

// An output keeps what a program prints and announces the first sign-in link in it.
type output struct {
	mu    sync.Mutex
	text  bytes.Buffer
	found bool
	link  chan string
}

func newOutput() *output { return &output{link: make(chan string, 1)} }

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	n, err := o.text.Write(p)
	complete := o.text.Bytes()[:bytes.LastIndexByte(o.text.Bytes(), '\n')+1]
	if m := link.Find(complete); m != nil && !o.found {
		o.found = true
		o.link <- string(m)
	}
	return n, err
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.String()
}
