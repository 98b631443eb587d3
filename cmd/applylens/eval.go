package main

import (
	"encoding/json"
	"fmt"
	"os"

	"applylens/internal/triage"
	"applylens/internal/triage/eval"
)

type evalCmd struct {
	Paths []string `arg:"" name:"path" help:"Labelled mail: .txt in the form of internal/triage/corpus, .csv with the columns text and label, or folders of .eml named after categories."`
	JSON  bool     `name:"json" help:"Print JSON."`
}

// An evaluation is what is printed: all mail, and each source apart.
type evaluation struct {
	All     eval.CategoryReport            `json:"all"`
	Sources map[string]eval.CategoryReport `json:"sources"`
}

// Run judges labelled mail and counts how often the judgement is right, wrong or silent.
func (cmd *evalCmd) Run() error {
	samples, err := eval.Labelled(cmd.Paths)
	if err != nil {
		return err
	}
	judged := eval.Run(samples, triage.Judge)
	out := evaluation{All: eval.Categories(judged), Sources: map[string]eval.CategoryReport{}}
	sources := eval.Sources(judged)
	for _, source := range sources {
		out.Sources[source] = eval.Categories(eval.Select(judged, func(j *eval.Judged) bool { return j.Set == source }))
	}
	if cmd.JSON {
		return json.NewEncoder(os.Stdout).Encode(out)
	}
	fmt.Fprintln(os.Stdout, out.All)
	if len(sources) < 2 {
		return nil
	}
	fmt.Fprintf(os.Stdout, "\n%-24s %6s %9s %11s\n", "source", "mails", "accuracy", "abstention")
	for _, source := range sources {
		r := out.Sources[source]
		fmt.Fprintf(os.Stdout, "%-24.24s %6d %9s %11s\n", source, r.Mails, eval.Percent(r.Accuracy), eval.Percent(r.Abstention))
	}
	return nil
}
