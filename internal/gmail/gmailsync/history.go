package gmailsync

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"applylens/internal/db"
	"applylens/internal/gmail"
)

// catchUp applies what the history says since the stored place, one transaction a page.
func (r *run) catchUp(ctx context.Context) error {
	r.caughtFrom = r.Now()
	start, token := gmail.HistoryID(r.account.Cursor), ""
	for {
		page, err := r.client.History(ctx, start, token)
		switch {
		case gmail.IsGone(err):
			return r.resync(ctx)
		case gmail.IsBadRequest(err) && token != "": // the token is too old: begin again where we stand
			start, token = gmail.HistoryID(r.account.Cursor), ""
			continue
		case err != nil:
			return err
		}
		if err := r.applyPage(ctx, page); err != nil {
			return err
		}
		if token = page.NextPageToken; token == "" {
			return nil
		}
	}
}

// An op is one change of one message, in the order of the history.
type op struct {
	at             gmail.HistoryID
	message        gmail.Ref
	added, deleted bool
	labels         []string
	put            bool // labels were added, not removed
}

// opsOf puts the records of a page in order and drops those that were applied before.
func opsOf(page gmail.HistoryPage, cursor gmail.HistoryID) (ops []op, last gmail.HistoryID) {
	records := slices.Clone(page.History)
	slices.SortStableFunc(records, func(a, b gmail.Record) int { return a.ID.Compare(b.ID) })
	last = cursor
	seen := gmail.HistoryID("")
	for _, rec := range records {
		if rec.ID.Compare(cursor) <= 0 || rec.ID == seen {
			continue
		}
		seen = rec.ID
		for _, c := range rec.MessagesAdded {
			ops = append(ops, op{at: rec.ID, message: c.Message.Ref, added: true})
		}
		for _, c := range rec.LabelsAdded {
			ops = append(ops, op{at: rec.ID, message: c.Message.Ref, labels: c.LabelIDs, put: true})
		}
		for _, c := range rec.LabelsRemoved {
			ops = append(ops, op{at: rec.ID, message: c.Message.Ref, labels: c.LabelIDs})
		}
		for _, c := range rec.MessagesDeleted {
			ops = append(ops, op{at: rec.ID, message: c.Message.Ref, deleted: true})
		}
		last = rec.ID
	}
	if page.NextPageToken == "" && page.HistoryID.Compare(last) > 0 {
		last = page.HistoryID
	}
	return ops, last
}

// applyPage fetches what is new, and then, in one transaction, applies all changes and moves the place in the history.
func (r *run) applyPage(ctx context.Context, page gmail.HistoryPage) error {
	cursor := gmail.HistoryID(r.account.Cursor)
	ops, last := opsOf(page, cursor)
	if last == cursor {
		return nil
	}
	if err := r.fetchNews(ctx, ops); err != nil {
		return err
	}
	err := r.tx(ctx, func(q *db.Queries, stored gmail.HistoryID) error {
		if stored != cursor {
			return fmt.Errorf("the history was moved from %s to %s by another", cursor, stored)
		}
		if len(ops) > 0 {
			if err := r.applyOps(ctx, q, ops); err != nil {
				return err
			}
		}
		n, err := q.AccountCursor(ctx, db.AccountCursorParams{UserID: r.user, ID: r.id, Lease: r.lease, Was: string(cursor), Cursor: string(last)})
		if err == nil && n == 0 {
			err = errLease
		}
		return err
	})
	if err != nil {
		return err
	}
	r.account.Cursor = string(last)
	return r.removeBlobs(ctx)
}

// fetchNews fetches the messages of a page that are new, or were never heard of, and not deleted again.
func (r *run) fetchNews(ctx context.Context, ops []op) error {
	var wanted, dead []string
	added := map[string]bool{}
	for _, o := range ops {
		switch {
		case o.deleted:
			dead = append(dead, o.message.ID)
		default:
			wanted = append(wanted, o.message.ID)
			added[o.message.ID] = added[o.message.ID] || o.added
		}
	}
	wanted = slices.DeleteFunc(wanted, func(id string) bool { return slices.Contains(dead, id) })
	slices.Sort(wanted)
	wanted = slices.Compact(wanted)
	if len(wanted) == 0 {
		return nil
	}
	rows, err := r.DB.As(r.user).GmailStates(ctx, db.GmailStatesParams{UserID: r.user, AccountID: r.id, GmailIds: wanted})
	if err != nil {
		return err
	}
	for _, row := range rows {
		if row.State != "wanted" || !added[row.GmailID] {
			wanted = slices.DeleteFunc(wanted, func(id string) bool { return id == row.GmailID })
		}
	}
	return r.fetch(ctx, wanted, true, gmail.Fresh)
}

// A known message, as the changes of a page find it and leave it.
type known struct {
	db.GmailKnownRow
	set     map[string]bool
	at      gmail.HistoryID
	changed bool
}

