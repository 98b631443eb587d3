package triage

import (
	"math"
	"strings"
	"unicode"
)

func (v *view) subjectShape(w *signalWriter) {
	upper, lower, digits, emoji, spaces := 0, 0, 0, false, strings.Contains(v.subject, "    ")
	for _, r := range v.subject {
		switch {
		case unicode.IsUpper(r):
			upper++
		case unicode.IsLower(r):
			lower++
		case r >= '0' && r <= '9':
			digits++
		case r >= 0x2600 && r != unicode.ReplacementChar && !unicode.IsLetter(r) && (r >= 0x1F000 || r <= 0x2BFF):
			emoji = true
		}
	}
	w.flag(strings.TrimSpace(v.subject) == "")
	w.flag(upper > 6 && upper > lower*2)
	w.flag(strings.Contains(v.subject, "!"))
	w.flag(strings.HasSuffix(strings.TrimSpace(v.subject), "?"))
	w.flag(digits >= 5)
	w.flag(emoji)
	w.flag(strings.ContainsAny(v.subject, "$€£%"))
	w.flag(spaces)
	w.flag(len(v.subject) > 80)
}

func (v *view) senderShape(w *signalWriter) {
	w.flag(v.readerNamed())
	w.flag(len(v.m.To) == 0)
	w.flag(v.host == "" && v.local == "")
	w.flag(v.m.Date.IsZero())
	w.flag(v.host != "" && invalidHost(v.host))
	w.flag(strings.Count(v.host, ".") >= 3)
	w.flag(v.name == "")
	w.flag(oddName(v.name))
	w.flag(personName(v.name))
	w.flag(strings.Contains(v.name, "@"))
	label, _, _ := strings.Cut(v.org, ".")
	w.flag(len(label) > 3 && !invalidHost(v.host) && strings.IndexByte(v.name, '@') < 0 && strings.Contains(strings.ReplaceAll(foldText(v.name), " ", ""), label))
	w.flag(v.foreignLinks())
	w.flag(len(v.html.anchors) > 0 && !v.foreignLinks())
}

// readerNamed reports whether subject or display name address the reader by the mail address or its local part, as
// mass mailings from stolen lists do.
func (v *view) readerNamed() bool {
	for _, a := range v.m.To {
		local, host := splitAddress(a.Address)
		if len(local) < 3 || host == "" {
			continue
		}
		s := strings.ToLower(v.subject + " " + v.name)
		if strings.Contains(s, local+"@"+host) && local+"@"+host != v.local+"@"+v.host {
			return true
		}
	}
	return false
}

// invalidHost reports whether a host cannot be a public mail domain.
func invalidHost(h string) bool {
	if strings.IndexByte(h, '.') < 0 {
		return true
	}
	for i := 0; i < len(h); i++ {
		if c := h[i]; !isWordByte(c) && c != '.' && c != '-' && c != '_' {
			return true
		}
	}
	return false
}

// oddName reports whether a display name has marks that people and companies do not use.
func oddName(n string) bool {
	odd := 0
	for _, r := range n {
		if r > 0x2000 && !unicode.IsLetter(r) && r != '’' && r != '–' && r != '—' && r != '™' && r != '®' || r >= 0x300 && r < 0x370 ||
			r == '!' || r == '*' || r == '$' || r == '_' || r == '#' {
			odd++
		}
	}
	return odd >= 2 || strings.HasSuffix(strings.TrimSpace(n), ",") || strings.Contains(n, "   ")
}

func (v *view) textShape(w *signalWriter) {
	n := min(len(v.text), 4000)
	upper, letters, exclaim, money, high := 0, 0, 0, 0, 0
	for i := 0; i < n; i++ {
		switch c := v.text[i]; {
		case c >= 'A' && c <= 'Z':
			upper++
			letters++
		case c >= 'a' && c <= 'z':
			letters++
		case c == '!':
			exclaim++
		case c == '$':
			money++
		case c >= 0x80:
			high++
		}
	}
	w.put(math.Min(1, float64(upper)/float64(letters+1)*3))
	w.put(math.Min(1, float64(exclaim)/5))
	w.put(math.Min(1, float64(money)/4))
	w.put(float64(letters) / float64(letters+high+1))
	w.put(v.oddWords())
	w.flag(strings.HasSuffix(strings.TrimSpace(v.text), "?"))
	w.flag(len(v.m.From) == 0 && v.m.MessageID == "" && v.m.Date.IsZero())
	w.flag(v.html.hidden > 0)
	w.flag(len(v.html.anchors) > 2 && v.tracked(v.html.anchors[0].org))
	label, _, _ := strings.Cut(v.org, ".")
	w.flag(len(label) > 3 && indexFold(v.text[:n], label) >= 0)
	w.flag(strings.HasPrefix(strings.TrimPrefix(v.subject, "Re: "), "["))
	bad := false
	for i := range v.html.anchors {
		bad = bad || v.html.anchors[i].host != "" && strings.IndexByte(v.html.anchors[i].host, '.') < 0
	}
	w.flag(bad)
	plain := 0
	for i := range v.toks {
		if v.toks[i].kind == link {
			plain++
		}
	}
	w.put(math.Min(1, float64(plain)/5))
	a := v.m.Auth
	w.flag(a.SPF == "none" && a.DKIM == "none" && a.DMARC != "pass")
}

// oddWords is the share of words that mix letters with digits or capitals inside, as in "ZusteIIung" or "C1alis".
func (v *view) oddWords() float64 {
	n, odd := 0, 0
	for i := 0; i < len(v.toks) && i < 300; i++ {
		if v.toks[i].kind != word {
			continue
		}
		n++
		s := v.text[v.toks[i].start:v.toks[i].end]
		for k := 1; k < len(s); k++ {
			a, b := s[k-1], s[k]
			if a >= 'a' && a <= 'z' && (b >= 'A' && b <= 'Z' || b >= '0' && b <= '9') || a >= '0' && a <= '9' && b >= 'a' && b <= 'z' && k > 2 {
				odd++
				break
			}
		}
	}
	return math.Min(1, 4*float64(odd)/float64(n+1))
}
