package ingest

import (
	"context"
	"encoding/hex"
	"fmt"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"applylens/internal/action"
	"applylens/internal/db"
	"applylens/internal/mail"
	"applylens/internal/triage"
)

// quarantineRisk is the risk score from which quarantine is proposed.
const quarantineRisk = 80

// commit stores a prepared batch. A mail that Postgres refuses is set aside by halving the batch around it.
func (in *Ingest) commit(ctx context.Context, box Mailbox, b *batch, counts *Counts, report func(Counts, error)) error {
	for _, err := range b.broken {
		counts.Seen, counts.Failed = counts.Seen+1, counts.Failed+1
		report(*counts, err)
	}
	b.broken = nil
	err := in.store(ctx, box, b)
	switch {
	case err == nil:
		counts.Seen += len(b.mails) + b.copies
		counts.New += len(b.mails)
		counts.Duplicates += b.copies
		for _, m := range b.mails {
			if len(m.mail.Warnings) > 0 {
				counts.Warnings++
			}
		}
		return nil
	case !db.IsBadValue(err):
		return err
	case len(b.mails) == 0:
		return err
	case len(b.mails) == 1:
		counts.Seen, counts.Failed = counts.Seen+1+b.copies, counts.Failed+1
		counts.Duplicates += b.copies
		report(*counts, fmt.Errorf("%s: the database refused this message: %w", b.mails[0].raw.Source, err))
		return nil
	}
	half := len(b.mails) / 2
	if err := in.commit(ctx, box, &batch{mails: b.mails[:half:half], known: b.known, copies: b.copies, run: b.run}, counts, report); err != nil {
		return err
	}
	return in.commit(ctx, box, &batch{mails: b.mails[half:], run: b.run}, counts, report)
}

// store writes all rows of a batch in one transaction. Its originals are there already, so that no row ever lacks its
// source.
func (in *Ingest) store(ctx context.Context, box Mailbox, b *batch) error {
	if len(b.mails)+len(b.known) == 0 {
		return nil
	}
	segment, n := segmentOf(b.mails), len(b.mails)
	return in.DB.Tx(ctx, box.UserID, func(q *db.Queries, tx pgx.Tx) error {
		if err := q.IngestLock(ctx, box.UserID); err != nil {
			return err
		}
		if err := in.dropKnown(ctx, q, box, b); err != nil || len(b.mails)+len(b.known) == 0 {
			return err
		}
		if err := in.putBlobs(ctx, box, b); err != nil { // what was deleted since, now that nobody else can
			return err
		}
		changed, err := assignThreads(ctx, q, box.UserID, b.mails)
		if err != nil {
			return err
		}
		if _, err := q.ThreadLock(ctx, db.ThreadLockParams{UserID: box.UserID, Ids: changed}); err != nil {
			return err
		}
		if err := in.insertMails(ctx, q, box, b); err != nil {
			return err
		}
		if len(b.mails) < n { // another import was quicker with some
			segment = segmentOf(b.mails)
		}
		if len(b.mails) > 0 {
			if err := segment.Store(ctx, q, box.UserID, mailIDs(b.mails)); err != nil {
				return err
			}
			if in.Stored != nil {
				if err := in.Stored(ctx, q, tx, box.UserID); err != nil {
					return err
				}
			}
		}
		noted, err := noteGmail(ctx, q, box, b, in.Now())
		if err != nil {
			return err
		}
		if err := q.ThreadRefresh(ctx, db.ThreadRefreshParams{UserID: box.UserID, Ids: append(changed, noted...)}); err != nil {
			return err
		}
		if err := in.runRules(ctx, tx, q, box, b.mails, segment); err != nil {
			return err
		}
		return q.MailChanged(ctx, box.UserID)
	})
}

// putBlobs stores the originals that are not there yet, and makes them durable.
func (in *Ingest) putBlobs(ctx context.Context, box Mailbox, b *batch) error {
	wrote := false
	put := func(hash, content []byte) error {
		stored, err := in.Blobs.Put(ctx, box.UserID, hash, content)
		wrote = wrote || stored
		return err
	}
	for _, m := range b.mails {
		if err := put(m.rawHash[:], m.raw.Bytes); err != nil {
			return err
		}
		for _, a := range m.mail.Attachments {
			if err := put(unhex(a.SHA256), a.Data); err != nil {
				return err
			}
		}
	}
	if !wrote {
		return nil
	}
	return in.Blobs.Sync()
}

func (in *Ingest) insertMails(ctx context.Context, q *db.Queries, box Mailbox, b *batch) error {
	mails := b.mails
	ids, err := q.EmailIDs(ctx, int32(len(mails)))
	if err != nil {
		return err
	}
	for i, m := range mails {
		m.id = ids[i]
	}
	if err := q.EmailInsert(ctx, emailRows(box, mails)); err != nil {
		return err
	}
	if err := q.EmailTextInsert(ctx, textRows(box, mails)); err != nil {
		return err
	}
	if rows := attachmentRows(box, mails); len(rows.EmailIds) > 0 {
		if err := q.AttachmentInsert(ctx, rows); err != nil {
			return err
		}
	}
	if err := insertLabels(ctx, q, box, mails); err != nil {
		return err
	}
	if err := noteUnjudged(ctx, q, box, mails); err != nil {
		return err
	}
	return proposeQuarantine(ctx, q, box, b, in.Now())
}

func mailIDs(mails []*item) []int64 {
	ids := make([]int64, len(mails))
	for i, m := range mails {
		ids[i] = m.id
	}
	return ids
}

