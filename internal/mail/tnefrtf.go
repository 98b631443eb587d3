package mail

import (
	"encoding/binary"
	"strconv"
	"strings"
)

// rtfDictionary is the text that compressed RTF may refer to from the start ([MS-OXRTFCP], section 2.1.2.1).
const rtfDictionary = "{\\rtf1\\ansi\\mac\\deff0\\deftab720{\\fonttbl;}{\\f0\\fnil \\froman \\fswiss \\fmodern \\fscript \\fdecor MS Sans SerifSymbolArial" +
	"Times New RomanCourier{\\colortbl\\red0\\green0\\blue0\r\n\\par \\pard\\plain\\f0\\fs20\\b\\i\\u\\tab\\tx"

// decompressRTF undoes the compression of [MS-OXRTFCP]; the result is at most MaxTextBytes long.
func decompressRTF(b []byte) string {
	if len(b) < 16 {
		return ""
	}
	size, kind := int(min(binary.LittleEndian.Uint32(b[4:]), MaxTextBytes)), string(b[8:12])
	b = b[16:]
	if kind == "MELA" {
		return string(b[:min(size, len(b))])
	}
	if kind != "LZFu" {
		return ""
	}
	var dict [4096]byte
	at := copy(dict[:], rtfDictionary)
	out := make([]byte, 0, min(size, 64<<10))
	put := func(c byte) {
		out = append(out, c)
		dict[at] = c
		at = (at + 1) % len(dict)
	}
	for len(b) > 0 && len(out) < size {
		flags := b[0]
		b = b[1:]
		for bit := 0; bit < 8 && len(b) > 0; bit++ {
			if flags>>bit&1 == 0 {
				put(b[0])
				b = b[1:]
				continue
			}
			if len(b) < 2 {
				return string(out)
			}
			ref := int(b[0])<<8 | int(b[1])
			b = b[2:]
			from, n := ref>>4, ref&15+2
			if from == at {
				return string(out)
			}
			for ; n > 0; n-- {
				put(dict[from])
				from = (from + 1) % len(dict)
			}
		}
	}
	return string(out)
}

// rtfBody takes the HTML out of RTF that wraps it ([MS-OXRTFEX]), else the text of the RTF.
func rtfBody(rtf string) (html, text string) {
	wraps := strings.Contains(rtf[:min(len(rtf), 2000)], `\fromhtml`)
	r := rtfReader{s: rtf, html: wraps, charset: "windows-1252"}
	out := r.run()
	if wraps {
		return out, ""
	}
	return "", out
}

// An rtfReader turns RTF into its text, or into the HTML that it wraps.
type rtfReader struct {
	s       string
	html    bool
	charset string
	out     strings.Builder
	raw     []byte // bytes of \'hh that await decoding
	skip    int    // characters to leave out after \u
}

// An rtfGroup is what holds until the closing brace.
type rtfGroup struct {
	hidden  bool // a destination that is no text
	htmlRTF bool // RTF that stands beside the HTML
}

func (r *rtfReader) run() string {
	stack := []rtfGroup{{}}
	for i := 0; i < len(r.s); {
		top := &stack[len(stack)-1]
		switch c := r.s[i]; c {
		case '{':
			if len(stack) > 200 {
				return r.done()
			}
			stack = append(stack, *top)
			i++
		case '}':
			if len(stack) > 1 {
				stack = stack[:len(stack)-1]
			}
			i++
		case '\\':
			i = r.control(i+1, top)
		case '\r', '\n':
			i++
		default:
			r.text(string(c), top)
			i++
		}
	}
	return r.done()
}

func (r *rtfReader) done() string {
	r.flush()
	return clean(r.out.String())
}

func (r *rtfReader) flush() {
	if len(r.raw) > 0 {
		r.out.WriteString(decodeCharset(r.raw, r.charset))
		r.raw = r.raw[:0]
	}
}

func (r *rtfReader) text(s string, g *rtfGroup) {
	if r.skip > 0 {
		r.skip--
		return
	}
	if g.hidden || r.html && g.htmlRTF {
		return
	}
	r.flush()
	r.out.WriteString(s)
}

// control reads the control at i, after its backslash, and returns the index behind it.
func (r *rtfReader) control(i int, g *rtfGroup) int {
	if i >= len(r.s) {
		return i
	}
	c := r.s[i]
	if c < 'a' || c > 'z' {
		switch c {
		case '\'':
			if i+2 < len(r.s) && unhex(r.s[i+1]) >= 0 && unhex(r.s[i+2]) >= 0 {
				if r.skip > 0 {
					r.skip--
				} else if !g.hidden && !(r.html && g.htmlRTF) {
					r.raw = append(r.raw, byte(unhex(r.s[i+1])<<4|unhex(r.s[i+2])))
				}
				return i + 3
			}
		case '\\', '{', '}':
			r.text(string(c), g)
		case '~':
			r.text(" ", g)
		case '*':
			g.hidden = !r.html || !strings.HasPrefix(r.s[i+1:], `\htmltag`)
		}
		return i + 1
	}
	end := i
	for end < len(r.s) && r.s[end] >= 'a' && r.s[end] <= 'z' {
		end++
	}
	word := r.s[i:end]
	number := end
	for end < len(r.s) && end < number+11 && (r.s[end] >= '0' && r.s[end] <= '9' || end == number && r.s[end] == '-') {
		end++
	}
	n, err := strconv.Atoi(r.s[number:end])
	if end < len(r.s) && r.s[end] == ' ' {
		end++
	}
	r.word(word, n, err == nil, g)
	return end
}

func (r *rtfReader) word(word string, n int, hasNumber bool, g *rtfGroup) {
	switch word {
	case "par", "line":
		r.text("\n", g)
	case "tab", "cell":
		r.text("\t", g)
	case "u":
		if hasNumber {
			r.text(string(rune(uint16(n))), g)
			r.skip = 1
		}
	case "ansicpg":
		r.charset = codePage(uint32(n))
	case "htmltag":
		g.hidden, g.htmlRTF = false, false
	case "htmlrtf":
		g.htmlRTF = !hasNumber || n != 0
	case "fonttbl", "colortbl", "stylesheet", "info", "pict", "header", "footer", "object", "themedata", "datastore":
		g.hidden = true
	case "bin":
		g.hidden = true
	case "lquote", "rquote":
		r.text("'", g)
	case "ldblquote", "rdblquote":
		r.text(`"`, g)
	case "endash", "emdash":
		r.text("–", g)
	case "bullet":
		r.text("•", g)
	}
}
