package mail

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestSanitiseCorpus holds the HTML of real mail, where it is unpacked, against checkSafe. APPLYLENS_CORPUS names the
// folder of unpacked archives of ../shared/data.
func TestSanitiseCorpus(t *testing.T) {
	root := os.Getenv("APPLYLENS_CORPUS")
	if root == "" {
		t.Skip("APPLYLENS_CORPUS is not set: real mail is not checked")
	}
	var mails, bytes int
	var total, worst time.Duration
	for _, set := range []string{"spamassassin", "phishing", "mime", "takeout"} {
		err := filepath.WalkDir(filepath.Join(root, set), func(path string, d os.DirEntry, err error) error {
			if err != nil || d.IsDir() {
				return err
			}
			raw, err := os.ReadFile(path)
			if err != nil || len(raw) > 20<<20 {
				return err
			}
			src := Parse(raw).HTML
			if !strings.Contains(src, "<") {
				return nil
			}
			mails++
			bytes += len(src)
			start := time.Now()
			res := SanitiseHTML(src, testOptions())
			took := time.Since(start)
			total += took
			worst = max(worst, took)
			for _, b := range checkSafe(res.HTML) {
				t.Errorf("%s: %.400s", path, b)
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	t.Logf("%d mails with HTML, %d bytes, %v together, %v at most", mails, bytes, total, worst)
}
