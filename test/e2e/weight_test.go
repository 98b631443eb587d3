package e2e

import (
	"testing"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"
)

// TestFirstViewIsLight counts what a browser with an empty cache fetches for the inbox, with the headers of the answers:
// at most 95 KB. The longest mailbox costs no more, since a page lists a fixed number of threads.
func TestFirstViewIsLight(t *testing.T) {
	tb := start(t).newTab(t)
	tb.do("empty the cache", call(network.ClearBrowserCache, cdp.Empty{}), chromedp.EmulateViewport(1440, 900))
	tb.visit("/")
	tb.until("the page is loaded", `document.readyState === "complete" && document.fonts.status === "loaded"`)
	type part struct {
		Name string
		Size int
	}
	parts := eval[[]part](tb, `[...performance.getEntriesByType("navigation"), ...performance.getEntriesByType("resource")].map(e => ({Name: e.name, Size: e.transferSize}))`)
	total, fonts := 0, 0
	for _, p := range parts {
		total += p.Size
		if len(p.Name) > 6 && p.Name[len(p.Name)-6:] == ".woff2" {
			fonts++
		}
	}
	if total > 95_000 || total < 40_000 || fonts != 1 {
		t.Errorf("the first view fetches %d bytes and %d fonts: %v", total, fonts, parts)
	}
	t.Logf("%d bytes in %d answers", total, len(parts))
}
