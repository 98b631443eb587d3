package mail

import (
	"strconv"
	"strings"
	"unicode/utf8"

	"golang.org/x/net/html"
)

// htmlAttr is one attribute as sent, decoded.
type htmlAttr struct{ key, val string }

// attrKind says which values an attribute may have.
type attrKind uint8

const (
	attrText   attrKind = iota + 1 // anything, escaped
	attrToken                      // letters, digits and a few signs
	attrTokens                     // the same, several with spaces between
	attrNumber                     // digits
	attrLength                     // digits, perhaps a decimal part, perhaps %
	attrColour                     // a name or #hex
	attrSpan                       // 1–100
	attrFlag                       // present or not
	attrFace                       // font names
)

// htmlAttrs holds the attributes that may be written on every element; href, src, srcset, background and style are
// handled apart.
var htmlAttrs = map[string]attrKind{
	"align": attrToken, "alt": attrText, "aria-hidden": attrToken, "aria-label": attrText, "bgcolor": attrColour,
	"border": attrLength, "bordercolor": attrColour, "cellpadding": attrLength, "cellspacing": attrLength,
	"class": attrTokens, "clear": attrToken, "color": attrColour, "colspan": attrSpan, "datetime": attrToken,
	"dir": attrToken, "face": attrFace, "height": attrLength, "hspace": attrNumber, "id": attrToken, "lang": attrToken,
	"noshade": attrFlag, "nowrap": attrFlag, "reversed": attrFlag, "role": attrToken, "rowspan": attrSpan,
	"size": attrToken, "span": attrSpan, "start": attrNumber, "title": attrText, "type": attrToken,
	"valign": attrToken, "value": attrNumber, "vspace": attrNumber, "width": attrLength,
}

// readAttrs reads the attributes of the current tag; the first of two with one name counts, as in browsers.
func (s *sanitiser) readAttrs(z *html.Tokenizer, more bool) {
	s.attrs = s.attrs[:0]
	for more && len(s.attrs) < htmlMaxAttrs {
		var k, v []byte
		k, v, more = z.TagAttr()
		key := string(k)
		if s.has(key) {
			continue
		}
		s.attrs = append(s.attrs, htmlAttr{key, string(v)})
	}
}

func (s *sanitiser) has(key string) bool {
	for i := range s.attrs {
		if s.attrs[i].key == key {
			return true
		}
	}
	return false
}

// attr returns the value of an attribute of the current tag, or "".
func (s *sanitiser) attr(key string) string {
	for i := range s.attrs {
		if s.attrs[i].key == key {
			return s.attrs[i].val
		}
	}
	return ""
}

// writtenAttrs returns the attributes of the current tag as they are written, and the address of a link. It is not ok
// when the element must not be written: a tracking pixel.
func (s *sanitiser) writtenAttrs(el *htmlElement) (attrs, url string, ok bool) {
	if len(s.attrs) == 0 {
		return "", "", true
	}
	b := make([]byte, 0, 128)
	if el.name == "img" {
		src, keep := s.imageSource()
		if !keep {
			return "", "", false
		}
		b = appendAttr(b, "src", src)
	}
	if el.kind == kindAnchor {
		if url = cleanLink(s.attr("href")); url != "" {
			b = appendAttr(b, "href", url)
			b = append(b, ` rel="noopener noreferrer nofollow" target="_blank"`...)
		}
	}
	for _, a := range s.attrs {
		kind := htmlAttrs[a.key]
		if kind == 0 || (el.kind == kindAnchor && a.key == "title") || (el.kind == kindVoid && a.key == "value") {
			continue
		}
		if v, ok := cleanAttr(kind, a.val); ok {
			b = appendAttr(b, a.key, v)
		}
	}
	return string(appendAttr(b, "style", s.elementStyle())), url, true
}

// elementStyle returns the filtered style of the current tag, with the background attribute as CSS.
func (s *sanitiser) elementStyle() string {
	style := s.inlineStyle(s.attr("style"))
	if bg := s.attr("background"); bg != "" {
		if u := s.image(bg); u != "" {
			style = joinStyle(`background-image:url("`+cssURL(u)+`")`, style)
		}
	}
	return style
}

