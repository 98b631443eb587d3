package eval

import (
	"fmt"
	"strings"

	"applylens/internal/triage"
)

// Campaigns sets the Group of each sample: mails that are near-duplicates of each other, come from one
// organisational domain, or belong to one thread are one group.
func Campaigns(samples []Sample) {
	u := newUnion(len(samples))
	first := map[string]int{}
	join := func(key string, i int) {
		if key == "" {
			return
		}
		if j, ok := first[key]; ok {
			u.join(i, j)
		} else {
			first[key] = i
		}
	}
	for i := range samples {
		m := samples[i].Mail
		if len(m.From) > 0 {
			if d := triage.SenderGroup(m.From[0].Address); d != "" {
				join("from "+d, i)
			}
		}
		if s := threadSubject(m.Subject); len(s) > 12 {
			join("subject "+s, i)
		}
		for _, k := range bands(triage.Extract(triage.Input{Mail: m}).Words) {
			join(k, i)
		}
	}
	for i := range samples {
		samples[i].Group = fmt.Sprintf("%s %d", strings.SplitN(samples[i].Set, "/", 2)[0], u.find(i))
	}
}

// threadSubject is a subject without its reply marks, digits and case.
func threadSubject(s string) string {
	s = strings.ToLower(strings.TrimSpace(s))
	for {
		t := strings.TrimSpace(strings.TrimPrefix(strings.TrimPrefix(strings.TrimPrefix(s, "re:"), "fw:"), "fwd:"))
		if t == s {
			break
		}
		s = t
	}
	return strings.Map(func(r rune) rune {
		if r >= '0' && r <= '9' {
			return -1
		}
		return r
	}, s)
}

// bands gives the keys under which near-duplicates meet: six bands of four minima of the word hashes (minhash, Broder
// 1997). Mails that share about two thirds of their words meet with high probability.
func bands(words []uint32) []string {
	if len(words) < 20 {
		return nil
	}
	var minima [24]uint32
	for k := range minima {
		low := uint32(1<<32 - 1)
		mul := uint32(2654435761)*uint32(2*k+1) | 1
		for _, w := range words {
			h := (w + uint32(k)*0x9E3779B9) * mul
			h ^= h >> 15
			h *= 0x85ebca6b
			h ^= h >> 13
			low = min(low, h)
		}
		minima[k] = low
	}
	var out []string
	for b := 0; b < len(minima); b += 4 {
		out = append(out, fmt.Sprint("band ", b, minima[b:b+4]))
	}
	return out
}

// A union keeps disjoint sets.
type union struct{ parent []int }

func newUnion(n int) *union {
	u := &union{parent: make([]int, n)}
	for i := range u.parent {
		u.parent[i] = i
	}
	return u
}

func (u *union) find(i int) int {
	for u.parent[i] != i {
		u.parent[i] = u.parent[u.parent[i]]
		i = u.parent[i]
	}
	return i
}

func (u *union) join(a, b int) { u.parent[u.find(a)] = u.find(b) }
