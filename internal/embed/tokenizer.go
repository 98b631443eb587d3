package embed

import (
	"encoding/json"
	"errors"
	"fmt"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// ErrTokenizer means that a tokenizer.json is not of the kind that BERT models have.
var ErrTokenizer = errors.New("embed: not the tokenizer of an uncased BERT model")

const maxWordRunes = 100 // a longer word is unknown, as in BERT

// A Tokenizer cuts a text into the pieces that a model knows by number: BERT's basic tokens (lower case, without
// accents, punctuation apart), each split greedily into the longest pieces of the vocabulary (WordPiece; Wu et al.,
// 2016). Names of special tokens that stand in a text are text. It is safe for concurrent use.
type Tokenizer struct {
	first, inner map[string]int32 // pieces that begin a word, and those that go on
	unknown      int32
	begin, end   int32 // [CLS], [SEP]
}

// NewTokenizer reads a tokenizer.json of the Hugging Face library. Its padding and truncation are not obeyed: Encode
// is told how much to keep, and pads nothing.
func NewTokenizer(source []byte) (*Tokenizer, error) {
	var file struct {
		Normalizer struct {
			Type      string `json:"type"`
			Lowercase bool   `json:"lowercase"`
		} `json:"normalizer"`
		Model struct {
			Type   string           `json:"type"`
			Prefix string           `json:"continuing_subword_prefix"`
			Vocab  map[string]int32 `json:"vocab"`
		} `json:"model"`
	}
	if err := json.Unmarshal(source, &file); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrTokenizer, err)
	}
	if file.Normalizer.Type != "BertNormalizer" || !file.Normalizer.Lowercase || file.Model.Type != "WordPiece" || file.Model.Prefix != "##" {
		return nil, ErrTokenizer
	}
	t := &Tokenizer{first: map[string]int32{}, inner: map[string]int32{}}
	for piece, id := range file.Model.Vocab {
		if len(piece) > 2 && piece[:2] == "##" {
			t.inner[piece[2:]] = id
		} else {
			t.first[piece] = id
		}
	}
	for _, special := range []struct {
		name string
		id   *int32
	}{{"[UNK]", &t.unknown}, {"[CLS]", &t.begin}, {"[SEP]", &t.end}} {
		id, ok := t.first[special.name]
		if !ok {
			return nil, fmt.Errorf("%w: no %s", ErrTokenizer, special.name)
		}
		*special.id = id
	}
	return t, nil
}

// Encode returns the numbers of a text's first pieces between those of its beginning and its end, at most most in all.
func (t *Tokenizer) Encode(text string, most int) []int32 {
	ids := append(make([]int32, 0, min(most, len(text)/3+3)), t.begin)
	word := make([]byte, 0, 64)
	for i := 0; i < len(text) && len(ids) < most-1; {
		r, n := utf8.DecodeRuneInString(text[i:])
		i += n
		switch {
		case ignored(r):
		case space(r):
			ids, word = t.pieces(ids, word), word[:0]
		case apart(r):
			ids = t.pieces(ids, word)
			ids, word = t.pieces(ids, utf8.AppendRune(word[:0], r)), word[:0]
		default:
			word = appendFolded(word, r)
		}
		if len(word) > 4*maxWordRunes*utf8.UTFMax { // no need to gather a word that is unknown already
			word = word[:2*maxWordRunes*utf8.UTFMax]
		}
	}
	ids = t.pieces(ids, word)
	return append(ids[:min(len(ids), most-1)], t.end)
}

// pieces appends the pieces of one word.
func (t *Tokenizer) pieces(ids []int32, word []byte) []int32 {
	if len(word) == 0 {
		return ids
	}
	if utf8.RuneCount(word) > maxWordRunes {
		return append(ids, t.unknown)
	}
	known, table := len(ids), t.first
	for start := 0; start < len(word); table = t.inner {
		end := len(word)
		for ; end > start; end-- {
			if id, ok := table[string(word[start:end])]; ok {
				ids = append(ids, id)
				break
			}
		}
		if end == start {
			return append(ids[:known], t.unknown)
		}
		start = end
	}
	return ids
}

// appendFolded appends a rune in lower case and without accents.
func appendFolded(word []byte, r rune) []byte {
	if r < utf8.RuneSelf {
		if r >= 'A' && r <= 'Z' {
			r += 'a' - 'A'
		}
		return append(word, byte(r))
	}
	for _, d := range norm.NFD.String(string(r)) {
		if !unicode.Is(unicode.Mn, d) {
			word = utf8.AppendRune(word, unicode.ToLower(d))
		}
	}
	return word
}

// ignored tells characters that BERT drops: controls, and what could not be decoded.
func ignored(r rune) bool {
	switch {
	case r < utf8.RuneSelf:
		return (r < ' ' || r == 0x7F) && !space(r)
	case r == utf8.RuneError:
		return true
	}
	return unicode.In(r, unicode.Cc, unicode.Cf, unicode.Co)
}

func space(r rune) bool {
	if r < utf8.RuneSelf {
		return r == ' ' || r == '\t' || r == '\n' || r == '\r'
	}
	return unicode.IsSpace(r)
}

// apart tells characters that are words by themselves: punctuation, ASCII signs, and Chinese characters.
func apart(r rune) bool {
	switch {
	case r < utf8.RuneSelf:
		return r > ' ' && !(r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z')
	case r >= 0x4E00 && r <= 0x9FFF, r >= 0x3400 && r <= 0x4DBF, r >= 0xF900 && r <= 0xFAFF, r >= 0x20000 && r <= 0x2CEAF, r >= 0x2F800 && r <= 0x2FA1F:
		return true
	}
	return unicode.IsPunct(r)
}
