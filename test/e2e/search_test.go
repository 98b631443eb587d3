package e2e

import (
	"strconv"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

const (
	rowCount = `document.querySelectorAll("#list > .row").length`
	field    = `document.getElementById("find")`
	offers   = `[...document.querySelectorAll("#suggest:not([hidden]) .offer")]`
	query    = `new URLSearchParams(location.search).get("q")`
)

// As one types the results change in place, the address follows, and the field keeps focus and cursor.
func TestSearchAsYouType(t *testing.T) {
	tb := start(t).newTab(t)
	tb.visit("/search")
	tb.do("mark the page", evalVoid(`window.stays = true`))
	tb.press("/")
	tb.press("intervi")
	tb.until("the beginning of a word finds mail", rowCount+` > 3 && document.querySelector("#found mark")`)
	tb.until("the address follows", query+` === "intervi"`)
	tb.until("facets are counted", `document.querySelectorAll("#facets .facet").length > 3 && document.querySelectorAll("#facets [data-chart] a").length > 0`)
	tb.press("ew from:")
	tb.until("fields are filled in from the mailbox", offers+`.some(o => o.innerText.includes("@"))`)
	if stays := eval[bool](tb, `window.stays === true && document.activeElement.id === "find"`); !stays {
		t.Error("the page was left, or the field lost the focus")
	}
}

// Only the answer to what was typed last is shown, even when an earlier one comes later.
func TestSearchCancels(t *testing.T) {
	tb := start(t).newTab(t)
	tb.visit("/search")
	tb.do("make the first answer late", evalVoid(`
		window.aborted = 0;
		const open = XMLHttpRequest.prototype.open, send = XMLHttpRequest.prototype.send;
		XMLHttpRequest.prototype.open = function (method, url) { this.late = /q=zzz(&|$)/.test(url); return open.apply(this, arguments); };
		XMLHttpRequest.prototype.send = function () {
			this.addEventListener("abort", () => window.aborted++);
			return this.late ? setTimeout(() => send.apply(this, arguments), 1500) : send.apply(this, arguments);
		};`))
	tb.do("type", evalVoid(field+`.focus(); `+field+`.value = "zzz"; `+field+`.dispatchEvent(new Event("input", { bubbles: true }))`))
	tb.do("wait for the request to be made", chromedp.Sleep(300*time.Millisecond))
	tb.do("type on", evalVoid(field+`.value = "interview"; `+field+`.dispatchEvent(new Event("input", { bubbles: true }))`))
	tb.until("the newer answer is shown", rowCount+` > 3`)
	tb.do("wait for the late answer", chromedp.Sleep(2*time.Second))
	tb.until("and stays", rowCount+` > 3 && `+query+` === "interview" && document.querySelector("#found [data-query]").dataset.query === "interview"`)
}

func TestSearchSuggestionsByKeyboard(t *testing.T) {
	tb := start(t).newTab(t)
	tb.visit("/")
	tb.press("/")
	tb.press("cate")
	tb.until("the field is offered", offers+`[0]?.innerText.includes("category:")`)
	tb.press(kb.ArrowDown)
	tb.until("the arrow points to it", `document.getElementById(`+field+`.getAttribute("aria-activedescendant"))?.getAttribute("aria-selected") === "true"`)
	tb.press(kb.Enter)
	tb.until("Enter fills it in", field+`.value === "category:" && location.pathname === "/"`)
	tb.press("inte")
	tb.until("its values are offered", offers+`[0]?.innerText.includes("Interview")`)
	tb.press(kb.ArrowDown)
	tb.press(kb.Enter)
	tb.until("the value is filled in", field+`.value === "category:interview "`)
	tb.press("of")
	tb.until("suggestions show again", offers+`.length > 0`)
	tb.press(kb.Escape)
	tb.until("Escape closes them and stays in the field", `document.getElementById("suggest").hidden && document.activeElement.id === "find"`)
	tb.press(kb.Enter)
	tb.until("Enter searches", `location.pathname === "/search" && `+query+`.startsWith("category:interview")`)
}

// Parts of the query are changed in place by keyboard, and so are the facets.
func TestSearchPartsByKeyboard(t *testing.T) {
	tb := start(t).newTab(t)
	tb.visit("/search?q=interview+is:unread")
	tb.do("mark the page", evalVoid(`window.stays = true`))
	few := eval[int](tb, rowCount)
	tb.press("C") // Shift+C
	tb.until("the first part has the focus", `document.activeElement.matches(".chip-text")`)
	tb.press(kb.ArrowRight)
	tb.press(kb.Delete)
	tb.until("Delete takes the second part away", query+` === "interview" && document.querySelectorAll(".chip").length === 1`)
	tb.until("more is found", rowCount+` > `+strconv.Itoa(few))
	tb.press("C")
	tb.press("-")
	tb.until("minus turns it around", query+` === "-interview" && document.querySelector(".chip-not")`)
	tb.press("C")
	tb.press(kb.Enter)
	tb.until("Enter makes it a field", `document.activeElement.matches('.chip-edit input[name="text"]')`)
	tb.press("offer")
	tb.press(kb.Enter)
	tb.until("which is put in its place", query+` === "offer" && `+field+`.value === "offer"`)
	tb.until("the counts follow", `document.querySelector("#facets .facet-value[href*='q=offer+']")`)
	tb.press("F") // Shift+F
	tb.until("the counts have the focus", `document.activeElement.closest("#facets")`)
	tb.do("press a category", evalVoid(`document.querySelector('#facets [aria-label="Category"] .facet-value').click()`))
	tb.until("it becomes a part", query+`.startsWith("offer category:") && document.querySelectorAll(".chip").length === 2`)
	tb.until("and is shown as chosen", `document.querySelector('#facets .facet-value[aria-pressed="true"]')`)
	if !eval[bool](tb, `window.stays === true`) {
		t.Error("the page was left")
	}
	tb.do("go back", evalVoid(`history.back()`))
	tb.until("back shows the query before", query+` === "offer" && document.querySelectorAll(".chip").length === 1`)
}

func TestSearchRowsAndOrders(t *testing.T) {
	tb := start(t).newTab(t)
	tb.visit("/search?q=interview")
	tb.press("/")
	tb.press(kb.Escape)
	tb.press(kb.Escape)
	tb.press("j")
	tb.until("j goes to a result", `document.activeElement.closest("#list > .row")`)
	tb.press("x")
	tb.until("x selects it", `document.querySelectorAll("#list .pickbox:checked").length === 1 && document.querySelector(".bulk").checkVisibility()`)
	tb.press("x")
	tb.press("O") // Shift+O
	tb.until("the orders are offered", `document.activeElement.closest("#sort-by:popover-open")`)
	tb.do("choose", evalVoid(`[...document.querySelectorAll("#sort-by a")].find(a => a.innerText.includes("Oldest")).click()`))
	tb.until("oldest first", `new URLSearchParams(location.search).get("sort") === "oldest" && document.querySelector('[data-key="sort"]').innerText.includes("Oldest")`)
	grouped := eval[int](tb, rowCount)
	tb.press("G") // Shift+G
	tb.until("each mail by itself", rowCount+` > `+strconv.Itoa(grouped)+` && document.querySelector("#list > .row").id.startsWith("m")`)
	first := eval[string](tb, `document.querySelector("#list > .row").id`)
	tb.do("leave the button", evalVoid(`document.activeElement.blur()`))
	tb.press("j")
	tb.press("e")
	tb.until("e archives one mail", `!document.getElementById("`+first+`") || document.querySelector("#toasts [data-toast]")`)
	tb.press("z")
	tb.until("z undoes it", `document.querySelector("#toasts")?.innerText.includes("Undone")`)
}

// A search that is saved with an alert tells of mail that comes in while the page is open.
func TestSearchSavesAndAlerts(t *testing.T) {
	s := start(t)
	tb := s.newTab(t)
	tb.visit(`/search?q="zebrafish"`) // a phrase: by meaning something is always near
	tb.until("nothing is found yet", `document.querySelector("#list.empty")`)
	tb.press("S") // Shift+S
	tb.until("the form opens", `document.activeElement.matches('#save-search input[name="name"]')`)
	tb.do("save with an alert", evalVoid(`
		document.querySelector('#save-search input[name="name"]').value = "Zebrafish";
		document.querySelector('#save-search input[value="app"]').checked = true;
		document.querySelector("#save-search form").requestSubmit(document.querySelector("#save-search button"))`))
	tb.until("it stands in the rail", `document.getElementById("rail-saved")?.innerText.includes("Zebrafish")`)
	tb.do("let a mail come in", evalVoid(`(async () => {
		const mail = "From: Lab <lab@example.org>\r\nTo: me@example.org\r\nSubject: The zebrafish arrived\r\nDate: " + new Date().toUTCString() +
			"\r\nMessage-ID: <zebrafish-" + Date.now() + "@example.org>\r\n\r\nThey are in tank four.\r\n";
		const form = new FormData();
		form.append("file", new Blob([mail], { type: "message/rfc822" }), "zebra.eml");
		await fetch("/import", { method: "POST", body: form });
	})()`))
	tb.until("a toast tells of it", `document.getElementById("toasts").innerText.includes("Alerts")`)
	tb.until("the rail counts it", `Number(document.getElementById("rail-saved").dataset.alerts) === 1`)
	tb.visit("/alerts")
	tb.until("the list names it", `document.querySelector(".alert.unread")?.innerText.includes("The zebrafish arrived")`)
	tb.visit("/")
	tb.until("seen, it is not counted", `Number(document.getElementById("rail-saved").dataset.alerts) === 0`)
}

func evalVoid(script string) step { return chromedp.Evaluate[chromedp.Void](script) }
