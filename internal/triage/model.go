package triage

import (
	"bytes"
	_ "embed"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"strings"
	"sync"
)

// ErrModel means that the bytes are no model for this version of the features.
var ErrModel = errors.New("triage: not a model of this version")

//go:embed model.bin
var modelBytes []byte

// embedded is the model of the release.
var embedded = sync.OnceValue(func() *Model {
	m, err := ReadModel(modelBytes)
	if err != nil {
		panic(err)
	}
	return m
})

// The widths of the tables of word weights, in bits of the word hash.
const (
	CategoryBits = 16
	UnwantedBits = 18
	AskBits      = 16
)

// A Linear is one table of weights: words by hash, signals by place, and a constant. Several outputs lie side by
// side: the weight of word w for output k is Words[w*Outputs+k].
type Linear struct {
	Outputs int
	Bits    int
	Words   []int16
	Scale   float32 // a word weight is Words[i] * Scale
	Signals []float32
	Bias    []float32
}

// A Model is what training learned: three linear heads and their calibration.
type Model struct {
	Category Linear
	Unwanted Linear
	Ask      Linear

	Temperature float32             // divides the category scores
	Steps       []Step              // from raw to calibrated confidence, ascending
	Thresholds  [classCount]float32 // calibrated confidence below which a class is not claimed
	UnwantedFit [2]float32          // Platt: probability = logistic(a·score + b)
	AskFit      [2]float32          // the same for sentences
}

// A Step is one knot of the calibration: raw confidence and the share that was right.
type Step struct{ Raw, Right float32 }

// WordValue is the value that each of n words of a mail has.
func WordValue(n int) float32 {
	if n == 0 {
		return 0
	}
	return 6 / float32(math.Sqrt(float64(n)))
}

// MarkValue is the value that each mark of a mail has.
const MarkValue = 0.3

// Score adds up the outputs of a linear head into out.
func (l *Linear) Score(f *Features, out []float32) {
	k := l.Outputs
	l.sum(f.Words, out)
	ratio := WordValue(len(f.Words)) / MarkValue
	for c := range out[:k] {
		out[c] *= ratio
	}
	l.sum(f.Marks, out)
	for c := range out[:k] {
		out[c] = out[c]*MarkValue*l.Scale + l.Bias[c]
	}
	for i, s := range f.Signals {
		if s == 0 {
			continue
		}
		row := l.Signals[i*k : i*k+k]
		for c, x := range row {
			out[c] += x * s
		}
	}
}

// sum adds the weights of the hashes to out.
func (l *Linear) sum(hashes []uint32, out []float32) {
	shift := wordBits - l.Bits
	for _, w := range hashes {
		at := int(w>>shift) * l.Outputs
		for c, x := range l.Words[at : at+l.Outputs] {
			out[c] += float32(x)
		}
	}
}

// classScores returns the scores of the categories.
func (m *Model) classScores(f *Features) [classCount]float64 {
	var out [classCount]float32
	m.Category.Score(f.Content(), out[:])
	var s [classCount]float64
	for i, x := range out {
		s[i] = float64(x)
	}
	return s
}

// unwantedScore returns the uncalibrated score of the unwanted head.
func (m *Model) unwantedScore(f *Features) float64 {
	var out [1]float32
	m.Unwanted.Score(f, out[:])
	return float64(out[0])
}

// Calibrate maps a raw confidence to the share of right answers at that confidence.
func (m *Model) Calibrate(raw float64) float64 {
	n := len(m.Steps)
	if n == 0 {
		return raw
	}
	for i := range m.Steps {
		hi := m.Steps[i]
		if raw > float64(hi.Raw) {
			continue
		}
		if i == 0 {
			return float64(hi.Right)
		}
		lo := m.Steps[i-1]
		span := float64(hi.Raw - lo.Raw)
		if span <= 0 {
			return float64(hi.Right)
		}
		return float64(lo.Right) + (raw-float64(lo.Raw))/span*float64(hi.Right-lo.Right)
	}
	return float64(m.Steps[n-1].Right)
}

// modelMagic opens a model file; the hash of the signal names behind it ties the file to the features.
const modelMagic = "applylens-triage-3"

func signalsHash() uint64 { return hashString(strings.Join(SignalNames(), "\n")) }

// MarshalBinary writes the model; the same model gives the same bytes.
func (m *Model) MarshalBinary() ([]byte, error) {
	var b bytes.Buffer
	b.WriteString(modelMagic)
	parts := []any{signalsHash()}
	for _, l := range []*Linear{&m.Category, &m.Unwanted, &m.Ask} {
		parts = append(parts, int32(l.Outputs), int32(l.Bits), l.Scale, int32(len(l.Signals)/l.Outputs), l.Words, l.Signals, l.Bias)
	}
	parts = append(parts, m.Temperature, int32(len(m.Steps)), m.Steps, m.Thresholds, m.UnwantedFit, m.AskFit)
	for _, p := range parts {
		if err := binary.Write(&b, binary.LittleEndian, p); err != nil {
			return nil, fmt.Errorf("write model: %w", err)
		}
	}
	return b.Bytes(), nil
}

// ReadModel reads what MarshalBinary wrote.
func ReadModel(b []byte) (*Model, error) {
	if !bytes.HasPrefix(b, []byte(modelMagic)) {
		return nil, ErrModel
	}
	r := bytes.NewReader(b[len(modelMagic):])
	var err error
	read := func(p any) {
		if err == nil {
			err = binary.Read(r, binary.LittleEndian, p)
		}
	}
	var hash uint64
	if read(&hash); err != nil || hash != signalsHash() {
		return nil, ErrModel
	}
	m := &Model{}
	for _, l := range []*Linear{&m.Category, &m.Unwanted, &m.Ask} {
		var outputs, bits, signals int32
		read(&outputs)
		read(&bits)
		read(&l.Scale)
		read(&signals)
		if err != nil || outputs < 1 || outputs > 64 || bits < 1 || bits > 20 || signals < 0 || signals > 4096 {
			return nil, ErrModel
		}
		l.Outputs, l.Bits = int(outputs), int(bits)
		l.Words = make([]int16, l.Outputs<<l.Bits)
		l.Signals = make([]float32, int(signals)*l.Outputs)
		l.Bias = make([]float32, l.Outputs)
		read(l.Words)
		read(l.Signals)
		read(l.Bias)
	}
	var steps int32
	read(&m.Temperature)
	if read(&steps); err != nil || steps < 0 || steps > 1000 {
		return nil, ErrModel
	}
	m.Steps = make([]Step, steps)
	read(m.Steps)
	read(&m.Thresholds)
	read(&m.UnwantedFit)
	read(&m.AskFit)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrModel, err)
	}
	return m, nil
}
