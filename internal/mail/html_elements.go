package mail

// An htmlElement is one element that may be written.
type htmlElement struct {
	name string
	kind htmlKind
}

// htmlKind says how an element behaves when a browser parses it (HTML Standard, 13.2.6.4 "in body" to "in row").
type htmlKind uint8

const (
	kindInline  htmlKind = iota // ordinary
	kindFormat                  // formatting: goes on after a block that cut it
	kindAnchor                  // a: formatting, never inside itself
	kindVoid                    // br, img, wbr
	kindRule                    // hr: void and closes p
	kindBlock                   // closes p
	kindPara                    // p
	kindItem                    // li, dd, dt
	kindHeading                 // h1–h6
	kindTable                   // table
	kindSection                 // tbody, thead, tfoot
	kindRow                     // tr
	kindCell                    // td, th
	kindCaption                 // caption
	kindGroup                   // colgroup
	kindCol                     // col
)

// block reports whether the element starts a new line.
func (e *htmlElement) block() bool {
	return e.kind >= kindRule && e.kind <= kindTable
}

// boundary reports whether end tags and open paragraphs do not reach beyond the element.
func (e *htmlElement) boundary() bool {
	return e.kind >= kindTable
}

// void reports whether the element has no content and no end tag.
func (e *htmlElement) void() bool {
	return e.kind == kindVoid || e.kind == kindRule || e.kind == kindCol
}

// tableOnly reports whether the element lives only inside a table.
func (e *htmlElement) tableOnly() bool {
	return e.kind >= kindSection
}

// structure reports whether only parts of a table may stand directly inside the element.
func (e *htmlElement) structure() bool {
	switch e.kind {
	case kindTable, kindSection, kindRow, kindGroup:
		return true
	}
	return false
}

// htmlElements maps the name of an element as sent to the element as written.
var htmlElements = map[string]*htmlElement{
	"a": {"a", kindAnchor},

	"b": {"b", kindFormat}, "big": {"big", kindFormat}, "code": {"code", kindFormat}, "em": {"em", kindFormat},
	"font": {"font", kindFormat}, "i": {"i", kindFormat}, "s": {"s", kindFormat}, "small": {"small", kindFormat},
	"strike": {"strike", kindFormat}, "strong": {"strong", kindFormat}, "tt": {"tt", kindFormat}, "u": {"u", kindFormat},

	"abbr": {"abbr", kindInline}, "acronym": {"abbr", kindInline}, "bdi": {"bdi", kindInline}, "bdo": {"bdo", kindInline},
	"button": {"span", kindInline}, "cite": {"cite", kindInline}, "del": {"del", kindInline}, "dfn": {"dfn", kindInline},
	"ins": {"ins", kindInline}, "kbd": {"kbd", kindInline}, "label": {"span", kindInline}, "mark": {"mark", kindInline},
	"q": {"q", kindInline}, "samp": {"samp", kindInline}, "span": {"span", kindInline}, "sub": {"sub", kindInline},
	"sup": {"sup", kindInline}, "time": {"time", kindInline}, "var": {"var", kindInline},

	"br": {"br", kindVoid}, "img": {"img", kindVoid}, "image": {"img", kindVoid}, "wbr": {"wbr", kindVoid},
	"hr": {"hr", kindRule},

	"address": {"address", kindBlock}, "article": {"article", kindBlock}, "aside": {"aside", kindBlock},
	"blockquote": {"blockquote", kindBlock}, "center": {"center", kindBlock}, "details": {"div", kindBlock},
	"dialog": {"div", kindBlock}, "dir": {"ul", kindBlock}, "div": {"div", kindBlock}, "dl": {"dl", kindBlock},
	"fieldset": {"div", kindBlock}, "figcaption": {"figcaption", kindBlock}, "figure": {"figure", kindBlock},
	"footer": {"footer", kindBlock}, "header": {"header", kindBlock}, "legend": {"div", kindBlock},
	"main": {"main", kindBlock}, "menu": {"ul", kindBlock}, "nav": {"nav", kindBlock}, "ol": {"ol", kindBlock},
	"pre": {"pre", kindBlock}, "section": {"section", kindBlock}, "summary": {"div", kindBlock}, "ul": {"ul", kindBlock},

	"p": {"p", kindPara}, "li": {"li", kindItem}, "dd": {"dd", kindItem}, "dt": {"dt", kindItem},
	"h1": {"h1", kindHeading}, "h2": {"h2", kindHeading}, "h3": {"h3", kindHeading},
	"h4": {"h4", kindHeading}, "h5": {"h5", kindHeading}, "h6": {"h6", kindHeading},

	"table": {"table", kindTable}, "caption": {"caption", kindCaption}, "colgroup": {"colgroup", kindGroup},
	"col": {"col", kindCol}, "tbody": {"tbody", kindSection}, "thead": {"thead", kindSection},
	"tfoot": {"tfoot", kindSection}, "tr": {"tr", kindRow}, "td": {"td", kindCell}, "th": {"th", kindCell},
}

// htmlRaw holds the elements whose content is raw text and is left out (style is filtered), with the warning.
var htmlRaw = map[string]string{
	"iframe": "frame removed", "noembed": "", "noframes": "", "script": "script removed", "style": "", "title": "",
}

// htmlDropped holds the elements that are left out with their content, with the warning.
var htmlDropped = map[string]string{
	"svg": "drawing removed", "math": "formula removed", "template": "template removed", "xml": "office data removed",
	"datalist": "form removed", "amp-img": "AMP element removed",
}

// htmlForeign holds the elements of htmlDropped that a block element ends.
var htmlForeign = map[string]bool{"svg": true, "math": true, "xml": true}

// htmlUnwrapped holds elements that are left out, but not their content, with the warning.
var htmlUnwrapped = map[string]string{
	"form": "form removed", "input": "form removed", "select": "form removed", "textarea": "form removed",
	"button": "form removed", "object": "object removed", "applet": "object removed", "embed": "object removed",
	"frame": "frame removed", "frameset": "frame removed", "base": "base address ignored", "video": "video removed",
	"audio": "audio removed", "link": "style sheet or other outside resource removed",
}
