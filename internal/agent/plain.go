package agent

import (
	"context"
	_ "embed"
	"fmt"
	"strings"
	"time"

	"github.com/google/jsonschema-go/jsonschema"

	"applylens/internal/llm"
	"applylens/internal/search"
)

//go:embed prompts/plain.md
var plainPrompt string

const (
	plainPromptVersion = "plain-1"
	longestQuery       = 500 // bytes of a query that a model made
)

// plainQuery is a model's answer.
type plainQuery struct {
	Query string `json:"query"`
}

// PlainWords turns words into a query of the search grammar that has no warnings, as a run of inbox.search. Nothing is
// searched for: the person sees and changes the query first. The words are sent to the model; nothing of the mail is.
func (r *Runtime) PlainWords(ctx context.Context, m *llm.Model, userID int64, words string, now time.Time) (query string, err error) {
	schema, err := jsonschema.For[plainQuery](nil)
	if err != nil {
		return "", err
	}
	ask := Ask{Agent: Search(), UserID: userID, Trigger: Person, Input: map[string]any{"plain words": words, "model": m.Name, "prompt": plainPromptVersion}}
	_, err = r.Do(ctx, ask, func(ctx context.Context, run *Run) error {
		run.Detail("mode", "plain words to a query")
		run.Detail("model", m.Name)
		run.Detail("endpoint", m.Host)
		answer, used, err := llm.Ask(ctx, m, llm.Call{UserID: userID, Purpose: llm.ForSearch, Run: run.ID, Version: plainPromptVersion,
			Instructions: plainInstructions(now), Schema: schema, Text: words}, func(a plainQuery) error { return checkQuery(a.Query, now) })
		run.Detail("answer", string(llm.OutcomeOf(err)))
		if spent := run.Spend(used.CostMicroUSD, used.TokensIn, used.TokensOut); spent != nil {
			return spent
		}
		query = strings.TrimSpace(answer.Query)
		return err
	})
	return query, err
}

// plainInstructions are the language as it is: its own table of fields, and today.
func plainInstructions(now time.Time) string {
	var b strings.Builder
	b.WriteString(plainPrompt)
	for _, f := range search.Fields() {
		if f.Name == search.Meaning {
			continue
		}
		fmt.Fprintf(&b, "%s: %s", f.Name, f.Help)
		if len(f.Values) > 0 {
			fmt.Fprintf(&b, " (%s)", strings.Join(f.Values, ", "))
		}
		b.WriteByte('\n')
	}
	fmt.Fprintf(&b, "\nToday is %s.", now.Format("Monday, 2006-01-02"))
	return b.String()
}

// checkQuery refuses what the grammar does not take as a whole.
func checkQuery(query string, now time.Time) error {
	q := search.Parse(query, now)
	switch {
	case strings.TrimSpace(query) == "" || q.Root == nil:
		return llm.Reject("The model found no query for that.")
	case len(query) > longestQuery || strings.ContainsAny(query, "\r\n"):
		return llm.Reject("The model's query is too long.")
	case len(q.Warnings) > 0:
		return llm.Reject("The model's query does not make sense: " + q.Warnings[0].Msg + ".")
	}
	return nil
}
