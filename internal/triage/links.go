package triage

import (
	"html"
	"strings"
)

// maxLinks bounds the links that are looked at.
const maxLinks = 80

// A anchor is one link of a mail: where it leads and what it shows.
type anchor struct {
	href string
	text string // visible text, "" for a link of the plain text
	host string // lower case
	org  string
}

// An htmlView is what the source of an HTML mail tells apart from its text.
type htmlView struct {
	anchors  []anchor
	images   int
	forms    int
	scripts  int
	hidden   int // elements with text that is not shown
	password bool
	tags     [24]uint64 // hashes of the names of elements, the first of each
	tagCount int
}

// readHTML scans the source for links, images and forms. It is no parser: it needs to be quick and to survive
// anything.
func readHTML(s string) htmlView {
	var v htmlView
	if len(s) > 200_000 {
		s = s[:200_000]
	}
	for i := 0; i < len(s); {
		k := strings.IndexByte(s[i:], '<')
		if k < 0 || i+k+2 >= len(s) {
			break
		}
		i += k + 1
		v.tag(s[i:])
		switch s[i] | 0x20 {
		case 'a':
			if isSpaceByte(s[i+1]) {
				i = v.anchor(s, i)
			}
		case 'i':
			if hasPrefixFold(s[i:], "img") {
				v.images++
			} else if hasPrefixFold(s[i:], "input") {
				v.password = v.password || strings.Contains(strings.ToLower(s[i:min(len(s), i+200)]), "password")
			}
		case 'f':
			if hasPrefixFold(s[i:], "form") {
				v.forms++
			}
		case 's':
			if hasPrefixFold(s[i:], "script") {
				v.scripts++
			} else if hasPrefixFold(s[i:], "span") {
				v.countHidden(s[i:])
			}
		case 'd', 'p':
			v.countHidden(s[i:])
		}
	}
	return v
}

// tag remembers the name of the element, and whether it is written in capitals.
func (v *htmlView) tag(s string) {
	h := uint64(fnvOffset)
	n := 0
	for n < len(s) && n < 10 && (s[n]|0x20 >= 'a' && s[n]|0x20 <= 'z' || s[n] == '!') {
		h = (h ^ uint64(s[n])) * fnvPrime
		n++
	}
	if n == 0 || v.tagCount == len(v.tags) {
		return
	}
	for _, t := range v.tags[:v.tagCount] {
		if t == h {
			return
		}
	}
	v.tags[v.tagCount] = h
	v.tagCount++
}

func (v *htmlView) countHidden(tag string) {
	end := strings.IndexByte(tag[:min(len(tag), 300)], '>')
	if end < 0 {
		return
	}
	t := tag[:end]
	if strings.Contains(t, "font-size:0") || strings.Contains(t, "font-size: 0") || strings.Contains(t, "display:none") ||
		strings.Contains(t, "display: none") {
		v.hidden++
	}
}

// anchor reads the link whose tag begins at i and returns where to go on.
func (v *htmlView) anchor(s string, i int) int {
	end := strings.IndexByte(s[i:], '>')
	if end < 0 {
		return len(s)
	}
	tag := s[i : i+end]
	next := i + end + 1
	if len(v.anchors) >= maxLinks {
		return next
	}
	href := attribute(tag, "href")
	if href == "" {
		return next
	}
	rest := s[next:min(len(s), next+600)]
	stop := indexFold(rest, "</a")
	if stop < 0 {
		stop = min(len(rest), 120)
	}
	a := anchor{href: html.UnescapeString(href), text: stripTags(rest[:stop])}
	a.host = hostOf(a.href)
	a.org = orgDomain(a.host)
	v.anchors = append(v.anchors, a)
	return next
}

// attribute returns the value of an attribute inside a tag.
func attribute(tag, name string) string {
	k := indexFold(tag, name)
	if k < 0 {
		return ""
	}
	r := strings.TrimLeft(tag[k+len(name):], " \t\r\n")
	if r == "" || r[0] != '=' {
		return ""
	}
	r = strings.TrimLeft(r[1:], " \t\r\n")
	if r == "" {
		return ""
	}
	if q := r[0]; q == '"' || q == '\'' {
		if e := strings.IndexByte(r[1:], q); e >= 0 {
			return strings.TrimSpace(r[1 : e+1])
		}
		return strings.TrimSpace(r[1:])
	}
	if e := strings.IndexAny(r, " \t\r\n"); e >= 0 {
		return r[:e]
	}
	return r
}

// stripTags returns the text of a short piece of HTML.
func stripTags(s string) string {
	if strings.IndexByte(s, '<') < 0 && strings.IndexByte(s, '&') < 0 {
		return strings.Join(strings.Fields(s), " ")
	}
	var b strings.Builder
	for s != "" {
		k := strings.IndexByte(s, '<')
		if k < 0 {
			b.WriteString(s)
			break
		}
		b.WriteString(s[:k])
		b.WriteByte(' ')
		e := strings.IndexByte(s[k:], '>')
		if e < 0 {
			break
		}
		s = s[k+e+1:]
	}
	return strings.Join(strings.Fields(html.UnescapeString(b.String())), " ")
}

// hostOf returns the host of a web link, lower case, without port and user, or "".
func hostOf(link string) string {
	r := strings.TrimSpace(link)
	switch {
	case hasPrefixFold(r, "https://"):
		r = r[8:]
	case hasPrefixFold(r, "http://"):
		r = r[7:]
	case hasPrefixFold(r, "//"):
		r = r[2:]
	case hasPrefixFold(r, "www."):
	default:
		return ""
	}
	if e := strings.IndexAny(r, "/?#\\ \t\r\n"); e >= 0 {
		r = r[:e]
	}
	if at := strings.LastIndexByte(r, '@'); at >= 0 {
		r = r[at+1:]
	}
	if c := strings.LastIndexByte(r, ':'); c >= 0 && strings.IndexByte(r, ']') < 0 {
		r = r[:c]
	}
	return strings.Trim(strings.ToLower(r), ".")
}

// indexFold is strings.Index without regard to ASCII case; sub is lower case.
func indexFold(s, sub string) int {
	for i := 0; i+len(sub) <= len(s); i++ {
		if s[i]|0x20 == sub[0]|0x20 && hasPrefixFold(s[i:], sub) {
			return i
		}
	}
	return -1
}

func isSpaceByte(c byte) bool { return c == ' ' || c == '\t' || c == '\n' || c == '\r' }
