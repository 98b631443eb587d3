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
// columns text and label; .eml below a folder that is named after a category. Set is the source: the system, the file,
// or the folder above.
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
		return nil, errors.New("no labelled mail there: .txt in the form of internal/triage/corpus, .csv with the columns text and label, or .eml in folders named after categories")
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
	if classIndex(folder) < 0 {
		return nil, nil
	}
	return []Sample{{Set: filepath.Base(filepath.Dir(filepath.Dir(name))), Name: name, Mail: mail.Parse(b), Category: folder, Size: len(b)}}, nil
}

func labelledCorpus(name string, b []byte) ([]Sample, error) {
	mails, err := corpus.Parse(strings.TrimSuffix(filepath.Base(name), ".txt"), b)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	var out []Sample
	for _, c := range mails {
		if c.Unwanted { // its category is what it poses as
			continue
		}
		out = append(out, Sample{Set: c.System, Name: fmt.Sprintf("%s %d", name, c.Number), Mail: mail.Parse(c.Raw), Category: c.Category,
			Reply: &c.NeedsReply, Lang: c.Lang, Size: len(c.Raw)})
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
		case classIndex(row[labelAt]) < 0:
			return nil, fmt.Errorf("%s, row %d: %q is no category; there are %v", name, line, row[labelAt], triage.Categories())
		}
		m := mail.Parse([]byte("\n" + row[textAt]))
		out = append(out, Sample{Set: filepath.Base(name), Name: fmt.Sprintf("%s row %d", name, line), Mail: m, Category: row[labelAt], Size: len(row[textAt])})
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
