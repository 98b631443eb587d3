package embed

import (
	"encoding/json"
	"math"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"
)

// small is a tokenizer.json with a few words, in the form of the real one.
func small(t testing.TB) *Tokenizer {
	t.Helper()
	vocab := map[string]int32{}
	for i, piece := range strings.Fields("[PAD] [UNK] [CLS] [SEP] the offer ##s off ##er cafe don ' t 東 京 [ ] sep un ##happi ##ness ! . un") {
		vocab[piece] = int32(i)
	}
	source, err := json.Marshal(map[string]any{
		"truncation": map[string]any{"max_length": 2}, "padding": map[string]any{"strategy": map[string]int{"Fixed": 128}},
		"normalizer": map[string]any{"type": "BertNormalizer", "lowercase": true},
		"model":      map[string]any{"type": "WordPiece", "continuing_subword_prefix": "##", "vocab": vocab},
	})
	if err != nil {
		t.Fatal(err)
	}
	made, err := NewTokenizer(source)
	if err != nil {
		t.Fatal(err)
	}
	return made
}

func TestEncode(t *testing.T) {
	tok := small(t)
	names := map[int32]string{tok.begin: "^", tok.end: "$", tok.unknown: "?"}
	for piece, id := range tok.first {
		if names[id] == "" {
			names[id] = piece
		}
	}
	for piece, id := range tok.inner {
		names[id] = "##" + piece
	}
	for text, want := range map[string]string{
		"":                                 "^ $",
		"The offers!":                      "^ the offer ##s ! $",
		"OFFER":                            "^ offer $",
		"Café cafe\u0301":                  "^ cafe cafe $",
		"don't":                            "^ don ' t $",
		"東京":                               "^ 東 京 $",
		"[SEP]":                            "^ [ sep ] $", // a text cannot end itself
		"unhappiness":                      "^ un ##happi ##ness $",
		"unhappy":                          "^ ? $",
		"the\x00 o\u200bff\ufffder.\u0085": "^ the offer . $",
		strings.Repeat("e", 101) + " the":  "^ ? the $",
		strings.Repeat("e", 5000) + ".":    "^ ? . $",
	} {
		var got []string
		for _, id := range tok.Encode(text, 100) {
			got = append(got, names[id])
		}
		if strings.Join(got, " ") != want {
			t.Errorf("%.40q is cut into %q, want %q", text, got, want)
		}
	}
	if got := tok.Encode(strings.Repeat("offers ", 1000), 8); len(got) != 8 || got[7] != tok.end {
		t.Errorf("cut at 8: %v", got)
	}
	if _, err := NewTokenizer([]byte(`{"model":{"type":"BPE"}}`)); err == nil {
		t.Error("another kind of tokenizer was taken")
	}
}

func FuzzEncode(f *testing.F) {
	for _, s := range []string{"", "The offers!", "\xff\xfe", "é́́", strings.Repeat("[CLS]", 9)} {
		f.Add(s, 16)
	}
	tok := small(f)
	f.Fuzz(func(t *testing.T, text string, most int) {
		most = 2 + min(max(most, 0), 600)
		ids := tok.Encode(text, most)
		if len(ids) > most || ids[0] != tok.begin || ids[len(ids)-1] != tok.end {
			t.Errorf("%q: %v", text, ids)
		}
		if slices.Contains(ids[1:len(ids)-1], tok.end) {
			t.Errorf("%q ends itself", text)
		}
	})
}

func TestPool(t *testing.T) {
	states := []float32{3, 0, 0, 1, 0, 3}
	if v := Pool(Mean, states, 2); math.Abs(float64(v[0]-3/5.)) > 1e-6 || math.Abs(float64(v[1]-4/5.)) > 1e-6 {
		t.Errorf("the mean of three is %v", v)
	}
	if v := Pool(First, states, 2); v[0] != 1 || v[1] != 0 {
		t.Errorf("the first is %v", v)
	}
	if v := Normalise([]float32{float32(math.NaN()), 1}); v[0] != 0 || v[1] != 0 {
		t.Errorf("what is no number becomes %v", v)
	}
}

func TestQuantiseKeepsTheDirection(t *testing.T) {
	v := make([]float32, 384)
	for i := range v {
		v[i] = float32(math.Sin(float64(i * i)))
	}
	Normalise(v)
	q := Quantise(v)
	dot, square := 0.0, 0.0
	for i, b := range q {
		dot += float64(v[i]) * float64(int8(b))
		square += float64(int8(b)) * float64(int8(b))
	}
	if cos := dot / math.Sqrt(square); cos < 0.9999 {
		t.Errorf("cosine with the original %v", cos)
	}
	if got := Quantise([]float32{0, 0}); got[0] != 0 || got[1] != 0 {
		t.Errorf("nothing becomes %v", got)
	}
}

func TestCut(t *testing.T) {
	if s := Cut("aé", 2); s != "a" || !utf8.ValidString(s) {
		t.Errorf("cut to %q", s)
	}
	if Cut("ab", 2) != "ab" {
		t.Error("what fits was cut")
	}
}
