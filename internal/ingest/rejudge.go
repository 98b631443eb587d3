package ingest

import (
	"context"
	"fmt"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"applylens/internal/db"
	"applylens/internal/errs"
	"applylens/internal/mail"
	"applylens/internal/triage"
)

// A Rejudged mail has a new verdict beside the stored one.
type Rejudged struct {
	Email db.JudgeEmailsRow // as it was judged
	Now   triage.Verdict
}

// Differs tells whether the verdicts are apart in what people see; a category that the owner set is not compared.
func (r Rejudged) Differs() bool { return len(r.Differences()) > 0 }

// Differences names the parts in which the verdicts are apart.
func (r Rejudged) Differences() []string {
	var parts []string
	note := func(part string, apart bool) {
		if apart {
			parts = append(parts, part)
		}
	}
	note("category", r.Email.CategoryBy != "user" && r.Email.Category != string(r.Now.Category))
	note("priority", r.Email.Priority != string(r.Now.Priority))
	note("risk", triage.Level(int(r.Email.Risk)) != triage.Level(r.Now.Risk.Score))
	note("needs review", r.Email.CategoryBy != "user" && r.Email.NeedsReview != r.Now.NeedsReview)
	return parts
}

// A Rejudging says which mails to judge again, and how.
type Rejudging struct {
	Mailbox Mailbox
	Emails  []int64 // at most MaxRejudged
	Parent  uuid.UUID
	DryRun  bool // nothing is stored
}

// MaxRejudged bounds how many mails are judged again at once.
const MaxRejudged = batchMails

// Rejudge judges stored mails again, from their sources, as one chunk. What the owner corrected stays; new danger is
// proposed for quarantine once. It may be repeated. Mail that is gone is left out.
func (in *Ingest) Rejudge(ctx context.Context, r Rejudging) ([]Rejudged, error) {
	if len(r.Emails) > MaxRejudged {
		return nil, errs.BadInput(fmt.Sprintf("At most %d mails are judged at once.", MaxRejudged))
	}
	q := in.DB.As(r.Mailbox.UserID)
	rows, err := q.JudgeEmails(ctx, db.JudgeEmailsParams{UserID: r.Mailbox.UserID, Ids: r.Emails})
	if err != nil || len(rows) == 0 {
		return nil, err
	}
	b, err := in.readAgain(ctx, r.Mailbox, rows)
	if err != nil {
		return nil, err
	}
	if err := in.judge(ctx, r.Mailbox, b, r.Parent, r.DryRun); err != nil {
		return nil, err
	}
	verdicts := map[int64]triage.Verdict{}
	for _, m := range b.mails {
		if m.unjudged {
			return nil, errs.Unavailable("The mails could not be judged now; they stay as they are.", nil)
		}
		verdicts[m.id] = m.verdict
	}
	var all []Rejudged
	for _, row := range rows {
		if v, ok := verdicts[row.ID]; ok {
			all = append(all, Rejudged{row, v})
		}
	}
	if r.DryRun || len(all) == 0 {
		return all, nil
	}
	return all, in.storeAgain(ctx, r.Mailbox, b, all)
}

// readAgain makes a batch of stored mails: parsed, with what came before them and what was taught about their senders.
func (in *Ingest) readAgain(ctx context.Context, box Mailbox, rows []db.JudgeEmailsRow) (*batch, error) {
	b, byID := &batch{}, map[int64]*item{}
	ids := make([]int64, len(rows))
	for i, row := range rows {
		raw, err := in.Blobs.Get(ctx, box.UserID, row.RawSha256)
		if err != nil {
			return nil, fmt.Errorf("email %d: %w", row.ID, err)
		}
		m := &item{id: row.ID, threadID: row.ThreadID, received: row.ReceivedAt, identity: [32]byte(row.Identity), place: row.Place, raw: Raw{Bytes: raw}}
		b.mails, byID[row.ID], ids[i] = append(b.mails, m), m, row.ID
	}
	b.each(func(m *item) { m.mail = mail.Parse(m.raw.Bytes) })
	texts, err := in.DB.As(box.UserID).JudgeTexts(ctx, db.JudgeTextsParams{UserID: box.UserID, Ids: ids})
	if err != nil {
		return nil, err
	}
	for _, t := range texts {
		byID[t.ID].before = append(byID[t.ID].before, t.Visible)
	}
	return b, in.readCorrections(ctx, box, b)
}

// storeAgain writes the new verdicts in one transaction.
func (in *Ingest) storeAgain(ctx context.Context, box Mailbox, b *batch, all []Rejudged) error {
	p := db.JudgeStoreParams{UserID: box.UserID}
	for _, r := range all {
		p.Ids = append(p.Ids, r.Email.ID)
		p.Categories = append(p.Categories, string(r.Now.Category))
		p.Confidences = append(p.Confidences, float32(r.Now.Confidence))
		p.NeedsReviews = append(p.NeedsReviews, r.Now.NeedsReview)
		p.Priorities = append(p.Priorities, string(r.Now.Priority))
		p.NeedsReplies = append(p.NeedsReplies, r.Now.NeedsReply)
		p.Unwanteds = append(p.Unwanteds, float32(r.Now.Unwanted))
		p.Risks = append(p.Risks, int16(r.Now.Risk.Score))
		p.Verdicts = append(p.Verdicts, jsonText(r.Now))
	}
	return in.DB.Tx(ctx, box.UserID, func(q *db.Queries, _ pgx.Tx) error {
		if err := q.IngestLock(ctx, box.UserID); err != nil {
			return err
		}
		threads, err := q.JudgeStore(ctx, p)
		if err != nil {
			return err
		}
		if _, err := q.ThreadLock(ctx, db.ThreadLockParams{UserID: box.UserID, Ids: threads}); err != nil {
			return err
		}
		if err := proposeQuarantine(ctx, q, box, b, in.Now()); err != nil {
			return err
		}
		if err := q.ThreadRefresh(ctx, db.ThreadRefreshParams{UserID: box.UserID, Ids: threads}); err != nil {
			return err
		}
		return q.MailChanged(ctx, box.UserID)
	})
}
