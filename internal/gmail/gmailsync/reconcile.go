package gmailsync

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"

	"applylens/internal/db"
	"applylens/internal/gmail"
)

// resync begins anew after the place in the history became too old: from Gmail's present place, with a complete
// comparison of what is stored with what is there. It is a gap in the history, not in the mail, and noted as such.
func (r *run) resync(ctx context.Context) error {
	if at := r.account.ResyncedAt; at != nil && r.Now().Sub(*at) < r.Options.Resync {
		again := at.Add(r.Options.Resync)
		cause := "Gmail forgot the history twice within an hour. Nothing is lost; the next comparison begins at " + since(again) + "."
		return &gmail.Pause{Until: again, Err: fmt.Errorf("%s", cause)}
	}
	if !r.account.Listed {
		if err := r.begin(ctx); err != nil {
			return err
		}
		return r.event(ctx, r.DB.As(r.user), "gap", "The history since the beginning of the backfill is gone at Gmail; the listing begins anew.")
	}
	profile, err := r.profile(ctx)
	if err != nil {
		return err
	}
	cause := "Gmail no longer had the history since the last sync: everything is compared."
	err = r.tx(ctx, func(q *db.Queries, _ gmail.HistoryID) error {
		if err := q.AccountResync(ctx, db.AccountResyncParams{UserID: r.user, ID: r.id, Lease: r.lease, Cursor: string(profile.HistoryID), Cause: cause, Now: r.Now()}); err != nil {
			return err
		}
		if err := r.event(ctx, q, "resync", cause); err != nil {
			return err
		}
		return r.forsake(ctx, q)
	})
	if err != nil {
		return err
	}
	return r.reload(ctx)
}

// A snapshot is a set of ids, each as the first 64 bits of its SHA-256: a mailbox of a million messages takes 8 MB.
type snapshot map[uint64]struct{}

func hashID(id string) uint64 {
	sum := sha256.Sum256([]byte(id))
	return binary.BigEndian.Uint64(sum[:8])
}

func (s snapshot) has(id string) bool { _, ok := s[hashID(id)]; return ok }

// found is what a comparison found.
type found struct{ missing, surplus, differing int32 }

// reconcileDue compares, when it is time, what is stored with all ids and labels at Gmail, and repairs what differs.
func (r *run) reconcileDue(ctx context.Context) error {
	if at := r.account.ReconcileAt; !r.account.Listed || at == nil || at.After(r.Now()) {
		return nil
	}
	if err := r.catchUp(ctx); err != nil {
		return err
	}
	if !r.account.Listed { // the history was gone and the listing began anew
		return nil
	}
	var f found
	if err := r.compareIDs(ctx, &f); err != nil {
		return err
	}
	if err := r.compareLabels(ctx, &f); err != nil {
		return err
	}
	if err := r.catchUp(ctx); err != nil {
		return err
	}
	return r.reconciled(ctx, f)
}

