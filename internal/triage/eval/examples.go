package eval

import (
	"fmt"
	"io/fs"
	"strings"

	"applylens/internal/mail"
	"applylens/internal/triage"
	"applylens/internal/triage/corpus"
	"applylens/internal/triage/learn"
)

// classIndex is the place of a category in triage.Classes, or −1.
func classIndex(c string) int {
	for i, x := range triage.Classes() {
		if string(x) == c {
			return i
		}
	}
	return -1
}

// CorpusExamples turns the mails of our own corpus into examples, each also as a copy without its headers, so that
// the text alone is enough.
func CorpusExamples(dir fs.FS) ([]learn.Example, error) {
	mails, err := corpus.Read(dir)
	if err != nil {
		return nil, err
	}
	var out []learn.Example
	for _, c := range mails {
		class := classIndex(c.Category)
		if class < 0 {
			return nil, fmt.Errorf("corpus %s, mail %d: unknown category %q", c.File, c.Number, c.Category)
		}
		m := mail.Parse(c.Raw)
		e := learn.Example{Features: triage.Extract(triage.Input{Mail: m}), Class: class, Weight: corpusWeight,
			Group: "corpus/" + c.System, Source: "corpus"}
		if c.Unwanted {
			e.Unwanted, e.Class, e.Weight = 1, -1, unwantedWeight
		}
		out = append(out, e, bare(e, m))
	}
	return out, nil
}

// The weights of the sources beside each other.
const (
	corpusWeight   = 1.0
	unwantedWeight = 4.0 // of unwanted mail of our own: it is of today, the public set is not
	businessWeight = 0.5
	hardWeight     = 10.0 // of wanted mail that looks unwanted: there is little of it and it matters most
	bareWeight     = 0.2
	weakWeight     = 0.2
)

// bare is a copy of an example that knows the text only.
func bare(e learn.Example, m *mail.Message) learn.Example {
	e.Features = triage.Extract(triage.Input{Mail: &mail.Message{Text: m.Text, VisibleText: m.VisibleText}})
	e.Weight *= bareWeight
	e.Copy = true
	return e
}

// SpamExamples turns the public spam set into examples for the unwanted head. Its wanted mail also gets a category
// where the headers leave no doubt.
func SpamExamples(samples []Sample) []learn.Example {
	Campaigns(samples)
	var out []learn.Example
	for i := range samples {
		s := &samples[i]
		e := learn.Example{Features: triage.Extract(triage.Input{Mail: s.Mail}), Class: -1, Weight: 1, Group: s.Group, Source: s.Set}
		if *s.Unwanted {
			e.Unwanted = 1
		} else if strings.HasSuffix(s.Set, "hard-ham") {
			e.Weight = hardWeight
		}
		out = append(out, e)
		if i%3 == 0 {
			out = append(out, bare(e, s.Mail))
		}
		if strings.HasSuffix(s.Set, "easy-ham") && i%6 == 1 {
			// Without its headers, list mail is people writing to each other.
			b := bare(e, s.Mail)
			b.Class, b.Unwanted, b.Weight = classIndex(string(triage.Personal)), -1, weakWeight
			out = append(out, b)
		}
		if c := weakClass(s); c >= 0 && (c != listClass() || i%16 == 0) {
			e.Class, e.Unwanted, e.Weight, e.Copy = c, -1, weakWeight, true
			out = append(out, e)
		}
	}
	return out
}

func listClass() int { return classIndex(string(triage.MailingList)) }

// weakClass guesses a category from the headers of wanted mail, or −1.
func weakClass(s *Sample) int {
	switch {
	case *s.Unwanted:
		return -1
	case s.Mail.List.ID != "" || strings.Contains(strings.ToLower(s.Mail.Header("Precedence")), "list"):
		return listClass()
	case strings.HasSuffix(s.Set, "hard-ham"):
		subject := strings.ToLower(s.Mail.Subject)
		for _, w := range []string{"shopper", "auction", "deal", "save", "% off", "sale", "special"} {
			if strings.Contains(subject, w) {
				return classIndex(string(triage.Promotion))
			}
		}
		return classIndex(string(triage.Newsletter))
	}
	return -1
}

// BusinessExamples turns the annotated threads into personal mail: business letters between people, which are not
// about an application.
func BusinessExamples(dir string) ([]learn.Example, error) {
	var out []learn.Example
	err := Open(dir, "emailcoref", func(name string, b []byte) error {
		if !strings.HasSuffix(name, ".conll") {
			return nil
		}
		for _, text := range coldMails(string(b)) {
			m := &mail.Message{Text: text, VisibleText: text}
			out = append(out, learn.Example{Features: triage.Extract(triage.Input{Mail: m}), Class: classIndex(string(triage.Personal)),
				Unwanted: 0, Weight: businessWeight, Group: "emailcoref/" + name, Source: "emailcoref"})
		}
		return nil
	})
	return out, err
}

// coldMails puts the words of a token-per-line file together to mails; a mail begins at "Date :".
func coldMails(s string) []string {
	var out []string
	var b strings.Builder
	flush := func() {
		if _, body, ok := strings.Cut(b.String(), "Subject :"); ok && len(body) > 60 {
			out = append(out, strings.TrimSpace(body))
		}
		b.Reset()
	}
	prev := ""
	for _, line := range strings.Split(s, "\n") {
		word, _, _ := strings.Cut(line, "\t")
		switch {
		case strings.HasPrefix(line, "#"):
			continue
		case word == "":
			b.WriteString("\n")
		case word == ":" && prev == "Date":
			flush()
		default:
			b.WriteString(word + " ")
		}
		prev = word
	}
	flush()
	return out
}

// SentenceExamples turns the request set into examples. The file is sorted by text, so blocks of neighbours make the
// groups: sentences that begin alike stay together.
func SentenceExamples(in []Sentence) []learn.Sentence {
	var out []learn.Sentence
	for i, s := range in {
		out = append(out, learn.Sentence{Features: triage.ExtractSentence(s.Text), Asks: s.Asks, Weight: 1,
			Group: fmt.Sprint("block ", i/8)})
	}
	return out
}

// TrainingData reads everything that the model may learn from.
func TrainingData(data string, corpusDir fs.FS) ([]learn.Example, []learn.Sentence, error) {
	own, err := CorpusExamples(corpusDir)
	if err != nil {
		return nil, nil, err
	}
	spam, err := SpamAssassin(data)
	if err != nil {
		return nil, nil, err
	}
	sentences, err := Requests(data)
	if err != nil {
		return nil, nil, err
	}
	business, err := BusinessExamples(data)
	if err != nil {
		return nil, nil, err
	}
	return append(append(own, SpamExamples(spam)...), business...), SentenceExamples(sentences), nil
}
