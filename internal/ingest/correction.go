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

// readCorrections gives each mail what its owner has taught about its sender and the shape of its subject.
func (in *Ingest) readCorrections(ctx context.Context, box Mailbox, b *batch) error {
	about := map[string][]*item{} // by sender, and by pattern behind a NUL
	p := db.CorrectionFindParams{UserID: box.UserID}
	for _, m := range b.mails {
		sender, pattern := strings.ToLower(first(m.mail.From).Address), triage.Pattern(m.mail.Subject)
		if about[sender] == nil {
			p.Senders = append(p.Senders, sender)
		}
		about[sender] = append(about[sender], m)
		if about["\x00"+pattern] == nil && pattern != "" {
			p.Patterns = append(p.Patterns, pattern)
		}
		about["\x00"+pattern] = append(about["\x00"+pattern], m)
	}
	rows, err := in.DB.As(box.UserID).CorrectionFind(ctx, p)
	for _, r := range rows {
		c := triage.Correction{Sender: r.Sender, Pattern: r.Pattern, Category: triage.Category(r.Category)}
		for _, m := range about[r.Sender] {
			m.teach(c, r.At)
		}
		for _, m := range about["\x00"+r.Pattern] {
			if strings.ToLower(first(m.mail.From).Address) != r.Sender { // taught above
				m.teach(c, r.At)
			}
		}
	}
	return err
}

func (m *item) teach(c triage.Correction, at time.Time) {
	m.taught = append(m.taught, c)
	if at.After(m.taughtAt) {
		m.taughtAt = at
	}
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
