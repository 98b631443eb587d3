package gmailsync

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"

	"applylens/internal/db"
	"applylens/internal/gmail"
	"applylens/internal/ingest"
	"applylens/internal/search"
)

// outage is how many messages of one fetch may fail for reasons that may pass before the whole turn is given up.
const outage = 3

// fetched is how one message came.
type fetched struct {
	id      string
	message gmail.Message
	err     error
}

// fetch fetches messages and stores them through ingest, in order, a few at a time. One that is gone becomes a
// tombstone; one that cannot be fetched or stored is parked. An error means that the rest was not tried.
func (r *run) fetch(ctx context.Context, ids []string, live bool, u gmail.Urgency) error {
	if len(ids) == 0 {
		return nil
	}
	var mu sync.Mutex // the source runs beside the committer
	var gone, broken []string
	var fatal, last error
	source := func(yield func(ingest.Raw, error) bool) {
		for f := range r.get(ctx, ids, u) {
			mu.Lock()
			switch {
			case f.err == nil:
				if f.message.InternalDate == 0 {
					f.message.InternalDate = r.Now().UnixMilli()
				}
			case gmail.IsGone(f.err):
				gone = append(gone, f.id)
			case stops(f.err) || len(broken) >= outage:
				fatal = f.err
			default:
				broken, last = append(broken, f.id), f.err
			}
			stop := fatal != nil
			mu.Unlock()
			if stop || f.err == nil && !yield(r.raw(f.message, live), nil) {
				return
			}
		}
	}
	box := r.mailbox
	box.Trigger = "schedule"
	if live && r.account.WatchUntil != nil && r.account.WatchUntil.After(r.Now()) {
		box.Trigger = "push"
	}
	_, err := r.Ingest.Run(ctx, box, source, func(_ ingest.Counts, trouble error) {
		if trouble != nil {
			r.Log.Warn("a message could not be stored", "account", r.id, "error", trouble)
		}
	})
	if err != nil {
		return err
	}
	if err := r.setAside(ctx, ids, gone, broken, live, fatal == nil, last); err != nil {
		return err
	}
	return fatal
}

// stops reports whether an error concerns the account, not one message.
func stops(err error) bool {
	var pause *gmail.Pause
	return errors.As(err, &pause) || errors.Is(err, gmail.ErrReconnect) || errors.Is(err, gmail.ErrScope) || errors.Is(err, context.Canceled)
}

func (r *run) raw(m gmail.Message, live bool) ingest.Raw {
	return ingest.Raw{Source: "Gmail " + m.ID, Bytes: m.Raw, Labels: systemOnly(m.LabelIDs), GmailThreadID: ingest.GmailThread(m.ThreadID),
		Gmail: &ingest.Gmail{Account: r.id, ID: m.ID, ThreadID: m.ThreadID, LabelIDs: m.LabelIDs, HistoryID: string(m.HistoryID),
			ReceivedAt: time.UnixMilli(m.InternalDate), Live: live}}
}

// get fetches messages in order, a few at once; no more than that are held in memory.
func (r *run) get(ctx context.Context, ids []string, u gmail.Urgency) func(func(fetched) bool) {
	return func(yield func(fetched) bool) {
		ctx, cancel := context.WithCancel(ctx)
		var running sync.WaitGroup
		defer running.Wait()
		defer cancel()
		results := make([]chan fetched, len(ids))
		for i := range results {
			results[i] = make(chan fetched, 1)
		}
		begin := func(i int) {
			running.Go(func() {
				m, err := r.client.Get(ctx, ids[i], u)
				results[i] <- fetched{id: ids[i], message: m, err: err}
			})
		}
		for i := range min(r.Options.Parallel, len(ids)) {
			begin(i)
		}
		for i := range ids {
			f := <-results[i]
			if !yield(f) {
				return
			}
			if next := i + r.Options.Parallel; next < len(ids) {
				begin(next)
			}
		}
	}
}

// setAside makes tombstones of what is gone and parks what could not be fetched, or was refused by the database.
func (r *run) setAside(ctx context.Context, ids, gone, broken []string, live, complete bool, cause error) error {
	states, err := r.DB.As(r.user).GmailStates(ctx, db.GmailStatesParams{UserID: r.user, AccountID: r.id, GmailIds: ids})
	if err != nil {
		return err
	}
	stored := map[string]bool{}
	for _, s := range states {
		stored[s.GmailID] = s.State == "stored" || s.State == "gone"
	}
	refused := slices.DeleteFunc(slices.Clone(ids), func(id string) bool {
		return stored[id] || slices.Contains(gone, id) || slices.Contains(broken, id)
	})
	return r.tx(ctx, func(q *db.Queries, _ gmail.HistoryID) error {
		if err := r.bury(ctx, q, gone); err != nil {
			return err
		}
		if cause != nil {
			if err := r.park(ctx, q, broken, live, cause.Error()); err != nil {
				return err
			}
		}
		if !complete { // the rest was not tried
			return nil
		}
		return r.park(ctx, q, refused, live, "The database refused this message.")
	})
}

func (r *run) park(ctx context.Context, q *db.Queries, ids []string, live bool, cause string) error {
	if len(ids) == 0 {
		return nil
	}
	return q.GmailPark(ctx, db.GmailParkParams{UserID: r.user, AccountID: r.id, GmailIds: ids, Live: live, RetryAt: r.Now().Add(r.Options.Park), Error: cause})
}

