package e2e

import (
	"slices"
	"testing"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
)

// TestWithoutJavaScript does the main job with links and forms alone.
func TestWithoutJavaScript(t *testing.T) {
	tb := start(t).newTab(t)
	tb.do("switch scripts off", call(emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: true}))
	tb.visit("/")
	before := tb.threads()
	if len(before) == 0 {
		t.Fatal("the inbox is empty")
	}
	last := before[len(before)-1]

	tb.follow("open a thread by its link", `main a[href^="`+last+`"]`)
	tb.until("the thread is open", `location.pathname === "`+last+`"`)
	tb.follow("archive by the button of the form", `main button[name=kind][value=archive]`)
	tb.visit("/")
	if slices.Contains(tb.threads(), last) {
		t.Fatal("the thread is still in the inbox")
	}

	tb.visit("/journal")
	tb.follow("undo in the journal", `main form[action^="/actions/"][action$="/undo"] button`)
	tb.visit("/")
	if !slices.Equal(tb.threads(), before) {
		t.Error("undo did not bring the inbox back")
	}

	tb.do("type a query", chromedp.SendKeys(chromedp.CSS("input[name=q]"), "interview\r"))
	tb.until("Enter sends the form", `location.pathname === "/search" && document.querySelectorAll('main a[href^="/t/"]').length > 0`)
}
