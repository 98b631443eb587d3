package agent

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"applylens/internal/db"
	"applylens/internal/errs"
)

// A State is how an agent, or one version of it, fared in a stretch of time. Dry runs are left out.
type State struct {
	Agent   Agent
	Switch  db.AgentSwitchesRow // the zero row when nobody ever switched
	Runs    map[Outcome]int64
	Total   int64
	Items   int64
	Cost    int64         // millionths of a dollar
	Took    time.Duration // of all runs together
	Buckets []int64       // runs by duration: Buckets[i] took less than Edges[i], the last one longer than all
	Edges   []time.Duration
	LastAt  time.Time // when the newest began; zero for none
	Failure *Failure  // the newest, whenever that was
	Live    int64     // runs in progress, of those that last longer than a second
}

// A Failure is a run that did not succeed by a fault of the agent.
type Failure struct {
	ID      uuid.UUID
	At      time.Time
	Outcome Outcome
	Error   string
}

// Success is the share of runs that succeeded, of those that were let run; ok is false when there were none.
func (s State) Success() (share float64, ok bool) {
	counted := s.Total - s.Runs[Denied]
	if counted <= 0 {
		return 0, false
	}
	return float64(s.Runs[OK]) / float64(counted), true
}

// Quantile is a duration that a share of the runs stayed below: the upper edge of its bucket, so never too small. It is
// 0 when there were no runs, and the largest edge also stands for all that is above.
func (s State) Quantile(share float64) time.Duration {
	var seen int64
	for i, n := range s.Buckets {
		seen += n
		if n > 0 && float64(seen) >= share*float64(s.Total) {
			return s.Edges[min(i, len(s.Edges)-1)]
		}
	}
	return 0
}

// tally is a row of run_hours, summed.
type tally struct {
	Outcome      string    `json:"outcome"`
	Bucket       int       `json:"bucket"`
	Runs         int64     `json:"runs"`
	Items        int64     `json:"items"`
	CostMicroUSD int64     `json:"cost_microusd"`
	DurationUS   int64     `json:"duration_us"`
	LastAt       time.Time `json:"last_at"`
}

func newState(a Agent, edges []int64) State {
	s := State{Agent: a, Runs: map[Outcome]int64{}, Buckets: make([]int64, len(edges)+1)}
	for _, e := range edges {
		s.Edges = append(s.Edges, time.Duration(e)*time.Microsecond)
	}
	return s
}

func (s *State) add(t tally) {
	s.Runs[Outcome(t.Outcome)] += t.Runs
	s.Total += t.Runs
	s.Items += t.Items
	s.Cost += t.CostMicroUSD
	s.Took += time.Duration(t.DurationUS) * time.Microsecond
	if t.Bucket >= 0 && t.Bucket < len(s.Buckets) {
		s.Buckets[t.Bucket] += t.Runs
	}
	if t.LastAt.After(s.LastAt) {
		s.LastAt = t.LastAt
	}
}

// States is how the six agents fared since a time, to the hour, in their order. operator is the connection of one
// (db.Operator).
func States(ctx context.Context, operator db.DBTX, since time.Time) ([]State, error) {
	q, all := db.New(operator), All()
	edges, err := q.RunEdges(ctx)
	if err != nil {
		return nil, err
	}
	names := make([]string, len(all))
	for i, a := range all {
		names[i] = a.Name
	}
	rows, err := q.AgentStates(ctx, db.AgentStatesParams{Agents: names, Since: since.Truncate(time.Hour)})
	if err != nil {
		return nil, err
	}
	switches, err := q.AgentSwitches(ctx)
	if err != nil {
		return nil, err
	}
	states := make([]State, len(all))
	for i, a := range all {
		states[i] = newState(a, edges)
		if k := slices.IndexFunc(switches, func(s db.AgentSwitchesRow) bool { return s.Agent == a.Name }); k >= 0 {
			states[i].Switch = switches[k]
		}
		k := slices.IndexFunc(rows, func(r db.AgentStatesRow) bool { return r.Agent == a.Name })
		if err := states[i].fill(rows[k]); err != nil {
			return nil, err
		}
	}
	return states, nil
}

func (s *State) fill(row db.AgentStatesRow) error {
	var tallies []tally
	if err := json.Unmarshal(row.Counts, &tallies); err != nil {
		return err
	}
	for _, t := range tallies {
		s.add(t)
	}
	s.Live = row.Live
	if row.FailedID != uuid.Nil {
		s.Failure = &Failure{row.FailedID, row.FailedAt, Outcome(row.FailedOutcome), row.FailedError}
	}
	return nil
}

