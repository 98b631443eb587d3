package action

import (
	"context"

	"applylens/internal/db"
	"applylens/internal/triage"
)

// learn notes what a person teaches by moving mail to another category: for its sender and for the shape of its
// subject. Undoing the action unlearns it.
func learn(ctx context.Context, q *db.Queries, a db.Action, category string) error {
	if a.Actor != "person" {
		return nil
	}
	targets, err := q.CorrectionTargets(ctx, db.CorrectionTargetsParams{UserID: a.UserID, ActionID: a.ID})
	if err != nil {
		return err
	}
	p := db.CorrectionInsertParams{UserID: a.UserID, ActionID: a.ID, Category: category}
	for _, t := range targets {
		p.EmailIds = append(p.EmailIds, t.ID)
		p.Senders = append(p.Senders, t.FromAddress)
		p.Patterns = append(p.Patterns, triage.Pattern(t.Subject))
		p.Subjects = append(p.Subjects, t.Subject)
		p.Was = append(p.Was, t.Category)
	}
	return q.CorrectionInsert(ctx, p)
}
