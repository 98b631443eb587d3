package mail

import (
	"strconv"
	"strings"
	"unicode"

	"golang.org/x/net/html"
)

// box is one element of a mail, or one text, as far as its size matters. Lengths are CSS pixels.
type box struct {
	el     *htmlElement // nil for text
	kids   []*box
	glyphs float64 // width of a text in em
	lines  int     // line breaks of a text in pre
	css    boxStyle
	marks  []string // classes and id, with their sign
	wide   float64  // memo of natural(), or -1
}

// boxStyle holds the lengths of one element; -1 is unset.
type boxStyle struct {
	width, height, percent, maxWidth, font, line float64
	padding, margin                              [4]float64 // top, right, bottom, left
	spacing, cellPad                             float64    // of a table
	hidden, inlineBlock                          bool
}

// boxes reads sanitised HTML, which is well nested.
func boxes(safe string) *box {
	root := &box{el: htmlElements["div"], css: noStyle(), wide: -1}
	stack := []*box{root}
	z := html.NewTokenizer(strings.NewReader(safe))
	var rules boxRules
	raw := false
	for {
		top := stack[len(stack)-1]
		switch z.Next() {
		case html.ErrorToken:
			return root
		case html.TextToken:
			if raw {
				rules = readBoxRules(string(z.Text()))
			} else {
				top.kids = append(top.kids, textBox(string(z.Text()), top.el.name == "pre"))
			}
		case html.StartTagToken, html.SelfClosingTagToken:
			name, more := z.TagName()
			raw = string(name) == "style"
			el := htmlElements[string(name)]
			if el == nil {
				continue
			}
			b := &box{el: el, css: noStyle(), wide: -1}
			attrs := b.readAttrs(z, more)
			rules.apply(b, stack)
			b.css.setAttrs(attrs)
			top.kids = append(top.kids, b)
			if !el.void() {
				stack = append(stack, b)
			}
		case html.EndTagToken:
			raw = false
			if name, _ := z.TagName(); len(stack) > 1 && top.el.name == string(name) {
				stack = stack[:len(stack)-1]
			}
		}
	}
}

// textBox measures a text: half an em for a letter, one for a wide character, nothing for marks that cannot be seen.
func textBox(t string, pre bool) *box {
	b := &box{css: noStyle(), wide: -1}
	if pre {
		b.lines = strings.Count(t, "\n")
	}
	space := true
	for _, r := range t {
		switch {
		case r == ' ' || r == '\n' || r == '\t' || r == '\r':
			if !space || pre {
				b.glyphs += 0.28
			}
			space = true
			continue
		case r >= 0x2E80:
			b.glyphs++
		case r == 0xAD || r == 0x34F || r >= 0x200B && r <= 0x200F || unicode.Is(unicode.Mn, r):
		case unicode.IsUpper(r):
			b.glyphs += 0.66
		default:
			b.glyphs += 0.5
		}
		space = false
	}
	return b
}

func noStyle() boxStyle {
	return boxStyle{width: -1, height: -1, percent: -1, maxWidth: -1, font: -1, line: -1, spacing: -1, cellPad: -1}
}

// readAttrs reads the classes and the id, and returns the other attributes.
func (b *box) readAttrs(z *html.Tokenizer, more bool) []htmlAttr {
	var attrs []htmlAttr
	for more {
		var k, v []byte
		k, v, more = z.TagAttr()
		switch string(k) {
		case "class":
			for c := range strings.FieldsSeq(string(v)) {
				b.marks = append(b.marks, "."+c)
			}
		case "id":
			b.marks = append(b.marks, "#"+string(v))
		case "width", "height", "cellpadding", "cellspacing", "size", "style":
			attrs = append(attrs, htmlAttr{string(k), string(v)})
		}
	}
	return attrs
}

// setAttrs reads the lengths from attributes.
func (st *boxStyle) setAttrs(attrs []htmlAttr) {
	for _, a := range attrs {
		switch a.key {
		case "width":
			st.setWidth(a.val)
		case "height":
			st.height = pixels(a.val)
		case "cellpadding":
			st.cellPad = pixels(a.val)
		case "cellspacing":
			st.spacing = pixels(a.val)
		case "size":
			st.font = fontSize(a.val)
		case "style": // always the last
			for decl := range strings.SplitSeq(a.val, ";") {
				key, val, _ := strings.Cut(decl, ":")
				st.set(key, strings.TrimSpace(strings.TrimSuffix(val, "!important")))
			}
		}
	}
}

// fontSize reads the size of a font element: 1–7, or relative to 3; -1 when it is none.
func fontSize(v string) float64 {
	n, err := strconv.Atoi(v)
	if err != nil {
		return -1
	}
	if v[0] == '+' || v[0] == '-' {
		n += 3
	}
	return [...]float64{10, 13, 16, 18, 24, 32, 48}[min(max(n, 1), 7)-1]
}

func (st *boxStyle) setWidth(v string) {
	if p, ok := strings.CutSuffix(v, "%"); ok {
		st.percent, st.width = pixels(p), -1
		return
	}
	st.width = pixels(v)
}

// set applies one declaration.
func (st *boxStyle) set(key, val string) {
	switch key {
	case "width":
		st.setWidth(val)
	case "height", "min-height":
		st.height = max(st.height, length(val))
	case "max-height":
		st.hidden = st.hidden || length(val) == 0
	case "max-width":
		st.maxWidth = length(val)
	case "font-size":
		st.font = length(val)
	case "line-height":
		if n, err := strconv.ParseFloat(val, 64); err == nil && n >= 0 && n < 10 {
			st.line = -n // a factor
		} else if p, ok := strings.CutSuffix(val, "%"); ok && pixels(p) >= 0 {
			st.line = -pixels(p) / 100
		} else {
			st.line = length(val)
		}
	case "display":
		st.hidden = st.hidden || val == "none"
		st.inlineBlock = strings.HasPrefix(val, "inline-")
	case "padding":
		sides(&st.padding, val)
	case "margin":
		sides(&st.margin, val)
	case "padding-top", "padding-right", "padding-bottom", "padding-left":
		st.padding[side(key)] = max(0, length(val))
	case "margin-top", "margin-right", "margin-bottom", "margin-left":
		st.margin[side(key)] = max(0.01, length(val))
	}
}

// side returns the index of padding-left and the like.
func side(key string) int {
	switch key[strings.IndexByte(key, '-')+1:] {
	case "top":
		return 0
	case "right":
		return 1
	case "bottom":
		return 2
	}
	return 3
}

// sides reads one to four lengths. A margin that is set to nothing counts as a hundredth, to tell it from unset.
func sides(to *[4]float64, val string) {
	f := strings.Fields(val)
	if len(f) == 0 || len(f) > 4 {
		return
	}
	for i, from := range [][4]int{{}, {0, 0, 0, 0}, {0, 1, 0, 1}, {0, 1, 2, 1}, {0, 1, 2, 3}}[len(f)] {
		to[i] = max(0.01, length(f[from]))
	}
}

// length reads a length in px, pt or em (of 14 px); -1 when it is none.
func length(v string) float64 {
	for unit, px := range map[string]float64{"pt": 4.0 / 3, "rem": 16, "em": 14} {
		if n, ok := strings.CutSuffix(v, unit); ok && (unit != "em" || !strings.HasSuffix(v, "rem")) {
			if p := pixels(n); p >= 0 {
				return p * px
			}
			return -1
		}
	}
	return pixels(v)
}
