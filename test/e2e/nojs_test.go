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

	tb.do("open a thread by its link", chromedp.Click(chromedp.CSS(`main a[href^="`+last+`"]`)), chromedp.WaitReady(chromedp.CSS("main")))
	tb.until("the thread is open", `location.pathname === "`+last+`"`)
	tb.do("archive by the button of the form", chromedp.Click(chromedp.CSS(`main button[name=kind][value=archive], main form:has(input[name=kind][value=archive]) button`)))
	tb.until("back in the list", `location.pathname !== "`+last+`" || !document.querySelector("main button[value=archive]")`)
	tb.visit("/")
	if slices.Contains(tb.threads(), last) {
		t.Fatal("the thread is still in the inbox")
	}

	tb.visit("/journal")
	tb.do("undo in the journal", chromedp.Click(chromedp.CSS(`main form[action^="/actions/"][action$="/undo"] button`)), chromedp.WaitReady(chromedp.CSS("main")))
	tb.visit("/")
	if !slices.Equal(tb.threads(), before) {
		t.Error("undo did not bring the inbox back")
	}

	tb.do("search by the form", chromedp.SetValue(chromedp.CSS("input[name=q]"), "interview"), chromedp.Submit(chromedp.CSS("input[name=q]")), chromedp.WaitReady(chromedp.CSS("main")))
	tb.until("results", `location.pathname === "/search" && document.querySelectorAll('main a[href^="/t/"]').length > 0`)
}
