package llm

import (
	"math/big"
	"regexp"
	"strings"
	"unicode"
)

// A pattern is one kind of thing that stays here. keep, when it is set, tells whether a match is no such thing after all.
type pattern struct {
	name string
	re   *regexp.Regexp
	as   string
	keep func(match string) bool
}

// codeWords stand beside one-time codes, in the languages of job mail.
const codeWords = `(?:code|codes|otp|pin|passcode|password|verification|2fa|tan|token|einmalcode|bestätigungscode|sicherheitscode|kennwort|passwort|` +
	`mot de passe|código|clave|contraseña|codice|wachtwoord|toegangscode|senha|kod|код)`

// patterns in their order: what one has taken out, the next does not see.
var patterns = []pattern{
	{"link", regexp.MustCompile(`(?i)\b(https?://[^\s/?#<>"'@]+)[/?#][^\s<>"']+`), "$1/…", nil},
	{"address", regexp.MustCompile(`[\p{L}\p{N}._%+'-]+@([\p{L}\p{N}-]+(?:\.[\p{L}\p{N}-]+)+)`), "[address]", nil},
	{"iban", regexp.MustCompile(`\b[A-Z]{2}\d{2}(?:[ ]?[A-Z0-9]{4}){2,7}(?:[ ]?[A-Z0-9]{1,3})?\b`), "[iban]", notIBAN},
	{"card", regexp.MustCompile(`\b\d(?:[ -]?\d){12,18}\b`), "[card]", notCard},
	{"code", regexp.MustCompile(`(?i)(\b` + codeWords + `[^\d\n]{0,40}?)\b(?:[A-Z]{1,3}-)?(?:\d{4,8}|\d{3}[ -]\d{3})\b`), "$1[code]", nil},
	{"code", regexp.MustCompile(`(?i)\b(?:[A-Z]{1,3}-)?(?:\d{4,8}|\d{3}[ -]\d{3})(\b[^\d\n.]{0,30}?\b` + codeWords + `\b)`), "[code]$1", nil},
	{"phone", regexp.MustCompile(`\+\d[\d ().\x{A0}/-]{6,20}\d`), "[phone]", nil},
	{"phone", regexp.MustCompile(`(?:\(\d{3}\) ?|\b\d{3}[ .-])\d{3}[ .-]\d{4}\b`), "[phone]", nil},
	{"phone", regexp.MustCompile(`\b0\d{1,4}[ /-]\d[\d /-]{4,12}\d\b`), "[phone]", nil},
	{"number", regexp.MustCompile(`\d{7,}`), "[number]", nil},
}

// Redact takes out of a text what a model needs not know: addresses but for the domain own, phone numbers, cards and
// accounts, one-time codes, what follows the host in links, and long numbers. It returns how often it took out what.
// Names of people stay.
func Redact(text, own string) (string, map[string]int) {
	counts := map[string]int{}
	for _, p := range patterns {
		text = p.re.ReplaceAllStringFunc(text, func(match string) string {
			if p.keep != nil && p.keep(match) {
				return match
			}
			counts[p.name]++
			if _, domain, ok := strings.Cut(match, "@"); p.name == "address" && ok && own != "" && strings.EqualFold(strings.TrimRight(domain, "."), own) {
				return "[address at " + own + "]"
			}
			return p.re.ReplaceAllString(match, p.as)
		})
	}
	return text, counts
}

// notCard is the check of Luhn (ISO/IEC 7812-1).
func notCard(match string) bool {
	sum, double := 0, false
	for i := len(match) - 1; i >= 0; i-- {
		if match[i] < '0' || match[i] > '9' {
			continue
		}
		d := int(match[i] - '0')
		if double {
			d *= 2
			if d > 9 {
				d -= 9
			}
		}
		sum, double = sum+d, !double
	}
	return sum%10 != 0
}

// notIBAN is the check of ISO 13616: moved to the end, country and check digits leave 1 modulo 97.
func notIBAN(match string) bool {
	s := strings.ReplaceAll(match, " ", "")
	var digits strings.Builder
	for _, r := range s[4:] + s[:4] {
		if r >= 'A' {
			digits.WriteByte('1' + byte((r-'A')/10))
			digits.WriteByte('0' + byte((r-'A')%10))
			continue
		}
		digits.WriteRune(r)
	}
	n, ok := new(big.Int).SetString(digits.String(), 10)
	return !ok || new(big.Int).Mod(n, big.NewInt(97)).Int64() != 1
}

// Plain drops characters that a reader does not see but a model does: controls, zero-width and direction marks, tags.
func Plain(text string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\n' || r == '\t':
			return r
		case unicode.Is(unicode.Cc, r), unicode.Is(unicode.Cf, r), unicode.Is(unicode.Co, r), unicode.Is(unicode.Variation_Selector, r):
			return -1
		}
		return r
	}, text)
}
