package e2e

import (
	"context"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// patience is how long a page may take to show what a test waits for.
const patience = 10 * time.Second

// A tab is one tab of the shared browser. At the end of its test it complains about everything
// that went to the console as an error and every request that left the machine.
type tab struct {
	*testing.T
	ctx  context.Context
	site *site

	mu         sync.Mutex
	complaints []string
}

func (s *site) newTab(t *testing.T) *tab {
	t.Helper()
	ctx, cancel := chromedp.NewContext(s.browser)
	tb := &tab{T: t, ctx: ctx, site: s}
	if err := chromedp.Listen(ctx, tb.listen); err != nil {
		cancel()
		t.Fatal(err)
	}
	t.Cleanup(func() {
		cancel()
		tb.mu.Lock()
		defer tb.mu.Unlock()
		for _, c := range tb.complaints {
			t.Error(c)
		}
	})
	tb.do("prepare the tab", call(network.Enable, network.EnableParams{}), call(log.Enable, cdp.Empty{}), chromedp.EmulateViewport(1440, 900))
	return tb
}

// A step is a browser action without a result.
type step = chromedp.Action[chromedp.Void]

// call makes a step of a command of the protocol.
func call[P, R any](command cdp.Command[P, R], params P) step {
	return chromedp.Func(func(ctx context.Context, target *chromedp.Target) error {
		_, err := cdp.Call(ctx, target, command, params)
		return err
	})
}

// within gives an action the time that a page may take.
func within[T any](ctx context.Context, action chromedp.Action[T]) (T, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	return chromedp.Run(ctx, action)
}

func (tb *tab) listen(event any) {
	var complaint string
	switch e := event.(type) {
	case *runtime.EventExceptionThrown:
		complaint = "script error: " + e.ExceptionDetails.Text
		if e.ExceptionDetails.Exception != nil {
			complaint += " " + e.ExceptionDetails.Exception.Description
		}
	case *log.EventEntryAdded:
		if e.Entry.Level == log.EntryLevelError && !strings.Contains(e.Entry.Text, "status of 404") {
			complaint = "console: " + e.Entry.Text + " " + e.Entry.URL
		}
	case *network.EventRequestWillBeSent:
		u, err := url.Parse(e.Request.URL)
		if err == nil && strings.HasPrefix(u.Scheme, "http") && !strings.HasPrefix(e.Request.URL, tb.site.program.BaseURL+"/") &&
			(tb.site.google == "" || !strings.HasPrefix(e.Request.URL, tb.site.google+"/")) {
			complaint = "a request left the machine: " + e.Request.URL
		}
	}
	if complaint != "" {
		tb.mu.Lock()
		tb.complaints = append(tb.complaints, complaint)
		tb.mu.Unlock()
	}
}

// forgive takes back the complaints with these words, which the test brought about.
func (tb *tab) forgive(words string) {
	tb.mu.Lock()
	defer tb.mu.Unlock()
	tb.complaints = slices.DeleteFunc(tb.complaints, func(c string) bool { return strings.Contains(c, words) })
}

// do runs browser actions and fails the test, with a picture, when they do not work within patience.
func (tb *tab) do(what string, steps ...step) {
	tb.Helper()
	if _, err := within(tb.ctx, chromedp.Steps(steps...)); err != nil {
		tb.fail(what, err)
	}
}

func (tb *tab) fail(what string, why any) {
	tb.Helper()
	tb.Fatalf("%s: %v (at %s; %s)", what, why, tb.path(), tb.shoot("failed-"+strings.ReplaceAll(tb.Name(), "/", "-")))
}

// visit opens a page of the site by its path.
func (tb *tab) visit(path string) {
	tb.Helper()
	tb.do("open "+path, chromedp.Navigate(tb.site.program.BaseURL+path), chromedp.WaitReady(chromedp.CSS("body")))
}

// follow clicks what leads to another page, and waits for that page.
func (tb *tab) follow(what, selector string) {
	tb.Helper()
	eval[bool](tb, fmt.Sprintf(`(() => { document.querySelector(%q).scrollIntoView({behavior: "instant", block: "center"}); return true })()`, selector))
	ctx, cancel := context.WithTimeout(tb.ctx, patience)
	defer cancel()
	if _, err := chromedp.RunResponse(ctx, chromedp.Click(chromedp.CSS(selector))); err != nil {
		tb.fail(what, err)
	}
}

// press types keys as a person does who has clicked nowhere. A key whose keydown event the page
// handles types no character, as in a browser; chromedp.KeyEvent would send one all the same.
func (tb *tab) press(keys string, modifiers ...chromedp.Modifier) {
	tb.Helper()
	var steps []step
	for _, r := range keys {
		events := kb.Encode(r)
		down, up := *events[0], *events[len(events)-1]
		down.Type = input.DispatchKeyEventTypeRawKeyDown
		for _, m := range modifiers {
			down.Modifiers |= int64(m)
			up.Modifiers |= int64(m)
		}
		if text := typed(events); text != "" && len(modifiers) == 0 {
			down.Type, down.Text, down.UnmodifiedText = input.DispatchKeyEventTypeKeyDown, text, text
		}
		steps = append(steps, call(input.DispatchKeyEvent, down), call(input.DispatchKeyEvent, up))
	}
	tb.do("press "+keys, steps...)
}

// typed is the text that a key puts into a field.
func typed(events []*input.DispatchKeyEventParams) string {
	for _, e := range events {
		if e.Type == kb.KeyChar {
			return e.Text
		}
	}
	return ""
}

// eval returns the value of a JavaScript expression.
func eval[T any](tb *tab, expression string) T {
	tb.Helper()
	v, err := within(tb.ctx, chromedp.Evaluate[T](expression, chromedp.EvalAwaitPromise))
	if err != nil {
		tb.fail(expression, err)
	}
	return v
}

// until waits for a JavaScript expression to be true.
func (tb *tab) until(what, expression string) {
	tb.Helper()
	tb.await(what, expression, patience)
}

// await is until, for what takes longer than a page may.
func (tb *tab) await(what, expression string, most time.Duration) {
	tb.Helper()
	deadline := time.Now().Add(most)
	for time.Now().Before(deadline) {
		// An error means that the page is being replaced; the deadline decides.
		if ok, err := within(tb.ctx, chromedp.Evaluate[bool]("Boolean("+expression+")")); err == nil && ok {
			return
		}
		time.Sleep(25 * time.Millisecond)
	}
	tb.fail(what, "not within "+most.String())
}

// arrive waits for a page to be open and its scripts to run: keys that come before are lost.
func (tb *tab) arrive(what, path string) {
	tb.Helper()
	tb.until(what, fmt.Sprintf("document.readyState === 'complete' && location.pathname === %q", path))
}

// path is where the tab is.
func (tb *tab) path() string {
	at, err := within(tb.ctx, chromedp.Location())
	if err != nil {
		return "an unknown place"
	}
	return strings.TrimPrefix(at, tb.site.program.BaseURL)
}

// threads are the paths of the threads that are listed, top first.
func (tb *tab) threads() []string {
	tb.Helper()
	return eval[[]string](tb, `[...new Set([...document.querySelectorAll('main a[href^="/t/"]')].map(a => a.getAttribute("href").split(/[?#]/)[0]))]`)
}

// look sets theme and width, as the system of the person who looks would.
func (tb *tab) look(theme string, width int64) {
	tb.Helper()
	height := int64(900)
	if width < 600 {
		height = 844
	}
	tb.do("look "+theme, chromedp.EmulateViewport(width, height), call(emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
		Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: theme}, {Name: "prefers-reduced-motion", Value: "reduce"}}}))
}

// shoot keeps a picture where SHOTS says, and tells where.
func (tb *tab) shoot(name string) string {
	dir := os.Getenv("SHOTS")
	if dir == "" {
		return "set SHOTS to keep a picture"
	}
	png, err := within(tb.ctx, chromedp.CaptureScreenshot())
	if err != nil {
		return "no picture: " + err.Error()
	}
	file := filepath.Join(dir, name+".png")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err.Error()
	}
	if err := os.WriteFile(file, png, 0o644); err != nil {
		return err.Error()
	}
	return fmt.Sprintf("picture in %s", file)
}
