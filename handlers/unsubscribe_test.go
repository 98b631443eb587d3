package handlers_test

import (
	"context"
	"fmt"
	"net/http"
	"net/netip"
	"strings"
	"testing"

	"applylens/internal/fetch"
	"applylens/internal/ingest"
)

// TestUnsubscribeOnlyWhereItCanBeTrusted: one click needs the sender's own address, proved by DKIM, and the guards of
// package fetch; the mail of others is not there.
func TestUnsubscribeOnlyWhereItCanBeTrusted(t *testing.T) {
	s := newSite(t)
	asked := ""
	s.Remote = fetch.New(fetch.Options{Resolve: func(_ context.Context, host string) ([]netip.Addr, error) {
		asked = host
		return []netip.Addr{netip.MustParseAddr("127.0.0.1")}, nil
	}})
	s.handler = s.Handler()
	send := func(user int64, name, dkim, headers string) (email, thread int64) {
		t.Helper()
		raw := "Authentication-Results: mx.google.com; dkim=" + dkim + "\r\nFrom: News <news@letters.example>\r\nTo: me@example.com\r\nMessage-ID: <" + name +
			"@letters.example>\r\nSubject: " + name + "\r\n" + headers + "\r\nNews of the week.\r\n"
		_, err := s.Ingest.Run(t.Context(), ingest.Mailbox{UserID: user}, func(yield func(ingest.Raw, error) bool) {
			yield(ingest.Raw{Source: "x", Bytes: []byte(raw), Labels: []string{"INBOX"}}, nil)
		}, func(ingest.Counts, error) {})
		if err != nil {
			t.Fatal(err)
		}
		if err := s.DB.Owner(user).QueryRow(t.Context(), "select id, thread_id from emails where subject = $1", name).Scan(&email, &thread); err != nil {
			t.Fatal(err)
		}
		return email, thread
	}
	const oneClick = "List-Unsubscribe: <mailto:out@letters.example>, <https://letters.example/out?u=1>\r\nList-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n"
	page := func(thread int64) string {
		return s.do(t, "GET", fmt.Sprintf("/t/%d", thread), "", false).Body.String()
	}
	post := func(email int64) (int, string) {
		w := s.do(t, "POST", fmt.Sprintf("/emails/%d/unsubscribe", email), "", false)
		return w.Code, w.Body.String()
	}

	email, thread := send(s.user, "trusted", "pass", oneClick)
	if !strings.Contains(page(thread), fmt.Sprintf("/emails/%d/unsubscribe", email)) {
		t.Error("a mail that can be trusted offers no button")
	}
	if code, body := post(email); code != http.StatusBadGateway || asked != "letters.example" || !strings.Contains(body, "private") {
		t.Errorf("an address in a private network: %d, asked for %q", code, asked)
	}
	asked = ""
	email, thread = send(s.user, "forged", "fail", oneClick)
	if text := page(thread); strings.Contains(text, "/unsubscribe") || !strings.Contains(text, "https://letters.example/out?u=1") && !strings.Contains(text, "mailto:out@letters.example") {
		t.Error("without DKIM the mail must offer a link and no button")
	}
	if code, _ := post(email); code != http.StatusConflict || asked != "" {
		t.Errorf("without DKIM: %d, asked for %q", code, asked)
	}
	email, thread = send(s.user, "plain", "pass", "")
	if code, _ := post(email); code != http.StatusConflict || strings.Contains(page(thread), "nsubscribe") {
		t.Errorf("a mail of no list: %d", code)
	}
	email, _ = send(s.foreign, "foreign", "pass", oneClick)
	if code, _ := post(email); code != http.StatusNotFound || asked != "" {
		t.Errorf("another's mail: %d", code)
	}
}