// compareIDs takes a complete snapshot. What is not known here is fetched; what is not in the snapshot is asked for by
// its id, and only if Gmail says that it is gone it becomes a tombstone: pages shift while a mailbox changes.
func (r *run) compareIDs(ctx context.Context, f *found) error {
	all := snapshot{}
	var unknown []gmail.Ref
	err := r.eachPage(ctx, "", func(page []gmail.Ref) error {
		ids := idsOfRefs(page)
		for _, id := range ids {
			all[hashID(id)] = struct{}{}
		}
		known, err := r.DB.As(r.user).GmailStates(ctx, db.GmailStatesParams{UserID: r.user, AccountID: r.id, GmailIds: ids})
		if err != nil {
			return err
		}
		for _, m := range page {
			if !slices.ContainsFunc(known, func(k db.GmailStatesRow) bool { return k.GmailID == m.ID }) {
				unknown = append(unknown, m)
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	if err := r.catchUp(ctx); err != nil { // news are no gap
		return err
	}
	for part := range slices.Chunk(unknown, gmail.PageSize) {
		p := db.GmailWantParams{UserID: r.user, AccountID: r.id}
		for _, m := range part {
			p.GmailIds, p.ThreadIds, p.Ranks = append(p.GmailIds, m.ID), append(p.ThreadIds, m.ThreadID), append(p.Ranks, 0)
		}
		n, err := r.DB.As(r.user).GmailWant(ctx, p)
		if err != nil {
			return err
		}
		f.missing += int32(n)
	}
	if err := r.fetchAll(ctx); err != nil {
		return err
	}
	return r.checkSurplus(ctx, all, f)
}

// fetchAll fetches what is wanted without giving way: a comparison is only worth something as a whole.
func (r *run) fetchAll(ctx context.Context) error {
	ends := r.ends
	r.ends = r.Now().AddDate(1, 0, 0)
	defer func() { r.ends = ends }()
	return r.fetchWanted(ctx)
}

func (r *run) eachPage(ctx context.Context, label string, fn func([]gmail.Ref) error) error {
	token := ""
	for {
		page, err := r.client.List(ctx, label, token, gmail.Background)
		if err != nil {
			return err
		}
		if err := fn(page.Messages); err != nil {
			return err
		}
		if token = page.NextPageToken; token == "" {
			return nil
		}
	}
}

func (r *run) checkSurplus(ctx context.Context, all snapshot, f *found) error {
	after := ""
	for {
		ids, err := r.DB.As(r.user).GmailStored(ctx, db.GmailStoredParams{UserID: r.user, AccountID: r.id, AfterID: after, MaxRows: 2000})
		if err != nil || len(ids) == 0 {
			return err
		}
		after = ids[len(ids)-1]
		for _, id := range ids {
			if all.has(id) {
				continue
			}
			_, gone, err := r.look(ctx, id)
			if err != nil {
				return err
			}
			if gone {
				f.surplus++
			}
		}
	}
}

// look asks Gmail for one message's labels, or that it is gone, and writes that down. It reports whether the labels
// differed although the history was applied.
func (r *run) look(ctx context.Context, id string) (differed, gone bool, err error) {
	m, err := r.client.Look(ctx, id, gmail.Background)
	if gmail.IsGone(err) {
		return false, true, r.tx(ctx, func(q *db.Queries, _ gmail.HistoryID) error { return r.bury(ctx, q, []string{id}) })
	}
	if err != nil {
		return false, false, err
	}
	slices.Sort(m.LabelIDs)
	err = r.tx(ctx, func(q *db.Queries, cursor gmail.HistoryID) error {
		rows, err := q.GmailKnown(ctx, db.GmailKnownParams{UserID: r.user, AccountID: r.id, GmailIds: []string{id}})
		if err != nil || len(rows) == 0 || rows[0].State != "stored" || gmail.HistoryID(rows[0].HistoryID).Compare(m.HistoryID) > 0 {
			return err
		}
		was := slices.Sorted(slices.Values(rows[0].Labels))
		differed = !slices.Equal(was, m.LabelIDs) && m.HistoryID.Compare(cursor) <= 0
		err = r.relabel(ctx, q, db.GmailRelabelParams{GmailIds: []string{id}, Labels: []string{strings.Join(m.LabelIDs, " ")}, HistoryIds: []string{string(m.HistoryID)}})
		if err != nil {
			return err
		}
		return r.derive(ctx, q, []string{id})
	})
	return differed, false, err
}

// compareLabels compares, label by label, who carries it here and at Gmail, and asks for each message that differs.
func (r *run) compareLabels(ctx context.Context, f *found) error {
	if err := r.refreshLabels(ctx); err != nil {
		return err
	}
	list := []string{gmail.Inbox, gmail.Unread, gmail.Starred, gmail.Spam, gmail.Trash}
	for id := range r.labels.names {
		list = append(list, id)
	}
	slices.Sort(list)
	var doubtful []string
	for _, label := range list {
		there := snapshot{}
		err := r.eachPage(ctx, label, func(page []gmail.Ref) error {
			ids := idsOfRefs(page)
			rows, err := r.DB.As(r.user).GmailLabelsOf(ctx, db.GmailLabelsOfParams{UserID: r.user, AccountID: r.id, GmailIds: ids})
			for _, id := range ids {
				there[hashID(id)] = struct{}{}
			}
			for _, row := range rows {
				if row.State == "stored" && !slices.Contains(row.Labels, label) {
					doubtful = append(doubtful, row.GmailID)
				}
			}
			return err
		})
		if err != nil {
			return err
		}
		lacking, err := r.labelledBeyond(ctx, label, there)
		if err != nil {
			return err
		}
		doubtful = append(doubtful, lacking...)
	}
	slices.Sort(doubtful)
	for _, id := range slices.Compact(doubtful) {
		differed, _, err := r.look(ctx, id)
		if err != nil {
			return err
		}
		if differed {
			f.differing++
		}
	}
	return nil
}

// labelledBeyond returns the messages that carry a label here and not there.
func (r *run) labelledBeyond(ctx context.Context, label string, there snapshot) (ids []string, err error) {
	after := ""
	for {
		page, err := r.DB.As(r.user).GmailLabelled(ctx, db.GmailLabelledParams{UserID: r.user, AccountID: r.id, Label: label, AfterID: after, MaxRows: 2000})
		if err != nil || len(page) == 0 {
			return ids, err
		}
		after = page[len(page)-1]
		for _, id := range page {
			if !there.has(id) {
				ids = append(ids, id)
			}
		}
	}
}

// reconciled notes what a complete comparison found; an account that was being filled is live from here on.
func (r *run) reconciled(ctx context.Context, f found) error {
	wait := r.Options.Reconcile - rand.N(r.Options.Reconcile/8+1)
	was := r.account.State
	err := r.tx(ctx, func(q *db.Queries, _ gmail.HistoryID) error {
		if err := q.AccountReconciled(ctx, db.AccountReconciledParams{UserID: r.user, ID: r.id, Now: r.Now(), Missing: f.missing, Surplus: f.surplus,
			Differing: f.differing, AgainAt: r.Now().Add(wait)}); err != nil {
			return err
		}
		if _, err := q.AccountState(ctx, db.AccountStateParams{UserID: r.user, ID: r.id, State: Live, Now: r.Now()}); err != nil {
			return err
		}
		if err := q.GmailUsageForget(ctx, db.GmailUsageForgetParams{UserID: r.user, AccountID: r.id, Before: r.Now().Add(-usageKept)}); err != nil {
			return err
		}
		text := fmt.Sprintf("%d messages were missing and fetched, %d no longer at Gmail and removed, %d had other labels.", f.missing, f.surplus, f.differing)
		switch {
		case was == Backfilling:
			return r.event(ctx, q, "live", "The whole mailbox is here.")
		case was == Resyncing:
			return r.event(ctx, q, "live", "The comparison is complete: "+text)
		case f != found{}:
			return r.event(ctx, q, "repaired", text)
		}
		return nil
	})
	if err != nil {
		return err
	}
	return r.reload(ctx)
}

func idsOfRefs(page []gmail.Ref) []string {
	ids := make([]string, len(page))
	for i, m := range page {
		ids[i] = m.ID
	}
	return ids
}
