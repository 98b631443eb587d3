package views

import (
	"fmt"
	"slices"
	"strconv"
	"time"

	"applylens/internal/db"
	"applylens/internal/search"
	"applylens/internal/search/elastic"
)

// OpsSearch is how the search engines fare. What is nil could not be told.
type OpsSearch struct {
	Configured  bool
	Generations []db.SearchGeneration
	State       *elastic.State
	Breaker     string
	Cluster     *elastic.Cluster
	Modes       []db.OpsSearchModesRow // of the last hour
	Slow        []db.OpsSearchSlowRow
	Vectors     search.Estimate
	Model       string // of vectors; "" when mail is not found by meaning
	Journal     []IndexRun
	Busy        []string // operations that wait or are in progress
}

// An IndexRun is an operation on the indices in the journal.
type IndexRun struct {
	ID        string        `json:"-"`
	Operation string        `json:"operation"`
	By        string        `json:"by"`
	Result    string        `json:"result"`
	Keep      int           `json:"keep_months"`
	Differ    int           `json:"differ"`  // of verify: months of owners that differ still
	Nothing   bool          `json:"nothing"` // there was nothing to do
	DryRun    bool          `json:"-"`
	Outcome   string        `json:"-"`
	Error     string        `json:"-"`
	StartedAt time.Time     `json:"-"`
	Took      time.Duration `json:"-"`
}

// OpsSearchOp is one operation: what it does, what it would do now.
type OpsSearchOp struct {
	Name       string
	Configured bool
	Keep       int       // months, of prune
	Preview    *IndexRun // fresh; nil for none
	Outcome    elastic.Outcome
	Last       *IndexRun
	Busy       []string
}

// OpName is how an operation is called.
func OpName(name string) string {
	return map[string]string{elastic.OpBuild: "Build", elastic.OpVerify: "Verify", elastic.OpSwap: "Swap", elastic.OpPrune: "Prune", elastic.OpOff: "Turn off"}[name]
}

// opAbout says what an operation does.
func opAbout(name string) string {
	return map[string]string{
		elastic.OpBuild:  "Fills a new generation of indices from Postgres, beside the one that searches read. Safe to interrupt and repeat.",
		elastic.OpVerify: "Compares counts and digests with Postgres by owner and month, writes anew what differs, and compares again.",
		elastic.OpSwap:   "Lets searches read the generation that was built last, in one step.",
		elastic.OpPrune:  "Deletes indices of retired generations, and old months that hold no mail, each by its exact name.",
		elastic.OpOff:    "Notes changes for Elasticsearch no more, and lets Postgres answer all searches.",
	}[name]
}

// verified is the newest verification in the journal that came to an end.
func (o OpsSearch) verified() *IndexRun {
	i := slices.IndexFunc(o.Journal, func(r IndexRun) bool { return r.Operation == elastic.OpVerify && r.Outcome == "ok" })
	if i < 0 {
		return nil
	}
	return &o.Journal[i]
}

// parity is what the newest verification found.
func (o OpsSearch) parity() string {
	switch v := o.verified(); {
	case v == nil:
		return "unknown"
	case v.Differ > 0:
		return count(v.Differ, "month") + " differ"
	}
	return "exact"
}

// vectors is about how much mail has a vector.
func (o OpsSearch) vectors() string {
	share, known := o.Vectors.Share()
	switch {
	case o.Model == "":
		return "off"
	case !known:
		return "unknown"
	}
	return "about " + strconv.Itoa(int(100*share)) + " %"
}

// generation is the state of an index's generation.
func (o OpsSearch) generation(n int32) string {
	i := slices.IndexFunc(o.Generations, func(g db.SearchGeneration) bool { return g.Generation == n })
	if i < 0 {
		return "retired"
	}
	return o.Generations[i].State
}

// bar is the width of an index beside the largest, in hundredths.
func (o OpsSearch) bar(x elastic.Index) string {
	most := int64(1)
	for _, i := range o.Cluster.Indices {
		most = max(most, i.Bytes)
	}
	return fmt.Sprintf("%.1f", max(0.5, 100*float64(x.Bytes)/float64(most)))
}

// totals are the mails and bytes of all indices.
func (o OpsSearch) totals() (docs, bytes int64) {
	for _, i := range o.Cluster.Indices {
		docs, bytes = docs+i.Docs, bytes+i.Bytes
	}
	return docs, bytes
}

// perShard is the mean time of a search of one shard.
func (o OpsSearch) perShard() string {
	if o.Cluster.Queries == 0 {
		return "no data"
	}
	return took(o.Cluster.Took / time.Duration(o.Cluster.Queries))
}

// healthState says what the colour of the cluster means, and in which tone it is shown.
func healthState(status string) (word, tone string) {
	switch status {
	case "green":
		return "all copies are there", "on"
	case "yellow":
		return "copies are missing, no data", "with failures"
	case "red":
		return "data is missing", "disabled"
	}
	return "", "no data"
}

// breakerState says what the state of the breaker means, and in which tone it is shown.
func breakerState(state string) (word, tone string) {
	switch state {
	case "closed":
		return "searches of this process go there", "on"
	case "half-open":
		return "one search of this process tries it", "with failures"
	}
	return "not asked by this process for some seconds", "disabled"
}

func healthWord(status string) string { word, _ := healthState(status); return word }
func healthTone(status string) string { _, tone := healthState(status); return tone }
func breakerWord(state string) string { word, _ := breakerState(state); return word }
func breakerTone(state string) string { _, tone := breakerState(state); return tone }

// behind is how long the oldest change has waited.
func behind(s *elastic.State) string {
	if s.Waiting == 0 {
		return "nothing"
	}
	return took(s.Behind)
}

// waiting shows a count of the outbox, which ends at 100,000.
func waiting(n int64) string {
	if n > 100_000 {
		return "over 100 000"
	}
	return thousands(n)
}

// prunedWord is what becomes of an index.
func prunedWord(p elastic.Pruned) string {
	if p.Gone {
		return "to delete"
	}
	return "kept"
}
