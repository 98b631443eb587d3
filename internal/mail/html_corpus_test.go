package mail

import (
	"strings"
	"testing"
	"time"
)

// TestSanitiseCorpus holds the HTML of real mail against checkSafe.
func TestSanitiseCorpus(t *testing.T) {
	for _, set := range []string{"spamassassin", "phishing", "mime"} {
		t.Run(set, func(t *testing.T) {
			var mails, size int
			var total, worst time.Duration
			for name, raw := range corpus(t, set, anyFile) {
				src := Parse(raw).HTML
				if !strings.Contains(src, "<") {
					continue
				}
				mails++
				size += len(src)
				start := time.Now()
				res := SanitiseHTML(src, testOptions())
				took := time.Since(start)
				total += took
				worst = max(worst, took)
				for _, b := range checkSafe(res.HTML) {
					t.Errorf("%s: %.400s", name, b)
				}
			}
			if mails == 0 {
				t.Error("no mail with HTML was found")
			}
			t.Logf("%d mails with HTML, %d bytes, %v together, %v at most", mails, size, total, worst)
		})
	}
}
