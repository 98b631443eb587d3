package e2e

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
)

// A violation is what axe reports of one rule.
type violation struct {
	ID, Help string
	Nodes    []struct {
		HTML           string
		FailureSummary string
	}
}

// TestAccessibility runs all rules of axe on every page, in both themes, on a desk and on a phone.
func TestAccessibility(t *testing.T) {
	s := start(t)
	if s.axe == "" {
		t.Skip("axe-core is not installed: npm ci")
	}
	tb := s.newTab(t)
	tb.visit("/")
	pages := []string{"/", "/?split=applications", "/?in=quarantine", "/?in=snoozed", "/search", "/search?q=interview", "/search?q=zzzzqqqq", "/journal", "/approvals", "/runs", "/ops/agents", "/ops/agents/inbox.triage", "/ops/runs", "/ops/search", "/ops/search/off", "/help", "/welcome",
		"/search?q=interveiw+is:unread", "/search?q=interview&group=no&edit=0", "/search/build?q=offer", "/alerts", "/settings/searches",
		"/settings", "/settings/sessions", "/settings/appearance", "/settings/keyboard", "/settings/accounts", "/outgoing", "/outgoing?in=sent", "/nothing-here",
		"/ops", "/ops/slos", "/ops/slos/inbox.triage/success", "/ops/budget", "/ops/alerts", "/ops/system", "/ops/jobs", "/ops/checklists"}
	threads := tb.threads()
	pages = append(pages, threads[:min(3, len(threads))]...)
	for _, page := range pages {
		t.Run(strings.NewReplacer("/", "_", "?", "_").Replace(page), func(t *testing.T) {
			tb := s.newTab(t)
			tb.visit(page)
			tb.everyLook("page"+strings.NewReplacer("/", "-", "?", "-", "=", "-").Replace(page), func() {})
		})
	}
	t.Run("palette", func(t *testing.T) {
		tb := s.newTab(t)
		tb.visit("/")
		tb.everyLook("palette", func() { tb.press("k", chromedp.ModifierCtrl) })
	})
}

// TestSignInPageIsAccessible looks at it as a stranger, in a browser context without the session.
func TestSignInPageIsAccessible(t *testing.T) {
	s := start(t)
	if s.axe == "" {
		t.Skip("axe-core is not installed: npm ci")
	}
	stranger, cancel := chromedp.NewContext(s.browser, chromedp.WithNewBrowserContext())
	defer cancel()
	if err := chromedp.Do(stranger); err != nil {
		t.Fatal(err)
	}
	apart := *s
	apart.browser = stranger
	tb := apart.newTab(t)
	tb.visit("/")
	tb.until("a stranger is sent to the sign-in page", `location.pathname === "/sign-in"`)
	tb.everyLook("sign-in", func() {})
}

// everyLook checks the page in both themes and widths. show brings up, after each reload, what is
// to be looked at.
func (tb *tab) everyLook(name string, show func()) {
	tb.Helper()
	for _, theme := range []string{"light", "dark"} {
		for _, width := range []int64{1440, 390} {
			tb.look(theme, width)
			tb.do("reload", chromedp.Reload(), chromedp.WaitReady(chromedp.CSS("body")), chromedp.Sleep(150*time.Millisecond))
			show()
			tb.inspect(fmt.Sprintf("%s-%s-%d", name, theme, width))
		}
	}
}

// stillLook is everyLook for a page that is there only once: it is not loaded anew.
func (tb *tab) stillLook(name string) {
	tb.Helper()
	for _, theme := range []string{"light", "dark"} {
		for _, width := range []int64{1440, 390} {
			tb.look(theme, width)
			tb.inspect(fmt.Sprintf("%s-%s-%d", name, theme, width))
		}
	}
}

// inspect takes a picture of the page as it stands and lets axe look at it.
func (tb *tab) inspect(look string) {
	tb.Helper()
	tb.do("settle", chromedp.Sleep(150*time.Millisecond))
	tb.shoot(look)
	for _, v := range tb.violations() {
		for _, n := range v.Nodes {
			tb.Errorf("%s: %s (%s)\n\t%s\n\t%s", look, v.Help, v.ID, n.HTML, strings.ReplaceAll(n.FailureSummary, "\n", " "))
		}
	}
	if wide := eval[bool](tb, `document.documentElement.scrollWidth > document.documentElement.clientWidth + 1`); wide {
		tb.Errorf("%s: the page is wider than the screen", look)
	}
}

func (tb *tab) violations() []violation {
	tb.Helper()
	tb.do("load axe", chromedp.Evaluate[chromedp.Void](tb.site.axe))
	return eval[[]violation](tb, `axe.run(document, {resultTypes: ["violations"]}).then(r => r.violations)`)
}
