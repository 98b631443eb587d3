package agent

import (
	"context"
	"time"

	"applylens/internal/search"
)

// Search makes a search a run of inbox.search: find does it. What was searched for is kept as a digest alone.
func (r *Runtime) Search(ctx context.Context, trigger Trigger, q *search.Query, req search.Request, find func(context.Context) (search.Result, error)) (result search.Result, err error) {
	began := time.Now()
	ask := Ask{Agent: Search(), UserID: req.UserID, Trigger: trigger,
		Input: map[string]any{"query": q.Source, "after": req.After, "limit": req.Limit}}
	_, err = r.Do(ctx, ask, func(ctx context.Context, run *Run) error {
		var err error
		if result, err = find(ctx); err != nil {
			return err
		}
		r.metrics.Search(ctx, modeOf(result.Mode), time.Since(began))
		run.Detail("mode", result.Mode)
		if result.Instead != "" {
			run.Detail("instead", result.Instead) // of Elasticsearch
		}
		run.Detail("hits", len(result.Hits))
		if req.After == "" {
			run.Detail("total", result.Total)
		} else {
			run.Detail("page", "further")
		}
		if len(result.Warnings) > 0 {
			run.Detail("warnings", len(result.Warnings))
		}
		return run.Items(len(result.Hits))
	})
	return result, err
}
