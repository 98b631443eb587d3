package mail

// The parts of a table are written strictly as table > caption | colgroup > col | (tbody, thead, tfoot) > tr > (td, th),
// so that no browser has to repair them.

// openTablePart writes the start tag of a part of a table, opening what is missing above it.
func (s *sanitiser) openTablePart(el *htmlElement) {
	t := s.find(kindTable)
	if t < 0 {
		return
	}
	if len(s.stack) >= htmlMaxDepth-3 {
		s.warn(htmlTooDeep)
		return
	}
	switch el.kind {
	case kindSection, kindCaption, kindGroup:
		s.closeTo(t + 1)
	case kindCol:
		if s.kindAt(t+1) == kindGroup {
			s.closeTo(t + 2)
		} else {
			s.closeTo(t + 1)
			s.imply("colgroup")
		}
	case kindRow:
		s.toSection(t)
	case kindCell:
		s.toRow(t)
	}
	s.write(el)
}

// toSection leaves a tbody, thead or tfoot of the table at index t on top of the stack.
func (s *sanitiser) toSection(t int) {
	if s.kindAt(t+1) == kindSection {
		s.closeTo(t + 2)
		return
	}
	s.closeTo(t + 1)
	s.imply("tbody")
}

// toRow leaves a tr of the table at index t on top of the stack.
func (s *sanitiser) toRow(t int) {
	if s.kindAt(t+1) == kindSection && s.kindAt(t+2) == kindRow {
		s.closeTo(t + 3)
		return
	}
	s.toSection(t)
	s.imply("tr")
}

// impliedCell opens a cell for content that stands between cells.
func (s *sanitiser) impliedCell() {
	s.toRow(s.find(kindTable))
	s.imply("td")
}

// imply writes a start tag that the mail left out.
func (s *sanitiser) imply(name string) {
	s.buf = append(s.buf, '<')
	s.buf = append(s.buf, name...)
	s.buf = append(s.buf, '>')
	s.stack = append(s.stack, openElement{el: htmlElements[name], link: -1})
}

// kindAt returns the kind of the element at index i of the stack; kindInline, which is no part of a table, when the
// stack is shorter.
func (s *sanitiser) kindAt(i int) htmlKind {
	if i >= len(s.stack) {
		return kindInline
	}
	return s.stack[i].el.kind
}

// endTablePart handles the end tag of a table or one of its parts.
func (s *sanitiser) endTablePart(el *htmlElement) {
	t := s.find(kindTable)
	if t < 0 {
		return
	}
	level := map[htmlKind]int{kindTable: 0, kindSection: 1, kindCaption: 1, kindGroup: 1, kindRow: 2, kindCell: 3}[el.kind]
	if t+level < len(s.stack) && s.stack[t+level].el == el {
		s.closeTo(t + level)
	}
}
