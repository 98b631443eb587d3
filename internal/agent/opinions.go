package agent

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"
	"golang.org/x/sync/errgroup"

	"applylens/internal/db"
	"applylens/internal/llm"
)

// Opinions asks a model about uncertain mail of a user that has allowed it, as a run of inbox.triage. more tells that
// mail is left, down that the model does not answer and should be asked later. It may be repeated: mail is asked about
// once, and a verdict that has changed meanwhile, or that a person has set, stays.
func (r *Runtime) Opinions(ctx context.Context, m *llm.Model, userID int64) (more, down bool, err error) {
	q := r.db.As(userID)
	rows, err := q.LLMUnsure(ctx, db.LLMUnsureParams{UserID: userID, Host: m.Host, TriedBefore: r.now().Add(-opinionsAgain), MaxRows: opinionsAtOnce})
	if err != nil || len(rows) == 0 {
		return false, false, err
	}
	o := &opinions{runtime: r, model: m, user: userID, schema: opinionSchema(), counts: map[string]int{}}
	ids := make([]int64, len(rows))
	for i, row := range rows {
		ids[i] = row.ID
	}
	ask := Ask{Agent: Triage(), UserID: userID, Trigger: Schedule, Input: map[string]any{"second opinion": ids, "model": m.Name, "prompt": triagePromptVersion},
		Summary: fmt.Sprintf("a second opinion on %d uncertain mails, by %s", len(rows), m.Name), Items: len(rows)}
	_, err = r.Do(ctx, ask, func(ctx context.Context, run *Run) error {
		end := run.Step("ask the model")
		var group errgroup.Group
		group.SetLimit(opinionsTogether)
		for _, row := range rows {
			group.Go(func() error { return o.mail(ctx, run, row) })
		}
		err := group.Wait()
		end("")
		run.Detail("mode", "model")
		run.Detail("model", m.Name)
		run.Detail("endpoint", m.Host)
		run.Detail("answers", o.counts)
		run.Answer(o.verdicts)
		return err
	})
	return len(rows) == opinionsAtOnce && !o.down, o.down, err
}

// mail asks about one mail. Whatever goes wrong with the model leaves the built-in verdict as it is.
func (o *opinions) mail(ctx context.Context, run *Run, row db.LLMUnsureRow) error {
	verdict, err := opinionOf(row.Verdict)
	if err != nil {
		return err
	}
	d := doubted{row.Subject, row.Visible, verdict}
	_, domain, _ := strings.Cut(row.FromAddress, "@")
	answer, used, err := llm.Ask(ctx, o.model, llm.Call{UserID: o.user, Purpose: llm.ForTriage, EmailID: row.ID, Run: run.ID, Version: triagePromptVersion,
		Instructions: triagePrompt, Schema: o.schema, Text: d.text(domain), Own: domain}, d.check)
	if spent := run.Spend(used.CostMicroUSD, used.TokensIn, used.TokensOut); spent != nil {
		return spent
	}
	outcome := llm.OutcomeOf(err)
	o.count(string(outcome), used.Cached)
	switch outcome {
	case llm.OK:
		return o.apply(ctx, row, d, answer)
	case llm.Invalid, llm.Rejected:
		return o.note(ctx, row.ID, "kept")
	case llm.Refused: // nothing was sent: consent was withdrawn, or the day is used up
		o.mu.Lock()
		defer o.mu.Unlock()
		o.down = true
		return nil
	}
	if !o.model.Ready() {
		o.mu.Lock()
		o.down = true
		o.mu.Unlock()
		return nil // not the mail's fault
	}
	return o.note(ctx, row.ID, "failed")
}

// apply stores the model's category, if the verdict is still the one that it was asked about.
func (o *opinions) apply(ctx context.Context, row db.LLMUnsureRow, d doubted, answer opinion) error {
	v, ok := d.judged(answer, o.model.Name)
	if !ok {
		return o.note(ctx, row.ID, "kept")
	}
	text, err := json.Marshal(v)
	if err != nil {
		return err
	}
	err = o.runtime.db.Tx(ctx, o.user, func(q *db.Queries, _ pgx.Tx) error {
		if err := q.IngestLock(ctx, o.user); err != nil {
			return err
		}
		threads, err := q.LLMVerdictStore(ctx, db.LLMVerdictStoreParams{UserID: o.user, EmailID: row.ID, Verdict: string(text), Was: string(row.Verdict),
			Category: string(v.Category), Confidence: float32(v.Confidence), NeedsReview: v.NeedsReview})
		if err != nil || len(threads) == 0 {
			return err
		}
		noted := "applied"
		if v.NeedsReview {
			noted = "kept" // the model agrees, and is not sure either
		}
		if err := q.LLMAskedNote(ctx, db.LLMAskedNoteParams{UserID: o.user, EmailID: row.ID, Outcome: noted, At: o.runtime.now()}); err != nil {
			return err
		}
		if _, err := q.ThreadLock(ctx, db.ThreadLockParams{UserID: o.user, Ids: threads}); err != nil {
			return err
		}
		if err := q.ThreadRefresh(ctx, db.ThreadRefreshParams{UserID: o.user, Ids: threads}); err != nil {
			return err
		}
		return q.MailChanged(ctx, o.user)
	})
	if err != nil {
		return err
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	o.verdicts = append(o.verdicts, MailVerdict{Mail: base64.RawStdEncoding.EncodeToString(row.Identity), Category: string(v.Category),
		Priority: string(v.Priority), Risk: v.Risk.Score, NeedsReview: v.NeedsReview})
	return nil
}

func (o *opinions) note(ctx context.Context, emailID int64, outcome string) error {
	return o.runtime.db.As(o.user).LLMAskedNote(ctx, db.LLMAskedNoteParams{UserID: o.user, EmailID: emailID, Outcome: outcome, At: o.runtime.now()})
}

func (o *opinions) count(outcome string, cached bool) {
	if cached {
		outcome = "cached"
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	o.counts[outcome]++
}
