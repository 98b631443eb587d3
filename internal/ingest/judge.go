package ingest

import (
	"context"

	"github.com/google/uuid"

	"applylens/internal/db"
	"applylens/internal/triage"
)

// A Judge keeps account of judging: it runs work, which judges a chunk of mail and returns how many of it could not be
// judged because of a mistake of ours, and returns the id of the run. An error means that the chunk is not judged. What
// it is given is enough to say what was judged and how.
type Judge func(ctx context.Context, c Chunk, work func(context.Context) (broken int)) (uuid.UUID, error)

// A Chunk is mail that is judged together.
type Chunk struct {
	UserID  int64
	Trigger string // who brought the mail: person, push, schedule; or who asks to judge it again
	Parent  uuid.UUID
	DryRun  bool
	items   []*item
}

// A Judged mail has its verdict.
type Judged struct {
	Identity [32]byte
	Verdict  triage.Verdict
}

// Len is how many mails the chunk has.
func (c Chunk) Len() int { return len(c.items) }

// Input is what is judged: the identities of the mails, in their order.
func (c Chunk) Input() []byte {
	all := make([]byte, 0, 32*len(c.items))
	for _, m := range c.items {
		all = append(all, m.identity[:]...)
	}
	return all
}

// Judged returns the verdicts, after the work.
func (c Chunk) Judged() []Judged {
	all := make([]Judged, len(c.items))
	for i, m := range c.items {
		all[i] = Judged{m.identity, m.verdict}
	}
	return all
}

// judge gives each mail of the batch its verdict. When that is not let be, or fails, the mails come in without one, and
// wait for it.
func (in *Ingest) judge(ctx context.Context, box Mailbox, b *batch, parent uuid.UUID, dry bool) error {
	if len(b.mails) == 0 {
		return nil
	}
	before := len(b.broken)
	work := func(ctx context.Context) int {
		b.each(func(m *item) {
			if ctx.Err() == nil {
				m.judge(box)
			}
		})
		return len(b.broken) - before
	}
	if in.Judge == nil {
		work(ctx)
		return ctx.Err()
	}
	trigger := box.Trigger
	if trigger == "" {
		trigger = "person"
	}
	var err error
	b.run, err = in.Judge(ctx, Chunk{UserID: box.UserID, Trigger: trigger, Parent: parent, DryRun: dry, items: append([]*item(nil), b.mails...)}, work)
	if err == nil || ctx.Err() != nil {
		return ctx.Err()
	}
	in.Log.Warn("mail comes in without a judgement, which follows", "mails", len(b.mails), "error", err)
	for _, m := range b.mails {
		m.verdict, m.unjudged = triage.Unjudged(), true
	}
	return nil
}

// noteUnjudged has the mails without a verdict judged later.
func noteUnjudged(ctx context.Context, q *db.Queries, box Mailbox, mails []*item) error {
	var ids []int64
	for _, m := range mails {
		if m.unjudged {
			ids = append(ids, m.id)
		}
	}
	if len(ids) == 0 {
		return nil
	}
	return q.UnjudgedAdd(ctx, db.UnjudgedAddParams{UserID: box.UserID, EmailIds: ids})
}
