// Package scan compares one vector with many, as fast as the machine can without CGO: 100,000 vectors of 384 bytes in
// some milliseconds, so that no approximate index is needed for one owner. Start at Dots.
package scan

import (
	"math"
	"sync"
)

// Width is what the number of dimensions is a multiple of.
const Width = 16

// A Query is a vector that others are compared with, in whole numbers.
type Query struct {
	q    []int16
	norm float32
}

// most is the largest component of a query: with 4,096 dimensions sums stay within 32 bits.
const most = 2047

// NewQuery prepares a vector of dims or fewer components, filled up to a multiple of Width.
func NewQuery(v []float32) Query {
	largest := float32(0)
	for _, x := range v {
		largest = max(largest, x, -x)
	}
	out := Query{q: make([]int16, Padded(len(v)))}
	square := 0.0
	for i, x := range v {
		if largest > 0 {
			out.q[i] = int16(math.Round(float64(x / largest * most)))
		}
		square += float64(out.q[i]) * float64(out.q[i])
	}
	out.norm = float32(math.Sqrt(square))
	return out
}

// Dims is how long a compared vector is.
func (q Query) Dims() int { return len(q.q) }

// Padded is the number of dimensions filled up to a multiple of Width.
func Padded(dims int) int { return (dims + Width - 1) / Width * Width }

// Norm is the length of a vector in whole numbers.
func Norm(v []int8) float32 {
	square := 0
	for _, x := range v {
		square += int(x) * int(x)
	}
	return float32(math.Sqrt(float64(square)))
}

// share is how many vectors are worth another thread.
const share = 8192

// Cosines writes to out the cosine of the query with each vector; those stand one after another in vectors, and their
// lengths in norms. It uses at most threads processors.
func (q Query) Cosines(vectors []int8, norms []float32, out []float32, threads int) {
	n := min(len(norms), len(out), len(vectors)/max(len(q.q), 1))
	parts := min(max(threads, 1), n/share+1)
	if parts == 1 {
		q.cosines(vectors, norms[:n], out)
		return
	}
	var all sync.WaitGroup
	for i := range parts {
		from, to := n*i/parts, n*(i+1)/parts
		all.Go(func() { q.cosines(vectors[from*len(q.q):], norms[from:to], out[from:to]) })
	}
	all.Wait()
}

func (q Query) cosines(vectors []int8, norms, out []float32) {
	dims := len(q.q)
	for i, norm := range norms {
		dot := dot(q.q, vectors[i*dims:(i+1)*dims])
		out[i] = 0
		if scale := norm * q.norm; scale > 0 {
			out[i] = float32(dot) / scale
		}
	}
}

// plain is dot in Go.
func plain(q []int16, v []int8) int32 {
	v = v[:len(q)]
	var a, b, c, d int32
	for len(q) >= 8 && len(v) >= 8 {
		a += int32(q[0])*int32(v[0]) + int32(q[4])*int32(v[4])
		b += int32(q[1])*int32(v[1]) + int32(q[5])*int32(v[5])
		c += int32(q[2])*int32(v[2]) + int32(q[6])*int32(v[6])
		d += int32(q[3])*int32(v[3]) + int32(q[7])*int32(v[7])
		q, v = q[8:], v[8:]
	}
	return a + b + c + d
}
