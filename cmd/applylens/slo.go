package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"text/tabwriter"
	"time"

	"applylens/internal/slo"
)

type sloCmd struct {
	Replay sloReplayCmd `cmd:"" help:"Try an objective on history: what would have fired, and what is left. Needs no database."`
}

type sloReplayCmd struct {
	File      string        `arg:"" help:"Rows of minute,good,total, or - for standard input. The minute is a number (since 1970 or from any start) or a time; minutes left out were not measured."`
	Objective string        `required:"" help:"The target in percent, such as 99.9." placeholder:"PERCENT"`
	Period    string        `default:"30d" help:"What the budget is for: 7d, 28d, 30d, or month for the calendar month (with times)."`
	Latency   time.Duration `help:"The objective is of latency: good counts the requests under this time. It names the objective and changes no rule." placeholder:"DURATION"`
	MinBad    int64         `help:"A page needs this many bad events in its long window; below, it is a ticket." placeholder:"N"`
	JSON      bool          `name:"json" help:"Print one JSON object."`
}

// A replayed file is the output.
type replayed struct {
	Changes   []replayedChange `json:"changes"`
	Remaining *float64         `json:"remaining"` // of the budget at the last minute: 1 untouched, 0 spent, less overdrawn; null without events
}

type replayedChange struct {
	Minute json.RawMessage `json:"minute"` // the last that was counted; written as in the file
	Class  slo.Class       `json:"class"`
	State  string          `json:"state"` // firing or resolved
	Long   *float64        `json:"long"`  // burn rates of the long and the short window; null without events
	Short  *float64        `json:"short"`
	Pair   string          `json:"pair,omitempty"` // the windows, such as 1h/5m
}

// Run replays the file.
func (cmd *sloReplayCmd) Run() (err error) {
	target, err := slo.ParseTarget(cmd.Objective)
	if err != nil {
		return err
	}
	period, err := slo.ParsePeriod(cmd.Period)
	if err != nil {
		return err
	}
	if cmd.MinBad < 0 || cmd.Latency < 0 {
		return errors.New("--min-bad and --latency must not be negative")
	}
	series, stamp, err := cmd.read(target)
	if err != nil {
		return err
	}
	rules := slo.Rules{Period: period, MinBad: cmd.MinBad, HardDown: true}
	changes := rules.Replay(series)
	remaining, ok := series.Period(period, series.Last()).Remaining()
	out := bufio.NewWriter(os.Stdout)
	defer func() { err = errors.Join(err, out.Flush()) }()
	if !cmd.JSON {
		return cmd.print(out, target, period, series, stamp, changes)
	}
	answer := replayed{Changes: make([]replayedChange, len(changes))}
	for i, c := range changes {
		answer.Changes[i] = replayedChange{stamp.JSON(c.Minute), c.Class, stateOf(c), c.Long, c.Short, c.Pair}
	}
	if ok {
		answer.Remaining = &remaining
	}
	return json.NewEncoder(out).Encode(answer)
}

func (cmd *sloReplayCmd) read(target int) (*slo.Series, slo.Stamp, error) {
	in, name := io.Reader(os.Stdin), "standard input"
	if cmd.File != "-" {
		file, err := os.Open(cmd.File)
		if err != nil {
			return nil, slo.Stamp{}, err
		}
		defer func() { _ = file.Close() }()
		in, name = file, cmd.File
	}
	series, stamp, err := slo.ReadRows(in, target)
	if err != nil {
		return nil, stamp, fmt.Errorf("%s: %w", name, err)
	}
	return series, stamp, nil
}

func stateOf(c slo.Change) string {
	if c.Firing {
		return "firing"
	}
	return "resolved"
}

// print writes the changes as a table, with what is left of the budget below.
func (cmd *sloReplayCmd) print(out io.Writer, target int, period slo.Period, series *slo.Series, stamp slo.Stamp, changes []slo.Change) error {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	_, _ = fmt.Fprintln(w, "MINUTE\tCLASS\tSTATE\tWINDOWS\tLONG\tSHORT")
	for _, c := range changes {
		_, _ = fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\n", stamp.Text(c.Minute), c.Class, stateOf(c), c.Pair, slo.BurnText(c.Long), slo.BurnText(c.Short))
	}
	if err := w.Flush(); err != nil {
		return err
	}
	sums := series.Period(period, series.Last())
	what := "good"
	if cmd.Latency > 0 {
		what = "under " + cmd.Latency.String()
	}
	left := "nothing happened, so nothing is known of the budget"
	if remaining, ok := sums.Remaining(); ok {
		left = fmt.Sprintf("%.2f %% of the %s budget is left", remaining*100, period)
	}
	_, err := fmt.Fprintf(out, "%d changes; %d of %d events %s (target %s %%): %s\n", len(changes), sums.Good, sums.Total, what, slo.TargetText(target), left)
	return err
}
