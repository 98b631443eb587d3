package llm

import (
	"maps"
	"strings"
	"testing"
)

func TestRedact(t *testing.T) {
	for name, c := range map[string]struct {
		in, want string
		counts   map[string]int
	}{
		"nothing":            {"We read your application of 24 November 2026 with interest (req. R-12345, 60,000 EUR).", "", nil},
		"address":            {"Write to jane.doe+jobs@mail.example.org.", "Write to [address].", map[string]int{"address": 1}},
		"the sender's":       {"Write to jobs@Acme.example or me@home.example.", "Write to [address at acme.example] or [address].", map[string]int{"address": 2}},
		"umlaut":             {"jörg@müller.example", "[address]", map[string]int{"address": 1}},
		"link":               {"Open https://acme.example/reset?token=abc&u=1 now", "Open https://acme.example/… now", map[string]int{"link": 1}},
		"host alone":         {"See https://acme.example for more", "", nil},
		"address in a link":  {"https://x.example/u?e=jane@home.example", "https://x.example/…", map[string]int{"link": 1}},
		"phone":              {"Call +49 (30) 1234-5678 or 415-555-0134 or (415) 555-0134.", "Call [phone] or [phone] or [phone].", map[string]int{"phone": 3}},
		"phone at home":      {"Tel. 030 1234567, mobil 0171/1234567", "Tel. [phone], mobil [phone]", map[string]int{"phone": 2}},
		"a date":             {"Between 2026-11-25 and 2026-12-01, 10:00-12:30", "", nil},
		"card":               {"Card 4111 1111 1111 1111 expires", "Card [card] expires", map[string]int{"card": 1}},
		"no card":            {"Ref 4111 1111 1111 1112 is ours", "", nil},
		"iban":               {"IBAN DE89 3704 0044 0532 0130 00 please", "IBAN [iban] please", map[string]int{"iban": 1}},
		"iban in one":        {"GB29NWBK60161331926819", "[iban]", map[string]int{"iban": 1}},
		"code":               {"Your code is 493021", "Your code is [code]", map[string]int{"code": 1}},
		"code before":        {"G-493021 is your verification code", "[code] is your verification code", map[string]int{"code": 1}},
		"code in two halves": {"Ihr Bestätigungscode lautet: 493 021", "Ihr Bestätigungscode lautet: [code]", map[string]int{"code": 1}},
		"Spanish":            {"Tu código es 8841", "Tu código es [code]", map[string]int{"code": 1}},
		"a year":             {"The position was filled in 2025.", "", nil},
		"long number":        {"Case 20261125001 was opened", "Case [number] was opened", map[string]int{"number": 1}},
	} {
		if c.want == "" {
			c.want = c.in
		}
		got, counts := Redact(c.in, "acme.example")
		if got != c.want || !maps.Equal(counts, c.counts) {
			t.Errorf("%s: %q %v, want %q %v", name, got, counts, c.want, c.counts)
		}
	}
}

func TestRedactTwiceIsRedactOnce(t *testing.T) {
	in := "jane@home.example, +49 30 12345678, code 493021, https://a.example/x, DE89370400440532013000"
	once, _ := Redact(in, "acme.example")
	if twice, counts := Redact(once, "acme.example"); twice != once && counts["link"] == 0 {
		t.Errorf("%q became %q", once, twice)
	}
}

func TestPlainDropsWhatNobodySees(t *testing.T) {
	hidden := "a\u200bb\u202ec\U000E0041\U000E0042d\x1b[31m\u2066e\ufe0f\n\tf"
	if got := Plain(hidden); got != "abcd[31me\n\tf" {
		t.Errorf("%q", got)
	}
}

func FuzzRedact(f *testing.F) {
	f.Add("code 493021 jane@home.example +49 30 12345678 4111 1111 1111 1111")
	f.Fuzz(func(t *testing.T, in string) {
		out, counts := Redact(in, "")
		if strings.Contains(in, "493021") && len(counts) > 0 && strings.Contains(out, "0493021") {
			t.Errorf("%q: %q", in, out)
		}
		for _, p := range patterns {
			if p.name == "address" && p.re.MatchString(out) {
				t.Errorf("%q: an address is left: %q", in, out)
			}
		}
	})
}
