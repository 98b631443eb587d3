package mail

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// testOptions stands for the proxy and the attachments.
func testOptions() HTMLOptions {
	return HTMLOptions{
		Image: func(u string) string {
			return "/image?u=" + strings.NewReplacer(":", "%3A", "/", "%2F", "&", "%26").Replace(u)
		},
		CID: func(id string) string { return "/part/" + percentEncode(id) },
	}
}

var (
	reCSSURL     = regexp.MustCompile(`(?i)url\(`)
	reCSSURLOurs = regexp.MustCompile(`url\("((?:/image\?u=|/part/|data:image/(?:png|jpeg|jpg|gif|webp|bmp|avif|x-icon);base64,)[^"'()\\<> ]*)"\)`)
	reOurSource  = regexp.MustCompile(`^(?:/image\?u=|/part/|data:image/(?:png|jpeg|jpg|gif|webp|bmp|avif|x-icon);base64,[A-Za-z0-9+/=]+$)`)
	reLinkTarget = regexp.MustCompile(`^(?:https?://[a-z0-9_.\-\[\]:]+(?:[/?#][!-~]*)?|mailto:[!-~]*|tel:[0-9A-Za-z+().;=*#-]+)$`)
	reBadCSS     = regexp.MustCompile(`(?i)expression|javascript|behaviou?r|-moz-binding|@import|@font-face|@keyframes|@namespace|(?:^|[;{])\s*(?:position|content|top|left|inset)\s*:|animation|transition|var\(|attr\(|image-set|\\|<|>\s*<`)
)

// checkSafe parses the result as a browser does and returns what must not be there.
func checkSafe(out string) []string {
	nodes, err := html.ParseFragment(strings.NewReader(out), &html.Node{Type: html.ElementNode, Data: "body", DataAtom: atom.Body})
	if err != nil {
		return []string{"parse: " + err.Error()}
	}
	var bad []string
	var b strings.Builder
	for _, n := range nodes {
		bad = checkNode(bad, n)
		renderNode(&b, n)
	}
	if want := sortedAttrs(out); b.String() != want {
		bad = append(bad, fmt.Sprintf("a parser builds another tree:\n%s", firstDiff(want, b.String())))
	}
	return bad
}

// sortedAttrs writes the tokens of a result with the attributes in order: the parser sorts some of them.
func sortedAttrs(out string) string {
	var b strings.Builder
	z := html.NewTokenizer(strings.NewReader(out))
	for z.Next() != html.ErrorToken {
		raw := string(z.Raw()) // Token changes it
		if tok := z.Token(); tok.Type == html.StartTagToken {
			renderStart(&b, tok.Data, tok.Attr)
		} else {
			b.WriteString(raw)
		}
	}
	return b.String()
}

func renderStart(b *strings.Builder, name string, attrs []html.Attribute) {
	slices.SortFunc(attrs, func(x, y html.Attribute) int { return strings.Compare(x.Key, y.Key) })
	b.WriteString("<" + name)
	for _, a := range attrs {
		b.WriteString(" " + a.Key + `="` + string(appendEscaped(nil, a.Val)) + `"`)
	}
	b.WriteString(">")
}

func checkNode(bad []string, n *html.Node) []string {
	switch n.Type {
	case html.TextNode:
		if n.Parent != nil && n.Parent.Data == "style" {
			bad = checkCSS(bad, n.Data)
		}
	case html.ElementNode:
		el := htmlElements[n.Data]
		if n.Data != "style" && (el == nil || el.name != n.Data) || n.Namespace != "" {
			bad = append(bad, "element "+n.Namespace+":"+n.Data)
		}
		for _, a := range n.Attr {
			bad = checkAttr(bad, n, a)
		}
	default:
		bad = append(bad, fmt.Sprintf("node type %d: %q", n.Type, n.Data))
	}
	for c := n.FirstChild; c != nil; c = c.NextSibling {
		bad = checkNode(bad, c)
	}
	return bad
}

func checkAttr(bad []string, n *html.Node, a html.Attribute) []string {
	ok := htmlAttrs[a.Key] != 0
	switch a.Key {
	case "style":
		return checkCSS(bad, a.Val)
	case "src":
		ok = n.Data == "img" && reOurSource.MatchString(a.Val)
	case "href":
		ok = n.Data == "a" && reLinkTarget.MatchString(a.Val)
	case "rel":
		ok = n.Data == "a" && a.Val == "noopener noreferrer nofollow"
	case "target":
		ok = n.Data == "a" && a.Val == "_blank"
	case "data-mismatch":
		ok = n.Data == "a"
	}
	if !ok || strings.HasPrefix(a.Key, "on") {
		bad = append(bad, fmt.Sprintf("attribute %s=%q on %s", a.Key, a.Val, n.Data))
	}
	return bad
}

func checkCSS(bad []string, v string) []string {
	if len(reCSSURL.FindAllString(v, -1)) != len(reCSSURLOurs.FindAllString(v, -1)) {
		bad = append(bad, "url() in CSS: "+v)
	}
	if m := reBadCSS.FindString(reCSSURLOurs.ReplaceAllString(v, "")); m != "" {
		bad = append(bad, "CSS "+m+" in "+v)
	}
	return bad
}

// renderNode writes a tree the way SanitiseHTML does.
func renderNode(b *strings.Builder, n *html.Node) {
	if n.Type == html.TextNode {
		if n.Parent != nil && n.Parent.Data == "style" {
			b.WriteString(n.Data)
		} else {
			b.Write(appendEscaped(nil, n.Data))
		}
		return
	}
	renderStart(b, n.Data, n.Attr)
	if el := htmlElements[n.Data]; el != nil && el.void() {
		return
	}
	if c := n.FirstChild; n.Data == "pre" && c != nil && c.Type == html.TextNode && strings.HasPrefix(c.Data, "\n") {
		b.WriteString("\n")
	}
	for c := n.FirstChild; c != nil; c = c.NextSibling {
		renderNode(b, c)
	}
	b.WriteString("</" + n.Data + ">")
}

func firstDiff(a, b string) string {
	i := 0
	for i < len(a) && i < len(b) && a[i] == b[i] {
		i++
	}
	lo := max(0, i-60)
	return "wrote  …" + a[lo:min(len(a), i+80)] + "\nparsed …" + b[lo:min(len(b), i+80)]
}

func requireSafe(t *testing.T, src string) SafeHTML {
	t.Helper()
	var res SafeHTML
	for _, opt := range []HTMLOptions{{}, testOptions()} {
		res = SanitiseHTML(src, opt)
		for _, b := range checkSafe(res.HTML) {
			t.Errorf("%.300q\n→ %.600s\n%s", src, res.HTML, b)
		}
		if opt.Image == nil && strings.Contains(res.HTML, "/image?u=") {
			t.Errorf("%q: a remote image was not blocked", src)
		}
	}
	return res
}

// FuzzSanitise holds the result against checkSafe for any input.
func FuzzSanitise(f *testing.F) {
	for _, v := range attackVectors {
		f.Add(v)
	}
	for _, v := range treeVectors {
		f.Add(v)
	}
	f.Fuzz(func(t *testing.T, src string) { requireSafe(t, src) })
}