// Versions is how each version of an agent fared since a time, the newest in use first.
func Versions(ctx context.Context, q *db.Queries, a Agent, since time.Time) ([]State, error) {
	edges, err := q.RunEdges(ctx)
	if err != nil {
		return nil, err
	}
	rows, err := q.AgentVersions(ctx, db.AgentVersionsParams{Agent: a.Name, Since: since.Truncate(time.Hour)})
	if err != nil {
		return nil, err
	}
	var states []State
	for _, row := range rows {
		i := slices.IndexFunc(states, func(s State) bool { return s.Agent.Version == row.Version })
		if i < 0 {
			of := a
			of.Version = row.Version
			states, i = append(states, newState(of, edges)), len(states)
		}
		states[i].add(tally{row.Outcome, int(row.Bucket), row.Runs, row.Items, row.CostMicrousd, row.DurationUs, row.LastAt})
	}
	slices.SortFunc(states, func(x, y State) int { return y.LastAt.Compare(x.LastAt) })
	return states, nil
}

// A Filter says which runs to list; zero fields are no condition.
type Filter struct {
	Agent   string
	Version string // of Agent
	Outcome Outcome
	Trigger Trigger
	Dry     string // "yes", "no", or ""
	UserID  int64
	From    time.Time
	To      time.Time // not included
	After   string    // cursor of the page before
}

// A Row is a run in a list.
type Row struct {
	ID           uuid.UUID
	Agent        string
	Version      string
	UserID       *int64
	Trigger      string
	DryRun       bool
	StartedAt    time.Time
	DurationUs   int64
	Outcome      string
	Items        int32
	CostMicrousd int64
	Error        string
	Detail       json.RawMessage
}

// List returns runs that the connection may see, newest first, and the cursor of the next page. Each condition is
// answered from an index in the order of time, so that a page costs the same over millions of rows.
func List(ctx context.Context, conn db.DBTX, f Filter, most int) (rows []Row, next string, err error) {
	where, args, err := f.where()
	if err != nil {
		return nil, "", err
	}
	sql := `select id, agent, version, user_id, trigger, dry_run, started_at, duration_us, outcome, items, cost_microusd, error, detail from runs` +
		where + " order by started_at desc, id desc limit " + strconv.Itoa(most+1)
	found, err := conn.Query(ctx, sql, args...)
	if err != nil {
		return nil, "", err
	}
	rows, err = pgx.CollectRows(found, pgx.RowToStructByPos[Row])
	if err != nil {
		return nil, "", fmt.Errorf("list runs: %w", err)
	}
	if len(rows) > most {
		rows = rows[:most]
		next = cursor(rows[most-1])
	}
	return rows, next, nil
}

// where writes the conditions. Names that are in a fixed list stand in the text, so that partial indexes serve.
func (f Filter) where() (sql string, args []any, err error) {
	var parts []string
	add := func(condition string, value any) {
		args = append(args, value)
		parts = append(parts, strings.ReplaceAll(condition, "?", "$"+strconv.Itoa(len(args))))
	}
	if f.Agent != "" {
		add("agent = ?", f.Agent)
	}
	if f.Version != "" {
		add("version = ?", f.Version)
	}
	switch {
	case f.Outcome == "":
	case !slices.Contains(Outcomes(), f.Outcome):
		return "", nil, errs.BadInput("There is no such outcome.")
	case f.Outcome == OK:
		parts = append(parts, "outcome = 'ok'")
	default:
		parts = append(parts, "outcome = '"+string(f.Outcome)+"' and outcome <> 'ok'")
	}
	if f.Trigger != "" {
		add("trigger = ?", string(f.Trigger))
	}
	switch f.Dry {
	case "yes":
		parts = append(parts, "dry_run")
	case "no":
		parts = append(parts, "not dry_run")
	}
	if f.UserID != 0 {
		add("user_id = ?", f.UserID)
	}
	if !f.From.IsZero() {
		add("started_at >= ?", f.From)
	}
	if !f.To.IsZero() {
		add("started_at < ?", f.To)
	}
	if f.After != "" {
		at, id, err := readCursor(f.After)
		if err != nil {
			return "", nil, err
		}
		args = append(args, at, id)
		parts = append(parts, fmt.Sprintf("(started_at, id) < ($%d, $%d)", len(args)-1, len(args)))
	}
	if len(parts) == 0 {
		return "", nil, nil
	}
	return " where " + strings.Join(parts, " and "), args, nil
}

func cursor(r Row) string {
	return base64.RawURLEncoding.EncodeToString(fmt.Appendf(nil, "%d %s", r.StartedAt.UnixMicro(), r.ID))
}

func readCursor(s string) (at time.Time, id uuid.UUID, err error) {
	bad := errs.BadInput("The address of this page is broken; begin again at the first page.")
	text, err := base64.RawURLEncoding.DecodeString(s)
	if err != nil {
		return at, id, bad
	}
	micro, rest, _ := strings.Cut(string(text), " ")
	n, err := strconv.ParseInt(micro, 10, 64)
	if err != nil {
		return at, id, bad
	}
	if id, err = uuid.Parse(rest); err != nil {
		return at, id, bad
	}
	return time.UnixMicro(n).UTC(), id, nil
}
