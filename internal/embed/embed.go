// Package embed is what can be said about sentence vectors without a machine that makes them: which models there are
// and how they want their texts, the tokenizer, pooling, the compact form in which vectors are kept, and the sums by
// which words and meaning are ranked together. It is pure. Package onnx runs the models, remote asks a service.
package embed

import (
	"math"
	"strings"
	"unicode"
	"unicode/utf8"
)

// A Pooling makes one vector of those of a text's tokens.
type Pooling uint8

// Poolings of the models that we know.
const (
	Mean  Pooling = iota // the mean of all
	First                // that of [CLS]
)

// A Model is a sentence model that runs on the machine itself.
type Model struct {
	Name           string // as in EMBED_MODEL, and in the key of its vectors
	Query, Passage string // what is put before a text that is searched for, and before one that is found
	Pooling        Pooling
	Tokens         int // of a mail that are read: what comes later adds nothing (issue 7)
	Licence        string
}

// None in place of a model's name means that there is no search by meaning.
const None = "none"

// Models are those that can be chosen, the default first.
func Models() []Model {
	return []Model{
		{Name: "e5-small-v2", Query: "query: ", Passage: "passage: ", Tokens: 256, Licence: "MIT"},
		{Name: "bge-small-en-v1.5", Query: "Represent this sentence for searching relevant passages: ", Pooling: First, Tokens: 256, Licence: "MIT"},
		{Name: "all-minilm-l6-v2", Tokens: 256, Licence: "Apache-2.0"},
	}
}

// ModelOf finds a model by its name.
func ModelOf(name string) (Model, bool) {
	for _, m := range Models() {
		if m.Name == name {
			return m, true
		}
	}
	return Model{}, false
}

// Pool makes the vector of a text of the vectors of its tokens, which stand in states one after another.
func Pool(how Pooling, states []float32, dims int) []float32 {
	sum := make([]float32, dims)
	tokens := len(states) / dims
	if how == First {
		tokens = min(tokens, 1)
	}
	for t := range tokens {
		for i, x := range states[t*dims : (t+1)*dims] {
			sum[i] += x
		}
	}
	return Normalise(sum)
}

// Normalise scales a vector to length 1, in place; a vector of zeros stays one.
func Normalise(v []float32) []float32 {
	square := 0.0
	for _, x := range v {
		square += float64(x) * float64(x)
	}
	if square == 0 || math.IsNaN(square) || math.IsInf(square, 0) {
		clear(v)
		return v
	}
	scale := float32(1 / math.Sqrt(square))
	for i := range v {
		v[i] *= scale
	}
	return v
}

// Quantise keeps a vector's direction in one signed byte a dimension: the largest component becomes ±127. On mail it
// loses nothing that a ranking would show (issue 7).
func Quantise(v []float32) []byte {
	largest := float32(0)
	for _, x := range v {
		largest = max(largest, x, -x)
	}
	out := make([]byte, len(v))
	if largest == 0 {
		return out
	}
	for i, x := range v {
		out[i] = byte(int8(math.Round(float64(x / largest * 127))))
	}
	return out
}

// Cut shortens a text to at most n bytes, between characters.
func Cut(text string, n int) string {
	if len(text) <= n {
		return text
	}
	for n > 0 && !utf8.RuneStart(text[n]) {
		n--
	}
	return text[:n]
}

// Direction is the vector of length 1 that Quantise made bytes of.
func Direction(q []byte) []float32 {
	v := make([]float32, len(q))
	for i, b := range q {
		v[i] = float32(int8(b))
	}
	return Normalise(v)
}

// Sum is the direction of several vectors of one length together.
func Sum(all [][]float32) []float32 {
	if len(all) == 1 {
		return all[0]
	}
	sum := make([]float32, len(all[0]))
	for _, v := range all {
		for i, x := range v {
			sum[i] += x
		}
	}
	return Normalise(sum)
}

// Blank tells that there is nothing in a text to make a vector of.
func Blank(text string) bool {
	return !strings.ContainsFunc(text, func(r rune) bool { return unicode.IsLetter(r) || unicode.IsNumber(r) })
}
