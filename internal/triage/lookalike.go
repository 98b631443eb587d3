package triage

import (
	_ "embed"
	"strings"
	"sync"
	"unicode"

	"golang.org/x/net/idna"
	"golang.org/x/text/unicode/norm"
)

//go:embed brands.txt
var brandText string

// A brand is one name that swindlers imitate.
type brand struct {
	name    string // folded
	words   int
	domains []string
	generic bool // an ordinary word: counts only when it opens the display name
}

// speaksFor reports whether an organisational domain belongs to the brand.
func (b *brand) speaksFor(org string) bool {
	label, _, _ := strings.Cut(org, ".")
	for _, d := range b.domains {
		if d == org {
			return true
		}
		if l, _, _ := strings.Cut(d, "."); l == label && strings.ReplaceAll(b.name, " ", "") == label && len(label) > 3 && !genericTLD(org) {
			return true
		}
	}
	return false
}

// genericTLD reports whether a domain ends in what is no country: a brand's own national domains are its own, while
// "brand.top" is not.
func genericTLD(org string) bool {
	_, tld, _ := strings.Cut(org, ".")
	last := tld[strings.LastIndexByte(tld, '.')+1:]
	return len(last) != 2 || oddDomain(org)
}

// A brandBook finds brands by name and by the label of their domains.
type brandBook struct {
	byFirst  map[string][]*brand
	labels   map[string]string // first label of a domain → the domain
	skeleton map[string]string // skeleton of the label → the domain
	domain   map[string]*brand
	joined   map[string]*brand // names of several words or of at least six letters, written as one
}

// brands is the table of brands.txt, read once.
var brands = sync.OnceValue(func() *brandBook {
	b := &brandBook{byFirst: map[string][]*brand{}, labels: map[string]string{}, skeleton: map[string]string{},
		domain: map[string]*brand{}, joined: map[string]*brand{}}
	for _, line := range strings.Split(brandText, "\n") {
		name, domains, ok := strings.Cut(line, "|")
		if !ok || strings.HasPrefix(line, "#") {
			continue
		}
		x := &brand{name: strings.TrimSpace(name), domains: strings.Fields(domains)}
		words := strings.Fields(x.name)
		x.words = len(words)
		x.generic = len(words) == 1 && strings.Contains(" apple target visa chase ledger delta ups ing caixa zoom outlook norton "+
			"proton phantom spectrum wise ninja orange saturn penny jumbo tesla ripple medicare shell yeti southwest steam hermes evri kraken blockchain correos workday indeed greenhouse elster strato ", " "+x.name+" ")
		if one := strings.Join(words, ""); len(one) >= 6 && !x.generic {
			b.joined[one] = x
		}
		b.byFirst[words[0]] = append(b.byFirst[words[0]], x)
		for _, d := range x.domains {
			label, _, _ := strings.Cut(d, ".")
			if len(label) >= 5 && b.labels[label] == "" {
				b.labels[label] = d
				b.skeleton[skeleton(label)] = d
			}
			b.domain[d] = x
		}
	}
	return b
})

// claimedBrand returns the brand that the display name claims, or nil.
func (v *view) claimedBrand() *brand {
	words := strings.Fields(foldText(skeletonText(v.name)))
	book := brands()
	for _, w := range words {
		if b := book.joined[w]; b != nil {
			return b
		}
	}
	if b := book.joined[strings.Join(words, "")]; b != nil {
		return b // “P a y P a l”
	}
	for i, w := range words {
		for _, b := range book.byFirst[w] {
			if i+b.words > len(words) || strings.Join(words[i:i+b.words], " ") != b.name || b.generic && i > 0 {
				continue
			}
			if b.generic && len(words) > b.words && personal(words) {
				continue
			}
			return b
		}
	}
	return nil
}

// personal reports whether a display name could be a person's: two short words without a business word.
func personal(words []string) bool {
	if len(words) != 2 {
		return false
	}
	switch words[1] {
	case "support", "team", "id", "security", "account", "service", "services", "bank", "billing", "pay", "card", "alert", "alerts", "com",
		"wallet", "live", "rewards", "store", "customer", "care", "online", "delivery", "express", "365", "mail", "admin":
		return false
	}
	return true
}

// sameBrand reports whether two organisational domains belong to one brand.
func sameBrand(a, b string) bool {
	book := brands()
	x := book.domain[a]
	return x != nil && x == book.domain[b]
}

