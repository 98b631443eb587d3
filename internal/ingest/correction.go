package ingest

import (
	"context"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"applylens/internal/db"
	"applylens/internal/rule"
	"applylens/internal/search"
	"applylens/internal/triage"
)

// readCorrections gives each mail what its owner has taught about its sender.
func (in *Ingest) readCorrections(ctx context.Context, box Mailbox, b *batch) error {
	bySender := map[string][]*item{}
	var senders []string
	for _, m := range b.mails {
		sender := strings.ToLower(first(m.mail.From).Address)
		if bySender[sender] == nil {
			senders = append(senders, sender)
		}
		bySender[sender] = append(bySender[sender], m)
	}
	rows, err := in.DB.As(box.UserID).CorrectionFind(ctx, db.CorrectionFindParams{UserID: box.UserID, Senders: senders})
	for _, r := range rows {
		for _, m := range bySender[r.Sender] {
			m.taught = append(m.taught, triage.Correction{Sender: r.Sender, Pattern: r.Pattern, Category: triage.Category(r.Category)})
			if r.At.After(m.taughtAt) {
				m.taughtAt = r.At
			}
		}
	}
	return err
}

// runRules lets stored mail meet the rules of its owner.
func (in *Ingest) runRules(ctx context.Context, tx pgx.Tx, q *db.Queries, box Mailbox, mails []*item, segment search.Segment) error {
	if len(mails) == 0 {
		return nil
	}
	corrected := map[int64]time.Time{}
	for _, m := range mails {
		if m.corrected {
			corrected[m.id] = m.taughtAt
		}
	}
	return rule.Run(ctx, tx, q, &in.Words, rule.Mail{UserID: box.UserID, Me: box.Addresses, Segment: segment, Corrected: corrected}, in.Now())
}