// applyOps applies changes in order: deletions win, labels change message by message, and of our own changes that are on
// their way those lose whose part of the state was changed at Gmail.
func (r *run) applyOps(ctx context.Context, q *db.Queries, ops []op) error {
	var ids, dead []string
	for _, o := range ops {
		ids = append(ids, o.message.ID)
		if o.deleted {
			dead = append(dead, o.message.ID)
		}
	}
	slices.Sort(ids)
	ids = slices.Compact(ids)
	if err := q.IngestLock(ctx, r.user); err != nil {
		return err
	}
	rows, err := q.GmailKnown(ctx, db.GmailKnownParams{UserID: r.user, AccountID: r.id, GmailIds: ids})
	if err != nil {
		return err
	}
	open, err := q.GmailChangesOpen(ctx, db.GmailChangesOpenParams{UserID: r.user, AccountID: r.id, GmailIds: ids, MaxRows: 100_000})
	if err != nil {
		return err
	}
	mails := map[string]*known{}
	for _, row := range rows {
		k := &known{GmailKnownRow: row, set: map[string]bool{}, at: gmail.HistoryID(row.HistoryID)}
		for _, l := range row.Labels {
			k.set[l] = true
		}
		mails[row.GmailID] = k
	}
	fate := r.play(ops, mails, open)
	if err := r.writeLabels(ctx, q, mails); err != nil {
		return err
	}
	if err := r.writeFate(ctx, q, fate); err != nil {
		return err
	}
	if err := r.bury(ctx, q, dead); err != nil {
		return err
	}
	return r.derive(ctx, q, ids)
}

// A fate is what a page of history means for our own changes.
type fate struct{ echoed, overruled []int64 }

// play applies label changes to messages. One that our own call made is its echo; one that really changes something and
// is not ours overrules what waits for the same part of the state.
func (r *run) play(ops []op, mails map[string]*known, open []db.GmailChangesOpenRow) (f fate) {
	for _, o := range ops {
		k := mails[o.message.ID]
		if k == nil || k.State != "stored" || len(o.labels) == 0 {
			continue
		}
		echo := false
		for _, c := range open {
			if c.GmailID == o.message.ID && c.State == "sending" && o.at.Compare(gmail.HistoryID(c.Cursor)) > 0 && o.isEchoOf(c) {
				f.echoed, echo = append(f.echoed, c.ID), true
			}
		}
		if o.at.Compare(k.at) <= 0 {
			continue // the labels we have are newer
		}
		k.at = o.at
		for _, l := range o.labels {
			if k.set[l] == o.put {
				continue
			}
			k.set[l], k.changed = o.put, true
			if echo {
				continue
			}
			kind, label := r.labels.kindOf(l)
			for _, c := range open {
				if c.GmailID == o.message.ID && c.State == "pending" && c.Kind == kind && c.LabelID == label {
					f.overruled = append(f.overruled, c.ID)
				}
			}
		}
	}
	return f
}

func (o op) isEchoOf(c db.GmailChangesOpenRow) bool {
	mine := c.Removes
	if o.put {
		mine = c.Adds
	}
	return slices.ContainsFunc(o.labels, func(l string) bool { return slices.Contains(mine, l) })
}

func (r *run) writeLabels(ctx context.Context, q *db.Queries, mails map[string]*known) error {
	var p db.GmailRelabelParams
	for id, k := range mails {
		if k.at == gmail.HistoryID(k.HistoryID) {
			continue
		}
		var list []string
		for l, on := range k.set {
			if on {
				list = append(list, l)
			}
		}
		slices.Sort(list)
		p.GmailIds, p.Labels, p.HistoryIds = append(p.GmailIds, id), append(p.Labels, strings.Join(list, " ")), append(p.HistoryIds, string(k.at))
	}
	return r.relabel(ctx, q, p)
}

// relabel writes labels of messages, and notes those that are not known yet.
func (r *run) relabel(ctx context.Context, q *db.Queries, p db.GmailRelabelParams) error {
	if len(p.GmailIds) == 0 {
		return nil
	}
	p.UserID, p.AccountID = r.user, r.id
	if err := q.GmailLabelsSeen(ctx, db.GmailLabelsSeenParams{UserID: r.user, AccountID: r.id, Labels: strings.Join(p.Labels, " ")}); err != nil {
		return err
	}
	return q.GmailRelabel(ctx, p)
}

func (r *run) writeFate(ctx context.Context, q *db.Queries, f fate) error {
	if len(f.echoed) > 0 {
		if err := q.GmailChangeEchoed(ctx, db.GmailChangeEchoedParams{UserID: r.user, Ids: f.echoed}); err != nil {
			return err
		}
	}
	if lost := unique(f.overruled); len(lost) > 0 {
		if err := q.GmailChangeEnd(ctx, db.GmailChangeEndParams{UserID: r.user, Ids: lost, State: "superseded", Error: "changed at Gmail at the same time", Now: r.Now()}); err != nil {
			return err
		}
		return r.event(ctx, q, "overruled", fmt.Sprintf("%d changes made here gave way to changes made in Gmail at the same time.", len(lost)))
	}
	return nil
}

// since is a moment as short text.
func since(t time.Time) string { return t.UTC().Format("2 Jan 15:04 UTC") }
