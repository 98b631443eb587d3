package gmailsync

import (
	"context"
	"time"

	"applylens/internal/db"
	"applylens/internal/gmail"
)

// recent is the part of a mailbox whose time of readiness is told apart.
const recent = 30 * 24 * time.Hour

// begin pins the place in the history to catch up from, and starts the listing. What is stored already stays and is
// not fetched again.
func (r *run) begin(ctx context.Context) error {
	profile, err := r.profile(ctx)
	if err != nil {
		return err
	}
	n, err := r.client.Count(ctx, r.Now().Add(-recent), gmail.Fresh)
	if err != nil {
		return err
	}
	err = r.tx(ctx, func(q *db.Queries, _ gmail.HistoryID) error {
		if err := r.forsake(ctx, q); err != nil {
			return err
		}
		return q.AccountBegin(ctx, db.AccountBeginParams{UserID: r.user, ID: r.id, Lease: r.lease, Cursor: string(profile.HistoryID), Total: profile.MessagesTotal,
			RecentTotal: n, State: Backfilling, Now: r.Now()})
	})
	if err != nil {
		return err
	}
	return r.reload(ctx)
}

// profile asks where the mailbox stands. A server without profiles, such as an emulator, is asked for its newest message:
// what comes after that is in the history.
func (r *run) profile(ctx context.Context) (gmail.Profile, error) {
	p, err := r.client.Profile(ctx)
	if !gmail.IsGone(err) {
		return p, err
	}
	page, err := r.client.List(ctx, "", "", gmail.Fresh)
	if err != nil || len(page.Messages) == 0 {
		return gmail.Profile{HistoryID: "1"}, err
	}
	m, err := r.client.Look(ctx, page.Messages[0].ID, gmail.Fresh)
	return gmail.Profile{HistoryID: m.HistoryID, MessagesTotal: int64(len(page.Messages))}, err
}

// backfill lists the mailbox page by page, newest first, and fetches each page before the next. Killed, it goes on with
// the page it was at and with what of it is still wanted.
func (r *run) backfill(ctx context.Context) error {
	if r.brief {
		return errSlice
	}
	for {
		if err := r.fetchWanted(ctx); err != nil {
			return err
		}
		if r.account.Listed {
			break
		}
		if err := r.listPage(ctx); err != nil {
			return err
		}
	}
	if r.account.State != Backfilling && r.account.ReconcileAt != nil {
		return nil
	}
	// What arrived during the listing may have shifted its pages: compare before the account is called complete, whichever
	// turn fetched the last of it.
	now := r.Now()
	r.account.ReconcileAt = &now
	return r.DB.As(r.user).AccountReconcileDue(ctx, db.AccountReconcileDueParams{UserID: r.user, ID: r.id, At: now})
}

// listPage stores the ids of the next page and notes, in the same transaction, that it did.
func (r *run) listPage(ctx context.Context) error {
	page, err := r.client.List(ctx, "", r.account.PageToken, r.urgency())
	if gmail.IsBadRequest(err) && r.account.PageToken != "" { // the token is too old: list anew, what is known is passed over
		page, err = r.client.List(ctx, "", "", r.urgency())
	}
	if err != nil {
		return err
	}
	p := db.GmailWantParams{UserID: r.user, AccountID: r.id}
	for i, m := range page.Messages {
		p.GmailIds, p.ThreadIds, p.Ranks = append(p.GmailIds, m.ID), append(p.ThreadIds, m.ThreadID), append(p.Ranks, r.account.ListedCount+int64(i))
	}
	err = r.tx(ctx, func(q *db.Queries, _ gmail.HistoryID) error {
		if _, err := q.GmailWant(ctx, p); err != nil {
			return err
		}
		return q.AccountPage(ctx, db.AccountPageParams{UserID: r.user, ID: r.id, Lease: r.lease, PageToken: page.NextPageToken, Listed: page.NextPageToken == "",
			N: int64(len(page.Messages))})
	})
	if err != nil {
		return err
	}
	r.account.PageToken, r.account.Listed = page.NextPageToken, page.NextPageToken == ""
	r.account.ListedCount += int64(len(page.Messages))
	return nil
}

// urgency is that of the backfill: the first messages are what the person waits for.
func (r *run) urgency() gmail.Urgency {
	if r.fetchedCount < r.Options.First && r.account.ListedCount <= gmail.PageSize {
		return gmail.Fresh
	}
	return gmail.Background
}

// window is how many messages are fetched and stored together: few while the person waits for the first.
func (r *run) window() int32 {
	if r.urgency() == gmail.Fresh {
		return int32(max(1, r.Options.Window/4))
	}
	return int32(r.Options.Window)
}

// fetchWanted fetches what is wanted, window by window; between two of them a change that came meanwhile gets its turn.
func (r *run) fetchWanted(ctx context.Context) error {
	for {
		rows, err := r.DB.As(r.user).GmailWanted(ctx, db.GmailWantedParams{UserID: r.user, AccountID: r.id, MaxRows: r.window()})
		if err != nil || len(rows) == 0 {
			return err
		}
		ids := make([]string, len(rows))
		for i, row := range rows {
			ids[i] = row.GmailID
		}
		if err := r.fetch(ctx, ids, false, r.urgency()); err != nil {
			return err
		}
		r.fetchedCount += len(ids)
		if err := r.interrupted(ctx); err != nil {
			return err
		}
	}
}

// interrupted lets what is urgent pass: a push or a change of the person since this turn began.
func (r *run) interrupted(ctx context.Context) error {
	if err := r.late(); err != nil {
		return err
	}
	token, listed, count := r.account.PageToken, r.account.Listed, r.account.ListedCount
	if err := r.reload(ctx); err != nil {
		return err
	}
	r.account.PageToken, r.account.Listed, r.account.ListedCount = token, listed, count
	if sameTime(r.dirty, r.account.DirtyAt) {
		return nil
	}
	r.dirty = r.account.DirtyAt
	if err := r.sendChanges(ctx); err != nil {
		return err
	}
	return r.catchUp(ctx)
}
