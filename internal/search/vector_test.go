package search

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"
)

func TestQueryLexemes(t *testing.T) {
	var a Analyzer
	for text, want := range map[string]string{
		"Interviews":                         "interview@0",
		"Ünïcödé résumé":                     "unicod@0 resum@1",
		"Straße SØREN":                       "strass@0 soren@1",
		"ﬁne Ｆｕｌｌ":                           "fine@0 full@1",
		"e-mail":                             "e@0 mail@1",
		"don't Anna's O’Neil":                "don@0 t@1 anna@2 o@3 neil@4",
		"anna.smith+jobs@mail.example.com x": "anna.smith+jobs@mail.example.com@0 x@6",
		"www.example.com.":                   "www.example.com@0",
		"https://www.example.com/jobs/42?utm=a&b=c#d next": "www.example.com@0 job@3 42@4 next@5",
		"C++ and C# or c":                 "c++@0 and@1 c#@2 or@3 c@4",
		"12.5.2026 1,234":                 "12.5.2026@0 1@3 234@4",
		"日本語 テスト":                         "日@0 本@1 語@2 テ@3 ス@4 ト@5",
		"ok 👍🏽":                           "ok@0 👍@1",
		"inter\u00adview":                 "interview@0",
		strings.Repeat("x", 100) + " end": "end@0",
		"— … *** ()":                      "",
		"report_2026-01.pdf":              "report_2026-01.pdf@0",
	} {
		s := a.get()
		var got []string
		for _, l := range s.query(text) {
			got = append(got, fmt.Sprintf("%s@%d", l.lexeme, l.at))
		}
		a.put(s)
		if strings.Join(got, " ") != want {
			t.Errorf("%q: %s, want %s", text, strings.Join(got, " "), want)
		}
	}
}

// text writes lexemes with their positions.
func (l Lexemes) text() string {
	var all []string
	for i, w := range l.words {
		all = append(all, strings.TrimSuffix(fmt.Sprintf("%s%v", w, l.placesOf(i)), "[]"))
	}
	return strings.Join(all, " ")
}

func (l Lexemes) placesOf(i int) []uint16 {
	begin := int32(0)
	if i > 0 {
		begin = l.ends[i-1]
	}
	return l.places[begin:l.ends[i]]
}

func TestLexemes(t *testing.T) {
	l := new(Analyzer).Lexemes(Document{Subject: "Offers", From: "Anna <anna@mail.example.com>", To: "me@x.org",
		Files: []string{"offer.pdf"}, ReplyTo: "hr@x.org", Body: "The offer, Anna's."})
	got, want := l.text(), `offer[1 15 19] anna[3 4 20] mail[5] exampl[6] com[7] anna@mail.example.com[4] mail.example.com[4] example.com[4]`+
		` me[9] =tme x[10] =tx org[11] =torg me@x.org[9] =tme@x.org x.org[9] =tx.org =noffer pdf[16] =npdf offer.pdf[15] =noffer.pdf`+
		` =rhr =rx =rorg =rhr@x.org =rx.org the[18]`
	if got != want {
		t.Errorf("lexemes are\n%s, want\n%s", got, want)
	}
	if l.starts != [3]uint16{3, 9, 18} || l.length != 3 {
		t.Errorf("parts begin at %v, the body has %d words", l.starts, l.length)
	}
}

func TestLexemesLimits(t *testing.T) {
	var long strings.Builder
	for i := range 400000 {
		fmt.Fprintf(&long, "w%d ", i)
	}
	for name, body := range map[string]string{
		"distinct": long.String(), "same": strings.Repeat("a ", 1<<20), "no blank": strings.Repeat("a", 2<<20),
		"dots": strings.Repeat("a.", 1<<19), "at": strings.Repeat("a@b.c.d.e", 1<<17), "marks": strings.Repeat("\u0301", 1<<19),
	} {
		l := new(Analyzer).Lexemes(Document{Subject: "s", From: "f", To: "t", Body: body})
		size := 0
		for i, w := range l.words {
			places := l.placesOf(i)
			size += len(w) + 4 + 2*len(places)
			for j := range places {
				if j > 0 && places[j] <= places[j-1] {
					t.Fatalf("%s: places of %s are out of order", name, w)
				}
			}
			if len(w) >= 2048 || len(places) > 256 || !utf8.ValidString(w) {
				t.Errorf("%s: lexeme of %d bytes with %d places", name, len(w), len(places))
			}
		}
		if size >= 1<<20 {
			t.Errorf("%s: %d bytes", name, size)
		}
		if truncated := len(body) > maxText; l.Truncated != truncated {
			t.Errorf("%s: truncated %v", name, l.Truncated)
		}
	}
}

func FuzzLexemes(f *testing.F) {
	f.Add("https://a.b/c?d#e C++ o'neil’s é\u0301 日本 anna+x@y.z.w \xff")
	var a Analyzer
	f.Fuzz(func(t *testing.T, text string) {
		s := a.get()
		s.reset(text)
		end := 0
		for s.next() {
			for i, p := range s.parts {
				if p.start < end || p.end <= p.start || p.end > len(text) || len(s.word(i)) == 0 {
					t.Fatalf("part %d–%d after %d: %q", p.start, p.end, end, s.word(i))
				}
				end = p.end
			}
			if s.i < end {
				t.Fatal("went back")
			}
		}
		indexed := map[string]bool{}
		for _, w := range a.Lexemes(Document{Body: text}).words {
			indexed[w] = true
		}
		for _, l := range s.query(text) {
			if len(text) < maxText && !indexed[l.lexeme] {
				t.Errorf("%q of a query for the text itself is not among its lexemes", l.lexeme)
			}
		}
		a.put(s)
	})
}

// mails reads bodies of real mail, or skips.
func mails(tb testing.TB) []string {
	tb.Helper()
	files, _ := filepath.Glob("/tmp/data/spamassassin/*/*")
	var texts []string
	for _, name := range files {
		if b, err := os.ReadFile(name); err == nil {
			if _, body, ok := strings.Cut(string(b), "\n\n"); ok {
				texts = append(texts, strings.ToValidUTF8(body, "?"))
			}
		}
		if len(texts) == 1500 {
			break
		}
	}
	if len(texts) == 0 {
		tb.Skip("no mail in /tmp/data/spamassassin")
	}
	return texts
}

func BenchmarkLexemes(b *testing.B) {
	texts := mails(b)
	var a Analyzer
	size := 0
	for _, t := range texts {
		size += len(t)
	}
	b.SetBytes(int64(size))
	b.ReportAllocs()
	for b.Loop() {
		for _, t := range texts {
			a.Lexemes(Document{Body: t})
		}
	}
}
