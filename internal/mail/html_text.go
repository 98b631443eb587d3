package mail

import (
	"bytes"
	"regexp"
	"strings"

	"golang.org/x/net/publicsuffix"
)

// text writes one text.
func (s *sanitiser) text(t []byte) {
	blank := len(bytes.Trim(t, " \t\r\n\f\x00")) == 0
	if blank && len(s.buf) == 0 {
		return // between the elements of <head>
	}
	if n := len(s.stack); n > 0 && s.stack[n-1].el.structure() {
		if blank {
			return
		}
		s.impliedCell()
	}
	text := string(t)
	mark := len(s.buf)
	s.buf = appendEscaped(s.buf, text)
	if w := s.buf[mark:]; mark == s.pre && bytes.HasPrefix(w, []byte("\n")) && !bytes.HasPrefix(w, []byte("\n\n")) {
		s.buf = append(s.buf[:mark], w[1:]...) // parsers drop one line break after <pre>
	}
	s.linkText(text)
}

// linkText adds to the visible text of the open link.
func (s *sanitiser) linkText(t string) {
	if s.link < 0 {
		return
	}
	if m := &s.links[s.link]; len(m.text) < 600 {
		m.text = append(m.text, cut(t, 600)...)
	}
}

// link returns what the reader is told about a link.
func (m linkMark) link() Link {
	l := Link{URL: m.url, Text: cut(strings.Join(strings.Fields(string(m.text)), " "), 300)}
	rest, web := strings.CutPrefix(m.url, "https://")
	if !web {
		rest, web = strings.CutPrefix(m.url, "http://")
	}
	if !web {
		return l
	}
	l.Host = hostName(rest[:urlHostEnd(rest)])
	l.Shown = shownHost(l.Text)
	if l.Shown == "" || sameSite(l.Shown, l.Host) {
		l.Shown = ""
	}
	return l
}

// reShownHost finds a host in text that looks like an address and nothing else.
var reShownHost = regexp.MustCompile(
	`(?i)^\W{0,3}(https?:/{1,3}|www\.)?(?:[^\s/@]{1,80}@)?((?:[\pL\pN](?:[\pL\pN-]{0,62})\.){1,8}[\pL][\pL\pN-]{1,62})\.?(?::\d{1,5})?(?:[/?#]\S*)?\W{0,3}$`)

// shownHost returns the host that a link text names, lower case, IDN as punycode, or "". Characters that cannot be
// seen are ignored.
func shownHost(text string) string {
	text = strings.Map(func(r rune) rune {
		if r == 0xAD || r >= 0x200B && r <= 0x200F || r >= 0x202A && r <= 0x202E || r >= 0x2060 && r <= 0x2069 || r == 0xFEFF {
			return -1
		}
		return r
	}, text)
	m := reShownHost.FindStringSubmatch(text)
	if m == nil {
		return ""
	}
	host := asciiHost(m[2])
	if strings.EqualFold(m[1], "www.") {
		host = "www." + host
	}
	suffix, icann := publicsuffix.PublicSuffix(host)
	if suffix == host || m[1] == "" && !icann && suffix != "example" && !strings.Contains(suffix, ".") {
		return "" // "report.final" and "v2.0" are no hosts
	}
	return host
}

// sameSite reports whether two hosts belong to one registrable domain.
func sameSite(a, b string) bool {
	if a == b {
		return true
	}
	x, err := publicsuffix.EffectiveTLDPlusOne(a)
	if err != nil {
		return false
	}
	y, err := publicsuffix.EffectiveTLDPlusOne(b)
	return err == nil && x == y
}
