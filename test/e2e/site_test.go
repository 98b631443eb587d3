package e2e

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"applylens/test/program"
)

// A site is the running program and a browser that is signed in to it. All tests share one, as a
// person's tabs do; each works in tabs of its own.
type site struct {
	program *program.Program
	browser context.Context
	axe     string // the source of axe-core, empty when it is not installed
	google  string // the server that plays Google, to which the pages may lead

	dir   string
	close func()
	err   error
}

var theSite = sync.OnceValue(open)

func TestMain(m *testing.M) {
	code := m.Run()
	if s := theSite(); s.close != nil {
		s.close()
		if err := s.program.Stop(); err != nil {
			fmt.Fprintln(os.Stderr, err)
			code = 1
		}
		_ = os.RemoveAll(s.dir)
	}
	os.Exit(code)
}

// start returns the shared site, or skips where there is no Chromium.
func start(t *testing.T) *site {
	t.Helper()
	if chromium() == "" {
		t.Skip("Chromium is not installed: apt-get install chromium")
	}
	s := theSite()
	if s.err != nil {
		t.Fatal(s.err)
	}
	return s
}

func chromium() string {
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	return ""
}

func open() *site {
	s := &site{}
	if chromium() == "" {
		return s
	}
	if s.err = s.run(); s.err != nil {
		return s
	}
	flags := append([]chromedp.ExecAllocatorOption{}, chromedp.NoFirstRun, chromedp.NoDefaultBrowserCheck, chromedp.NoSandbox,
		chromedp.DisableGPU, chromedp.ExecPath(chromium()), chromedp.Flag("headless", "new"), chromedp.Flag("disable-quic", true),
		chromedp.Flag("disable-background-networking", true), chromedp.Flag("disable-component-update", true), chromedp.Flag("disable-sync", true),
		chromedp.Flag("disable-dev-shm-usage", true), chromedp.Flag("hide-scrollbars", true), chromedp.UserDataDir(filepath.Join(s.dir, "chromium")))
	allocator, closeAllocator := chromedp.NewExecAllocator(context.Background(), flags...)
	browser, closeBrowser := chromedp.NewContext(allocator)
	s.browser = browser
	s.close = func() { closeBrowser(); closeAllocator() }
	ctx, cancel := context.WithTimeout(browser, time.Minute)
	defer cancel()
	if err := chromedp.Do(browser); err != nil { // the browser lives as long as the context of its first run
		s.err = fmt.Errorf("start Chromium: %w", err)
		return s
	}
	if err := chromedp.Do(ctx, chromedp.Navigate(s.program.Link), chromedp.WaitReady(chromedp.CSS("main"))); err != nil {
		s.err = fmt.Errorf("sign in with the link of the terminal: %w", err)
	}
	return s
}

// run builds the program and starts it on an empty folder, as `make run` does.
func (s *site) run() error {
	data, err := program.NewFolder("applylens-e2e")
	if err != nil {
		return err
	}
	s.dir = filepath.Dir(data)
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Minute)
	defer cancel()
	bin, err := program.Build(ctx, s.dir)
	if err != nil {
		return err
	}
	if s.program, err = program.Start(ctx, bin, data, "--sample"); err != nil {
		return err
	}
	root, err := program.Root()
	if err != nil {
		return err
	}
	source, err := os.ReadFile(filepath.Join(root, "node_modules", "axe-core", "axe.min.js"))
	if err == nil {
		s.axe = string(source)
	}
	return nil
}
