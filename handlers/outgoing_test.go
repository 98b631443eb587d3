package handlers_test

import (
	"fmt"
	"iter"
	"net/http"
	"strings"
	"testing"
	"time"

	"applylens/internal/db"
	"applylens/internal/gmail"
	"applylens/internal/gmail/gmailtest"
	"applylens/internal/ingest"
)

// TestReplyAsksForPermissionFirst writes an answer by the pages alone: the draft is kept while the permission to send is
// asked for, and a letter that waits can be taken back.
func TestReplyAsksForPermissionFirst(t *testing.T) {
	s := newGoogleSite(t)
	box := s.fake.Box("robin@gmail.example")
	s.fake.Consent(gmailtest.Consent{Address: box.Address})
	want(t, s.get(t, s.toGoogle(t, "/settings/accounts/connect")), http.StatusSeeOther, "")
	account := s.accounts(t)[0].ID
	raw := "From: ann@example.org\r\nTo: robin@gmail.example\r\nMessage-ID: <a@example.org>\r\nSubject: A question\r\n\r\nWhen?\r\n"
	var source iter.Seq2[ingest.Raw, error] = func(yield func(ingest.Raw, error) bool) {
		yield(ingest.Raw{Source: "x", Bytes: []byte(raw), Labels: []string{"INBOX"}, GmailThreadID: "7",
			Gmail: &ingest.Gmail{Account: account, ID: "m1", ThreadID: "7", LabelIDs: []string{"INBOX"}, HistoryID: "5", ReceivedAt: time.Now()}}, nil)
	}
	if _, err := s.Ingest.Run(t.Context(), ingest.Mailbox{UserID: s.user, Addresses: []string{box.Address}}, source, func(ingest.Counts, error) {}); err != nil {
		t.Fatal(err)
	}
	var email, thread int64
	if err := s.DB.Owner(s.user).QueryRow(t.Context(), "select id, thread_id from emails where subject = 'A question'").Scan(&email, &thread); err != nil {
		t.Fatal(err)
	}
	want(t, s.get(t, fmt.Sprintf("/t/%d", thread)), http.StatusOK, fmt.Sprintf("/emails/%d/answer", email))
	w := s.do(t, "POST", fmt.Sprintf("/emails/%d/answer", email), "kind=reply", false)
	letter := w.Header().Get("Location")
	if w.Code != http.StatusSeeOther || !strings.HasPrefix(letter, "/outgoing/") {
		t.Fatalf("%d %s", w.Code, letter)
	}
	want(t, s.get(t, letter), http.StatusOK, "ann@example.org")
	w = s.do(t, "POST", letter, "to=ann@example.org&subject=Re:+A+question&body=Tomorrow.&send=1", false)
	ask := w.Header().Get("Location")
	if !strings.Contains(ask, "scope=send") {
		t.Fatalf("sent without permission: %d %s", w.Code, ask)
	}
	back := s.get(t, s.toGoogle(t, ask))
	if back.Header().Get("Location") != letter {
		t.Errorf("after the permission: %d %q, want the letter", back.Code, back.Header().Get("Location"))
	}
	want(t, s.get(t, letter), http.StatusOK, "Tomorrow.")
	want(t, s.do(t, "POST", letter, "to=ann@example.org&subject=Re:+A+question&body=Tomorrow.&send=1", false), http.StatusSeeOther, "")
	want(t, s.get(t, letter), http.StatusOK, "Take it back")
	want(t, s.do(t, "POST", letter, "to=ann@example.org&body=other", false), http.StatusConflict, "")
	want(t, s.do(t, "POST", letter+"/cancel", "", false), http.StatusSeeOther, "")
	want(t, s.do(t, "POST", letter+"/cancel", "", false), http.StatusConflict, "")
	want(t, s.get(t, "/outgoing"), http.StatusOK, "A question")
	want(t, s.do(t, "POST", letter+"/delete", "", false), http.StatusSeeOther, "")
	want(t, s.get(t, letter), http.StatusNotFound, "")
	if n := len(box.Messages()); n != 0 {
		t.Errorf("%d mails were sent", n)
	}
}

func TestLettersOfOthersAreNotFound(t *testing.T) {
	s := newGoogleSite(t)
	id, err := s.DB.As(s.foreign).OutgoingCreate(t.Context(), db.OutgoingCreateParams{UserID: s.foreign, AccountID: 1, EmailID: 1, Kind: "reply", MessageID: "x", Refs: []string{}})
	if err != nil {
		t.Fatal(err)
	}
	at := fmt.Sprintf("/outgoing/%d", id)
	want(t, s.get(t, at), http.StatusNotFound, "")
	for _, verb := range []string{"", "/cancel", "/delete"} {
		want(t, s.do(t, "POST", at+verb, "body=x", false), http.StatusNotFound, "")
	}
	if !gmail.Has([]string{gmail.ScopeModify}, gmail.ScopeSend) {
		t.Error("modifying includes sending")
	}
}
