// Package deploy_test tests what is given to Prometheus and Grafana against the program and its engine of objectives.
package deploy_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"applylens/internal/slo"
)

// promtool returns the path of the tool, or skips.
func tool(t *testing.T, name string) string {
	t.Helper()
	path, err := exec.LookPath(name)
	if err != nil {
		t.Skipf("%s is not installed (apt-get install prometheus): the rules are not tried", name)
	}
	return path
}

const (
	onset = 1500 // minutes without a fault before the errors begin; longer windows hold what there is, here and there
	until = onset + 700
	each  = 1000 // events a minute
)

// A vector is a stretch of errors.
type vector struct{ bad, minutes int }

// vectors are those of the workbook, and two outages of little traffic and short time.
var vectors = map[string]vector{
	"a/success": {each, 60}, "b/success": {each / 10, 60}, "c/success": {each / 50, 120}, "d/success": {each / 100, 400}, "e/success": {each, 3}, "f/success": {1, 30},
}

// TestRulesFireAsTheEngineDoes lets promtool run the rules over a day and more of counters, and the engine over the same counts:
// each alert begins and ends within a minute of the engine's.
func TestRulesFireAsTheEngineDoes(t *testing.T) {
	promtool := tool(t, "promtool")
	rules, err := filepath.Abs("prometheus/rules.yml")
	if err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command(promtool, "check", "rules", rules).CombinedOutput(); err != nil { //nolint:gosec // our own file
		t.Fatalf("%s", out)
	}
	var file strings.Builder
	fmt.Fprintf(&file, "rule_files: [%s]\nevaluation_interval: 1m\ngroup_eval_order: [applylens-windows, applylens-alerts]\ntests:\n- interval: 1m\n  input_series:\n", rules)
	series := func(name, objective, values string) {
		fmt.Fprintf(&file, "  - {series: '%s{objective=\"%s\"}', values: '%s'}\n", name, objective, values)
	}
	changes := 0
	var expectations strings.Builder
	for objective, v := range vectors {
		series("applylens_slo_target_ratio", objective, fmt.Sprintf("0.999x%d", until))
		series("applylens_slo_low_traffic", objective, fmt.Sprintf("0x%d", until))
		series("applylens_slo_events_total", objective, fmt.Sprintf("0+%dx%d", each, until))
		all := v.bad * v.minutes
		series("applylens_slo_bad_events_total", objective, fmt.Sprintf("0x%d %d+%dx%d %dx%d", onset-1, v.bad, v.bad, v.minutes-1, all, until-onset-v.minutes))
		changes += expect(t, &expectations, objective, v)
	}
	if changes < 14 {
		t.Errorf("%d changes are compared: too few to prove anything", changes)
	}
	file.WriteString("  promql_expr_test:\n" + expectations.String())
	name := filepath.Join(t.TempDir(), "vectors.yml")
	if err := os.WriteFile(name, []byte(file.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command(promtool, "test", "rules", name).CombinedOutput(); err != nil { //nolint:gosec // our own file
		t.Errorf("%s", out[:min(len(out), 6000)])
	}
	t.Logf("%d changes compared", changes)
}

// expect writes what the engine says of a vector: two minutes before and after each of its changes.
func expect(t *testing.T, out *strings.Builder, objective string, v vector) (changes int) {
	t.Helper()
	var counts []slo.Count
	for m := range slo.Minute(until) {
		c := slo.Count{Minute: m, Good: each, Total: each}
		if m >= onset && m < slo.Minute(onset+v.minutes) {
			c.Good -= int64(v.bad)
		}
		counts = append(counts, c)
	}
	s, err := slo.Build(counts, slo.Versions{{TargetBP: 9990}}, nil, until-1)
	if err != nil {
		t.Fatal(err)
	}
	rules := slo.Objective{Name: objective, SLI: slo.Success, PeriodDays: 30}.Rules()
	names := map[slo.Class]string{slo.Page: "ApplyLensPage", slo.Ticket: "ApplyLensTicket", slo.HardDown: "ApplyLensHardDown"}
	at := func(minute slo.Minute, name string, fires bool) {
		fmt.Fprintf(out, "  - expr: 'group by (objective) (ALERTS{alertname=\"%s\",objective=\"%s\",alertstate=\"firing\"})'\n    eval_time: %dm\n", name, objective, minute)
		if fires {
			fmt.Fprintf(out, "    exp_samples: [{labels: '{objective=\"%s\"}', value: 1}]\n", objective)
		} else {
			out.WriteString("    exp_samples: []\n")
		}
	}
	for class, name := range names {
		at(onset-1, name, false)
		fired := false
		for _, c := range rules.Replay(s) {
			if c.Class != class {
				continue
			}
			changes++
			fired = true
			at(c.Minute-2, name, !c.Firing)
			at(c.Minute+2, name, c.Firing)
		}
		if !fired {
			at(onset+slo.Minute(v.minutes), name, false)
		}
	}
	return changes
}
