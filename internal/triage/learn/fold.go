package learn

import (
	"hash/fnv"
	"slices"
)

// Folds deals groups out to k folds so that the folds hold about as many examples; the answer has one fold number per
// example. Groups are dealt from the largest down, each to the fold that is smallest so far.
func Folds(groups []string, k int) []int {
	size := map[string]int{}
	for _, g := range groups {
		size[g]++
	}
	names := make([]string, 0, len(size))
	for g := range size {
		names = append(names, g)
	}
	slices.SortFunc(names, func(a, b string) int {
		if size[a] != size[b] {
			return size[b] - size[a]
		}
		if x, y := hash(a), hash(b); x != y {
			if x < y {
				return -1
			}
			return 1
		}
		return 0
	})
	load := make([]int, k)
	fold := map[string]int{}
	for _, g := range names {
		best := 0
		for f := range load {
			if load[f] < load[best] {
				best = f
			}
		}
		fold[g] = best
		load[best] += size[g]
	}
	out := make([]int, len(groups))
	for i, g := range groups {
		out[i] = fold[g]
	}
	return out
}

func hash(s string) uint64 {
	h := fnv.New64a()
	h.Write([]byte(s))
	return h.Sum64()
}
