package views

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"applylens/internal/db"
)

// Models is what the page of language models shows.
type Models struct {
	Model   *Model // nil when none is configured
	Month   db.LLMUsedRow
	Today   db.LLMUsedRow
	Ledger  []db.LLMLedgerRow
	Next    string
	Saved   bool
	Further bool // not the first page of the ledger
}

// A Model is the configured one, and what the user allows it.
type Model struct {
	Name, Host        string
	PriceIn, PriceOut float64 // US dollars for a million tokens
	Free, Ready       bool
	Triage, Search    bool
	DayCents          int64
	DayCalls          int
	Unsure            int64 // mails that need review and were never asked about
}

func (m Model) price() string {
	if m.Free {
		return "no price is set"
	}
	usd := func(x float64) string { return "$" + strconv.FormatFloat(x, 'f', -1, 64) }
	return usd(m.PriceIn) + " in, " + usd(m.PriceOut) + " out, for a million tokens"
}

// sentFor names a purpose.
func sentFor(purpose string) string {
	if purpose == "search" {
		return "Words to a query"
	}
	return "Second opinion"
}

// requestOutcome says how a request ended.
func requestOutcome(outcome string) string {
	switch outcome {
	case "ok":
		return "answered"
	case "invalid":
		return "answer without form, dropped"
	case "rejected":
		return "answer refused"
	case "timeout":
		return "took too long"
	case "busy":
		return "service busy"
	case "sent":
		return "no answer yet"
	}
	return "service out of order"
}

// leftOut says what was redacted, most often first.
func leftOut(raw json.RawMessage) string {
	var counts map[string]int
	if json.Unmarshal(raw, &counts) != nil || len(counts) == 0 {
		return "nothing to leave out"
	}
	var parts []string
	for name := range counts {
		parts = append(parts, name)
	}
	slices.SortFunc(parts, func(a, b string) int { return cmp.Or(counts[b]-counts[a], strings.Compare(a, b)) })
	for i, name := range parts {
		switch many := counts[name] != 1; {
		case many && name == "address":
			name = "addresses"
		case many:
			name += "s"
		}
		parts[i] = fmt.Sprintf("%d %s", counts[parts[i]], name)
	}
	return "without " + strings.Join(parts, ", ")
}

func requests(n int64) string {
	if n == 1 {
		return "1 request"
	}
	return grouped(int(n)) + " requests"
}
