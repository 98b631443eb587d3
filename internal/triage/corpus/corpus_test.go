package corpus

import (
	"hash/fnv"
	"os"
	"strings"
	"testing"

	"applylens/internal/mail"
)

// nearDuplicate is the share of common word triples from which on two mails count as near-duplicates.
const nearDuplicate = 0.5

func TestParse(t *testing.T) {
	mails, err := Parse("x", []byte("category: offer\nsystem: lever\nlang: en\nneeds_reply: yes\nFrom: A <a@b.example>\nSubject: Hi\n\nBody é\n=====\n"+
		"category: other\nsystem: person\nlang: de\nneeds_reply: no\nunwanted: yes\nSubject: Zwei\nContent-Type: text/html\n\n<p>Zwei</p>\n"))
	if err != nil {
		t.Fatal(err)
	}
	if len(mails) != 2 || !mails[0].NeedsReply || mails[0].Unwanted || !mails[1].Unwanted || mails[1].Lang != "de" || mails[1].Number != 2 {
		t.Fatalf("got %+v", mails)
	}
	m := mail.Parse(mails[0].Raw)
	if m.Subject != "Hi" || !strings.Contains(m.Text, "Body é") || m.From[0].Address != "a@b.example" {
		t.Errorf("parsed %q %q %v", m.Subject, m.Text, m.From)
	}
	if m := mail.Parse(mails[1].Raw); m.HTML == "" || strings.TrimSpace(m.Text) != "Zwei" {
		t.Errorf("html %q, text %q", m.HTML, m.Text)
	}
	if _, err := Parse("x", []byte("Subject: no label\n\nbody")); err == nil {
		t.Error("a mail without a category was taken")
	}
}

// TestCorpusVariety keeps the corpus from growing by copies: fewer than 5 % of the mails may share half of their word
// triples with another one.
func TestCorpusVariety(t *testing.T) {
	mails, err := Read(os.DirFS("."))
	if err != nil {
		t.Fatal(err)
	}
	if len(mails) == 0 {
		t.Fatal("the corpus is empty")
	}
	sets := make([]map[uint64]bool, len(mails))
	for i := range mails {
		sets[i] = triples(mail.Parse(mails[i].Raw).Text)
	}
	index := map[uint64][]int{}
	twins := 0
	for i, s := range sets {
		common := map[int]int{}
		for h := range s {
			for _, j := range index[h] {
				common[j]++
			}
		}
		for j, n := range common {
			if float64(n) >= nearDuplicate*float64(min(len(s), len(sets[j]))) && n >= 5 {
				twins++
				t.Logf("%s %d is like %s %d", mails[i].File, mails[i].Number, mails[j].File, mails[j].Number)
				break
			}
		}
		for h := range s {
			index[h] = append(index[h], i)
		}
	}
	share := float64(twins) / float64(len(mails))
	t.Logf("%d mails, %d near-duplicates (%.1f %%)", len(mails), twins, 100*share)
	if share >= 0.05 {
		t.Errorf("%.1f %% of the corpus are near-duplicates, want less than 5 %%", 100*share)
	}
}

// triples hashes the runs of three words of a text.
func triples(text string) map[uint64]bool {
	words := strings.Fields(strings.ToLower(text))
	out := map[uint64]bool{}
	for i := 0; i+3 <= len(words); i++ {
		h := fnv.New64a()
		h.Write([]byte(strings.Join(words[i:i+3], " ")))
		out[h.Sum64()] = true
	}
	return out
}
