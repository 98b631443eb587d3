package mail

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

var updateHTML = flag.Bool("update-html", false, "write testdata/html/*.golden")

// TestSanitiseGolden holds whole mails against what was read and found right once.
func TestSanitiseGolden(t *testing.T) {
	files, err := filepath.Glob("testdata/html/*.html")
	if err != nil || len(files) < 3 {
		t.Fatal(files, err)
	}
	for _, f := range files {
		src, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		res := requireSafe(t, string(src))
		var got bytes.Buffer
		got.WriteString(strings.ReplaceAll(res.HTML, "><", ">\n<") + "\n----\n")
		res.HTML = ""
		enc := json.NewEncoder(&got)
		enc.SetEscapeHTML(false)
		enc.SetIndent("", " ")
		if err := enc.Encode(res); err != nil {
			t.Fatal(err)
		}
		golden := strings.TrimSuffix(f, ".html") + ".golden"
		if *updateHTML {
			if err := os.WriteFile(golden, got.Bytes(), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(golden)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(want, got.Bytes()) {
			t.Errorf("%s changed (go test -update-html writes it anew):\n%s", golden, firstDiff(got.String(), string(want)))
		}
	}
}

func TestSanitiseStable(t *testing.T) {
	src, err := os.ReadFile("testdata/html/newsletter.html")
	if err != nil {
		t.Fatal(err)
	}
	if a, b := SanitiseHTML(string(src), testOptions()), SanitiseHTML(string(src), testOptions()); a.HTML != b.HTML {
		t.Error("two calls differ")
	}
}

func TestSanitiseImages(t *testing.T) {
	src := `<img src="HTTPS://A.example/1.png?x=1&amp;y=2"><img src=//a.example/2.png><img src="https://a.example/1.png?x=1&y=2">
<img src=http://t.example/p width=1 height=1><img src=https://t.example/p style="DISPLAY : none"><img src=https://t.example/s width=1 height=20>
<div style="background:#fff url(https://a.example/bg.png)">x</div><img src="cid:%3Clogo@x%3E"><img src="data:image/gif;base64,R0lGOD lhAQ==">`
	res := SanitiseHTML(src, testOptions())
	want := []string{"https://a.example/1.png?x=1&y=2", "https://a.example/2.png", "https://t.example/s", "https://a.example/bg.png"}
	if strings.Join(res.RemoteImages, " ") != strings.Join(want, " ") || res.Pixels != 2 || res.Blocked != 0 {
		t.Errorf("%v, %d pixels, %d blocked", res.RemoteImages, res.Pixels, res.Blocked)
	}
	for _, part := range []string{`src="/part/logo@x"`, `src="data:image/gif;base64,R0lGODlhAQ=="`, `url(&#34;/image?u=`} {
		if !strings.Contains(res.HTML, part) {
			t.Errorf("%s is missing in %s", part, res.HTML)
		}
	}
	if off := SanitiseHTML(src, HTMLOptions{}); off.Blocked != 5 || len(off.RemoteImages) != 4 || strings.Contains(off.HTML, "example") {
		t.Errorf("%d blocked, %v: %s", off.Blocked, off.RemoteImages, off.HTML)
	}
}

func TestSanitiseLinks(t *testing.T) {
	for src, want := range map[string]Link{
		`<a href=https://paypal.com.evil.example/x>www.paypal.com</a>`:          {"www.paypal.com", "https://paypal.com.evil.example/x", "paypal.com.evil.example", "www.paypal.com"},
		`<a href=https://login.paypal.com/x>paypal.com</a>`:                     {"paypal.com", "https://login.paypal.com/x", "login.paypal.com", ""},
		`<a href=https://evil.com><b>https://www.<i>bank.com</i></b>/login</a>`: {"https://www.bank.com/login", "https://evil.com", "evil.com", "www.bank.com"},
		`<a href=https://bank.com@evil.com:8443/x>Sign in</a>`:                  {"Sign in", "https://evil.com:8443/x", "evil.com", ""},
		`<a href="https://evil.com\@bank.com">bank.com</a>`:                     {"bank.com", "https://evil.com/@bank.com", "evil.com", "bank.com"},
		`<a href=https://раураl.com>paypal.com</a>`:                             {"paypal.com", "https://xn--l-7sba6dbr.com", "xn--l-7sba6dbr.com", "paypal.com"},
		`<a href=https://a.com>Read report.final now</a>`:                       {"Read report.final now", "https://a.com", "a.com", ""},
		"<a href=https://a.com>ba\u200bnk.com</a>":                              {"ba\u200bnk.com", "https://a.com", "a.com", "bank.com"},
		`<a href=https://a.github.io>b.github.io</a>`:                           {"b.github.io", "https://a.github.io", "a.github.io", "b.github.io"},
		`<a href=http://203.0.113.9/>https://bank.example/login</a>`:            {"https://bank.example/login", "http://203.0.113.9/", "203.0.113.9", "bank.example"},
		`<a href=https://a.co.uk>b.co.uk</a>`:                                   {"b.co.uk", "https://a.co.uk", "a.co.uk", "b.co.uk"},
		`<a href="https:\\a.com\x?y=\z"><img src=cid:x alt="Our shop"></a>`:     {"Our shop", "https://a.com/x?y=%5Cz", "a.com", ""},
		`<a href="mailto:jobs@a.com?subject=Hi there">jobs@b.com</a>`:           {"jobs@b.com", "mailto:jobs@a.com?subject=Hi%20there", "", ""},
	} {
		res := requireSafe(t, src)
		if len(res.Links) != 1 || res.Links[0] != want {
			t.Errorf("%s\n got %+v\nwant %+v", src, res.Links, want)
		}
		if (want.Shown != "") != strings.Contains(res.HTML, `data-mismatch="`+want.Host+`"`) {
			t.Errorf("%s: mark of the real host: %s", src, res.HTML)
		}
	}
}

// TestSanitiseLimits gives inputs that make a careless parser slow, huge or overflow.
func TestSanitiseLimits(t *testing.T) {
	fonts := strings.Builder{}
	for i := range 600 {
		fonts.WriteString("<font size=" + strings.Repeat("1", i%50+1) + ">")
	}
	for name, src := range map[string]string{
		"5 MB":              strings.Repeat("<p>word</p>", 500_000),
		"deep div":          strings.Repeat("<div>", 10_000) + "x",
		"deep table":        strings.Repeat("<table><tr><td>", 10_000) + "x",
		"deep b":            strings.Repeat("<b>", 10_000) + "x",
		"fonts × p":         fonts.String() + strings.Repeat("<p>x", 300_000),
		"b i":               strings.Repeat("<b><i></b></i>", 100_000),
		"a in a":            strings.Repeat("<a href=https://a.example>x", 60_000),
		"a div":             strings.Repeat("<a href=https://a.example><div>", 60_000),
		"svg":               strings.Repeat("<svg>", 300_000),
		"attributes":        "<div " + strings.Repeat("class=x id=y ", 150_000) + ">x",
		"long attribute":    `<div style="` + strings.Repeat("color:red;", 180_000) + `">x`,
		"css brackets":      `<style>` + strings.Repeat("(", 200_000) + `</style>x`,
		"css blocks":        `<style>` + strings.Repeat("a{", 100_000) + `</style>x`,
		"css media":         `<style>` + strings.Repeat("@media screen{", 15_000) + `</style>x`,
		"css commas":        `<style>` + strings.Repeat("a,", 100_000) + `b{color:red}</style>x`,
		"css comments":      `<style>` + strings.Repeat("/*", 100_000) + `</style>x`,
		"different styles":  strings.Repeat(`<i style="background:url(//a.example/x)">`, 50_000),
		"unclosed comments": strings.Repeat("<!--", 500_000),
		"unclosed tags":     strings.Repeat("<a ", 600_000),
		"entities":          strings.Repeat("&lt;&amp", 250_000),
		"quotes":            strings.Repeat(`<a href="`, 200_000),
		"li":                strings.Repeat("<ul><li>", 100_000),
		"tr":                "<table>" + strings.Repeat("<tr>x", 200_000),
		"p end":             strings.Repeat("</p></td></b>", 150_000),
	} {
		start := time.Now()
		res := SanitiseHTML(src, testOptions())
		took := time.Since(start)
		if took > 3*time.Second || len(res.HTML) > htmlMaxOut+htmlMaxBytes {
			t.Errorf("%s: %v, %d bytes", name, took, len(res.HTML))
		}
		start = time.Now()
		EstimateHeight(res.HTML)
		if h := time.Since(start); h > 3*time.Second {
			t.Errorf("%s: height took %v", name, h)
		}
		if len(res.HTML) < 1<<20 {
			for _, b := range checkSafe(res.HTML) {
				t.Errorf("%s: %.500s", name, b)
			}
		}
		if testing.Verbose() {
			t.Logf("%-18s %8v %8d → %8d bytes %v", name, took.Round(time.Millisecond), len(src), len(res.HTML), res.Warnings)
		}
		if (name == "5 MB" || strings.HasPrefix(name, "deep")) && len(res.Warnings) == 0 {
			t.Errorf("%s: no warning", name)
		}
	}
}

// bigNewsletter is a newsletter of about 100 KB.
func bigNewsletter(tb testing.TB) string {
	src, err := os.ReadFile("testdata/html/newsletter.html")
	if err != nil {
		tb.Fatal(err)
	}
	head, body, _ := strings.Cut(string(src), "<center>")
	body = strings.TrimSuffix(strings.TrimSpace(body), "</body></html>")
	return head + strings.Repeat("<center>"+body, (100<<10-len(head))/len(body)+1)
}

func BenchmarkSanitise100KB(b *testing.B) {
	src := bigNewsletter(b)
	b.SetBytes(int64(len(src)))
	b.ReportAllocs()
	for b.Loop() {
		SanitiseHTML(src, testOptions())
	}
}

func BenchmarkEstimateHeight100KB(b *testing.B) {
	safe := SanitiseHTML(bigNewsletter(b), testOptions()).HTML
	b.SetBytes(int64(len(safe)))
	for b.Loop() {
		EstimateHeight(safe)
	}
}
