package mail

import (
	"strconv"
	"strings"
)

// imageSource returns the address of the current img as the reader loads it; "" leaves the image without one. Keep is
// false for a tracking pixel.
func (s *sanitiser) imageSource() (src string, keep bool) {
	raw := s.attr("src")
	if raw == "" {
		raw = firstOfSet(s.attr("srcset"))
	}
	if scheme, _ := splitScheme(raw); (scheme == "http" || scheme == "https") && s.isPixel() {
		s.out.Pixels++
		return "", false
	}
	src = s.image(raw)
	s.linkText(" " + s.attr("alt") + " ")
	return src, true
}

// firstOfSet returns the first address of a srcset.
func firstOfSet(set string) string {
	set = strings.TrimLeft(set, " \t\r\n\f,")
	if i := strings.IndexAny(set, " \t\r\n\f"); i >= 0 {
		set = set[:i]
	}
	return strings.TrimRight(set, ",")
}

// isPixel reports whether the current img is too small to be seen or hidden: at most 2 pixels each way, none one way,
// or not displayed at all.
func (s *sanitiser) isPixel() bool {
	w, h := pixels(s.attr("width")), pixels(s.attr("height"))
	for decl := range strings.SplitSeq(s.attr("style"), ";") {
		key, val, _ := strings.Cut(decl, ":")
		val = strings.ToLower(strings.TrimSpace(strings.TrimSuffix(strings.TrimSpace(val), "!important")))
		switch strings.ToLower(strings.TrimSpace(key)) {
		case "width", "max-width":
			w = least(w, pixels(val))
		case "height", "max-height":
			h = least(h, pixels(val))
		case "display":
			if val == "none" {
				return true
			}
		case "visibility":
			if val == "hidden" || val == "collapse" {
				return true
			}
		case "opacity":
			if n, err := strconv.ParseFloat(val, 64); err == nil && n == 0 {
				return true
			}
		}
	}
	return w == 0 || h == 0 || (w >= 0 && w <= 2 && h >= 0 && h <= 2)
}

// pixels reads a length in CSS pixels; -1 when it is none.
func pixels(v string) float64 {
	v = strings.ToLower(strings.TrimSpace(v))
	n, err := strconv.ParseFloat(strings.TrimSpace(strings.TrimSuffix(v, "px")), 64)
	if err != nil || n < 0 {
		return -1
	}
	return n
}

// least returns the smaller length; -1 is no length.
func least(a, b float64) float64 {
	if a < 0 || b >= 0 && b < a {
		return b
	}
	return a
}
