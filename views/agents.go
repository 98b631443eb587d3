package views

import (
	"strconv"
	"strings"
	"time"
)

// An AgentRow is an agent, or one version of it, as it fared in a stretch of time.
type AgentRow struct {
	Name, Version, About string
	State                string // on, disabled, killed, or absent: there is no code behind it yet
	Reason               string // of the switch
	SwitchedAt           time.Time
	Total                int64 // runs
	OK                   int64
	Failed               int64
	Timeout              int64
	OverBudget           int64
	Denied               int64
	Items                int64
	Cost                 int64 // millionths of a dollar
	P50, P95             time.Duration
	Histogram            Histogram
	LastAt               time.Time
	Failure              *AgentFailure
	Live                 int64
	Promise              string // the promised latency and success
}

// An AgentFailure is the newest run of an agent that failed.
type AgentFailure struct {
	ID, Outcome, Error string
	At                 time.Time
}

// Success is the share of runs that succeeded of those that were let run.
func (a AgentRow) Success() string {
	if a.Total == a.Denied {
		return "no data"
	}
	return perCent(float64(a.OK) / float64(a.Total-a.Denied))
}

// condition says in a word how an agent is.
func (a AgentRow) condition() string {
	switch {
	case a.State == "absent":
		return "not running yet"
	case a.State == "killed", a.State == "disabled":
		return a.State
	case a.Total == 0:
		return "no data"
	case a.Failed+a.Timeout+a.OverBudget > 0:
		return "with failures"
	}
	return "on"
}

// perRun is the cost of one run.
func (a AgentRow) perRun() string {
	if a.Total == 0 {
		return "no data"
	}
	return dollars(a.Cost / a.Total)
}

// An AgentPage is all about one agent.
type AgentPage struct {
	Row      AgentRow
	Window   string
	Versions []AgentRow
	Live     []LiveRun
	History  []AgentSwitch
	Limits   [][2]string // name and value
	Admin    bool
	Triage   bool // it judges mail
	Search   bool // it searches
	UserID   int64
}

// An AgentSwitch is one decision whether an agent may run.
type AgentSwitch struct {
	State, Reason string
	By            string
	At            time.Time
}

// A LiveRun is a run in progress.
type LiveRun struct {
	ID, Agent, Version, Trigger string
	User                        string
	DryRun, Stopping            bool
	Items                       int32
	StartedAt                   time.Time
}

// A Histogram is how long runs took.
type Histogram struct {
	Bars []HistogramBar
	Text string // for who does not see it
}

// A HistogramBar is the runs of one bucket.
type HistogramBar struct {
	N    int64
	Text string
	Slow bool // its lower edge is above the promised latency
}

const histogramHeight = 28

func (h Histogram) most() (n int64) {
	for _, b := range h.Bars {
		n = max(n, b.N)
	}
	return max(n, 1)
}

func (h Histogram) viewBox() string {
	return "0 0 " + strconv.Itoa(10*len(h.Bars)) + " " + strconv.Itoa(histogramHeight)
}

func (h Histogram) x(i int) string { return strconv.Itoa(10*i + 1) }

// tall is the height of a bar; one that has any run can be seen.
func (h Histogram) tall(b HistogramBar) int64 {
	if b.N == 0 {
		return 0
	}
	return max(2, b.N*histogramHeight/h.most())
}

func (h Histogram) height(b HistogramBar) string { return strconv.FormatInt(h.tall(b), 10) }

func (h Histogram) y(b HistogramBar) string { return strconv.FormatInt(histogramHeight-h.tall(b), 10) }

// NewHistogram draws all buckets, so that two can be compared by eye; none when there were no runs. buckets[i] took less
// than edges[i].
func NewHistogram(buckets []int64, edges []time.Duration, promised time.Duration) Histogram {
	h := Histogram{}
	var said []string
	for i := range buckets {
		text := "over " + took(edges[len(edges)-1])
		if i < len(edges) {
			text = "under " + took(edges[i])
		}
		slow := promised > 0 && i > 0 && edges[i-1] >= promised
		h.Bars = append(h.Bars, HistogramBar{buckets[i], thousands(buckets[i]) + " took " + text, slow})
		if buckets[i] > 0 {
			said = append(said, thousands(buckets[i])+" "+text)
		}
	}
	if said == nil {
		return Histogram{}
	}
	h.Text = "How long runs took: " + strings.Join(said, ", ")
	return h
}

// outcomeName says how a run ended.
func outcomeName(outcome string) string { return strings.ReplaceAll(outcome, "_", " ") }

// clockText shows a time of day with seconds, with its day when that is not today.
func clockText(t, now time.Time) string {
	t = t.In(now.Location())
	if sameDay(t, now) {
		return t.Format("15:04:05")
	}
	if t.Year() == now.Year() {
		return t.Format("2 Jan 15:04")
	}
	return t.Format("2 Jan 2006 15:04")
}

type outcomeCount struct {
	name string
	n    int64
}

// outcomes are the outcomes that there were.
func (a AgentRow) outcomes() []outcomeCount {
	var all []outcomeCount
	for _, o := range []outcomeCount{{"ok", a.OK}, {"failed", a.Failed}, {"timeout", a.Timeout}, {"over_budget", a.OverBudget}, {"denied", a.Denied}} {
		if o.n > 0 {
			all = append(all, o)
		}
	}
	return all
}
