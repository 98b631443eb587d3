package mail

import (
	"fmt"
	"strings"

	"golang.org/x/net/html"
)

// Limits of SanitiseHTML. What lies beyond them is left out with a warning.
const (
	htmlMaxBytes = 2 << 20 // of the HTML as sent
	htmlMaxOut   = 6 << 20 // of the result
	htmlMaxDepth = 200     // open elements; browsers stop at 512
	htmlMaxCSS   = 256 << 10
	htmlMaxAttrs = 48 // of one element
	htmlMaxLinks = 5000
)

// HTMLOptions says what becomes of the images of a mail.
type HTMLOptions struct {
	// Image returns the address under which the reader loads a remote image: our signed proxy path. The argument is
	// an entry of SafeHTML.RemoteImages. Nil, or an empty result, blocks the image.
	Image func(url string) string
	// CID returns the path of the inline part with this Content-ID (without angle brackets), or "".
	CID func(contentID string) string
}

// SafeHTML is HTML that may be shown to the reader, with what was found on the way.
type SafeHTML struct {
	// HTML is a fragment for the body of a document of its own: at most one <style>, then one <div class="mail-body">.
	HTML string
	// RemoteImages holds the distinct http and https addresses of the images, in order, whether blocked or not;
	// tracking pixels are not among them. The image proxy must serve nothing else.
	RemoteImages []string
	Blocked      int // places where a remote image was left out
	Pixels       int // tracking pixels: remote images of at most 2×2 pixels, or hidden. They are never loaded.
	Links        []Link
	Warnings     []string // distinct, in order
}

// A Link is one <a href> that stayed in the mail.
type Link struct {
	Text string // visible text, spaces collapsed, at most 300 bytes
	URL  string // http, https, mailto or tel
	Host string // of an http or https link: lower case, IDN as punycode
	// Shown is the host that the text names when it belongs to another registrable domain than Host; else "".
	Shown string
}

// SanitiseHTML makes the HTML of a mail safe to show in a sandboxed frame.
//
// Safety rests on how the result is written, not on how the mail was parsed: the writer knows a closed list of HTML
// elements and attributes, escapes every text and value, writes no comment, no foreign element and no raw text but one
// <style> whose content holds no "<", and opens and closes elements so that a browser builds the very tree that was
// written. Addresses occur in three places only: href of a, src of img, and url() in CSS.
//
// Cost is linear in the input. Nothing is fetched.
func SanitiseHTML(src string, opt HTMLOptions) SafeHTML {
	s := &sanitiser{opt: opt, styles: map[string]string{}, root: map[string]string{}, remote: map[string]bool{}, warned: map[string]bool{}}
	if len(src) > htmlMaxBytes {
		src = src[:htmlMaxBytes]
		s.warn(fmt.Sprintf("HTML cut after %d MB", htmlMaxBytes>>20))
	}
	src = strings.ToValidUTF8(src, "\uFFFD")
	s.buf = make([]byte, 0, len(src)+len(src)/4+256)
	s.run(html.NewTokenizer(strings.NewReader(src)))
	s.closeTo(0)
	return s.result()
}

// sanitiser is the state of one SanitiseHTML call.
type sanitiser struct {
	opt     HTMLOptions
	buf     []byte
	css     []byte
	root    map[string]string // attributes of the wrapper, from <html> and <body>
	stack   []openElement
	out     SafeHTML
	links   []linkMark
	link    int    // index into links of the open a, or -1
	skip    string // the element that is left out with its content, or ""
	nested  int    // how often skip is open
	full    bool   // the result is as long as it may get
	pre     int    // len(buf) after a <pre> was written
	attrs   []htmlAttr
	styles  map[string]string // inline style as sent → filtered
	remote  map[string]bool
	warned  map[string]bool
	cssURLs bool // url() is allowed in the rule being filtered
}

// openElement is one element that was written and not yet closed.
type openElement struct {
	el    *htmlElement
	attrs string // as written, to open a formatting element again
	link  int    // index into links, or -1
}

// linkMark remembers where in buf the start tag of a link can take another attribute.
type linkMark struct {
	pos  int
	text []byte
	url  string
}

func (s *sanitiser) warn(text string) {
	if !s.warned[text] {
		s.warned[text] = true
		s.out.Warnings = append(s.out.Warnings, text)
	}
}

// run reads all tokens.
func (s *sanitiser) run(z *html.Tokenizer) {
	s.link, s.pre = -1, -1
	for !s.full {
		switch z.Next() {
		case html.ErrorToken:
			return
		case html.TextToken:
			if s.skip == "" {
				s.text(z.Text())
			}
		case html.StartTagToken:
			name, more := z.TagName()
			s.start(z, string(name), more)
		case html.SelfClosingTagToken:
			name, more := z.TagName()
			if !htmlForeign[string(name)] {
				s.start(z, string(name), more)
			}
		case html.EndTagToken:
			name, _ := z.TagName()
			s.end(string(name))
		}
		if len(s.buf) > htmlMaxOut {
			s.full = true
			s.warn("HTML cut: too long when cleaned")
		}
	}
}

// start handles one start tag.
func (s *sanitiser) start(z *html.Tokenizer, name string, more bool) {
	el := htmlElements[name]
	if s.skip != "" {
		if name == s.skip {
			s.nested++
			return
		}
		if el == nil || !htmlForeign[s.skip] || !el.block() {
			return
		}
		s.skip = "" // a block element ends svg and math, as in browsers
	}
	if name == "noscript" {
		z.NextIsNotRawText() // the frame runs no script, so this is what is shown
		return
	}
	if why, ok := htmlRaw[name]; ok {
		s.raw(z, name, more, why)
		return
	}
	if why, ok := htmlDropped[name]; ok {
		s.warn(why)
		s.skip, s.nested = name, 1
		return
	}
	if why, ok := htmlUnwrapped[name]; ok {
		s.warn(why)
	}
	switch name {
	case "html", "body":
		s.readAttrs(z, more)
		s.rootTag(name)
		return
	case "plaintext", "xmp", "listing":
		el = htmlElements["pre"]
	}
	if el == nil {
		return
	}
	s.readAttrs(z, more)
	s.open(el)
}

// raw handles the elements whose content the tokenizer gives as one text.
func (s *sanitiser) raw(z *html.Tokenizer, name string, more bool, why string) {
	if why != "" {
		s.warn(why)
	}
	s.readAttrs(z, more)
	media := s.attr("media")
	if tt := z.Next(); tt == html.TextToken {
		if name == "style" {
			s.sheet(string(z.Text()), media)
		}
		z.Next()
	}
	// The token after the text is the end tag, or the end of the mail.
}

// result assembles the fragment.
func (s *sanitiser) result() SafeHTML {
	var b strings.Builder
	b.Grow(len(s.buf) + len(s.css) + 512)
	if len(s.css) > 0 {
		b.WriteString("<style>")
		b.Write(s.css)
		b.WriteString("</style>")
	}
	b.Write(s.rootStart())
	from := 0
	for _, m := range s.links {
		l := m.link()
		s.out.Links = append(s.out.Links, l)
		if l.Shown == "" {
			continue
		}
		b.Write(s.buf[from:m.pos])
		from = m.pos
		b.WriteString(` title="Goes to ` + l.Host + `, not to ` + l.Shown + `" data-mismatch="` + l.Host + `"`)
	}
	b.Write(s.buf[from:])
	b.WriteString("</div>")
	s.out.HTML = b.String()
	return s.out
}
