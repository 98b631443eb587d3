package e2e

import (
	"fmt"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
)

// wider names the first element that reaches past the right edge of a page that is wider than the screen; "" when the
// page fits.
const wider = `(() => {
	const edge = document.documentElement.clientWidth;
	if (document.documentElement.scrollWidth <= edge + 1) return "";
	const beyond = [...document.body.querySelectorAll("*")].filter(e => e.getBoundingClientRect().right > edge + 1).at(-1);
	return (beyond?.outerHTML ?? "the page").slice(0, 200);
})()`

// TestNothingIsWiderThanTheScreen opens every page and the newest threads of all mail as wide as a phone, as a desk at 200 %
// zoom (720 pixels) and at 400 % (320 pixels, WCAG 1.4.10): nothing may scroll sideways.
func TestNothingIsWiderThanTheScreen(t *testing.T) {
	tb := start(t).newTab(t)
	tb.visit("/?in=all")
	threads := tb.threads()
	pages := append([]string{"/", "/?in=all", "/?in=quarantine", "/?category=interview", "/search", "/search?q=interview+foo:bar", "/journal", "/approvals", "/runs", "/ops/agents", "/ops/agents/inbox.triage", "/ops/runs", "/ops/search", "/ops/search/off", "/help",
		"/welcome", "/settings", "/settings/accounts", "/settings/sessions", "/settings/appearance", "/settings/learned", "/settings/keyboard",
		"/nothing-here"}, threads[:min(20, len(threads))]...)
	for _, page := range pages {
		tb.visit(page)
		for _, width := range []int64{320, 390, 720} {
			tb.do("look", chromedp.EmulateViewport(width, 844), chromedp.Sleep(20*time.Millisecond))
			if what := eval[string](tb, wider); what != "" {
				tb.Errorf("%s is wider than %d pixels: %s %s", page, width, what, tb.shoot(fmt.Sprintf("wide-%d", width)))
			}
		}
	}
}

// TestNothingMoves measures the shift of the layout while pages load (CLS): at most 0.01 on a desk and on a phone.
func TestNothingMoves(t *testing.T) {
	tb := start(t).newTab(t)
	tb.visit("/")
	for _, page := range append([]string{"/", "/search?q=interview", "/journal", "/settings", "/welcome"}, tb.threads()[:3]...) {
		for _, width := range []int64{1440, 390} {
			tb.do("look", chromedp.EmulateViewport(width, 900))
			tb.visit(page)
			tb.until("the page is loaded", `document.readyState === "complete"`)
			shift := eval[float64](tb, `new Promise(done => {
				let sum = 0;
				new PerformanceObserver(list => list.getEntries().forEach(e => sum += e.value)).observe({type: "layout-shift", buffered: true});
				setTimeout(() => done(sum), 300);
			})`)
			if shift > 0.01 {
				tb.Errorf("%s at %d pixels: the layout moves by %.3f", page, width, shift)
			}
		}
	}
}

// TestFocusIsVisible goes through the inbox and a thread with the Tab key: whatever has the focus shows it by an outline of
// its own or of its row; a shadow would be lost when the system forces its colours.
func TestFocusIsVisible(t *testing.T) {
	tb := start(t).newTab(t)
	tb.visit("/")
	for _, page := range []string{"/", tb.threads()[0], "/settings", "/search?q=interview", "/journal"} {
		tb.visit(page)
		tb.until("the page is loaded", `document.readyState === "complete"`)
		for i := range 45 {
			if i == 15 { // the rail is long
				eval[bool](tb, `(document.getElementById("main").focus(), true)`)
			}
			tb.press("\t")
			if what := eval[string](tb, `(() => {
				const e = document.activeElement;
				if (!e || e === document.body || e.id === "main" || e.tagName === "IFRAME") return "";
				const seen = e => { const s = getComputedStyle(e); return s.outlineStyle !== "none" && parseFloat(s.outlineWidth) >= 1; };
				const row = e.matches(".open") && e.closest(".row");
				return seen(e) || row && seen(row) ? "" : e.outerHTML.slice(0, 200);
			})()`); what != "" {
				tb.Errorf("%s: the focus is not to be seen on %s", page, what)
			}
		}
	}
}
