package mail

import (
	"bytes"
	"encoding/base64"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/htmlindex"
	"golang.org/x/text/encoding/ianaindex"
	"golang.org/x/text/encoding/japanese"
	"golang.org/x/text/encoding/simplifiedchinese"
	"golang.org/x/text/encoding/unicode"
)

// decodeCharset turns b into valid UTF-8 without NUL. An unknown or wrong charset is guessed.
func decodeCharset(b []byte, charset string) string {
	s, _ := decodeText(b, charset)
	return s
}

// decodeText is decodeCharset that also reports whether the declared charset was believed.
func decodeText(b []byte, charset string) (s string, believed bool) {
	name := normalCharset(charset)
	if isASCII(b) && !escapesASCII(name) {
		return dropNUL(string(b)), true
	}
	if name == "utf-7" {
		return clean(decodeUTF7(b)), true
	}
	if isUTF8Like(name) || singleByte(name) {
		if utf8.Valid(b) {
			return dropNUL(string(b)), isUTF8Like(name)
		}
	}
	if name == "utf-8" {
		return decodeBrokenUTF8(b)
	}
	if enc := lookupEncoding(name); enc != nil {
		if out, err := enc.NewDecoder().Bytes(b); err == nil && !mostlyBroken(out) {
			return clean(string(out)), true
		}
	}
	return clean(guessDecode(b)), false
}

// decodeBrokenUTF8 keeps text that is UTF-8 but for a few bytes, and guesses the charset of anything else.
func decodeBrokenUTF8(b []byte) (string, bool) {
	bad, good := 0, 0
	for p := b[:min(len(b), sniffBytes)]; len(p) > 0; {
		r, n := utf8.DecodeRune(p)
		if r == utf8.RuneError && n == 1 {
			bad++
		} else if n > 1 {
			good++
		}
		p = p[n:]
	}
	if good >= bad {
		return clean(string(b)), true
	}
	return clean(guessDecode(b)), false
}

// decodeRaw reads an 8-bit header value.
func decodeRaw(s, hint string) string {
	ascii := true
	for i := 0; i < len(s); i++ {
		if s[i] >= 0x80 || s[i] == 0 || s[i] == 0x1b {
			ascii = false
			break
		}
	}
	if ascii {
		return s
	}
	if strings.Contains(s, "\x1b") {
		return decodeCharset([]byte(s), "iso-2022-jp")
	}
	if utf8.ValidString(s) {
		return dropNUL(s)
	}
	return decodeCharset([]byte(s), hint)
}

func validUTF8(b []byte) bool { return utf8.Valid(b) }

func isASCII(b []byte) bool {
	for _, c := range b {
		if c >= 0x80 {
			return false
		}
	}
	return true
}

// escapesASCII reports whether the charset writes other characters with ASCII bytes.
func escapesASCII(name string) bool {
	return strings.HasPrefix(name, "iso-2022-") || name == "utf-7" || name == "hz-gb-2312" || strings.HasPrefix(name, "utf-16") || strings.HasPrefix(name, "utf-32")
}

func isUTF8Like(name string) bool {
	return name == "" || name == "utf-8" || name == "us-ascii" || name == "unknown-8bit" || name == "x-unknown" || name == "default"
}

func singleByte(name string) bool {
	return strings.HasPrefix(name, "iso-8859") || strings.HasPrefix(name, "windows-125") || strings.HasPrefix(name, "koi8")
}

