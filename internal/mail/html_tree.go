package mail

// htmlMaxReopen is how many formatting elements go on after the block that cut them.
const htmlMaxReopen = 8

const htmlTooDeep = "elements nested too deep: flattened"

// open writes a start tag where the HTML Standard lets it stand, closing and opening others around it.
func (s *sanitiser) open(el *htmlElement) {
	if el.tableOnly() {
		s.openTablePart(el)
		return
	}
	if n := len(s.stack); n > 0 && s.stack[n-1].el.structure() {
		switch el.kind {
		case kindTable:
			s.closeTo(s.find(kindTable)) // a table directly in a table ends the outer one
		case kindVoid:
			if el.name != "img" {
				return
			}
			s.impliedCell()
		default:
			return // browsers move it out of the table, where it is empty
		}
	}
	s.makeRoom(el)
	s.write(el)
}

// makeRoom closes what a browser would close before el.
func (s *sanitiser) makeRoom(el *htmlElement) {
	switch {
	case el.kind == kindAnchor:
		if i := s.findAnchor(); i >= 0 {
			s.closeFormat(i)
		}
	case el.kind == kindItem:
		s.closeItem(el)
		s.closePara()
	case el.block():
		s.closePara()
	}
	if n := len(s.stack); el.kind == kindHeading && n > 0 && s.stack[n-1].el.kind == kindHeading {
		s.closeTo(n - 1)
	}
}

// write emits the start tag with the attributes just read and pushes the element.
func (s *sanitiser) write(el *htmlElement) {
	if !el.void() && len(s.stack) >= htmlMaxDepth {
		s.warn(htmlTooDeep)
		return
	}
	attrs, url, ok := s.writtenAttrs(el)
	if !ok {
		return
	}
	s.buf = append(s.buf, '<')
	s.buf = append(s.buf, el.name...)
	s.buf = append(s.buf, attrs...)
	link := -1
	if el.kind == kindAnchor && url != "" && len(s.links) < htmlMaxLinks {
		link = len(s.links)
		s.links = append(s.links, linkMark{pos: len(s.buf), url: url})
		s.link = link
	}
	s.buf = append(s.buf, '>')
	if el.block() || el.name == "br" {
		s.linkText(" ")
	}
	if el.name == "pre" {
		s.pre = len(s.buf)
	}
	if !el.void() {
		s.stack = append(s.stack, openElement{el: el, attrs: attrs, link: link})
	}
}

// closeTo closes all elements from the top of the stack down to index n.
func (s *sanitiser) closeTo(n int) {
	for i := len(s.stack) - 1; i >= n && n >= 0; i-- {
		s.buf = append(s.buf, '<', '/')
		s.buf = append(s.buf, s.stack[i].el.name...)
		s.buf = append(s.buf, '>')
		if s.stack[i].link >= 0 {
			s.link = -1
		}
		s.stack = s.stack[:i]
	}
	for i := len(s.stack) - 1; i >= 0 && s.link < 0 && s.stack[i].el.kind != kindCell; i-- {
		s.link = s.stack[i].link // a table inside a link has ended
	}
}

// closeReopening closes down to index n and opens the cut formatting elements again.
func (s *sanitiser) closeReopening(n int) {
	var again []openElement
	for _, e := range s.stack[n:] {
		if e.el.kind == kindFormat {
			again = append(again, e)
		}
	}
	s.closeTo(n)
	if len(again) > htmlMaxReopen {
		again = again[len(again)-htmlMaxReopen:]
	}
	for _, e := range again {
		s.reopen(e)
	}
}

