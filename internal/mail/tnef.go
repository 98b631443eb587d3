package mail

import (
	"encoding/binary"
	"strings"
	"unicode/utf16"
)

// Numbers of the TNEF format ([MS-OXTNEF]): attributes of the stream and MAPI properties inside of them.
const (
	tnefSignature = 0x223E9F78

	tnefBody           = 0x0002800C
	tnefMapiProps      = 0x00069003
	tnefAttachRendData = 0x00069002
	tnefAttachTitle    = 0x00018010
	tnefAttachData     = 0x0006800F
	tnefAttachment     = 0x00069005
	tnefCodePage       = 0x00069007

	mapiBody       = 0x1000
	mapiRTF        = 0x1009
	mapiHTML       = 0x1013
	mapiAttachData = 0x3701
	mapiAttachName = 0x3704
	mapiLongName   = 0x3707
	mapiMimeTag    = 0x370E
	mapiContentID  = 0x3712
)

// maxTNEFProps bounds the properties and the values read of one TNEF stream.
const maxTNEFProps = 10000

// isTNEF reports whether a part is Outlook's winmail.dat, by its first bytes.
func isTNEF(contentType, name string, data []byte) bool {
	if len(data) < 6 || binary.LittleEndian.Uint32(data) != tnefSignature {
		return false
	}
	return strings.Contains(contentType, "ms-tnef") || strings.EqualFold(name, "winmail.dat") || contentType == "application/octet-stream"
}

// A tnefFile is one attachment inside of a TNEF stream.
type tnefFile struct {
	name, longName, mimeTag, contentID string
	data                               []byte
}

// A tnefStream is what was read of winmail.dat.
type tnefStream struct {
	charset string
	body    string
	html    []byte
	rtf     []byte
	files   []tnefFile
	broken  bool
}

// tnef takes the attachments and, where the mail has no text of its own, the body out of a TNEF stream. It reports
// false when nothing was found: the file itself is then kept.
func (p *parser) tnef(data []byte) bool {
	s := readTNEF(data)
	if s.broken {
		p.warn("winmail.dat ends too early; what could be read of it was kept")
	}
	found := false
	for _, f := range s.files {
		name := f.longName
		if name == "" {
			name = f.name
		}
		if len(f.data) == 0 || len(p.m.Attachments) >= MaxParts {
			continue
		}
		contentType := strings.ToLower(f.mimeTag)
		if contentType == "" {
			contentType = "application/octet-stream"
		}
		if strings.HasSuffix(strings.ToLower(name), ".ics") {
			p.calendar(f.data, "", "")
		}
		p.add(fileName(clean(name)), contentType, f.data, clean(f.contentID), f.contentID != "")
		found = true
	}
	p.tnefHTML, p.tnefText = decodeCharset(s.html, s.charset), clean(s.body)
	if p.tnefHTML == "" && p.tnefText == "" && len(s.rtf) > 0 {
		p.tnefHTML, p.tnefText = rtfBody(decompressRTF(s.rtf))
	}
	return found || p.tnefHTML != "" || p.tnefText != ""
}

// readTNEF reads the attributes of a stream; it stops at the first that does not fit.
func readTNEF(data []byte) tnefStream {
	s := tnefStream{charset: "windows-1252"}
	data = data[6:]
	for n := 0; len(data) >= 9 && n < maxTNEFProps; n++ {
		id, size := binary.LittleEndian.Uint32(data[1:]), binary.LittleEndian.Uint32(data[5:])
		data = data[9:]
		if uint64(size) > uint64(len(data)) {
			s.broken = true
			return s
		}
		s.attribute(id, data[:size])
		data = data[min(int(size)+2, len(data)):] // the checksum
	}
	return s
}

func (s *tnefStream) attribute(id uint32, v []byte) {
	switch id {
	case tnefCodePage:
		if len(v) >= 4 {
			s.charset = codePage(binary.LittleEndian.Uint32(v))
		}
	case tnefBody:
		s.body = decodeCharset(trimNUL(v), s.charset)
	case tnefMapiProps:
		s.eachProp(v, func(id uint16, v []byte, unicode bool) {
			switch id {
			case mapiBody:
				s.body = s.str(v, unicode)
			case mapiHTML:
				s.html = v
			case mapiRTF:
				s.rtf = v
			}
		})
	case tnefAttachRendData:
		if len(s.files) < MaxParts {
			s.files = append(s.files, tnefFile{})
		}
	case tnefAttachTitle, tnefAttachData, tnefAttachment:
		if n := len(s.files); n > 0 {
			s.file(&s.files[n-1], id, v)
		}
	}
}

