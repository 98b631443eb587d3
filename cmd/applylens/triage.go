package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"applylens/internal/ingest"
	"applylens/internal/mail"
	"applylens/internal/triage"
)

type triageCmd struct {
	Paths []string `arg:"" name:"path" help:"Messages, mailboxes, folders or archives of them."`
	Owner string   `help:"Address of the mailbox's owner." placeholder:"EMAIL"`
	JSON  bool     `name:"json" help:"Print one JSON object a message."`
}

// A judged mail is one line of the output.
type judged struct {
	File      string `json:"file"`
	MessageID string `json:"message_id"`
	triage.Verdict
	MS float64 `json:"ms"` // parsing and judging
}

// Run judges all messages under the paths.
func (cmd *triageCmd) Run(ctx context.Context) error {
	out := bufio.NewWriter(os.Stdout)
	defer func() { _ = out.Flush() }()
	encoder := json.NewEncoder(out)
	encoder.SetEscapeHTML(false)
	var owner []string
	if cmd.Owner != "" {
		owner = []string{strings.ToLower(cmd.Owner)}
	}
	failed := false
	for raw, err := range ingest.Walk(ctx, cmd.Paths, nil) {
		if err != nil {
			var broken *ingest.SourceError
			if !errors.As(err, &broken) {
				return err
			}
			failed = true
			fmt.Fprintln(os.Stderr, err)
			continue
		}
		began := time.Now()
		m := mail.Parse(raw.Bytes)
		v := triage.Judge(triage.Input{Mail: m, Owner: owner, Now: m.Date})
		j := judged{File: raw.Source, MessageID: m.MessageID, Verdict: v, MS: float64(time.Since(began).Microseconds()) / 1000}
		if err := cmd.print(out, encoder, j); err != nil {
			return err
		}
	}
	if failed {
		return errSilent
	}
	return nil
}

func (cmd *triageCmd) print(out *bufio.Writer, encoder *json.Encoder, j judged) error {
	if cmd.JSON {
		return encoder.Encode(j)
	}
	review := ""
	if j.NeedsReview {
		review = " (needs review)"
	}
	_, err := fmt.Fprintf(out, "%s\t%s %.2f%s\t%s\trisk %d\n", j.File, j.Category, j.Confidence, review, j.Priority, j.Risk.Score)
	return err
}
