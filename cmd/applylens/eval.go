package main

import (
	"encoding/json"
	"fmt"
	"os"

	"applylens/internal/triage"
	"applylens/internal/triage/eval"
)

type evalCmd struct {
	Paths []string `arg:"" name:"path" help:"Labelled mail: .txt in the form of internal/triage/corpus, .csv with the columns text and label, or folders of .eml named after categories. The label unwanted is for mail that nobody asked for."`
	JSON  bool     `name:"json" help:"Print JSON."`
}

// A figures is what is printed of some mail. Categories are of mail that somebody asked for.
type figures struct {
	eval.CategoryReport
	Unwanted eval.UnwantedReport `json:"unwanted"`
}

// An evaluation is what is printed: all mail, and each source apart.
type evaluation struct {
	All     figures            `json:"all"`
	Sources map[string]figures `json:"sources"`
}

func measure(judged []eval.Judged) figures {
	return figures{eval.Categories(eval.Select(judged, func(j *eval.Judged) bool { return j.Category != "" })), eval.Unwanted(judged)}
}

// Run judges labelled mail and counts how often the judgement is right, wrong or silent.
func (cmd *evalCmd) Run() error {
	samples, err := eval.Labelled(cmd.Paths)
	if err != nil {
		return err
	}
	judged := eval.Run(samples, triage.Judge)
	out := evaluation{All: measure(judged), Sources: map[string]figures{}}
	sources := eval.Sources(judged)
	for _, source := range sources {
		out.Sources[source] = measure(eval.Select(judged, func(j *eval.Judged) bool { return j.Set == source }))
	}
	if cmd.JSON {
		return json.NewEncoder(os.Stdout).Encode(out)
	}
	fmt.Fprintf(os.Stdout, "%s\n%s", out.All.CategoryReport, out.All.Unwanted)
	if len(sources) < 2 {
		return nil
	}
	fmt.Fprintf(os.Stdout, "\n%-24s %6s %9s %11s %12s %9s\n", "source", "mails", "accuracy", "abstention", "calibration", "unwanted")
	for _, source := range sources {
		r := out.Sources[source]
		fmt.Fprintf(os.Stdout, "%-24.24s %6d %9s %11s %12s %9d\n", source, r.Mails, eval.Figure(r.Accuracy, r.Mails), eval.Figure(r.Abstention, r.Mails),
			eval.Figure(r.ECE, r.Mails), r.Unwanted.Unwanted)
	}
	return nil
}