// rootTag keeps the look of the first <html> and the first <body> for the wrapper.
func (s *sanitiser) rootTag(name string) {
	if _, again := s.root[name]; again {
		return
	}
	s.root[name] = ""
	style := s.elementStyle()
	for _, a := range s.attrs {
		switch a.key {
		case "class", "id", "dir", "lang":
			if v, ok := cleanAttr(htmlAttrs[a.key], a.val); ok {
				s.root[a.key] = v
			}
		case "bgcolor":
			style = joinStyle(s.inlineStyle("background-color:"+a.val), style)
		case "text":
			style = joinStyle(s.inlineStyle("color:"+a.val), style)
		}
	}
	s.root["style"] = joinStyle(s.root["style"], style)
}

// rootStart returns the start tag of the wrapper.
func (s *sanitiser) rootStart() []byte {
	b := appendAttr([]byte("<div"), "class", strings.TrimSpace(mailRoot[1:]+" "+s.root["class"]))
	for _, key := range []string{"dir", "id", "lang"} {
		if v := s.root[key]; v != "" {
			b = appendAttr(b, key, v)
		}
	}
	return append(appendAttr(b, "style", s.root["style"]), '>')
}

// joinStyle puts two lists of declarations one after the other.
func joinStyle(a, b string) string {
	if a == "" || b == "" {
		return a + b
	}
	return a + ";" + b
}

// cleanAttr returns the value as it may be written.
func cleanAttr(kind attrKind, v string) (string, bool) {
	switch kind {
	case attrText:
		return cut(v, 2000), true
	case attrFlag:
		return "", true
	case attrTokens:
		return keepTokens(v)
	case attrFace:
		return v, len(v) <= 300 && onlyIn(v, " ,'\"-_.")
	}
	v = strings.TrimSpace(v)
	if v == "" || len(v) > 60 {
		return "", false
	}
	switch kind {
	case attrNumber:
		return v, allDigits(strings.TrimPrefix(v, "-")) && len(v) <= 6
	case attrSpan:
		n, err := strconv.Atoi(v)
		return v, err == nil && n >= 1 && n <= 100
	case attrLength:
		n := strings.TrimSuffix(strings.TrimSuffix(v, "%"), "px")
		_, err := strconv.ParseFloat(n, 64)
		return v, err == nil && len(n) <= 6 && n[0] >= '0' && n[0] <= '9' && !strings.ContainsAny(n, "xXpPeE_")
	case attrColour:
		return v, onlyIn(strings.TrimPrefix(v, "#"), "")
	}
	return v, onlyIn(v, "-_.:+#")
}

// keepTokens keeps the harmless of several words.
func keepTokens(v string) (string, bool) {
	var keep []string
	for _, t := range strings.Fields(cut(v, 1000)) {
		if onlyIn(t, "-_") {
			keep = append(keep, t)
		}
	}
	return strings.Join(keep, " "), len(keep) > 0
}

// onlyIn reports whether v consists of ASCII letters, digits and the extra signs.
func onlyIn(v, extra string) bool {
	for i := 0; i < len(v); i++ {
		c := v[i]
		if c|0x20 >= 'a' && c|0x20 <= 'z' || c >= '0' && c <= '9' || strings.IndexByte(extra, c) >= 0 {
			continue
		}
		return false
	}
	return true
}

func allDigits(v string) bool {
	for i := 0; i < len(v); i++ {
		if v[i] < '0' || v[i] > '9' {
			return false
		}
	}
	return v != ""
}

// cut shortens v to at most n bytes of whole characters.
func cut(v string, n int) string {
	if len(v) <= n {
		return v
	}
	for n > 0 && !utf8.RuneStart(v[n]) {
		n--
	}
	return v[:n]
}

// appendAttr writes one attribute, escaped; style and src are left out when empty.
func appendAttr(b []byte, key, val string) []byte {
	if val == "" && (key == "style" || key == "src") {
		return b
	}
	b = append(b, ' ')
	b = append(b, key...)
	b = append(b, '=', '"')
	b = appendEscaped(b, val)
	return append(b, '"')
}

// appendEscaped writes text so that it is text in an element and in a quoted attribute. Control characters are
// dropped.
func appendEscaped(b []byte, v string) []byte {
	from := 0
	for i := 0; i < len(v); i++ {
		var r string
		switch c := v[i]; {
		case c == '&':
			r = "&amp;"
		case c == '<':
			r = "&lt;"
		case c == '>':
			r = "&gt;"
		case c == '"':
			r = "&#34;"
		case c < 0x20 && c != '\n' && c != '\t', c == 0x7F:
			r = ""
		default:
			continue
		}
		b = append(b, v[from:i]...)
		b = append(b, r...)
		from = i + 1
	}
	return append(b, v[from:]...)
}