// lookAlike returns the brand's domain that an organisational domain imitates, or "": by the skeleton of UTS 39
// (https://www.unicode.org/reports/tr39/), by an edit distance of one, or by the brand's name between hyphens.
func (v *view) lookAlike(org string) string {
	label, _, ok := strings.Cut(org, ".")
	if !ok || len(label) < 4 {
		return ""
	}
	book := brands()
	if book.domain[org] != nil || senders().byHost(org) != nil {
		return ""
	}
	if strings.HasPrefix(label, "xn--") {
		if u, err := idna.ToUnicode(label); err == nil {
			label = u
		}
	}
	if d := book.labels[label]; d != "" {
		if genericTLD(org) && oddDomain(org) {
			return d
		}
		return ""
	}
	if d := book.skeleton[skeleton(label)]; d != "" {
		return d
	}
	for part := range strings.SplitSeq(label, "-") {
		if d := book.labels[part]; d != "" && len(part) < len(label) && len(part) >= 6 {
			return d
		}
	}
	if len(label) < 6 {
		return ""
	}
	for l, d := range book.labels {
		if len(l) >= 6 && nearWord(l, label) {
			return d
		}
	}
	return ""
}

// contactLike returns the domain of one of the reader's correspondents that org imitates, or "".
func (v *view) contactLike(org string) string {
	if v.flags.known || len(v.in.Known) == 0 || v.sender != nil {
		return ""
	}
	label, _, _ := strings.Cut(org, ".")
	if len(label) < 5 {
		return ""
	}
	sk := skeleton(label)
	found := ""
	for a := range v.in.Known {
		_, h := splitAddress(a)
		o := orgDomain(h)
		if o == org {
			return ""
		}
		l, _, _ := strings.Cut(o, ".")
		if len(l) >= 5 && l != label && (skeleton(l) == sk || nearWord(l, label)) && (found == "" || o < found) {
			found = o
		}
	}
	return found
}

// brandInSub returns the brand whose domain or name stands in the host in front of a foreign organisational domain.
func brandInSub(host, org string) string {
	sub := strings.TrimSuffix(strings.TrimSuffix(host, org), ".")
	if sub == "" || sub == "www" || senders().byHost(org) != nil {
		return ""
	}
	book := brands()
	if book.domain[org] != nil {
		return ""
	}
	for part := range strings.FieldsFuncSeq(sub, func(r rune) bool { return r == '.' || r == '-' }) {
		if d := book.labels[part]; d != "" && len(part) >= 6 {
			return d
		}
	}
	return ""
}

// nearWord reports whether two words differ by one insertion, deletion, substitution or swap of neighbours.
func nearWord(a, b string) bool {
	if a == b || len(a)-len(b) > 1 || len(b)-len(a) > 1 {
		return false
	}
	if len(a) > len(b) {
		a, b = b, a
	}
	i := 0
	for i < len(a) && a[i] == b[i] {
		i++
	}
	if len(a) < len(b) {
		return a[i:] == b[i+1:]
	}
	if i+1 >= len(a) {
		return true
	}
	return a[i+1:] == b[i+1:] || a[i] == b[i+1] && a[i+1] == b[i] && a[i+2:] == b[i+2:]
}

// confusables pairs letters that look like others with those (a part of confusables.txt of UTS 39: what domain names
// and display names are forged with). Each pair is "look-alike, original".
const confusables = "аaеeоoрpсcуyхxіiјjѕsһhԁdԛqԝwѵvгrкkмmтtвbнhпnєeɑaɡgɩiոnսuօoհhցgоo" +
	"αaοoρpνvτtκkιiυuχxγyηnωwβbεeϲcϳjσo" +
	"АAВBЕEКKМMНHОOРPСCТTХXУYІIЈJЅSΑAΒBΕEΖZΗHΙIΚKΜMΝNΟOΡPΤTΥYΧX" +
	"ıiłlđdħhøoƒfſs0o1l3e5s|l!l"

// confusable maps a look-alike to its original.
var confusable = sync.OnceValue(func() map[rune]rune {
	m := map[rune]rune{}
	rs := []rune(confusables)
	for i := 0; i+1 < len(rs); i += 2 {
		m[rs[i]] = rs[i+1]
	}
	return m
})

// skeleton reduces a label to what the eye sees: decomposed, without marks, look-alikes replaced, "rn" read as "m"
// and "vv" as "w".
func skeleton(label string) string {
	var b strings.Builder
	m := confusable()
	for _, r := range norm.NFKD.String(strings.ToLower(label)) {
		if unicode.Is(unicode.Mn, r) || isIgnorable(r) || r == '-' {
			continue
		}
		if o, ok := m[r]; ok {
			r = unicode.ToLower(o)
		}
		if r == 'i' {
			r = 'l'
		}
		b.WriteRune(r)
	}
	return strings.NewReplacer("rn", "m", "vv", "w", "cl", "d").Replace(b.String())
}

// skeletonText replaces look-alikes of other alphabets in a display name, digits excepted.
func skeletonText(s string) string {
	ascii := true
	for i := 0; i < len(s); i++ {
		ascii = ascii && s[i] < 0x80
	}
	if ascii {
		return s
	}
	m := confusable()
	return strings.Map(func(r rune) rune {
		if o, ok := m[r]; ok && r >= 0x80 {
			return o
		}
		return r
	}, norm.NFKC.String(s))
}
