package mail

import (
	"bytes"
	"strconv"
	"strings"
	"unicode/utf8"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// A rendering is an HTML body as text: once whole, and once with each quoted region replaced by a line ">", which
// VisibleText drops.
type rendering struct{ text, quoted string }

// maxNesting bounds the open elements that a renderer remembers; deeper ones change nothing.
const maxNesting = 400

// An element is one open element and what it means for the text inside.
type element struct {
	tag       atom.Atom
	hidden    bool // not shown: display:none and the like
	zeroFont  bool // not shown unless an inner element sets a font size
	pre       bool
	quote     quoteKind
	quoteFrom int // offset in the text
	hasCite   bool
	list      int // next number of an ordered list; -1 in a bulleted one
}

// A renderer writes text while it reads tokens; it keeps its own stack, since mail is rarely well-formed.
type renderer struct {
	out     []byte
	stack   []element
	regions []region
	space   bool // a blank is due before the next word
	breaks  int  // line ends due before the next word
	skip    atom.Atom
}

// renderHTML turns HTML into readable text: blocks on their own lines, lists with marks, cells of a row on one line,
// the text of links and of pictures, nothing that a reader does not see.
func renderHTML(s string) rendering {
	r := &renderer{out: make([]byte, 0, len(s)/3+64)}
	z := html.NewTokenizer(strings.NewReader(s))
	z.SetMaxBuf(1 << 20)
	for {
		switch z.Next() {
		case html.ErrorToken:
			for len(r.stack) > 0 {
				r.pop()
			}
			return r.finish()
		case html.TextToken:
			if r.skip == 0 && !r.hidden() {
				r.text(z.Text())
			}
		case html.StartTagToken:
			r.start(z, false)
		case html.SelfClosingTagToken:
			r.start(z, true)
		case html.EndTagToken:
			name, _ := z.TagName()
			r.end(atom.Lookup(name))
		}
	}
}

func (r *renderer) hidden() bool {
	n := len(r.stack)
	return n > 0 && (r.stack[n-1].hidden || r.stack[n-1].zeroFont)
}

// start opens an element.
func (r *renderer) start(z *html.Tokenizer, selfClosing bool) {
	name, more := z.TagName()
	tag := atom.Lookup(name)
	if r.skip != 0 {
		return
	}
	switch tag {
	case atom.Script, atom.Style, atom.Title, atom.Template, atom.Svg, atom.Math, atom.Textarea:
		if !selfClosing {
			r.skip = tag
		}
		return
	case atom.Br:
		r.lineBreak()
		return
	case atom.Hr:
		r.block(1)
		return
	}
	e := element{tag: tag}
	if n := len(r.stack); n > 0 {
		top := r.stack[n-1]
		e.hidden, e.zeroFont, e.pre = top.hidden, top.zeroFont, top.pre
	}
	alt := r.attributes(z, more, &e)
	if tag == atom.Img {
		if alt != "" && !e.hidden && !e.zeroFont {
			r.space = true
			r.text([]byte(alt))
			r.space = true
		}
		return
	}
	if isVoid(tag) || selfClosing && tag == 0 {
		return
	}
	r.closeImplied(tag)
	r.layout(tag, &e)
	e.quoteFrom = len(r.out)
	if len(r.stack) < maxNesting {
		r.stack = append(r.stack, e)
	}
}

// attributes reads what the attributes of e say about visibility and quoting, and returns a picture's text.
func (r *renderer) attributes(z *html.Tokenizer, more bool, e *element) (alt string) {
	for more {
		var key, val []byte
		key, val, more = z.TagAttr()
		switch string(key) {
		case "style":
			applyStyle(strings.ToLower(string(val)), e)
		case "hidden":
			e.hidden = true
		case "alt":
			alt = string(val)
		case "class", "id":
			e.quote = max(e.quote, quoteOf(e.tag, string(val)))
			if e.quote == quoteGmail && e.tag == atom.Blockquote {
				e.quote = quoteBlock
			}
		case "type":
			if e.tag == atom.Blockquote && bytes.EqualFold(val, []byte("cite")) {
				e.quote = quoteCite
			}
		}
	}
	if e.tag == atom.Blockquote && e.quote != quoteCite {
		e.quote = quoteBlock
		for i := range r.stack {
			if r.stack[i].quote == quoteGmail {
				e.quote = quoteCite
			}
		}
	}
	return alt
}

// applyStyle reads the parts of an inline style that hide text.
func applyStyle(style string, e *element) {
	if len(style) < 8 {
		return
	}
	for _, decl := range strings.Split(style, ";") {
		name, val, ok := strings.Cut(decl, ":")
		if !ok {
			continue
		}
		name = strings.TrimSpace(name)
		switch name {
		case "display", "visibility", "opacity", "max-height", "font-size", "mso-hide", "white-space", "font":
		default:
			continue
		}
		val = strings.TrimSpace(strings.ReplaceAll(val, "!important", ""))
		switch {
		case name == "display" && val == "none", name == "visibility" && val == "hidden",
			name == "opacity" && isZero(val), name == "max-height" && isZero(val):
			e.hidden = true
		case name == "font-size":
			e.zeroFont = isZero(val) || val == "1px"
		case name == "white-space":
			e.pre = strings.HasPrefix(val, "pre")
		}
	}
}

// isZero reports whether a CSS length is nothing: "0", "0px", "0.0em".
func isZero(val string) bool {
	digits := strings.TrimRight(val, "abcdefghijklmnopqrstuvwxyz%")
	if digits == "" {
		return false
	}
	f, err := strconv.ParseFloat(digits, 64)
	return err == nil && f == 0
}

func isVoid(tag atom.Atom) bool {
	switch tag {
	case atom.Meta, atom.Link, atom.Input, atom.Col, atom.Area, atom.Base, atom.Embed, atom.Param, atom.Source, atom.Track, atom.Wbr, atom.Basefont:
		return true
	}
	return false
}

// closeImplied closes what the new element ends without an end tag.
func (r *renderer) closeImplied(tag atom.Atom) {
	switch tag {
	case atom.P, atom.Li, atom.Tr, atom.Td, atom.Th, atom.Dt, atom.Dd, atom.Option:
	default:
		return
	}
	for i := len(r.stack) - 1; i >= 0 && i >= len(r.stack)-8; i-- {
		open := r.stack[i].tag
		if open == tag || (tag == atom.Td && open == atom.Th) || (tag == atom.Th && open == atom.Td) {
			for len(r.stack) > i {
				r.pop()
			}
			return
		}
		switch open {
		case atom.Table, atom.Ul, atom.Ol, atom.Blockquote, atom.Td, atom.Div, atom.Li:
			return
		}
	}
}

// layout breaks lines before an element and writes the mark of a list item.
func (r *renderer) layout(tag atom.Atom, e *element) {
	switch tag {
	case atom.P, atom.H1, atom.H2, atom.H3, atom.H4, atom.H5, atom.H6, atom.Blockquote:
		r.block(2)
	case atom.Pre:
		r.block(2)
		e.pre = true
	case atom.Ul, atom.Ol, atom.Menu, atom.Dir:
		r.block(1)
		e.list = -1
		if tag == atom.Ol {
			e.list = 1
		}
	case atom.Li:
		r.block(1)
		if !e.hidden && !e.zeroFont {
			r.item()
		}
	case atom.Td, atom.Th:
		if r.breaks == 0 && len(r.out) > 0 {
			r.space = true
		}
	case atom.Div, atom.Tr, atom.Table, atom.Section, atom.Article, atom.Header, atom.Footer, atom.Center, atom.Body,
		atom.Address, atom.Dl, atom.Dt, atom.Dd, atom.Form, atom.Fieldset, atom.Caption, atom.Main, atom.Nav, atom.Aside, atom.Option:
		r.block(1)
	case atom.Head, atom.Noframes:
		e.hidden = e.hidden || tag == atom.Noframes
	}
}

// item writes the mark of a list item.
func (r *renderer) item() {
	mark := "-"
	for i := len(r.stack) - 1; i >= 0; i-- {
		n := r.stack[i].list
		if n == 0 {
			continue // no list
		}
		if n > 0 {
			mark = strconv.Itoa(n) + "."
			r.stack[i].list++
		}
		break
	}
	r.text([]byte(mark))
	r.space = true
}

// end closes the nearest open element of that tag.
func (r *renderer) end(tag atom.Atom) {
	if r.skip != 0 {
		if tag == r.skip {
			r.skip = 0
		}
		return
	}
	if tag == atom.Br {
		r.lineBreak()
		return
	}
	for i := len(r.stack) - 1; i >= 0; i-- {
		if r.stack[i].tag != tag {
			if r.stack[i].tag == atom.Table && tag != atom.Table && tag != atom.Body && tag != atom.Html {
				return // an end tag inside a cell does not close what is around the table
			}
			continue
		}
		for len(r.stack) > i {
			r.pop()
		}
		return
	}
	if tag == atom.P {
		r.block(2)
	}
}

// pop closes the innermost element.
func (r *renderer) pop() {
	n := len(r.stack) - 1
	e := r.stack[n]
	r.stack = r.stack[:n]
	switch e.quote {
	case quoteCite:
		r.add(e.quoteFrom, quoteCite)
		for i := range r.stack {
			r.stack[i].hasCite = r.stack[i].hasCite || e.tag == atom.Blockquote
		}
	case quoteGmail:
		if !e.hasCite {
			r.add(e.quoteFrom, quoteCite)
		}
	case quoteBlock:
		r.add(e.quoteFrom, quoteBlock)
	}
	switch e.tag {
	case atom.P, atom.H1, atom.H2, atom.H3, atom.H4, atom.H5, atom.H6, atom.Blockquote, atom.Pre:
		r.block(2)
	case atom.Ul, atom.Ol, atom.Li, atom.Div, atom.Tr, atom.Table, atom.Section, atom.Article, atom.Header, atom.Footer,
		atom.Center, atom.Body, atom.Address, atom.Dl, atom.Dt, atom.Dd, atom.Form, atom.Caption, atom.Head:
		r.block(1)
	case atom.Td, atom.Th:
		r.space = true
	}
}

// block asks for n line ends before what comes next.
func (r *renderer) block(n int) {
	if len(r.out) > 0 {
		r.breaks = max(r.breaks, n)
	}
	r.space = false
}

func (r *renderer) lineBreak() {
	if len(r.out) > 0 && r.breaks < 2 {
		r.breaks++
	}
	r.space = false
}

// text writes characters with blanks collapsed, unless preformatted.
func (r *renderer) text(b []byte) {
	pre := len(r.stack) > 0 && r.stack[len(r.stack)-1].pre
	for i := 0; i < len(b); {
		c, size := rune(b[i]), 1
		if c >= utf8.RuneSelf {
			c, size = utf8.DecodeRune(b[i:])
		}
		switch {
		case c == '\n' && pre:
			r.breaks = min(r.breaks+1, 2)
			r.space = false
		case c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == 0xA0 || c == '\f':
			if pre && len(r.out) > 0 {
				r.due()
				r.out = append(r.out, ' ')
			} else {
				r.space = true
			}
		case isFiller(c) || (c == 0x200C || c == 0x200D) && !r.joins():
		case c == 0:
		default:
			r.due()
			r.out = append(r.out, b[i:i+size]...)
		}
		i += size
	}
}

// joins reports whether a joiner has a letter before it that can be joined; elsewhere it is padding.
func (r *renderer) joins() bool {
	n := len(r.out)
	return n > 0 && !r.space && r.breaks == 0 && r.out[n-1] >= utf8.RuneSelf
}

// due writes the line ends or the blank that are due.
func (r *renderer) due() {
	if r.breaks > 0 && len(r.out) > 0 {
		for n := 0; n < r.breaks; n++ {
			r.out = append(r.out, '\n')
		}
	} else if r.space && len(r.out) > 0 {
		r.out = append(r.out, ' ')
	}
	r.breaks, r.space = 0, false
}

// isFiller knows the invisible characters that pad a preview line.
func isFiller(c rune) bool {
	return c == 0x34F || c == 0xAD || c == 0x200B || c == 0xFEFF || c == 0x2060 || c == 0x2007 || c == 0x180E
}
