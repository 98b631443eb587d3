package e2e

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"applylens/internal/gmail"
	"applylens/internal/gmail/gmailtest"
)

// TestGooglePages ends the way to Google in all its ways, and looks at each page; then it lives with two accounts.
func TestGooglePages(t *testing.T) {
	s := start(t)
	if s.axe == "" {
		t.Skip("axe-core is not installed: npm ci")
	}
	fake, err := gmailtest.New(gmailtest.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(fake.Close)
	robin, other := fake.Box("robin@gmail.example"), fake.Box("other@gmail.example")
	const letters = 530
	for n := range letters {
		robin.Deliver(letter(n, robin.Address), "", "INBOX")
	}
	other.Deliver(letter(letters, other.Address), "", "INBOX")
	s = startGoogle(t, fake.URL, "--google-poll", "1s", "--google-quota", "user=60000")
	tb := s.newTab(t)
	const connect = "/settings/accounts/connect"
	way := func(name string, c gmailtest.Consent, start, words string) {
		t.Helper()
		fake.Consent(c)
		tb.visit(start)
		tb.until("the page says how it ended: "+words, fmt.Sprintf("document.body.innerText.includes(%q)", words))
		tb.forgive("status of 4")
		tb.stillLook("google-" + name)
	}

	way("refused", gmailtest.Consent{Address: robin.Address, Refuse: true}, connect, "Nothing was connected")
	way("unticked", gmailtest.Consent{Address: robin.Address, Untick: []string{gmail.ScopeRead}}, connect, "was not ticked")
	way("not-lasting", gmailtest.Consent{Address: robin.Address, NoRefresh: true}, connect, "no lasting permission")
	way("stale", gmailtest.Consent{Address: robin.Address}, "/google/callback?state=x&code=y", "out of date")

	fake.Consent(gmailtest.Consent{Address: robin.Address})
	tb.visit(connect + "?back=/")
	tb.arrive("the inbox opens while the mail comes in", "/")
	tb.until("mail is there", `document.querySelectorAll("#list .row").length >= 20`)
	account := account(tb, 0)
	way("other", gmailtest.Consent{Address: other.Address}, connect+"?scope=modify&account="+account, "That was another account")
	way("unticked-modify", gmailtest.Consent{Address: robin.Address, Untick: []string{gmail.ScopeModify}}, connect+"?scope=modify&account="+account, "Your changes stay here")

	fake.Consent(gmailtest.Consent{Address: other.Address})
	tb.visit(connect)
	tb.until("both accounts are there", `document.querySelectorAll("#accounts section").length === 2`)
	tb.await("all mail is here, and proved", `document.querySelector("#accounts").innerText.split("0 missing").length === 3`, time.Minute)
	for _, page := range []string{"/settings/accounts", "/settings/accounts/operators", "/settings/accounts/setup"} {
		tb.visit(page)
		tb.everyLook("google"+strings.ReplaceAll(page, "/", "-"), func() {})
	}
	t.Run("long list", func(t *testing.T) { longList(tb, robin, letters) })
}

// longList loads more rows than one answer holds; a live update must leave them there, and bring the news.
func longList(tb *tab, box *gmailtest.Box, letters int) {
	tb.look("light", 1440)
	tb.visit("/?in=all")
	for rows := 0; rows < letters; {
		eval[bool](tb, `(document.querySelector("#more")?.scrollIntoView(), true)`)
		tb.until("more rows come", fmt.Sprintf(`document.querySelectorAll("#list .row").length > %d`, rows))
		rows = eval[int](tb, `document.querySelectorAll("#list .row").length`)
	}
	box.Deliver(letter(letters+1, box.Address), "", "INBOX", "UNREAD")
	tb.until("the new letter appears", fmt.Sprintf(rowOf, fmt.Sprintf("Letter %d", letters+1)))
	if rows := eval[int](tb, `document.querySelectorAll("#list .row").length`); rows < letters {
		tb.Errorf("after a live update %d of %d rows are left", rows, letters)
	}
}

// account is the id of one of the accounts on the page of mailboxes.
func account(tb *tab, n int) string {
	return eval[string](tb, fmt.Sprintf(`fetch("/api/v1/accounts").then(r => r.json()).then(a => String(a.accounts[%d].id))`, n))
}

func letter(n int, to string) []byte {
	return []byte(fmt.Sprintf("From: Ann %d <ann%d@firm.example>\r\nTo: %s\r\nMessage-ID: <%d.%s>\r\nDate: Mon, 2 Nov 2026 10:00:00 +0000\r\nSubject: Letter %d\r\n\r\nLetter number %d.\r\n",
		n%7, n%7, to, n, to, n, n))
}