// retryParked tries again what was parked, each message alone.
func (r *run) retryParked(ctx context.Context) error {
	due, err := r.DB.As(r.user).GmailParkedDue(ctx, db.GmailParkedDueParams{UserID: r.user, AccountID: r.id, Now: r.Now(), MaxRows: 50})
	if err != nil {
		return err
	}
	for _, m := range due {
		if err := r.fetch(ctx, []string{m.GmailID}, m.Live, gmail.Fresh); err != nil {
			return err
		}
	}
	next, err := r.DB.As(r.user).GmailParkedNext(ctx, db.GmailParkedNextParams{UserID: r.user, AccountID: r.id})
	if err == nil && next.N > 0 {
		r.wakeAt(next.RetryAt)
	}
	return err
}

// wakeAt has the account looked at no later than a time.
func (r *run) wakeAt(t time.Time) {
	if r.wake.IsZero() || t.Before(r.wake) {
		r.wake = t
	}
}

// bury makes tombstones of messages that are gone, and deletes the emails that were nothing else.
func (r *run) bury(ctx context.Context, q *db.Queries, ids []string) error {
	if len(ids) == 0 {
		return nil
	}
	if err := q.IngestLock(ctx, r.user); err != nil {
		return err
	}
	dying, err := q.GmailDying(ctx, db.GmailDyingParams{UserID: r.user, AccountID: r.id, GmailIds: ids})
	if err != nil {
		return err
	}
	var emails, made []int64
	for _, d := range dying {
		if d.EmailID != 0 {
			emails = append(emails, d.EmailID)
			if d.Made {
				made = append(made, d.EmailID)
			}
		}
	}
	if len(made) > 0 {
		if err := q.GmailHeirs(ctx, db.GmailHeirsParams{UserID: r.user, EmailIds: made}); err != nil {
			return err
		}
	}
	if err := q.GmailBury(ctx, db.GmailBuryParams{UserID: r.user, AccountID: r.id, GmailIds: ids}); err != nil {
		return err
	}
	if err := q.GmailChangesDrop(ctx, db.GmailChangesDropParams{UserID: r.user, AccountID: r.id, GmailIds: ids}); err != nil {
		return err
	}
	blobs, err := deleteOrphans(ctx, q, r.user, made)
	r.blobs = append(r.blobs, blobs...)
	if err != nil {
		return err
	}
	return r.deriveEmails(ctx, q, unique(emails))
}

// deleteOrphans deletes those of the emails that no message is any more, and returns the blobs they may have left.
func deleteOrphans(ctx context.Context, q *db.Queries, user int64, emails []int64) (blobs [][]byte, err error) {
	if len(emails) == 0 {
		return nil, nil
	}
	rows, err := q.GmailOrphans(ctx, db.GmailOrphansParams{UserID: user, EmailIds: unique(emails)})
	if err != nil || len(rows) == 0 {
		return nil, err
	}
	var ids, threads []int64
	for _, row := range rows {
		ids, threads, blobs = append(ids, row.ID), append(threads, row.ThreadID), append(blobs, row.RawSha256)
	}
	threads = unique(threads)
	if _, err := q.ThreadLock(ctx, db.ThreadLockParams{UserID: user, Ids: threads}); err != nil {
		return nil, err
	}
	files, err := q.AttachmentDelete(ctx, db.AttachmentDeleteParams{UserID: user, Ids: ids})
	if err != nil {
		return nil, err
	}
	for _, step := range []func() error{
		func() error { return search.Forget(ctx, q, user, ids) },
		func() error { return q.EmailTextDelete(ctx, db.EmailTextDeleteParams{UserID: user, Ids: ids}) },
		func() error { return q.EmailLabelDelete(ctx, db.EmailLabelDeleteParams{UserID: user, Ids: ids}) },
		func() error { return q.EmailDelete(ctx, db.EmailDeleteParams{UserID: user, Ids: ids}) },
		func() error { return q.ActionItemDelete(ctx, db.ActionItemDeleteParams{UserID: user, Ids: ids}) },
		func() error { return q.ThreadIDDelete(ctx, db.ThreadIDDeleteParams{UserID: user, Ids: threads}) },
		func() error { return q.ThreadRefresh(ctx, db.ThreadRefreshParams{UserID: user, Ids: threads}) },
		func() error { return q.MailChanged(ctx, user) },
	} {
		if err := step(); err != nil {
			return nil, err
		}
	}
	return append(blobs, files...), nil
}

// removeBlobs deletes originals of emails that are gone, after the transaction that deleted them.
func (r *run) removeBlobs(ctx context.Context) error {
	hashes := r.blobs
	r.blobs = nil
	return r.dropBlobs(ctx, r.user, hashes)
}

// dropBlobs deletes originals that no email needs. It holds the lock under which ingest makes sure of its own.
func (e *Engine) dropBlobs(ctx context.Context, user int64, hashes [][]byte) error {
	if len(hashes) == 0 {
		return nil
	}
	return e.DB.Tx(ctx, user, func(q *db.Queries, _ pgx.Tx) error {
		if err := q.IngestLock(ctx, user); err != nil {
			return err
		}
		used, err := q.BlobUsed(ctx, db.BlobUsedParams{UserID: user, Hashes: hashes})
		if err != nil {
			return err
		}
		keep := map[string]bool{}
		for _, h := range used {
			keep[string(h)] = true
		}
		for _, h := range hashes {
			if !keep[string(h)] {
				if err := e.Ingest.Blobs.Delete(ctx, user, h); err != nil {
					return err
				}
			}
		}
		return nil
	})
}
