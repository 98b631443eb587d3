package triage

import (
	_ "embed"
	"net/netip"
	"strings"
	"sync"

	"golang.org/x/net/publicsuffix"
)

//go:embed senders.txt
var senderText string

// A sender is one known sending system.
type sender struct {
	kind    string // ats, test, schedule, board, free, social, dev, shop, travel, bulk
	name    string
	domains []string
	names   []string // folded display names
	sends   []int    // class indices
}

// A senderBook finds senders by domain and by display name.
type senderBook struct {
	all    []*sender
	domain map[string]*sender
	name   map[string]*sender
}

// senders is the table of senders.txt, read once.
var senders = sync.OnceValue(func() *senderBook {
	b := &senderBook{domain: map[string]*sender{}, name: map[string]*sender{}}
	for _, line := range strings.Split(senderText, "\n") {
		if line = strings.TrimSpace(line); line != "" && line[0] != '#' {
			b.add(line)
		}
	}
	return b
})

func (b *senderBook) add(line string) {
	f := strings.Split(line, "|")
	if len(f) != 5 {
		panic("triage: embedded senders: " + line)
	}
	s := &sender{kind: strings.TrimSpace(f[0]), name: strings.TrimSpace(f[1]), domains: strings.Fields(f[2])}
	for _, c := range strings.Fields(f[4]) {
		g, ok := groupByName(c)
		if !ok {
			panic("triage: embedded senders: " + line)
		}
		s.sends = append(s.sends, int(g))
	}
	for _, d := range s.domains {
		b.domain[d] = s
	}
	if n := foldText(f[3]); n != "" {
		s.names = append(s.names, n)
		b.name[n] = s
	}
	b.all = append(b.all, s)
}

// byHost finds the sender of a host name or of any domain above it.
func (b *senderBook) byHost(host string) *sender {
	for host != "" {
		if s := b.domain[host]; s != nil {
			return s
		}
		_, up, ok := strings.Cut(host, ".")
		if !ok {
			return nil
		}
		host = up
	}
	return nil
}

// byName finds the sender whose display name the folded name begins with.
func (b *senderBook) byName(folded string) *sender {
	words := strings.Fields(folded)
	for n := min(3, len(words)); n > 0; n-- {
		if s := b.name[strings.Join(words[:n], " ")]; s != nil {
			return s
		}
	}
	return nil
}

// orgDomain returns the organisational domain of a host: one label below its public suffix
// (https://publicsuffix.org). Addresses and single labels are returned as they are.
func orgDomain(host string) string {
	if host == "" || strings.IndexByte(host, '.') < 0 || isIP(host) {
		return host
	}
	d, err := publicsuffix.EffectiveTLDPlusOne(host)
	if err != nil {
		return host
	}
	return d
}

func isIP(host string) bool {
	_, err := netip.ParseAddr(strings.Trim(host, "[]"))
	return err == nil
}

// splitAddress returns the local part and the host of an address, lower case.
func splitAddress(a string) (local, host string) {
	a = strings.ToLower(strings.TrimSpace(a))
	at := strings.LastIndexByte(a, '@')
	if at < 0 {
		return a, ""
	}
	return a[:at], strings.Trim(a[at+1:], ".>")
}

// SenderGroup returns the organisational domain of an address, or the whole address for free mail.
func SenderGroup(address string) string {
	local, host := splitAddress(address)
	if s := senders().byHost(host); s != nil && s.kind == "free" {
		return local + "@" + host
	}
	return orgDomain(host)
}