func (s *tnefStream) file(f *tnefFile, id uint32, v []byte) {
	switch id {
	case tnefAttachTitle:
		f.name = decodeCharset(trimNUL(v), s.charset)
	case tnefAttachData:
		f.data = v
	case tnefAttachment:
		s.eachProp(v, func(id uint16, v []byte, unicode bool) {
			switch id {
			case mapiLongName:
				f.longName = s.str(v, unicode)
			case mapiAttachName:
				if f.name == "" {
					f.name = s.str(v, unicode)
				}
			case mapiMimeTag:
				f.mimeTag = s.str(v, unicode)
			case mapiContentID:
				f.contentID = strings.Trim(s.str(v, unicode), "<> ")
			case mapiAttachData:
				if f.data == nil {
					f.data = v
				}
			}
		})
	}
}

func (s *tnefStream) str(v []byte, unicode bool) string {
	if !unicode {
		return decodeCharset(trimNUL(v), s.charset)
	}
	units := make([]uint16, 0, len(v)/2)
	for i := 0; i+1 < len(v); i += 2 {
		units = append(units, binary.LittleEndian.Uint16(v[i:]))
	}
	return clean(strings.TrimRight(string(utf16.Decode(units)), "\x00"))
}

// eachProp reads a list of MAPI properties and gives the strings and binaries to fn.
func (s *tnefStream) eachProp(v []byte, fn func(id uint16, v []byte, unicode bool)) {
	r := tnefReader{b: v}
	count := r.u32()
	for i := uint32(0); i < count && i < maxTNEFProps && !r.bad; i++ {
		kind, id := r.u16(), r.u16()
		if id >= 0x8000 {
			r.namedProp()
		}
		multi := kind&0x1000 != 0
		kind &^= 0x1000
		values := uint32(1)
		if multi || kind == 0x1E || kind == 0x1F || kind == 0x0D || kind == 0x102 {
			values = r.u32()
		}
		for j := uint32(0); j < values && j < maxTNEFProps && !r.bad; j++ {
			switch kind {
			case 0x02, 0x0B, 0x03, 0x04, 0x0A: // 16 bits padded, 32 bits
				r.take(4)
			case 0x05, 0x06, 0x07, 0x14, 0x40:
				r.take(8)
			case 0x48:
				r.take(16)
			case 0x1E, 0x1F, 0x0D, 0x102:
				val := r.take(r.u32())
				r.pad()
				if !r.bad && j == 0 {
					fn(id, val, kind == 0x1F)
				}
			default:
				return
			}
		}
	}
	s.broken = s.broken || r.bad
}

// A tnefReader reads little-endian numbers; after the end of its bytes it is bad and gives nothing.
type tnefReader struct {
	b   []byte
	at  int
	bad bool
}

func (r *tnefReader) take(n uint32) []byte {
	if r.bad || uint64(n) > uint64(len(r.b)-r.at) {
		r.bad = true
		return nil
	}
	v := r.b[r.at : r.at+int(n)]
	r.at += int(n)
	return v
}

func (r *tnefReader) u32() uint32 {
	if v := r.take(4); v != nil {
		return binary.LittleEndian.Uint32(v)
	}
	return 0
}

func (r *tnefReader) u16() uint16 {
	if v := r.take(2); v != nil {
		return binary.LittleEndian.Uint16(v)
	}
	return 0
}

// pad skips to the next multiple of four.
func (r *tnefReader) pad() {
	if over := r.at % 4; over != 0 {
		r.at = min(len(r.b), r.at+4-over)
	}
}

// namedProp skips the name of a named property.
func (r *tnefReader) namedProp() {
	r.take(16)
	if r.u32() == 0 {
		r.take(4)
		return
	}
	r.take(r.u32())
	r.pad()
}

func trimNUL(v []byte) []byte {
	for len(v) > 0 && v[len(v)-1] == 0 {
		v = v[:len(v)-1]
	}
	return v
}

// codePage names the charset of a Windows code page.
func codePage(n uint32) string {
	switch {
	case n == 65001:
		return "utf-8"
	case n >= 1250 && n <= 1258:
		return "windows-125" + string(rune('0'+n-1250))
	case n == 932:
		return "shift_jis"
	case n == 936:
		return "gb18030"
	case n == 949:
		return "euc-kr"
	case n == 950:
		return "big5"
	}
	return "windows-1252"
}
