package e2e

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"applylens/test/program"
)

// emulated is the person whose mailbox the emulator plays.
const emulated = "robin@gmail.example"

// An emulator is the emulator of Google's services (npm emulate, Apache-2.0): its own consent page, tokens and Gmail.
type emulator struct {
	*testing.T
	url string
}

// startEmulator starts it with one mailbox, for a site at an address, or skips where scripts/setup.sh could not install it.
func startEmulator(t *testing.T, site string) *emulator {
	t.Helper()
	root, err := program.Root()
	if err != nil {
		t.Fatal(err)
	}
	modules := filepath.Join(root, "bin", "emulate", "node_modules")
	node, script := filepath.Join(modules, "node", "bin", "node"), filepath.Join(modules, "emulate", "dist", "index.js")
	for _, file := range []string{node, script} {
		if _, err := os.Stat(file); err != nil {
			t.Skip("the emulator of Google is not installed: scripts/setup.sh test")
		}
	}
	address := freeAddress(t)
	_, port, _ := net.SplitHostPort(address)
	e := &emulator{T: t, url: "http://" + address}
	cmd := exec.CommandContext(t.Context(), node, script, "start", "--service", "google", "--seed", e.seed(site), "--port", port, "--base-url", e.url)
	var out bytes.Buffer
	cmd.Dir, cmd.Stdout, cmd.Stderr = t.TempDir(), &out, &out
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	cmd.WaitDelay = 5 * time.Second
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Signal(os.Interrupt)
		_ = cmd.Wait()
		if t.Failed() {
			t.Log(out.String())
		}
	})
	for began := time.Now(); time.Since(began) < 20*time.Second; time.Sleep(50 * time.Millisecond) {
		resp, err := http.Get(e.url + "/oauth2/v3/certs") //nolint:noctx // it is our own
		if err == nil {
			_ = resp.Body.Close()
			return e
		}
	}
	t.Fatalf("the emulator does not answer:\n%s", &out)
	return nil
}

// freeAddress is one on which nobody listens.
func freeAddress(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = listener.Close() }()
	return listener.Addr().String()
}

// seed writes a mailbox of a few letters, and the program as Google knows it.
func (e *emulator) seed(site string) string {
	var messages []map[string]any
	for i, subject := range []string{"Your interview on Friday", "Invoice 4711", "Lunch?"} {
		messages = append(messages, map[string]any{"id": fmt.Sprint("msg_", i), "user_email": emulated, "from": "Ann <ann@firm.example>", "to": emulated, "subject": subject,
			"body_text": "A letter about " + subject, "label_ids": []string{"INBOX", "UNREAD"}, "date": time.Now().Add(-time.Duration(i+1) * time.Hour).UTC().Format(time.RFC3339)})
	}
	seed := map[string]any{
		"tokens": map[string]any{"test": map[string]any{"login": emulated, "scopes": []string{"https://mail.google.com/"}}},
		"google": map[string]any{"users": []any{map[string]string{"email": emulated, "name": "Robin"}, map[string]string{"email": "other@gmail.example", "name": "Other"}},
			"oauth_clients": []any{map[string]any{"client_id": "client", "client_secret": "secret", "name": "ApplyLens", "redirect_uris": []string{"http://" + site + "/google/callback"}}}, "messages": messages},
	}
	text, err := json.Marshal(seed)
	if err != nil {
		e.Fatal(err)
	}
	file := filepath.Join(e.TempDir(), "seed.json")
	if err := os.WriteFile(file, text, 0o644); err != nil {
		e.Fatal(err)
	}
	return file
}

// call makes a call as another program of the person would.
func (e *emulator) call(method, path string, body, answer any) {
	e.Helper()
	text, err := json.Marshal(body)
	if err != nil {
		e.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(e.Context(), 10*time.Second)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, method, e.url+"/gmail/v1/users/me/"+path, bytes.NewReader(text))
	if err != nil {
		e.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer test")
	r.Header.Set("Content-Type", "application/json")
	if method == http.MethodGet {
		r.Body, r.ContentLength = http.NoBody, 0
	}
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		e.Fatal(err)
	}
	defer resp.Body.Close()
	got, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode >= 300 {
		e.Fatalf("%s %s: %s %s %v", method, path, resp.Status, got, err)
	}
	if answer != nil {
		if err := json.Unmarshal(got, answer); err != nil {
			e.Fatal(err)
		}
	}
}

