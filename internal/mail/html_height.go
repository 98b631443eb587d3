package mail

import "math"

// What the frame that shows a mail is taken to have.
const (
	frameWidth = 720.0
	frameFont  = 14.0
	frameLine  = 1.5 // line height in em
)

// EstimateHeight returns about how high SafeHTML.HTML stands, in CSS pixels, in a frame of 720 px width whose text is
// 14 px at a line height of 1.5. It is a rough layout: blocks below each other, cells of a row beside each other, text
// by the number and kind of its letters, images by their declared height. Of style sheets the plain rules are read.
func EstimateHeight(safe string) int {
	l := layout{}
	h := l.block(boxes(safe), frameWidth, frameFont, -frameLine)
	return int(math.Ceil(min(max(h, 24), 100_000)))
}

// layout adds up one flow of blocks and lines.
type layout struct {
	height float64
	run    float64 // width of the inline content since the last line break
	tall   float64 // the highest image or inline block of the run
	margin float64 // bottom margin of the last block, for collapsing
	width  float64
}

// block returns the height of a box without its margins.
func (layout) block(b *box, width, font, line float64) float64 {
	if b.css.hidden {
		return 0
	}
	font, line = inherit(b, font, line)
	inner := width - b.css.padding[1] - b.css.padding[3]
	if b.css.width > 0 {
		inner = min(inner, b.css.width)
	}
	if b.css.maxWidth > 0 {
		inner = min(inner, b.css.maxWidth)
	}
	inner = max(inner-indent(b), 20)
	var h float64
	if b.el.kind == kindTable {
		h = tableHeight(b, inner, font, line)
	} else {
		l := layout{width: inner}
		l.flow(b, font, line)
		l.flush(font, line)
		h = l.height + l.margin
	}
	return max(h+b.css.padding[0]+b.css.padding[2], b.css.height)
}

// flow lays the content of b out.
func (l *layout) flow(b *box, font, line float64) {
	for _, k := range b.kids {
		switch {
		case k.css.hidden:
		case k.el == nil:
			l.run += k.glyphs * font
			for range min(k.lines, 20_000) {
				l.lineBreak(font, line)
			}
		case k.el.name == "br":
			l.lineBreak(font, line)
		case k.el.name == "img":
			l.image(k)
		case k.el.kind == kindRule:
			l.flush(font, line)
			l.height += 16
		case k.css.inlineBlock:
			w := min(k.natural(font)+k.css.padding[1]+k.css.padding[3], l.width)
			l.atom(w, layout{}.block(k, w, font, line))
		case k.el.block():
			l.flush(font, line)
			l.child(k, font, line)
		default:
			f, n := inherit(k, font, line)
			l.run += k.css.padding[1] + k.css.padding[3]
			l.flow(k, f, n)
		}
	}
}

// child puts a block below what is there; margins collapse.
func (l *layout) child(k *box, font, line float64) {
	top, bottom := margins(k, font)
	l.height += max(l.margin, top)
	l.height += layout{}.block(k, l.width-k.css.margin[1]-k.css.margin[3], font, line)
	l.margin = bottom
}

// image puts an image on the line; one of unknown height is taken to be of the common shape.
func (l *layout) image(k *box) {
	w, h := k.css.width, k.css.height
	if k.css.percent > 0 {
		w = l.width * min(k.css.percent, 100) / 100
	}
	if k.css.maxWidth > 0 && w > k.css.maxWidth {
		w = k.css.maxWidth
	}
	switch {
	case w > l.width && h > 0:
		w, h = l.width, h*l.width/w
	case h < 0 && w > 0:
		h = w / 3
	case h < 0:
		w, h = 40, 21
	}
	l.atom(max(w, 0), h)
}

// atom puts something that cannot be broken on the line, or on the next.
func (l *layout) atom(w, h float64) {
	if l.run > 0 && math.Mod(l.run, l.width)+w > l.width+1 {
		l.run = math.Ceil(l.run/l.width) * l.width
	}
	l.run += w
	l.tall = max(l.tall, h)
}

// lineBreak ends a line, which may be empty.
func (l *layout) lineBreak(font, line float64) {
	if l.run == 0 {
		l.height += l.margin + lineHeight(font, line)
		l.margin = 0
		return
	}
	l.flush(font, line)
}

// flush ends the lines of inline content.
func (l *layout) flush(font, line float64) {
	if l.run > font*0.3 {
		each := lineHeight(font, line)
		lines := math.Ceil(l.run / l.width)
		l.height += l.margin + (lines-1)*each + max(each, l.tall)
		l.margin = 0
	}
	l.run, l.tall = 0, 0
}

// lineHeight resolves a line height: pixels, or a factor when negative.
func lineHeight(font, line float64) float64 {
	if line < 0 {
		return -line * font
	}
	return line
}

// inherit returns the font size and line height inside b.
func inherit(b *box, font, line float64) (newFont, newLine float64) {
	if b.css.line != -1 {
		line = b.css.line
	}
	if b.css.font >= 0 {
		return b.css.font, line
	}
	switch b.el.name {
	case "h1":
		font *= 2
	case "h2":
		font *= 1.5
	case "h3":
		font *= 1.17
	case "small", "sub", "sup":
		font *= 0.83
	}
	return font, line
}

// margins returns the vertical margins of a block: its own or those of the browser.
func margins(b *box, font float64) (top, bottom float64) {
	var m float64
	switch b.el.name {
	case "p", "ul", "ol", "dl", "pre", "blockquote", "figure", "h3", "h4", "h5", "h6":
		m = font
	case "h1", "h2":
		m = font * 1.3
	}
	top, bottom = m, m
	if b.css.margin[0] > 0 {
		top = b.css.margin[0]
	}
	if b.css.margin[2] > 0 {
		bottom = b.css.margin[2]
	}
	return top, bottom
}

// indent returns how much narrower the content of a block is by the browser's own rules.
func indent(b *box) float64 {
	switch b.el.name {
	case "ul", "ol", "dd":
		return 40
	case "blockquote", "figure":
		if b.css.margin[3] == 0 {
			return 80
		}
	}
	return 0
}
