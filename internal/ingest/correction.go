package ingest

import (
	"context"
	"strings"

	"applylens/internal/db"
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
		}
	}
	return err
}
