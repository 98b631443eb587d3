package e2e

import (
	"testing"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
)

// TestRule writes a rule with its dry run beside it, switches it on for past mail too, and undoes all of that.
func TestRule(t *testing.T) {
	s := start(t)
	tb := s.newTab(t)
	tb.visit("/settings/rules/new")
	tb.do("type a condition that cannot stand", chromedp.SendKeys(chromedp.CSS("textarea[name=query]"), "harrowgate is:ghosted"))
	tb.until("the token is marked", `document.querySelector("#trial mark")?.textContent === "is:ghosted"`)
	tb.do("mend it", chromedp.Evaluate[chromedp.Void](`document.querySelector("textarea[name=query]").value = ""`),
		chromedp.SendKeys(chromedp.CSS("textarea[name=query]"), "harrowgate"), chromedp.Click(chromedp.CSS("input[name=star]")))
	tb.until("the dry run counts", `/\d+ mails/.test(document.querySelector(".trial-sum")?.textContent ?? "") && document.querySelector(".tried .effects li") !== null`)
	tb.do("name it", chromedp.SendKeys(chromedp.CSS("input[name=name]"), "Harrowgate e2e"))
	tb.follow("save", `form[data-draft] button.btn-primary`)
	tb.until("it is stored, and off", `document.querySelector(".state")?.textContent === "Off"`)
	tb.follow("switch it on for past mail", `form:has(input[name=past]) button`)
	tb.until("it did something", `document.querySelector(".state-on") !== null && document.querySelectorAll(".rule-did li").length > 1`)
	if s.axe != "" {
		tb.everyLook("rule", func() {})
	}
	tb.follow("undo all of it", `form[action$="/undo"]:has(select) button`)
	tb.until("nothing of it stands", `document.querySelector("main").textContent.includes("Nothing of what it did stands.")`)

	tb.do("switch scripts off", call(emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: true}))
	tb.do("change the condition", chromedp.Reload(), chromedp.SendKeys(chromedp.CSS("textarea[name=query]"), "offer "))
	tb.follow("try it without a script", `button[name=try]`)
	tb.until("the dry run is of the changed condition", `document.querySelectorAll("#trial .chip").length === 2`)
	tb.follow("delete it", `form[action$="/delete"] button`)
	tb.until("it is gone", `location.pathname === "/settings/rules" && !document.querySelector("main").textContent.includes("Harrowgate e2e")`)
}
