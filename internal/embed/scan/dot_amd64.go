package scan

import "golang.org/x/sys/cpu"

// dot is the sum of the products of the components, whose number is a multiple of Width.
func dot(q []int16, v []int8) int32 {
	if cpu.X86.HasAVX2 && len(q) > 0 && len(v) >= len(q) {
		return dotAVX2(&q[0], &v[0], len(q)/Width)
	}
	return plain(q, v)
}

//go:noescape
func dotAVX2(q *int16, v *int8, blocks int) int32
