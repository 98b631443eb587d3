package e2e

import (
	"slices"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

func TestFirstStartShowsTheSampleMailbox(t *testing.T) {
	tb := start(t).newTab(t)
	tb.visit("/")
	if got := len(tb.threads()); got < 10 {
		t.Errorf("the inbox lists %d threads, want at least 10", got)
	}
	if text := eval[string](tb, "document.body.innerText"); !strings.Contains(strings.ToLower(text), "sample") {
		t.Error("the page does not say that this is a sample mailbox")
	}
	if sent := eval[bool](tb, `performance.getEntriesByType("navigation")[0].transferSize > 0`); !sent {
		t.Error("nothing was transferred")
	}
}

func TestTheLinkWorksOnce(t *testing.T) {
	s := start(t)
	if _, err := s.program.SignIn(t.Context()); err == nil {
		t.Error("the sign-in link worked a second time")
	}
}

func TestReadArchiveAndUndoByKeyboard(t *testing.T) {
	tb := start(t).newTab(t)
	tb.visit("/")
	before := tb.threads()
	first := before[0]

	tb.press("j")
	tb.press("k")
	tb.press(kb.Enter)
	tb.arrive("Enter opens the first thread", first)
	tb.until("the thread shows its subject", `document.querySelector("main h1, main h2")?.innerText.length > 0`)

	tb.visit("/")
	tb.press("j")
	tb.press("k")
	tb.press("e")
	tb.until("e archives the first thread", `!document.querySelector('main a[href^="`+first+`"]')`)

	tb.press("z")
	tb.until("z brings it back", `document.querySelector('main a[href^="`+first+`"]')`)
	tb.visit("/")
	if after := tb.threads(); !slices.Equal(after, before) {
		t.Errorf("after archive and undo the inbox differs:\n%v\n%v", before, after)
	}
}

func TestSearchByKeyboard(t *testing.T) {
	tb := start(t).newTab(t)
	tb.visit("/")
	tb.press("/")
	tb.until("/ goes to the search field", `document.activeElement?.name === "q"`)
	tb.press("interview")
	tb.press(kb.Enter)
	tb.until("the query is in the address", `location.pathname === "/search" && new URLSearchParams(location.search).get("q") === "interview"`)
	tb.until("mails are found and the word is marked", `document.querySelectorAll('main a[href^="/t/"]').length > 0 && document.querySelector("main mark")`)
	tb.visit("/search?q=zzzzqqqq")
	if n := len(tb.threads()); n != 0 {
		t.Errorf("a word that stands nowhere finds %d threads", n)
	}
}

func TestHelpAndPaletteByKeyboard(t *testing.T) {
	tb := start(t).newTab(t)
	tb.visit("/")
	tb.press("?")
	tb.arrive("? goes to the help page", "/help")
	tb.until("the keys are shown", `document.querySelector("main").innerText.includes("Archive")`)
	tb.press("g")
	tb.press("i")
	tb.arrive("g i goes to the inbox", "/")

	const dialog = `[...document.querySelectorAll("dialog[open], [role=dialog]")].find(d => d.checkVisibility())`
	tb.press("k", chromedp.ModifierCtrl)
	tb.until("Ctrl-K opens the palette with the cursor in it", dialog+`?.contains(document.activeElement) && document.activeElement.matches("input")`)
	tb.press("settings")
	tb.until("the palette narrows down", dialog+`?.innerText.toLowerCase().includes("settings")`)
	tb.press(kb.Enter)
	tb.arrive("Enter goes there", "/settings")
}
