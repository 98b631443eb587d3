package eval

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"applylens/internal/mail"
	"applylens/internal/triage"
	"applylens/internal/triage/corpus"
)

// Labelled reads mail whose category is known, from files and folders: .txt in the form of our corpus; .csv with the
// columns text and label; .eml below a folder that is named after a category. A label may also be "unwanted", for mail
// that nobody asked for; such mail has no Category. Set is the source: the system, the file, or the folder above.
func Labelled(paths []string) ([]Sample, error) {
	var out []Sample
	for _, path := range paths {
		err := filepath.WalkDir(path, func(name string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() {
				return err
			}
			samples, err := labelledFile(name)
			out = append(out, samples...)
			return err
		})
		if err != nil {
			return nil, err
		}
	}
	if len(out) == 0 {
		return nil, errors.New("no labelled mail there: .txt in the form of internal/triage/corpus, .csv with the columns text and label, or .eml in folders named after categories or unwanted")
	}
	return out, nil
}

func labelledFile(name string) ([]Sample, error) {
	if !slices.Contains([]string{".txt", ".csv", ".eml"}, filepath.Ext(name)) {
		return nil, nil
	}
	b, err := os.ReadFile(name)
	if err != nil {
		return nil, err
	}
	switch filepath.Ext(name) {
	case ".txt":
		return labelledCorpus(name, b)
	case ".csv":
		return labelledCSV(name, string(b))
	}
	folder := filepath.Base(filepath.Dir(name))
	if classIndex(folder) < 0 && folder != unwantedLabel {
		return nil, nil
	}
	s := labelled(folder)
	s.Set, s.Name, s.Mail, s.Size = filepath.Base(filepath.Dir(filepath.Dir(name))), name, mail.Parse(b), len(b)
	return []Sample{s}, nil
}

const unwantedLabel = "unwanted"

// labelled is a sample of a label. Mail of a category is wanted.
func labelled(label string) Sample {
	unwanted := label == unwantedLabel
	if unwanted {
		label = ""
	}
	return Sample{Category: label, Unwanted: &unwanted}
}

func labelledCorpus(name string, b []byte) ([]Sample, error) {
	mails, err := corpus.Parse(strings.TrimSuffix(filepath.Base(name), ".txt"), b)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	var out []Sample
	for _, c := range mails {
		s := labelled(c.Category)
		if c.Unwanted { // its category is what it poses as
			s = labelled(unwantedLabel)
		} else {
			s.Reply = &c.NeedsReply
		}
		s.Set, s.Name, s.Mail, s.Lang, s.Size = c.System, fmt.Sprintf("%s %d", name, c.Number), mail.Parse(c.Raw), c.Lang, len(c.Raw)
		out = append(out, s)
	}
	return out, nil
}

func labelledCSV(name, text string) ([]Sample, error) {
	r := csv.NewReader(strings.NewReader(text))
	r.FieldsPerRecord = -1
	head, err := r.Read()
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	textAt, labelAt := slices.Index(head, "text"), slices.Index(head, "label")
	if textAt < 0 || labelAt < 0 {
		return nil, fmt.Errorf("%s: the first line must name the columns text and label", name)
	}
	var out []Sample
	for line := 2; ; line++ {
		row, err := r.Read()
		switch {
		case errors.Is(err, io.EOF):
			return out, nil
		case err != nil:
			return nil, fmt.Errorf("%s: %w", name, err)
		case max(textAt, labelAt) >= len(row):
			return nil, fmt.Errorf("%s, row %d: too few columns", name, line)
		case classIndex(row[labelAt]) < 0 && row[labelAt] != unwantedLabel:
			return nil, fmt.Errorf("%s, row %d: %q is no category; there are %v and %s", name, line, row[labelAt], triage.Categories(), unwantedLabel)
		}
		m := mail.Parse([]byte("\n" + row[textAt]))
		s := labelled(row[labelAt])
		s.Set, s.Name, s.Mail, s.Size = filepath.Base(name), fmt.Sprintf("%s row %d", name, line), m, len(row[textAt])
		out = append(out, s)
	}
}

// Sources returns the sets of judged mails, in order.
func Sources(js []Judged) []string {
	seen := map[string]bool{}
	var out []string
	for i := range js {
		if !seen[js[i].Set] {
			seen[js[i].Set] = true
			out = append(out, js[i].Set)
		}
	}
	slices.Sort(out)
	return out
}
