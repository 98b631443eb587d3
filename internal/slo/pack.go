package slo

import (
	"encoding/binary"
	"errors"
)

// An Hour holds the counts of sixty minutes, as they are stored: most minutes take two to four bytes.
type Hour struct {
	Known [hour]bool  // measured
	Count [hour]Count // Minute is not set
}

// Set notes the count of a minute of the hour.
func (h *Hour) Set(c Count) {
	i := int(c.Minute % hour)
	c.Minute = 0
	h.Known[i], h.Count[i] = true, c
}

// Add adds to the count of a minute of the hour.
func (h *Hour) Add(c Count) {
	old := h.Count[c.Minute%hour]
	h.Set(Count{Minute: c.Minute, Good: old.Good + c.Good, Total: old.Total + c.Total, Worse: old.Worse + c.Worse, CostMicroUSD: old.CostMicroUSD + c.CostMicroUSD})
}

// Sums returns the sums of the hour's counts.
func (h *Hour) Sums() (good, total, costMicroUSD int64) {
	for _, c := range h.Count {
		good, total, costMicroUSD = good+c.Good, total+c.Total, costMicroUSD+c.CostMicroUSD
	}
	return good, total, costMicroUSD
}

// What the first byte of a packed hour tells.
const (
	withWorse = 1 << iota
	withCost
)

// Pack writes the hour: a byte that tells which columns follow, then for each minute total+1 (0: not measured), the bad
// events, and the columns, all as varints. Minutes at the end that were not measured are left out.
func (h *Hour) Pack() []byte {
	var flags byte
	last := -1
	for i, c := range h.Count {
		if h.Known[i] {
			last = i
		}
		if c.Worse != 0 {
			flags |= withWorse
		}
		if c.CostMicroUSD != 0 {
			flags |= withCost
		}
	}
	out := make([]byte, 1, 256)
	out[0] = flags
	for i := range last + 1 {
		if !h.Known[i] {
			out = append(out, 0)
			continue
		}
		c := h.Count[i]
		out = binary.AppendUvarint(out, uint64(c.Total)+1) //nolint:gosec // not negative
		out = binary.AppendVarint(out, c.Total-c.Good)     // less than 0 when the counting is broken
		if flags&withWorse != 0 {
			out = binary.AppendVarint(out, c.Worse)
		}
		if flags&withCost != 0 {
			out = binary.AppendVarint(out, c.CostMicroUSD)
		}
	}
	return out
}

// errPacked says that bytes are no packed hour.
var errPacked = errors.New("a packed hour of counts is broken")

// Unpack appends to counts those of the hour that begins at a minute. Empty bytes are an hour without any.
func Unpack(counts []Count, packed []byte, begin Minute) ([]Count, error) {
	if len(packed) == 0 {
		return counts, nil
	}
	flags, rest := packed[0], packed[1:]
	ok := flags < 4
	signed := func() int64 {
		v, n := binary.Varint(rest)
		if n <= 0 {
			ok = false
			return 0
		}
		rest = rest[n:]
		return v
	}
	for m := begin; len(rest) > 0; m++ {
		total, n := binary.Uvarint(rest)
		if n <= 0 || m >= begin+hour || total > maxEvents+1 {
			return nil, errPacked
		}
		rest = rest[n:]
		if total == 0 {
			continue
		}
		c := Count{Minute: m, Total: int64(total) - 1} //nolint:gosec // checked above
		c.Good = c.Total - signed()
		if flags&withWorse != 0 {
			c.Worse = signed()
		}
		if flags&withCost != 0 {
			c.CostMicroUSD = signed()
		}
		if !ok {
			return nil, errPacked
		}
		counts = append(counts, c)
	}
	return counts, nil
}

// UnpackHour reads an hour to change it.
func UnpackHour(packed []byte) (*Hour, error) {
	counts, err := Unpack(nil, packed, 0)
	if err != nil {
		return nil, err
	}
	h := &Hour{}
	for _, c := range counts {
		h.Set(c)
	}
	return h, nil
}
