package mail

import (
	"net/url"
	"strings"

	"golang.org/x/net/idna"
)

// htmlMaxURL is the longest address that is kept, in bytes.
const htmlMaxURL = 8 << 10

// htmlMaxDataURL is the longest data: image that is kept, in bytes of base64.
const htmlMaxDataURL = 1 << 20

// splitScheme returns the scheme of an address in lower case and what follows the colon, after removing what browsers
// remove (URL Standard, 4.4): control characters and spaces around it, tabs and line breaks anywhere. An address
// without a scheme that starts with // counts as https. The scheme is "" when there is none that browsers would see.
func splitScheme(raw string) (scheme, rest string) {
	raw = strings.Map(func(r rune) rune {
		if r < 0x20 || r == 0x7F {
			return -1
		}
		return r
	}, raw)
	raw = strings.TrimSpace(raw)
	if strings.HasPrefix(raw, "//") || strings.HasPrefix(raw, `\\`) {
		return "https", raw
	}
	i := strings.IndexByte(raw, ':')
	if i <= 0 || !onlyIn(raw[:i], "+-.") {
		return "", raw
	}
	return strings.ToLower(raw[:i]), raw[i+1:]
}

// cleanLink returns the address of a link as it may be written, or "".
func cleanLink(raw string) string {
	if len(raw) > htmlMaxURL {
		return ""
	}
	switch scheme, rest := splitScheme(raw); scheme {
	case "http", "https":
		return cleanWeb(scheme, rest)
	case "mailto":
		return "mailto:" + percentEncode(rest)
	case "tel":
		rest = strings.ReplaceAll(rest, " ", "")
		if rest != "" && onlyIn(rest, "+-.();=*#") {
			return "tel:" + rest
		}
	}
	return ""
}

// cleanWeb writes an http or https address in one form: lower-case ASCII host, no user name, backslashes as slashes,
// everything that could end an attribute or a CSS string percent-encoded.
func cleanWeb(scheme, rest string) string {
	rest = strings.TrimLeft(rest, `/\`)
	end := urlHostEnd(rest)
	host, path := rest[:end], rest[end:]
	if i := strings.LastIndexByte(host, '@'); i >= 0 {
		host = host[i+1:]
	}
	host = cleanHost(host)
	if host == "" {
		return ""
	}
	cutAt := strings.IndexAny(path, "?#")
	if cutAt < 0 {
		cutAt = len(path)
	}
	path = strings.ReplaceAll(path[:cutAt], `\`, "/") + path[cutAt:]
	return scheme + "://" + host + percentEncode(path)
}

// urlHostEnd returns where the host of an address without scheme ends.
func urlHostEnd(rest string) int {
	if i := strings.IndexAny(rest, `/\?#`); i >= 0 {
		return i
	}
	return len(rest)
}

// cleanHost returns host and port in lower case and ASCII, or "" when a browser would refuse them.
func cleanHost(host string) string {
	name, port := host, ""
	if i := strings.LastIndexByte(host, ':'); i >= 0 && !strings.HasSuffix(host, "]") {
		name, port = host[:i], host[i+1:]
		if port != "" && (!allDigits(port) || len(port) > 5) {
			return ""
		}
	}
	if strings.HasPrefix(name, "[") {
		if !strings.HasSuffix(name, "]") || !onlyIn(name[1:len(name)-1], ":.") {
			return ""
		}
	} else if name = asciiHost(name); name == "" {
		return ""
	}
	if port != "" {
		return strings.ToLower(name) + ":" + port
	}
	return strings.ToLower(name)
}

// asciiHost returns the host name as it is looked up (IDNA), or "" when it cannot be one.
func asciiHost(name string) string {
	if onlyIn(name, "-_.") {
		name = strings.ToLower(strings.TrimSuffix(name, "."))
	} else {
		var err error
		if name, err = idna.Lookup.ToASCII(name); err != nil {
			return ""
		}
	}
	if name == "" || len(name) > 253 || strings.Contains(name, "..") || name[0] == '.' || !onlyIn(name, "-_.") {
		return ""
	}
	return name
}

// hostName cuts the port off.
func hostName(host string) string {
	if i := strings.LastIndexByte(host, ':'); i >= 0 && !strings.HasSuffix(host, "]") {
		return host[:i]
	}
	return host
}

// percentEncode encodes what must not stand in an address; percent signs stay as sent.
func percentEncode(v string) string {
	const hex = "0123456789ABCDEF"
	var b strings.Builder
	for i := 0; i < len(v); i++ {
		c := v[i]
		if c > 0x20 && c < 0x7F && strings.IndexByte("\"'<>\\^`{|}()", c) < 0 {
			b.WriteByte(c)
			continue
		}
		b.WriteByte('%')
		b.WriteByte(hex[c>>4])
		b.WriteByte(hex[c&15])
	}
	return b.String()
}

// image returns the address under which the reader loads an image, or "" when there is none. It counts and records
// remote images.
func (s *sanitiser) image(raw string) string {
	scheme, rest := splitScheme(raw)
	switch scheme {
	case "http", "https":
		return s.remoteImage(scheme, rest)
	case "cid":
		if s.opt.CID == nil {
			return ""
		}
		id, err := url.PathUnescape(rest)
		if err != nil {
			id = rest
		}
		return s.opt.CID(strings.Trim(id, "<> "))
	case "data":
		return cleanData(rest)
	}
	return ""
}

func (s *sanitiser) remoteImage(scheme, rest string) string {
	if len(rest) > htmlMaxURL {
		return ""
	}
	u := cleanWeb(scheme, rest)
	if u == "" {
		return ""
	}
	if !s.remote[u] {
		s.remote[u] = true
		s.out.RemoteImages = append(s.out.RemoteImages, u)
	}
	if s.opt.Image != nil {
		if p := s.opt.Image(u); p != "" {
			return p
		}
	}
	s.out.Blocked++
	return ""
}

// cleanData returns a data: image of a kind that holds no markup, or "".
func cleanData(rest string) string {
	head, data, ok := strings.Cut(rest, ",")
	if !ok || len(data) > htmlMaxDataURL {
		return ""
	}
	kind, isBase64 := strings.CutSuffix(strings.ToLower(strings.ReplaceAll(head, " ", "")), ";base64")
	switch kind {
	case "image/png", "image/jpeg", "image/jpg", "image/gif", "image/webp", "image/bmp", "image/avif", "image/x-icon":
	default:
		return ""
	}
	data = strings.ReplaceAll(data, " ", "")
	if !isBase64 || data == "" || !onlyIn(data, "+/=") {
		return ""
	}
	return "data:" + kind + ";base64," + data
}