func emailRows(box Mailbox, mails []*item) db.EmailInsertParams {
	p := db.EmailInsertParams{UserID: box.UserID, Sample: box.Sample}
	for _, m := range mails {
		from := first(m.mail.From)
		s := stateOf(m, box.Addresses)
		p.Ids = append(p.Ids, m.id)
		p.ThreadIds = append(p.ThreadIds, m.threadID)
		p.Identities = append(p.Identities, m.identity[:])
		p.MessageIds = append(p.MessageIds, m.messageID)
		p.ReceivedAts = append(p.ReceivedAts, m.received)
		p.FromNames = append(p.FromNames, from.Name)
		p.FromAddresses = append(p.FromAddresses, strings.ToLower(from.Address))
		p.Recipients = append(p.Recipients, recipientText(m.mail))
		p.Subjects = append(p.Subjects, m.mail.Subject)
		p.Snippets = append(p.Snippets, snippet(m.mail))
		p.Sizes = append(p.Sizes, int64(len(m.raw.Bytes)))
		p.RawSha256s = append(p.RawSha256s, m.rawHash[:])
		p.Places = append(p.Places, s.place)
		p.Unreads = append(p.Unreads, s.unread)
		p.Starreds = append(p.Starreds, s.starred)
		p.Sents = append(p.Sents, s.sent)
		p.Drafts = append(p.Drafts, s.draft)
		p.HasAttachments = append(p.HasAttachments, hasAttachment(m.mail))
		p.Categories = append(p.Categories, string(m.verdict.Category))
		p.Confidences = append(p.Confidences, float32(m.verdict.Confidence))
		p.NeedsReviews = append(p.NeedsReviews, m.verdict.NeedsReview)
		p.Priorities = append(p.Priorities, string(m.verdict.Priority))
		p.NeedsReplies = append(p.NeedsReplies, m.verdict.NeedsReply && !s.sent)
		p.Unwanteds = append(p.Unwanteds, float32(m.verdict.Unwanted))
		p.Risks = append(p.Risks, int16(m.verdict.Risk.Score))
	}
	return p
}

func textRows(box Mailbox, mails []*item) db.EmailTextInsertParams {
	p := db.EmailTextInsertParams{UserID: box.UserID}
	for _, m := range mails {
		p.EmailIds = append(p.EmailIds, m.id)
		p.Bodies = append(p.Bodies, m.mail.Text)
		p.Visibles = append(p.Visibles, m.mail.VisibleText)
		p.Verdicts = append(p.Verdicts, jsonText(m.verdict))
		p.Calendars = append(p.Calendars, jsonText(m.mail.Calendar))
		p.Unsubscribes = append(p.Unsubscribes, jsonText(m.mail.List.Unsubscribe))
		p.Warnings = append(p.Warnings, jsonText(m.mail.Warnings))
	}
	return p
}

func attachmentRows(box Mailbox, mails []*item) db.AttachmentInsertParams {
	p := db.AttachmentInsertParams{UserID: box.UserID}
	for _, m := range mails {
		for i, a := range m.mail.Attachments {
			p.EmailIds = append(p.EmailIds, m.id)
			p.Parts = append(p.Parts, int32(i))
			p.Filenames = append(p.Filenames, a.Filename)
			p.ContentTypes = append(p.ContentTypes, a.ContentType)
			p.Sizes = append(p.Sizes, a.Size)
			p.Sha256s = append(p.Sha256s, unhex(a.SHA256))
			p.ContentIds = append(p.ContentIds, a.ContentID)
			p.Inlines = append(p.Inlines, a.Inline)
		}
	}
	return p
}

func insertLabels(ctx context.Context, q *db.Queries, box Mailbox, mails []*item) error {
	names := map[string]bool{}
	for _, m := range mails {
		for _, name := range ownLabels(m.raw.Labels) {
			names[name] = true
		}
	}
	if len(names) == 0 {
		return nil
	}
	labels, err := q.LabelEnsure(ctx, db.LabelEnsureParams{UserID: box.UserID, Names: keys(names)})
	if err != nil {
		return err
	}
	ids := make(map[string]int64, len(labels))
	for _, l := range labels {
		ids[l.Name] = l.ID
	}
	p := db.EmailLabelInsertParams{UserID: box.UserID}
	for _, m := range mails {
		for _, name := range ownLabels(m.raw.Labels) {
			p.EmailIds = append(p.EmailIds, m.id)
			p.LabelIds = append(p.LabelIds, ids[name])
		}
	}
	return q.EmailLabelInsert(ctx, p)
}

// proposeQuarantine leaves dangerous mail where it is and asks: agents propose, people decide.
func proposeQuarantine(ctx context.Context, q *db.Queries, box Mailbox, b *batch, now time.Time) error {
	p := db.ActionProposeParams{UserID: box.UserID, Kind: "quarantine", Actor: "inbox.triage", ExpiresAt: now.Add(action.Lapse)}
	if b.run != uuid.Nil {
		p.RunID = &b.run
	}
	for _, m := range b.mails {
		place := m.place
		if place == "" {
			place = stateOf(m, box.Addresses).place
		}
		if m.verdict.Risk.Score >= quarantineRisk && place == "inbox" {
			p.EmailIds = append(p.EmailIds, m.id)
			p.Reasons = append(p.Reasons, riskReason(m.verdict.Risk))
			p.Keys = append(p.Keys, "quarantine:"+hex.EncodeToString(m.identity[:]))
		}
	}
	if len(p.EmailIds) == 0 {
		return nil
	}
	return q.ActionPropose(ctx, p)
}

func riskReason(r triage.Risk) string {
	reason := fmt.Sprintf("Risk %d of 100", r.Score)
	for i, s := range r.Signals {
		if i < 3 && s.Weight > 0 {
			reason += " · " + s.Evidence
		}
	}
	return reason
}

func hasAttachment(m *mail.Message) bool {
	for _, a := range m.Attachments {
		if !a.Inline {
			return true
		}
	}
	return false
}
