package eval

import (
	"io/fs"

	"applylens/internal/mail"
	"applylens/internal/triage"
	"applylens/internal/triage/corpus"
	"applylens/internal/triage/learn"
)

// systemFolds and campaignFolds are the numbers of parts that take turns at being held out.
const (
	systemFolds   = 6
	campaignFolds = 5
)

// A Lab holds the data that the held-out figures are made from.
type Lab struct {
	Data      string
	Corpus    fs.FS
	own       []learn.Example
	spam      []learn.Example
	business  []learn.Example
	raw       []Sample // the mails behind spam
	sentences []learn.Sentence
}

// OpenLab reads the data once; it returns ErrNoData when a set is not on this machine.
func OpenLab(data string, corpusDir fs.FS) (*Lab, error) {
	l := &Lab{Data: data, Corpus: corpusDir}
	var err error
	if l.own, err = CorpusExamples(corpusDir); err != nil {
		return nil, err
	}
	if l.raw, err = SpamAssassin(data); err != nil {
		return nil, err
	}
	if l.business, err = BusinessExamples(data); err != nil {
		return nil, err
	}
	requests, err := Requests(data)
	if err != nil {
		return nil, err
	}
	l.spam = SpamExamples(l.raw)
	l.sentences = SentenceExamples(requests)
	return l, nil
}

// Campaigns judges every mail of the public spam set with a model that saw no mail of its campaign.
func (l *Lab) Campaigns() []Judged {
	groups := make([]string, len(l.spam))
	for i := range l.spam {
		groups[i] = l.spam[i].Group
	}
	folds := learn.Folds(groups, campaignFolds)
	of := map[string]int{}
	for i, g := range groups {
		of[g] = folds[i]
	}
	rest := learn.Heads(l.own, nil, &triage.Model{Temperature: 1})
	var out []Judged
	for f := range campaignFolds {
		train := append(append([]learn.Example{}, l.own...), l.business...)
		for i, e := range l.spam {
			if folds[i] != f {
				train = append(train, e)
			}
		}
		m := learn.FitUnwanted(train, rest)
		var test []Sample
		for _, s := range l.raw {
			if of[s.Group] == f {
				test = append(test, s)
			}
		}
		out = append(out, Run(test, m.Judge)...)
	}
	return out
}

// Systems judges every mail of our own corpus with a model that saw no mail of its tracking system.
func (l *Lab) Systems() ([]Judged, error) {
	mails, err := corpus.Read(l.Corpus)
	if err != nil {
		return nil, err
	}
	groups := make([]string, len(l.own))
	for i := range l.own {
		groups[i] = l.own[i].Group
	}
	folds := learn.Folds(groups, systemFolds)
	of := map[string]int{}
	for i, g := range groups {
		of[g] = folds[i]
	}
	var out []Judged
	for f := range systemFolds {
		train := append(append([]learn.Example{}, l.spam...), l.business...)
		for i, e := range l.own {
			if folds[i] != f {
				train = append(train, e)
			}
		}
		m := learn.Fit(train, nil)
		var test []Sample
		for _, c := range mails {
			if of["corpus/"+c.System] == f {
				test = append(test, Sample{Set: "corpus", Name: c.File, Group: c.System, Mail: mail.Parse(c.Raw), Category: c.Category,
					Unwanted: yes(c.Unwanted), Reply: yes(c.NeedsReply), Lang: c.Lang, Size: len(c.Raw)})
			}
		}
		out = append(out, Run(test, m.Judge)...)
	}
	return out, nil
}

// Sentences returns the share of the request sentences that are answered rightly by a model that saw no neighbour of
// theirs, asked as a mail of one sentence.
func (l *Lab) Sentences() (float64, error) {
	requests, err := Requests(l.Data)
	if err != nil {
		return 0, err
	}
	groups := make([]string, len(l.sentences))
	for i := range l.sentences {
		groups[i] = l.sentences[i].Group
	}
	folds := learn.Folds(groups, campaignFolds)
	right := 0
	examples := append(append([]learn.Example{}, l.own...), l.spam...)
	all := learn.FitUnwanted(examples, learn.Heads(examples, nil, &triage.Model{Temperature: 1}))
	for f := range campaignFolds {
		var train []learn.Sentence
		for i, s := range l.sentences {
			if folds[i] != f {
				train = append(train, s)
			}
		}
		m := learn.FitAsk(train, all)
		for i, s := range requests {
			if folds[i] == f {
				v := m.Judge(triage.Input{Mail: mail.Parse([]byte("Content-Type: text/plain; charset=utf-8\n\n" + s.Text))})
				if v.NeedsReply == s.Asks {
					right++
				}
			}
		}
	}
	return float64(right) / float64(len(requests)), nil
}
