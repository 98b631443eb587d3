package triage

import (
	"strconv"
	"strings"
	"sync"
)

// currencySigns are the signs that stand at an amount, longest first.
var currencySigns = [...]struct{ sign, code string }{
	{"US$", "USD"}, {"CA$", "CAD"}, {"AU$", "AUD"}, {"C$", "CAD"}, {"A$", "AUD"}, {"R$", "BRL"}, {"S$", "SGD"}, {"NZ$", "NZD"},
	{"HK$", "HKD"}, {"€", "EUR"}, {"£", "GBP"}, {"$", "USD"}, {"₹", "INR"}, {"¥", "JPY"}, {"₩", "KRW"}, {"zł", "PLN"},
}

// currencyWords maps folded words to ISO 4217 codes.
var currencyWords = sync.OnceValue(func() map[string]string {
	m := map[string]string{}
	for code, words := range map[string]string{"USD": "usd dollar dollars", "EUR": "eur euro euros", "GBP": "gbp pound pounds quid",
		"CHF": "chf franken sfr", "CAD": "cad", "AUD": "aud", "INR": "inr rupees rs", "BRL": "brl reais", "SEK": "sek", "NOK": "nok",
		"DKK": "dkk", "PLN": "pln zloty", "JPY": "jpy yen", "SGD": "sgd", "MXN": "mxn", "ARS": "ars", "CLP": "clp", "COP": "cop",
		"NZD": "nzd", "ZAR": "zar", "AED": "aed", "HKD": "hkd", "CNY": "cny rmb yuan", "CZK": "czk", "HUF": "huf"} {
		for _, w := range strings.Fields(words) {
			m[w] = code
		}
	}
	return m
})

// amountFacts finds sums of money: "$85,000", "85.000 €", "EUR 1 200,50", "£45k". The value is "CODE number".
func (v *view) amountFacts(l *factList) {
	n := 0
	for i := 0; i < len(v.toks) && i < maxFactTokens && n < 6; i++ {
		t := v.toks[i]
		raw := v.text[t.start:t.end]
		if raw[0] < '0' || raw[0] > '9' {
			continue
		}
		raw, last := v.spaced(i)
		code, from, to := v.currencyAround(i, last)
		if at := int(v.toks[i].start); code == "" && strings.HasSuffix(v.host, ".za") && strings.HasSuffix(strings.TrimRight(v.text[max(0, at-2):at], " "), "R") {
			code, from, to = "ZAR", at-1-strings.Count(v.text[at-1:at], " "), int(v.toks[last].end)
		}
		if code == "" {
			i = last
			continue
		}
		value, ok := parseAmount(raw)
		i = last
		if !ok {
			continue
		}
		if value < 1000 && v.rangeInThousands(last) {
			value *= 1000
		}
		n++
		l.add("amount", code+" "+strconv.FormatFloat(value, 'f', -1, 64), from, to)
	}
}

// spaced reads a number whose thousands stand apart, "3 900" and "1 200,50", and returns its digits and its last token.
func (v *view) spaced(i int) (raw string, last int) {
	raw = v.word(i)
	for last = i; last+1 < len(v.toks) && strings.IndexFunc(raw, func(r rune) bool { return r < '0' || r > '9' }) < 0; last++ {
		next := v.word(last + 1)
		gap := v.text[v.toks[last].end:v.toks[last+1].start]
		if gap != " " && gap != "\u00a0" && gap != "\u202f" || last == i && len(raw) > 3 || len(next) < 3 ||
			strings.IndexFunc(next[:3], func(r rune) bool { return r < '0' || r > '9' }) >= 0 || len(next) > 3 && next[3] != ',' && next[3] != '.' {
			break
		}
		raw += next
	}
	return raw, last
}

// rangeInThousands reports whether a number is the lower end of a range that is counted in thousands: "£95-115k".
func (v *view) rangeInThousands(i int) bool {
	if i+1 >= len(v.toks) {
		return false
	}
	gap, next := strings.TrimSpace(v.text[v.toks[i].end:v.toks[i+1].start]), v.word(i+1)
	return (gap == "-" || gap == "–") && next[len(next)-1]|0x20 == 'k' && next[0] >= '1' && next[0] <= '9'
}

// currency looks for a currency beside the number at token i.
func (v *view) currency(i int) (code string, from, to int) { return v.currencyAround(i, i) }

// currencyAround looks for a currency before the number at token i or behind its last token, and returns its code and
// the range of both.
func (v *view) currencyAround(i, last int) (code string, from, to int) {
	from, to = int(v.toks[i].start), int(v.toks[last].end)
	before := strings.TrimRight(v.text[max(0, from-5):from], " \u00a0")
	for _, c := range currencySigns {
		if strings.HasSuffix(before, c.sign) {
			return c.code, max(0, from-5) + len(before) - len(c.sign), to
		}
	}
	after := strings.TrimLeft(v.text[to:min(len(v.text), to+6)], " \u00a0")
	for _, c := range currencySigns {
		if strings.HasPrefix(after, c.sign) {
			return c.code, from, to + strings.Index(v.text[to:], c.sign) + len(c.sign)
		}
	}
	if i > 0 && v.toks[i-1].kind == word && from-int(v.toks[i-1].end) <= 2 {
		if c := currencyWords()[strings.ToLower(v.word(i-1))]; c != "" {
			return c, int(v.toks[i-1].start), to
		}
	}
	if i = last; i+1 < len(v.toks) && v.toks[i+1].kind == word && int(v.toks[i+1].start)-to <= 2 {
		if c := currencyWords()[strings.ToLower(v.word(i+1))]; c != "" {
			return c, from, int(v.toks[i+1].end)
		}
	}
	return "", 0, 0
}

// word returns the text of a token.
func (v *view) word(i int) string { return v.text[v.toks[i].start:v.toks[i].end] }

// parseAmount reads a number with the thousands and decimal marks of English or of continental writing, and with a
// "k" or "m" behind it.
func parseAmount(s string) (float64, bool) {
	scale := 1.0
	switch s[len(s)-1] | 0x20 {
	case 'k':
		scale, s = 1e3, s[:len(s)-1]
	case 'm':
		scale, s = 1e6, s[:len(s)-1]
	}
	if strings.IndexByte(s, ':') >= 0 {
		return 0, false
	}
	last := strings.LastIndexAny(s, ".,")
	if last >= 0 && len(s)-last-1 != 3 {
		s = strings.NewReplacer(".", "", ",", "").Replace(s[:last]) + "." + s[last+1:]
	} else {
		s = strings.NewReplacer(".", "", ",", "").Replace(s)
	}
	x, err := strconv.ParseFloat(s, 64)
	return x * scale, err == nil
}
