package eval

import (
	"fmt"
	"hash/fnv"
	"strings"

	"applylens/internal/mail"
	"applylens/internal/triage"
)

// Campaigns sets the Group of each sample: mails of one thread, near-duplicates of each other, and mails of one
// organisational domain are one group. Answers on a mailing list count by their thread and not by their writer:
// everybody there answers everybody, and the whole list would be one group.
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
		if len(m.From) > 0 && !listAnswer(m) {
			if d := triage.SenderGroup(m.From[0].Address); d != "" {
				join("from "+d, i)
			}
		}
		if s := threadSubject(m.Subject); len(s) > 12 && s != "(no subject)" {
			join("subject "+s, i)
		}
		for _, k := range bands(m.VisibleText) {
			join(k, i)
		}
	}
	for i := range samples {
		samples[i].Group = fmt.Sprintf("%s %d", strings.SplitN(samples[i].Set, "/", 2)[0], u.find(i))
	}
}

// listAnswer reports whether a mail answers another one on a mailing list.
func listAnswer(m *mail.Message) bool {
	list := m.List.ID != "" || m.Header("Precedence") != "" || m.Header("X-Mailing-List") != ""
	return list && (m.InReplyTo != "" || len(m.References) > 0 || strings.Contains(strings.ToLower(m.Subject), "re:"))
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

// bands gives the keys under which near-duplicates meet: six bands of four minima of the hashes of neighbouring words
// (minhash, Broder 1997). Mails that share about two thirds of their word pairs meet with high probability.
func bands(text string) []string {
	words := strings.Fields(strings.ToLower(text))
	if len(words) < 20 {
		return nil
	}
	var minima [24]uint32
	for k := range minima {
		minima[k] = 1<<32 - 1
	}
	for i := 1; i < len(words); i++ {
		f := fnv.New32a()
		f.Write([]byte(words[i-1] + " " + words[i]))
		w := f.Sum32()
		for k := range minima {
			h := (w + uint32(k)*0x9E3779B9) * (uint32(2654435761)*uint32(2*k+1) | 1)
			h ^= h >> 15
			h *= 0x85ebca6b
			h ^= h >> 13
			minima[k] = min(minima[k], h)
		}
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
