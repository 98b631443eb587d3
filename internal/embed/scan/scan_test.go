package scan

import (
	"math"
	"math/rand/v2"
	"testing"
)

func random(r *rand.Rand, n, dims int) (vectors []int8, norms []float32) {
	vectors = make([]int8, n*dims)
	for i := range vectors {
		vectors[i] = int8(r.IntN(255) - 127)
	}
	for i := range n {
		norms = append(norms, Norm(vectors[i*dims:(i+1)*dims]))
	}
	return vectors, norms
}

// Every kernel gives what whole numbers of 64 bits give, also at the ends of the ranges.
func TestDot(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for dims := Width; dims <= 4096; dims += Width * (1 + r.IntN(7)) {
		q, v := make([]int16, dims), make([]int8, dims)
		for round := range 4 {
			want := int64(0)
			for i := range q {
				q[i], v[i] = int16(r.IntN(2*most+1)-most), int8(r.IntN(255)-127)
				if round == 1 {
					q[i], v[i] = most, 127
				} else if round == 2 {
					q[i], v[i] = -most, -128
				}
				want += int64(q[i]) * int64(v[i])
			}
			if got := dot(q, v); int64(got) != want {
				t.Errorf("%d dimensions: %d, want %d", dims, got, want)
			}
			if got := plain(q, v); int64(got) != want {
				t.Errorf("%d dimensions, plain: %d, want %d", dims, got, want)
			}
		}
	}
}

func TestCosines(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	const n, dims = 3*share + 5, 48
	vectors, norms := random(r, n, dims)
	copy(vectors[7*dims:8*dims], make([]int8, dims)) // a vector of zeros
	norms[7] = 0
	v := make([]float32, 40) // filled up to 48
	for i := range v {
		v[i] = float32(r.NormFloat64())
	}
	q := NewQuery(v)
	one, many := make([]float32, n), make([]float32, n)
	q.Cosines(vectors, norms, one, 1)
	q.Cosines(vectors, norms, many, 4)
	for i := range n {
		dot, a, b := 0.0, 0.0, 0.0
		for k := range dims {
			x, y := 0.0, float64(vectors[i*dims+k])
			if k < len(v) {
				x = float64(v[k])
			}
			dot, a, b = dot+x*y, a+x*x, b+y*y
		}
		want := 0.0
		if b > 0 {
			want = dot / math.Sqrt(a*b)
		}
		if math.Abs(float64(one[i])-want) > 1e-3 || one[i] != many[i] {
			t.Fatalf("vector %d: %v and %v, want %v", i, one[i], many[i], want)
		}
	}
	NewQuery(nil).Cosines(nil, norms, one, 2)              // no dimensions
	NewQuery(make([]float32, 5)).Cosines(nil, nil, nil, 2) // no vectors
}

func benchmark(b *testing.B, threads int) {
	vectors, norms := random(rand.New(rand.NewPCG(5, 6)), 100_000, 384)
	v := make([]float32, 384)
	for i := range v {
		v[i] = float32(i%7) - 3
	}
	q, out := NewQuery(v), make([]float32, len(norms))
	b.SetBytes(int64(len(vectors)))
	for b.Loop() {
		q.Cosines(vectors, norms, out, threads)
	}
}

func BenchmarkCosines100000(b *testing.B)    { benchmark(b, 2) }
func BenchmarkCosines100000One(b *testing.B) { benchmark(b, 1) }

func BenchmarkPlain(b *testing.B) {
	q, v := make([]int16, 384), make([]int8, 384)
	for b.Loop() {
		plain(q, v)
	}
}