// normalCharset maps the spellings seen in mail to one that the index of x/text knows.
func normalCharset(s string) string {
	s = strings.ToLower(strings.Trim(s, " \t\"'"))
	s = strings.TrimPrefix(strings.TrimPrefix(s, "charset="), "x-mac-")
	switch s {
	case "utf8", "utf-8n", "utf_8", "unicode-1-1-utf-8", "utf8mb4":
		return "utf-8"
	case "ascii", "us-ascii", "ansi_x3.4-1968", "iso646-us", "7bit", "8bit", "ansi", "text":
		return "us-ascii"
	case "latin1", "latin-1", "iso8859-1", "iso_8859-1", "iso-8859-1-windows-3.1-latin-1", "8859_1", "iso88591":
		return "iso-8859-1"
	case "unicode-1-1-utf-7", "utf7", "unicode-2-0-utf-7", "x-unicode-2-0-utf-7":
		return "utf-7"
	case "gb2312", "gbk", "gb_2312-80", "x-gbk", "cp936", "ms936", "chinesesimplified", "gb18030", "euc-cn":
		return "gb18030"
	case "ks_c_5601-1987", "ks_c_5601", "ksc5601", "cp949", "ms949", "windows-949", "x-windows-949", "korean", "euc_kr", "5601":
		return "euc-kr"
	case "sjis", "x-sjis", "shift-jis", "shift_jis", "cp932", "ms932", "windows-31j", "ms_kanji":
		return "shift_jis"
	case "big5-hkscs", "cp950", "x-big5", "big-5":
		return "big5"
	case "cp1252", "windows1252", "win-1252", "x-cp1252", "x-ansi", "windows-1252http-equivcontent-type":
		return "windows-1252"
	case "tis-620", "tis620", "iso-8859-11":
		return "windows-874"
	case "iso-8859-8-i", "iso-8859-8-e":
		return "iso-8859-8"
	}
	if rest, ok := strings.CutPrefix(s, "cp125"); ok && len(rest) == 1 {
		return "windows-125" + rest
	}
	if rest, ok := strings.CutPrefix(s, "win-125"); ok && len(rest) == 1 {
		return "windows-125" + rest
	}
	if rest, ok := strings.CutPrefix(s, "iso8859-"); ok {
		return "iso-8859-" + rest
	}
	return s
}

func lookupEncoding(name string) encoding.Encoding {
	switch name {
	case "", "us-ascii", "unknown-8bit", "x-unknown", "default":
		return nil
	case "gb18030":
		return simplifiedchinese.GB18030
	case "hz-gb-2312":
		return simplifiedchinese.HZGB2312
	case "iso-8859-1":
		return charmap.Windows1252
	case "iso-2022-jp", "iso-2022-jp-2", "iso-2022-jp-ms", "cp50220", "cp50221":
		return japanese.ISO2022JP
	case "utf-16":
		return unicode.UTF16(unicode.BigEndian, unicode.UseBOM)
	case "cp437", "ibm437":
		return charmap.CodePage437
	case "cp850", "ibm850":
		return charmap.CodePage850
	}
	if enc, err := htmlindex.Get(name); err == nil {
		return enc
	}
	if enc, err := ianaindex.MIME.Encoding(name); err == nil {
		return enc
	}
	return nil
}

// mostlyBroken reports whether more than a fifth of the characters beyond ASCII could not be decoded.
func mostlyBroken(out []byte) bool {
	if !bytes.Contains(out, []byte("\uFFFD")) {
		return false
	}
	bad, all := 0, 0
	for _, r := range string(out[:min(len(out), sniffBytes)]) {
		if r >= 0x80 {
			all++
			if r == utf8.RuneError {
				bad++
			}
		}
	}
	return bad*5 > all
}

// clean returns s as valid UTF-8 without NUL.
func clean(s string) string { return dropNUL(strings.ToValidUTF8(s, "\uFFFD")) }

func dropNUL(s string) string {
	if strings.IndexByte(s, 0) < 0 {
		return s
	}
	return strings.ReplaceAll(s, "\x00", "")
}

// decodeUTF7 decodes RFC 2152; what is not UTF-7 stays as it is.
func decodeUTF7(b []byte) string {
	var out strings.Builder
	for i := 0; i < len(b); i++ {
		if b[i] != '+' {
			out.WriteByte(b[i])
			continue
		}
		end := i + 1
		for end < len(b) && b[end] != '-' && b[end] != '_' && base64Value(b[end]) >= 0 {
			end++
		}
		run := b[i+1 : end]
		if len(run) == 0 {
			out.WriteByte('+')
		} else {
			out.WriteString(utf16Run(run))
		}
		i = end - 1
		if end < len(b) && b[end] == '-' {
			i = end
		}
	}
	return out.String()
}

func utf16Run(run []byte) string {
	raw := make([]byte, base64.RawStdEncoding.DecodedLen(len(run)))
	n, _ := base64.RawStdEncoding.Decode(raw, run)
	units := make([]uint16, 0, n/2)
	for i := 0; i+1 < n; i += 2 {
		units = append(units, uint16(raw[i])<<8|uint16(raw[i+1]))
	}
	return string(utf16.Decode(units))
}
