package static

import (
	"strings"
	"testing"
)

func TestAddresses(t *testing.T) {
	css, ok := Find(URL("app.css"))
	if !ok || css.Gzip == nil || css.Type != "text/css; charset=utf-8" {
		t.Fatalf("app.css: found %v, type %q, %d bytes compressed", ok, css.Type, len(css.Gzip))
	}
	if !strings.Contains(string(css.Body), URL("fonts/geist.woff2")) {
		t.Error("the stylesheet does not name the font by its address")
	}
	app, _ := Find(URL("js/app.js"))
	if !strings.Contains(string(app.Body), `"`+URL("js/act.js")+`"`) {
		t.Error("the entry script does not name its modules by their addresses")
	}
	if _, ok := Find("/static/app.css"); ok {
		t.Error("a file was found under an address that does not name its content")
	}
	if n := len(Scripts()); n < 2 {
		t.Errorf("%d scripts", n)
	}
}

// The first view of a page must stay small: all assets together, compressed, leave room for the HTML in 100 KB.
func TestFirstViewIsSmall(t *testing.T) {
	sum := 0
	for url, f := range index().files {
		if url == URL("vendor/uplot.js") || strings.HasPrefix(url, "/static/ops/") {
			continue // pages with charts fetch them
		}
		if f.Gzip != nil {
			sum += len(f.Gzip)
		} else {
			sum += len(f.Body)
		}
	}
	if sum > 85_000 {
		t.Errorf("assets are %d bytes compressed, the limit is 85000", sum)
	}
	t.Logf("assets: %d bytes compressed", sum)
}