// deliver puts a letter into the mailbox and returns its id.
func (e *emulator) deliver(subject string) string {
	raw := "From: Ann <ann@firm.example>\r\nTo: " + emulated + "\r\nMessage-ID: <" + strings.ReplaceAll(subject, " ", ".") + "@firm.example>\r\nDate: " +
		time.Now().UTC().Format(time.RFC1123Z) + "\r\nSubject: " + subject + "\r\n\r\nNews.\r\n"
	var m struct{ ID string }
	e.call(http.MethodPost, "messages", map[string]any{"raw": base64.RawURLEncoding.EncodeToString([]byte(raw)), "labelIds": []string{"INBOX", "UNREAD"}}, &m)
	return m.ID
}

func (e *emulator) labels(id string) []string {
	var m struct {
		LabelIDs []string `json:"labelIds"`
	}
	e.call(http.MethodGet, "messages/"+id+"?format=minimal", nil, &m)
	return m.LabelIDs
}

// until waits for the emulator's state.
func (e *emulator) until(what string, ok func() bool) {
	e.Helper()
	for began := time.Now(); time.Since(began) < 20*time.Second; time.Sleep(100 * time.Millisecond) {
		if ok() {
			return
		}
	}
	e.Fatal(what)
}

const rowOf = `[...document.querySelectorAll("#list .row")].find(r => r.textContent.includes(%q))`

// TestConnectGmail goes the whole way by browser: connect, agree at Google, see the mail, see news without a reload,
// archive with consent for it, undo, disconnect.
func TestConnectGmail(t *testing.T) {
	start(t) // skips without a browser
	address := freeAddress(t)
	google := startEmulator(t, address)
	s := startGoogle(t, google.url, "--listen", address, "--google-poll", "1s")
	tb := s.newTab(t)

	tb.visit("/")
	tb.follow("Connect Gmail", `main a[href^="/settings/accounts/connect"]`)
	consent := func() { tb.follow("choose the account at Google", `form:has(input[value="`+emulated+`"]) button`) }
	consent()
	tb.arrive("after consent the inbox is open", "/")
	for _, subject := range []string{"Your interview on Friday", "Invoice 4711", "Lunch?"} {
		tb.until("the mail is there: "+subject, fmt.Sprintf(rowOf, subject))
	}

	id := google.deliver("Something new")
	eval[bool](tb, `(window.stayed = true)`)
	tb.until("news appear in the open page", fmt.Sprintf(rowOf, "Something new"))
	google.call(http.MethodPost, "messages/"+id+"/modify", map[string]any{"addLabelIds": []string{"STARRED"}}, nil)
	tb.until("a star set at Gmail appears", fmt.Sprintf(rowOf, "Something new")+`?.querySelector(".starbox").getAttribute("aria-pressed") === "true"`)
	if !eval[bool](tb, `Boolean(window.stayed)`) {
		t.Error("the page was loaded anew")
	}

	tb.visit("/settings/accounts")
	tb.until("nothing is missing, proved", `document.querySelector("#accounts").innerText.includes("0 missing")`)
	tb.follow("allow changes", `main a[href*="scope=modify"]`)
	consent()
	tb.until("changes are allowed", `document.body.innerText.includes("is changed at Gmail")`)

	tb.visit("/")
	tb.do("the row of the letter", chromedp.Click(chromedp.CSS(`#list .row:has(.subject) [aria-label="Select: Something new"]`)))
	tb.press("e")
	tb.until("it leaves the list", "!"+fmt.Sprintf(rowOf, "Something new"))
	google.until("the archived mail is still in the inbox at Gmail", func() bool { return !slices.Contains(google.labels(id), "INBOX") })
	tb.press("z")
	tb.until("it comes back", fmt.Sprintf(rowOf, "Something new"))
	google.until("undo did not reach Gmail", func() bool { return slices.Contains(google.labels(id), "INBOX") })

	tb.visit("/settings/accounts")
	eval[bool](tb, `(document.querySelector("details:has(form[action$='/disconnect'])").open = true)`)
	tb.follow("disconnect", `form[action$="/disconnect"] button`)
	tb.until("it is disconnected", `document.body.innerText.includes("You disconnected this account")`)
	google.deliver("After the end")
	time.Sleep(3 * time.Second)
	tb.visit("/")
	tb.until("the mail stays", fmt.Sprintf(rowOf, "Something new"))
	if eval[bool](tb, "Boolean("+fmt.Sprintf(rowOf, "After the end")+")") {
		t.Error("mail came after the account was disconnected")
	}
}
