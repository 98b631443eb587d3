package mail

import (
	"math"
	"os"
	"strings"
	"testing"
)

// TestEstimateHeight compares with heights measured in Chromium, in a frame of 720 px with font: 14px/1.5 sans-serif
// and body { margin: 0; display: flow-root }.
func TestEstimateHeight(t *testing.T) {
	golden := func(name string) string {
		src, err := os.ReadFile("testdata/html/" + name)
		if err != nil {
			t.Fatal(err)
		}
		return string(src)
	}
	words := strings.Repeat("The quick brown fox jumps over the lazy dog. ", 40)
	for name, c := range map[string]struct {
		html string
		want float64
	}{
		"empty":      {"", 24},
		"newsletter": {golden("newsletter.html"), 794},
		"word":       {golden("word.html"), 292},
		"tagsoup":    {golden("tagsoup.html"), 759},
		"one line":   {"<p>x</p>", 49},
		"paragraph":  {"<p>" + words + "</p>", 385},
		"two cells":  {"<table width=100%><tr><td>" + words + "</td><td>" + words + "</td></tr></table>", 720},
		"image":      {`<div><img src="/part/x" width="600" height="400"></div>`, 406},
		"hidden":     {`<div style="display:none">` + words + `</div><style>.h{display:none}</style><div class="h">` + words + `</div>`, 24},
		"large type": {`<div style="font-size:40px;line-height:50px">` + words + `</div>`, 2500},
		"pre":        {"<pre>" + strings.Repeat("x\n", 50) + "</pre>", 1078},
	} {
		if got := EstimateHeight(SanitiseHTML(c.html, testOptions()).HTML); math.Abs(float64(got)-c.want) > max(0.25*c.want, 12) {
			t.Errorf("%s: %d px, Chromium has %v", name, got, c.want)
		}
	}
	if EstimateHeight(words+words) <= EstimateHeight(words) {
		t.Error("more text is not higher")
	}
}
