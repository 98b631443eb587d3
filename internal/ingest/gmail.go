package ingest

import (
	"context"
	"slices"
	"strconv"
	"strings"
	"time"

	"applylens/internal/db"
)

// Gmail is what Gmail says of a message. Its row in gmail_messages is written in the transaction that stores the mail,
// also when the same mail was stored before, by an import or under another id.
type Gmail struct {
	Account    int64
	ID         string
	ThreadID   string
	LabelIDs   []string
	HistoryID  string
	ReceivedAt time.Time
	Live       bool // it came as news, not by a listing
}

// GmailThread is the thread id of the API, which is hexadecimal, as X-GM-THRID in an export has it: decimal.
func GmailThread(id string) string {
	n, err := strconv.ParseUint(id, 16, 64)
	if err != nil {
		return id
	}
	return strconv.FormatUint(n, 10)
}

// noteGmail writes which email each message of a batch is, gives the emails their state, and returns the threads that
// this changed beside those of new mail.
func noteGmail(ctx context.Context, q *db.Queries, box Mailbox, b *batch, now time.Time) (threads []int64, err error) {
	known, err := emailIDs(ctx, q, box.UserID, b.known)
	if err != nil {
		return nil, err
	}
	var live, listed db.GmailStoreParams
	var emails, old []int64
	note := func(m *item, emailID int64, made bool) {
		p := &listed
		if m.raw.Gmail.Live {
			p = &live
		}
		p.AccountID = m.raw.Gmail.Account
		addGmail(p, m.raw.Gmail, emailID, made)
		emails = append(emails, emailID)
	}
	for _, m := range b.mails {
		if m.raw.Gmail != nil {
			note(m, m.id, true)
		}
	}
	for _, m := range b.known {
		if id := known[m.identity]; id != 0 {
			note(m, id, false)
			old = append(old, id)
		}
	}
	if len(emails) == 0 {
		return nil, nil
	}
	if len(old) > 0 {
		threads, err = q.GmailThreadsOf(ctx, db.GmailThreadsOfParams{UserID: box.UserID, EmailIds: old})
		if err != nil {
			return nil, err
		}
		if _, err := q.ThreadLock(ctx, db.ThreadLockParams{UserID: box.UserID, Ids: threads}); err != nil {
			return nil, err
		}
	}
	live.Live = true
	for _, p := range []db.GmailStoreParams{listed, live} {
		if len(p.GmailIds) == 0 {
			continue
		}
		p.UserID, p.Now = box.UserID, now
		seen := db.GmailLabelsSeenParams{UserID: box.UserID, AccountID: p.AccountID, Labels: strings.Join(p.Labels, " ")}
		if err := q.GmailLabelsSeen(ctx, seen); err != nil {
			return nil, err
		}
		if err := q.GmailStore(ctx, p); err != nil {
			return nil, err
		}
	}
	if err := q.GmailDerive(ctx, db.GmailDeriveParams{UserID: box.UserID, EmailIds: emails}); err != nil {
		return nil, err
	}
	if err := q.GmailDeriveLabels(ctx, db.GmailDeriveLabelsParams{UserID: box.UserID, EmailIds: emails}); err != nil {
		return nil, err
	}
	return slices.Compact(threads), nil
}

func addGmail(p *db.GmailStoreParams, g *Gmail, emailID int64, made bool) {
	p.GmailIds = append(p.GmailIds, g.ID)
	p.ThreadIds = append(p.ThreadIds, g.ThreadID)
	p.EmailIds = append(p.EmailIds, emailID)
	p.Mades = append(p.Mades, made)
	p.Labels = append(p.Labels, strings.Join(g.LabelIDs, " "))
	p.HistoryIds = append(p.HistoryIds, g.HistoryID)
	p.ReceivedAts = append(p.ReceivedAts, g.ReceivedAt)
}

// emailIDs finds the emails of mails that were stored before.
func emailIDs(ctx context.Context, q *db.Queries, userID int64, mails []*item) (map[[32]byte]int64, error) {
	if len(mails) == 0 {
		return nil, nil
	}
	identities := make([][]byte, len(mails))
	for i, m := range mails {
		identities[i] = m.identity[:]
	}
	rows, err := q.GmailEmailIDs(ctx, db.GmailEmailIDsParams{UserID: userID, Identities: identities})
	ids := make(map[[32]byte]int64, len(rows))
	for _, r := range rows {
		ids[[32]byte(r.Identity)] = r.ID
	}
	return ids, err
}
