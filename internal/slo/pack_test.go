package slo

import (
	"math/rand/v2"
	"testing"
)

func TestHoursArePackedSmall(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 6))
	for _, traffic := range []int64{0, 2, 700, maxEvents} {
		h := &Hour{}
		var want []Count
		for m := range Minute(hour) {
			if rng.IntN(10) == 0 {
				continue
			}
			total := rng.Int64N(traffic + 1)
			c := Count{Minute: 6000 + m, Total: total, Good: total - rng.Int64N(total/50+1) + rng.Int64N(2)*rng.Int64N(2)*3}
			if traffic == 700 {
				c.Worse, c.CostMicroUSD = rng.Int64N(9), rng.Int64N(90_000)
			}
			h.Set(c)
			want = append(want, c)
		}
		packed := h.Pack()
		got, err := Unpack(nil, packed, 6000)
		if err != nil || len(got) != len(want) {
			t.Fatalf("%d counts, %v; want %d", len(got), err, len(want))
		}
		for i := range got {
			if got[i] != want[i] {
				t.Errorf("minute %d: %+v, want %+v", i, got[i], want[i])
			}
		}
		if traffic == 700 && len(packed) > 60*8 || traffic == 2 && len(packed) > 60*2+1 {
			t.Errorf("traffic %d: %d bytes", traffic, len(packed))
		}
		again, err := UnpackHour(packed)
		if err != nil || string(again.Pack()) != string(packed) {
			t.Errorf("packed again it differs: %v", err)
		}
	}
}

func FuzzUnpack(f *testing.F) {
	h := &Hour{}
	h.Set(Count{Minute: 3, Good: 5, Total: 9, Worse: 1, CostMicroUSD: 7})
	f.Add(h.Pack())
	f.Add([]byte{0, 1})
	f.Fuzz(func(t *testing.T, packed []byte) {
		counts, err := Unpack(nil, packed, 60)
		if err != nil {
			return
		}
		h := &Hour{}
		for _, c := range counts {
			if c.Minute < 60 || c.Minute >= 120 || c.Total < 0 {
				t.Fatalf("%+v", c)
			}
			h.Set(c)
		}
		again, err := Unpack(nil, h.Pack(), 60)
		if err != nil || len(again) != len(counts) {
			t.Fatalf("%d counts were %d: %v", len(again), len(counts), err)
		}
	})
}

func TestPointsCoverTheirSpan(t *testing.T) {
	s := NewSeries(0)
	for m := range Minute(1000) {
		if err := s.Add(Count{Minute: m, Good: 1, Total: 2}, 9000); err != nil {
			t.Fatal(err)
		}
	}
	for _, n := range []int{1, 7, 300, 5000} {
		points := s.Points(Days(30), 99, 999, n)
		var total int64
		for _, p := range points {
			total += p.Total
		}
		if len(points) > n || total != 1800 || points[len(points)-1].Until != 999 {
			t.Errorf("%d points of at most %d, %d events, want 1800", len(points), n, total)
		}
		if left := points[0].Remaining; left == nil || *left > -3.99 || *left < -4.01 {
			t.Errorf("remaining %v, want −4", left)
		}
	}
	if got := s.Points(Days(30), 5, 5, 10); len(got) != 0 {
		t.Errorf("no span has %d points", len(got))
	}
}
