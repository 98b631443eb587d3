package sample

import (
	_ "embed"
	"fmt"
	"strings"
)

//go:embed truth.tsv
var truth string

// A Truth is what a person who read the message would say of it.
type Truth struct {
	Category   string // as in package triage; for a scam it is what the message poses as
	NeedsReply bool   // somebody waits for an answer in words, not for a click
	Scam       bool
}

// Truths returns the truth about each received message by its Message-ID, without angle brackets. The owner's own
// messages have none. It panics when the embedded file is malformed, which the tests rule out.
func Truths() map[string]Truth {
	all := map[string]Truth{}
	for i, line := range strings.Split(strings.TrimSpace(truth), "\n") {
		f := strings.Split(line, "\t")
		if len(f) != 4 {
			panic(fmt.Sprintf("truth.tsv, line %d: %d fields", i+1, len(f)))
		}
		if i > 0 { // the first line names the columns
			all[f[0]] = Truth{Category: f[1], NeedsReply: f[2] == "yes", Scam: f[3] == "yes"}
		}
	}
	return all
}
