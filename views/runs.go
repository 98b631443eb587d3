package views

import (
	"encoding/json"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"

	"applylens/internal/db"
)

// Runs is a page of a list of runs.
type Runs struct {
	Base     string // /ops/runs or /runs
	Rows     []RunRow
	Filter   url.Values // as asked for
	Agents   []string
	Triggers []string
	Outcomes []string
	Next     string // address of the next page, or ""
	Live     []LiveRun
}

// A RunRow is a run in a list.
type RunRow struct {
	ID, Agent, Version, Trigger, Outcome, Error string
	User                                        string // as operators see it; "" in one's own list
	DryRun                                      bool
	StartedAt                                   time.Time
	Took                                        time.Duration
	Items                                       int32
	Cost                                        int64
	Detail                                      json.RawMessage
}

// filtered tells whether the list is narrowed.
func (r Runs) filtered() bool {
	return slices.ContainsFunc([]string{"agent", "outcome", "trigger", "dry", "user", "version", "from", "to"}, func(name string) bool { return r.Filter.Get(name) != "" })
}

// A RunPage is one run in full.
type RunPage struct {
	Base      string // /ops or ""
	Run       db.Run
	User      string
	Steps     []RunStep
	Input     string
	Output    string // indented JSON; "" for none, or when it is not for this reader
	Private   bool   // input, output and documents are for the run's owner alone
	Artefacts []db.RunArtefactsRow
	Children  []RunRow
	Actions   []db.ApprovalRunActionsRow
	Proposed  bool // Actions are known: the reader is the owner
	Judged    []JudgedMail
}

// A RunStep is one part of what a run did.
type RunStep struct {
	Name      string `json:"name"`
	StartedUS int64  `json:"started_us"`
	TookUS    int64  `json:"duration_us"`
	Note      string `json:"note"`
}

// A JudgedMail is a mail with the verdict that a run gave it.
type JudgedMail struct {
	db.JudgeFoundRow
	Verdict  string // of the run
	Priority string
	Score    int
	Unsure   bool
}

// left and width place a step on the line of the run, in hundredths.
func (r RunPage) left(s RunStep) string {
	return fmt.Sprint(100 * s.StartedUS / max(r.Run.DurationUs, 1))
}
func (r RunPage) width(s RunStep) string {
	return fmt.Sprint(max(1, 100*s.TookUS/max(r.Run.DurationUs, 1)))
}

func (r RunPage) took() time.Duration { return time.Duration(r.Run.DurationUs) * time.Microsecond }

// details lists the small facts of a run by name.
func details(raw json.RawMessage) [][2]string {
	var m map[string]any
	if json.Unmarshal(raw, &m) != nil {
		return nil
	}
	var all [][2]string
	for name, v := range m {
		all = append(all, [2]string{strings.ReplaceAll(name, "_", " "), detailText(v)})
	}
	slices.SortFunc(all, func(a, b [2]string) int { return strings.Compare(a[0], b[0]) })
	return all
}

// detailText shows a value; counts by name as a list.
func detailText(v any) string {
	list, ok := v.([]any)
	if !ok {
		return fmt.Sprint(v)
	}
	var parts []string
	for _, item := range list {
		if c, ok := item.(map[string]any); ok && c["name"] != nil {
			parts = append(parts, fmt.Sprintf("%v ×%v", c["name"], c["n"]))
			continue
		}
		parts = append(parts, fmt.Sprint(item))
	}
	if len(parts) == 0 {
		return "none"
	}
	return strings.Join(parts, ", ")
}

// brief is the detail of a run on one line.
func brief(raw json.RawMessage) string {
	var parts []string
	for _, d := range details(raw) {
		parts = append(parts, d[0]+" "+d[1])
	}
	return strings.Join(parts, " · ")
}

func hexDigest(b []byte) string { return fmt.Sprintf("%x", b) }

func triggerName(t string) string {
	switch t {
	case "agent":
		return "another agent"
	case "api":
		return "API"
	}
	return t
}

func micros(n int64) time.Duration { return time.Duration(n) * time.Microsecond }
