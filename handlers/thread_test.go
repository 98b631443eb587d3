package handlers_test

import (
	"fmt"
	"strings"
	"testing"

	"applylens/internal/blobs"
)

// A message whose original is lost says so and shows its text; the others of its thread are as they were.
func TestThreadWithALostOriginal(t *testing.T) {
	s := newSite(t)
	var thread, email int64
	var hash []byte
	var text string
	err := s.DB.Owner(s.user).QueryRow(t.Context(), `select e.thread_id, e.id, e.raw_sha256, split_part(x.visible, E'\n', 1) from emails e
		join email_texts x on x.user_id = e.user_id and x.email_id = e.id join threads t on t.user_id = e.user_id and t.id = e.thread_id
		where e.user_id = $1 and t.email_count > 1 and x.visible <> '' order by e.thread_id, e.received_at limit 1`, s.user).Scan(&thread, &email, &hash, &text)
	if err != nil {
		t.Fatal(err)
	}
	page := fmt.Sprintf("/t/%d?m=%d&view=raw", thread, email)
	const lost = "The original of this mail is missing"
	if got := s.do(t, "GET", page, "", false); got.Code != 200 || strings.Contains(got.Body.String(), lost) {
		t.Fatalf("before the loss: %d", got.Code)
	}
	if err := s.Blobs.Delete(t.Context(), s.user, hash); err != nil {
		t.Fatal(err)
	}
	got := s.do(t, "GET", page, "", false)
	if got.Code != 200 || strings.Count(got.Body.String(), lost) != 1 || !strings.Contains(got.Body.String(), templateText(text)) {
		t.Errorf("after the loss of %s: %d, says so %d times", blobs.Key(s.user, hash), got.Code, strings.Count(got.Body.String(), lost))
	}
	if got := s.do(t, "GET", fmt.Sprintf("/t/%d", s.user+1<<40), "", false); got.Code != 404 {
		t.Errorf("a thread that is not there: %d", got.Code)
	}
}

// templateText is a text as it stands in a page.
func templateText(text string) string {
	return strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", `"`, "&#34;", "'", "&#39;").Replace(text)
}
