package e2e

import (
	"context"
	"path/filepath"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"applylens/test/program"
)

// startGoogle runs the program a second time, with a server that plays Google, an empty mailbox and a browser context of
// its own: its cookies are not those of the shared site, which has the same host.
func startGoogle(t *testing.T, google string, args ...string) *site {
	t.Helper()
	shared := start(t)
	data, err := program.NewFolder("applylens-google")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	args = append([]string{"--google-url", google, "--google-client-id", "client", "--google-client-secret", "secret", "--no-sample"}, args...)
	p, err := program.Start(ctx, filepath.Join(shared.dir, "applylens"), data, args...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := p.Stop(); err != nil {
			t.Error(err)
		}
		if t.Failed() {
			t.Log(p.Output())
		}
	})
	browser, closeBrowser := chromedp.NewContext(shared.browser, chromedp.WithNewBrowserContext())
	t.Cleanup(closeBrowser)
	if err := chromedp.Do(browser, chromedp.Navigate(p.Link), chromedp.WaitReady(chromedp.CSS("main"))); err != nil {
		t.Fatal(err)
	}
	return &site{program: p, browser: browser, axe: shared.axe, google: google}
}