// reopen writes a formatting element again unless it is in force already or the stack is high.
func (s *sanitiser) reopen(e openElement) {
	if len(s.stack) > htmlMaxDepth/4 {
		return
	}
	for i := len(s.stack) - 1; i >= 0 && !s.stack[i].el.boundary(); i-- {
		if s.stack[i].el == e.el && s.stack[i].attrs == e.attrs {
			return
		}
	}
	s.buf = append(s.buf, '<')
	s.buf = append(s.buf, e.el.name...)
	s.buf = append(s.buf, e.attrs...)
	s.buf = append(s.buf, '>')
	s.stack = append(s.stack, openElement{el: e.el, attrs: e.attrs, link: -1})
}

// closePara closes an open p of this cell.
func (s *sanitiser) closePara() {
	for i := len(s.stack) - 1; i >= 0 && !s.stack[i].el.boundary(); i-- {
		if s.stack[i].el.kind == kindPara {
			s.closeReopening(i)
			return
		}
	}
}

// closeItem closes the list item that el follows.
func (s *sanitiser) closeItem(el *htmlElement) {
	for i := len(s.stack) - 1; i >= 0; i-- {
		e := s.stack[i].el
		switch {
		case e.kind == kindItem && (e.name == "li") == (el.name == "li"):
			s.closeTo(i)
			return
		case e.kind > kindAnchor && e.kind != kindPara && e.name != "div" && e.name != "address":
			return
		}
	}
}

// closeFormat closes the formatting element at index i. What stood inside it goes on: formatting elements as they
// were, blocks as plain ones so that their end tags still match.
func (s *sanitiser) closeFormat(i int) {
	inner := append([]openElement(nil), s.stack[i+1:]...)
	s.closeTo(i)
	if len(inner) > 2*htmlMaxReopen {
		return
	}
	for _, e := range inner {
		switch {
		case e.el.kind == kindFormat:
			s.reopen(e)
		case e.el.name == "div" || e.el.kind == kindPara || e.el.name == "center":
			s.buf = append(s.buf, '<')
			s.buf = append(s.buf, e.el.name...)
			s.buf = append(s.buf, '>')
			s.stack = append(s.stack, openElement{el: e.el, link: -1})
		}
	}
}

// findAnchor returns the index of the open a of this cell, or -1.
func (s *sanitiser) findAnchor() int {
	for i := len(s.stack) - 1; i >= 0; i-- {
		switch s.stack[i].el.kind {
		case kindAnchor:
			return i
		case kindCell, kindCaption:
			return -1
		}
	}
	return -1
}

// find returns the index of the innermost open element of this kind, or -1.
func (s *sanitiser) find(kind htmlKind) int {
	for i := len(s.stack) - 1; i >= 0; i-- {
		if s.stack[i].el.kind == kind {
			return i
		}
	}
	return -1
}

// end handles one end tag.
func (s *sanitiser) end(name string) {
	if s.skip != "" {
		if name == s.skip {
			if s.nested--; s.nested == 0 {
				s.skip = ""
			}
		}
		return
	}
	el := htmlElements[name]
	switch {
	case el == nil:
	case name == "br":
		s.attrs = s.attrs[:0]
		s.open(el)
	case el.void():
	case el.boundary():
		s.endTablePart(el)
	default:
		s.endElement(el)
	}
}

// endElement closes the innermost el that the end tag can reach.
func (s *sanitiser) endElement(el *htmlElement) {
	for i := len(s.stack) - 1; i >= 0; i-- {
		e := s.stack[i].el
		switch {
		case e == el || e.name == el.name || (e.kind == kindHeading && el.kind == kindHeading):
			if el.kind == kindFormat || el.kind == kindAnchor {
				s.closeFormat(i)
			} else {
				s.closeReopening(i)
			}
			return
		case e.boundary():
			return
		case el.kind == kindInline && e.kind > kindAnchor:
			return
		case (el.kind == kindFormat || el.kind == kindAnchor) && e.kind > kindAnchor &&
			e.kind != kindPara && e.name != "div" && e.name != "center":
			return
		case el.kind == kindItem && e.kind == kindBlock && (e.name == "ul" || e.name == "ol"):
			return
		}
	}
}
