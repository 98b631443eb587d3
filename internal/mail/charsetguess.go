package mail

import (
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/japanese"
	"golang.org/x/text/encoding/korean"
	"golang.org/x/text/encoding/simplifiedchinese"
	"golang.org/x/text/encoding/traditionalchinese"
)

// guessDecode decodes text of an unknown charset. Each candidate is tried on the first bytes and scored by how much
// of what it gives is common in its script; a tie goes to the earlier one, and nothing convincing to windows-1252.
func guessDecode(b []byte) string {
	if utf8.Valid(b) {
		return string(b)
	}
	sample := b[:min(len(b), sniffBytes)]
	candidates := []struct {
		enc    encoding.Encoding
		common func(rune) bool
	}{
		{charmap.Windows1252, isLatin},
		{charmap.Windows1251, isCyrillic},
		{charmap.KOI8R, isCyrillic},
		{simplifiedchinese.GB18030, isHan},
		{korean.EUCKR, isHangul},
		{japanese.ShiftJIS, isKana},
		{japanese.EUCJP, isKana},
		{traditionalchinese.Big5, isHan},
	}
	best, bestScore := encoding.Encoding(charmap.Windows1252), 0.0
	for _, c := range candidates {
		out, err := c.enc.NewDecoder().Bytes(sample)
		if err != nil {
			continue
		}
		if score := scoreText(string(out), c.common); score > bestScore+1e-9 {
			best, bestScore = c.enc, score
		}
	}
	out, err := best.NewDecoder().Bytes(b)
	if err != nil {
		return string(b)
	}
	return string(out)
}

// scoreText is the share of the characters beyond ASCII that are common, less what could not be decoded. Case that
// changes within a word (the mark of the wrong Cyrillic charset) and letters alone among ASCII letters count.
func scoreText(s string, common func(rune) bool) float64 {
	good, bad, all := 0.0, 0.0, 0.0
	var before, last rune
	for _, r := range s {
		if r >= 0x80 {
			all++
			last = r
			switch {
			case r == utf8.RuneError || r >= 0x80 && r < 0xA0 || unicode.Is(unicode.Co, r):
				bad += 3
			case common(r):
				good++
				if unicode.IsUpper(r) && unicode.IsLower(before) {
					bad += 0.6
				}
				if !isLatin(r) && before < 0x80 && unicode.IsLetter(before) {
					bad += 0.5
				}
				if isLatin(r) && before >= 0x80 {
					bad += 0.7
				}
			}
		}
		before = r
	}
	if all == 0 {
		return 0
	}
	if all < 2 && (isKana(last) || isHangul(last)) { // one character proves nothing
		bad += 0.4
	}
	return (good - bad) / all
}

func isLatin(r rune) bool {
	return r >= 0xC0 && r <= 0x17F && r != 0xD7 && r != 0xF7 || r == 'ª' || r == 'º' || r >= 0x2010 && r <= 0x203A || r == '€' || r == '©' || r == '®' || r == '·' || r == '°' || r == '£' || r == '§' || r == '«' || r == '»' || r == 0xA0 || r == '™' || r == '¿' || r == '¡'
}

func isCyrillic(r rune) bool {
	return r >= 0x410 && r <= 0x44F || r == 0x401 || r == 0x451 || r == 0xA0
}

func isHan(r rune) bool {
	return r >= 0x4E00 && r <= 0x9FA5 || r >= 0x3000 && r <= 0x3011 || r >= 0xFF01 && r <= 0xFF1F
}

func isHangul(r rune) bool { return r >= 0xAC00 && r <= 0xD7A3 }

func isKana(r rune) bool {
	return r >= 0x3041 && r <= 0x30FE || r >= 0x4E00 && r <= 0x9FA5 || r >= 0x3000 && r <= 0x3011
}
