package mail

// tableHeight lays the rows of a table out below each other.
func tableHeight(t *box, width, font, line float64) float64 {
	if t.css.percent > 0 {
		width *= min(t.css.percent, 100) / 100
	} else if t.css.width <= 0 {
		width = min(width, t.natural(font)+1)
	}
	pad, gap := t.css.cellPad, t.css.spacing
	if pad < 0 {
		pad = 1
	}
	if gap < 0 {
		gap = 2
	}
	h := gap
	for _, part := range t.kids {
		switch {
		case part.el == nil || part.css.hidden:
		case part.el.kind == kindCaption:
			h += layout{}.block(part, width, font, line)
		case part.el.kind == kindSection:
			for _, row := range part.kids {
				if row.el != nil && !row.css.hidden {
					h += rowHeight(row, width, font, line, pad, gap) + gap
				}
			}
		}
	}
	return h
}

// rowHeight is the height of the highest cell.
func rowHeight(row *box, width, font, line, pad, gap float64) float64 {
	cells := make([]*box, 0, len(row.kids))
	for _, c := range row.kids {
		if c.el != nil && !c.css.hidden {
			cells = append(cells, c)
		}
	}
	widths := cellWidths(cells, width-gap*float64(len(cells)+1), font)
	font, line = inherit(row, font, line)
	h := max(row.css.height, 0)
	for i, c := range cells {
		extra := 0.0
		if c.css.padding == [4]float64{} {
			extra = pad
		}
		c.css.width = -1 // the column decides
		h = max(h, layout{}.block(c, widths[i]-2*extra, font, line)+2*extra)
	}
	return h
}

// cellWidths shares the width of a row: declared widths first, the rest by the natural width of the cells.
func cellWidths(cells []*box, width, font float64) []float64 {
	out := make([]float64, len(cells))
	left, natural := width, 0.0
	for i, c := range cells {
		switch {
		case c.css.percent > 0:
			out[i] = width * min(c.css.percent, 100) / 100
		case c.css.width > 0:
			out[i] = c.css.width + c.css.padding[1] + c.css.padding[3]
		default:
			natural += c.natural(font) + 1
			continue
		}
		left -= out[i]
	}
	left = max(left, 0)
	for i, c := range cells {
		if out[i] == 0 {
			out[i] = max(left*(c.natural(font)+1)/natural, 20)
		}
	}
	if natural == 0 && left > 0 { // all declared, some room left
		for i := range out {
			out[i] *= width / max(width-left, 1)
		}
	}
	return out
}

// natural returns how wide the content would be without line breaks, with padding.
func (b *box) natural(font float64) float64 {
	if b.wide >= 0 {
		return b.wide
	}
	var w, run float64
	switch {
	case b.css.hidden:
	case b.el == nil:
		w = b.glyphs * font
	case b.css.width > 0:
		w = b.css.width
	default:
		if b.css.font >= 0 {
			font = b.css.font
		}
		for _, k := range b.kids {
			inline := k.el == nil || k.el.kind < kindRule && k.el.name != "br" || k.el.kind == kindCell
			if !inline {
				w, run = max(w, run), 0
				w = max(w, k.natural(font))
				continue
			}
			run += k.natural(font)
		}
		w = max(w, run)
	}
	b.wide = w + b.css.padding[1] + b.css.padding[3]
	return b.wide
}
