package agent

import (
	"context"
	"encoding/json"
	"sync"
	"time"
	"unicode/utf8"

	"github.com/google/uuid"

	"applylens/internal/errs"
)

// An Ask is what a run is asked, by whom.
type Ask struct {
	Agent   Agent
	UserID  int64 // whose mail it is about; 0 for nobody's
	Trigger Trigger
	Parent  uuid.UUID // the run that asked for this one; zero for none
	Key     string    // the same key twice is one run; "" for none
	DryRun  bool      // nothing is to be changed
	Input   any       // what is asked; kept is only the SHA-256 of its JSON, whose keys are sorted
	Summary string    // of the input, for its owner's eyes
	Items   int       // how many things it is about
}

// A Run is one run of an agent in progress. Its methods may be called from several goroutines.
type Run struct {
	ID      uuid.UUID
	Started time.Time
	DryRun  bool

	began  time.Time // by the clock of this process
	ask    Ask
	limits Limits
	cancel context.CancelCauseFunc
	day    func(cost int64, items int) bool // adds to the day, and tells whether it stays within it

	mu        sync.Mutex
	items     int
	cost      int64
	tokens    [2]int
	steps     []step
	detail    map[string]any
	output    any
	failed    string
	artefacts []Artefact
}

// A step is one part of a run.
type step struct {
	Name    string `json:"name"`
	Started int64  `json:"started_us"` // after the run's start
	Took    int64  `json:"duration_us"`
	Note    string `json:"note,omitempty"`
}

// An Artefact is a document that a run made.
type Artefact struct {
	Name      string `json:"name"`
	MediaType string `json:"media_type"` // text/markdown or application/json
	Body      string `json:"body"`
}

// Markdown is the media type of artefacts for reading, JSON that of those for programs.
const (
	Markdown = "text/markdown"
	JSON     = "application/json"
)

// maxArtefact and maxOutput bound what is kept of a run, in bytes.
const (
	maxArtefact = 4 << 20
	maxOutput   = 1 << 20
	maxSteps    = 200
)

// Step begins a part of the run; calling what it returns ends it. Neither the name nor the note may hold a person's
// text: operators read them.
func (r *Run) Step(name string) (end func(note string)) {
	began := time.Now()
	return func(note string) {
		r.mu.Lock()
		defer r.mu.Unlock()
		if len(r.steps) < maxSteps {
			r.steps = append(r.steps, step{Name: name, Started: began.Sub(r.began).Microseconds(), Took: time.Since(began).Microseconds(), Note: note})
		}
	}
}

// Items adds to what the run is about, before the work on it. An error means that the run's or the day's limit is
// passed: the agent must stop.
func (r *Run) Items(n int) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.items += n
	if r.limits.Items > 0 && r.items > r.limits.Items || !r.day(0, n) {
		return r.overBudget("It is about more than it may be asked at once or in a day.")
	}
	return nil
}

// Spend adds to what the run has cost. An error means that the run's or the day's limit is passed: the agent must stop.
func (r *Run) Spend(microUSD int64, tokensIn, tokensOut int) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.cost += microUSD
	r.tokens[0], r.tokens[1] = r.tokens[0]+tokensIn, r.tokens[1]+tokensOut
	if r.limits.Cost > 0 && r.cost > r.limits.Cost || !r.day(microUSD, 0) {
		return r.overBudget("It would cost more than a run or a day may.")
	}
	return nil
}

// overBudget stops the run, also if its agent goes on.
func (r *Run) overBudget(why string) error {
	err := &stopped{OverBudget, why}
	r.cancel(err)
	return err
}

// Detail notes a small fact that operators may see: a mode, a share, a count; never a person's text.
func (r *Run) Detail(name string, value any) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.detail == nil {
		r.detail = map[string]any{}
	}
	r.detail[name] = value
}

// Answer is what the run gives, as it is kept for the run's owner and for who asks with the same key again. A
// json.RawMessage is kept as it is.
func (r *Run) Answer(v any) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.output = v
}

// Fail notes that the run failed in part, although what it did stands. why is safe to show.
func (r *Run) Fail(why string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.failed = why
}

// Keep stores a document with the run.
func (r *Run) Keep(a Artefact) error {
	if len(a.Body) > maxArtefact || !utf8.ValidString(a.Body) || a.Name == "" {
		return errs.BadInput("A document of a run needs a name, and at most 4 MB of text.")
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.artefacts = append(r.artefacts, a)
	return nil
}

// A stopped run ends with an outcome of its own; the text is safe to show.
type stopped struct {
	outcome Outcome
	why     string
}

func (s *stopped) Error() string { return s.why }

// OutcomeOf tells how a run ended that returned this error of Do.
func OutcomeOf(err error) Outcome { return outcomeOf(true, err) }

// record is how a run is spooled: the columns of runs, and what is kept beside it.
type record struct {
	ID             uuid.UUID       `json:"id"`
	Agent          string          `json:"agent"`
	Version        string          `json:"version"`
	Release        string          `json:"release"`
	UserID         *int64          `json:"user_id"`
	Trigger        Trigger         `json:"trigger"`
	ParentID       *uuid.UUID      `json:"parent_id"`
	IdempotencyKey *string         `json:"idempotency_key"`
	DryRun         bool            `json:"dry_run"`
	StartedAt      time.Time       `json:"started_at"`
	DurationUS     int64           `json:"duration_us"`
	Outcome        Outcome         `json:"outcome"`
	Items          int             `json:"items"`
	CostMicroUSD   int64           `json:"cost_microusd"`
	TokensIn       int             `json:"tokens_in"`
	TokensOut      int             `json:"tokens_out"`
	InputDigest    string          `json:"input_digest"` // as Postgres reads bytea: \x and hexadecimal
	Detail         json.RawMessage `json:"detail"`
	Error          string          `json:"error"`
	Steps          []step          `json:"steps,omitempty"`
	Input          string          `json:"input,omitempty"`
	Output         json.RawMessage `json:"-"` // spliced in by line: encoding it twice takes longer than all the rest
	Artefacts      []Artefact      `json:"artefacts,omitempty"`
}

// line is the record as it is spooled.
func (r record) line() ([]byte, error) {
	b, err := json.Marshal(r)
	if err != nil || len(r.Output) == 0 {
		return b, err
	}
	all := make([]byte, 0, len(b)+len(r.Output)+16)
	all = append(append(all, b[:len(b)-1]...), `,"output":`...)
	return append(append(all, r.Output...), '}'), nil
}
