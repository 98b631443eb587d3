package gmailsync

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"applylens/internal/db"
	"applylens/internal/gmail"
)

// maxTogether is how many messages one call changes.
const maxTogether = 200

// minTogether is how many messages make one call for all of them cheaper than one for each: it costs ten times as much.
const minTogether = 10

// maxTries is how often a change that Gmail refuses is sent before it is rolled back.
const maxTries = 5

// A delta is a change in Gmail's terms; changes with the same delta travel together.
type delta struct {
	add, remove []string
	changes     []db.GmailChangesOpenRow
}

// sendChanges carries to Gmail what was changed here, if the permission covers it; otherwise it waits for that.
func (r *run) sendChanges(ctx context.Context) error {
	if !r.may(gmail.ScopeModify) {
		return nil
	}
	for {
		open, err := r.openChanges(ctx)
		if err != nil || len(open) == 0 {
			return err
		}
		deltas, moot, err := r.deltas(ctx, open)
		if err != nil {
			return err
		}
		if err := r.endChanges(ctx, moot, "done", ""); err != nil {
			return err
		}
		progress := len(moot) > 0
		for _, d := range deltas {
			sent, err := r.send(ctx, d)
			if err != nil {
				return err
			}
			progress = progress || sent
		}
		if !progress {
			return nil
		}
	}
}

// openChanges returns what waits, but for messages of which an earlier change of the same kind is still uncertain.
func (r *run) openChanges(ctx context.Context) ([]db.GmailChangesOpenRow, error) {
	open, err := r.DB.As(r.user).GmailChangesOpen(ctx, db.GmailChangesOpenParams{UserID: r.user, AccountID: r.id, Every: true, MaxRows: 1000})
	if err != nil {
		return nil, err
	}
	uncertain := map[string]bool{}
	key := func(c db.GmailChangesOpenRow) string {
		return c.GmailID + " " + c.Kind + " " + strconv.FormatInt(c.LabelID, 10)
	}
	for _, c := range open {
		if c.State == "sending" {
			uncertain[key(c)] = true
		}
	}
	return slices.DeleteFunc(open, func(c db.GmailChangesOpenRow) bool { return uncertain[key(c)] }), nil
}

// deltas turns changes into Gmail's terms, together where they are the same. moot ones are true at Gmail already, or
// about messages that are gone.
func (r *run) deltas(ctx context.Context, open []db.GmailChangesOpenRow) (all []*delta, moot []int64, err error) {
	ids := make([]string, len(open))
	for i, c := range open {
		ids[i] = c.GmailID
	}
	rows, err := r.DB.As(r.user).GmailLabelsOf(ctx, db.GmailLabelsOfParams{UserID: r.user, AccountID: r.id, GmailIds: ids})
	if err != nil {
		return nil, nil, err
	}
	have := map[string][]string{}
	for _, row := range rows {
		if row.State == "stored" {
			have[row.GmailID] = row.Labels
		}
	}
	byKey := map[string]*delta{}
	for _, c := range open {
		labels, ok := have[c.GmailID]
		add, remove, err := r.terms(ctx, c)
		if err != nil {
			return nil, nil, err
		}
		add, remove = minus(add, labels), both(remove, labels)
		if !ok || len(add)+len(remove) == 0 {
			moot = append(moot, c.ID)
			continue
		}
		key := strings.Join(add, " ") + "|" + strings.Join(remove, " ")
		if c.Attempts > 0 {
			key += "|" + c.GmailID // what was refused together is sent alone
		}
		d := byKey[key]
		if d == nil || len(d.changes) == maxTogether {
			d = &delta{add: add, remove: remove}
			byKey[key], all = d, append(all, d)
		}
		d.changes = append(d.changes, c)
	}
	return apart(all), moot, nil
}

// apart takes small deltas apart into one for each message.
func apart(all []*delta) (out []*delta) {
	for _, d := range all {
		if len(d.changes) >= minTogether {
			out = append(out, d)
			continue
		}
		for i := range d.changes {
			out = append(out, &delta{add: d.add, remove: d.remove, changes: d.changes[i : i+1]})
		}
	}
	return out
}

// terms says which labels a change adds and removes, making ours where there are none yet.
func (r *run) terms(ctx context.Context, c db.GmailChangesOpenRow) (add, remove []string, err error) {
	on := c.Want == "true"
	switch c.Kind {
	case "unread", "starred":
		label := []string{map[string]string{"unread": gmail.Unread, "starred": gmail.Starred}[c.Kind]}
		if on {
			return label, nil, nil
		}
		return nil, label, nil
	case "label":
		ids := r.labels.ours[c.LabelID]
		if !on {
			return nil, ids, nil
		}
		if len(ids) == 0 {
			name, err := r.DB.As(r.user).GmailLabelName(ctx, db.GmailLabelNameParams{UserID: r.user, ID: c.LabelID})
			if err != nil {
				return nil, nil, err
			}
			id, err := r.ensureLabel(ctx, labelParent+name)
			return []string{id}, nil, err
		}
		return ids[:1], nil, nil
	}
	if name := map[string]string{"snoozed": labelSnoozed, "quarantine": labelQuarantine}[c.Want]; name != "" {
		if _, err := r.ensureLabel(ctx, name); err != nil {
			return nil, nil, err
		}
	}
	add = r.labels.place(c.Want)
	return add, minus(r.labels.places(), add), nil
}

// send sends one delta. It is noted before that it may have been carried out, and after that it was. A call whose answer
// is lost stays uncertain: settleChanges finds out from the history, so that nothing is sent twice.
func (r *run) send(ctx context.Context, d *delta) (sent bool, err error) {
	d, err = r.markSending(ctx, d)
	if err != nil || len(d.changes) == 0 {
		return false, err
	}
	var ids, key []string
	for _, c := range d.changes {
		ids, key = append(ids, c.GmailID), append(key, strconv.FormatInt(c.ID, 10))
	}
	if len(ids) == 1 {
		err = r.client.ModifyOne(ctx, key[0], ids[0], d.add, d.remove)
	} else {
		err = r.client.Modify(ctx, strings.Join(key, ","), ids, d.add, d.remove)
	}
	var refused *gmail.Error
	var pause *gmail.Pause
	switch {
	case err == nil:
		return true, r.confirm(ctx, d)
	case gmail.IsGone(err) && len(ids) == 1:
		return true, r.tx(ctx, func(q *db.Queries, _ gmail.HistoryID) error { return r.bury(ctx, q, ids) })
	case errors.As(err, &pause), errors.Is(err, gmail.ErrReconnect):
		return false, errors.Join(r.putBack(context.WithoutCancel(ctx), d, err.Error()), err)
	case errors.Is(err, gmail.ErrScope):
		r.account.Scopes = append(minus(r.account.Scopes, []string{gmail.ScopeModify}), AskAgain)
		return false, errors.Join(r.putBack(ctx, d, "the permission does not cover it"),
			r.DB.As(r.user).AccountScopes(ctx, db.AccountScopesParams{UserID: r.user, ID: r.id, Scopes: r.account.Scopes}))
	case errors.As(err, &refused) && refused.Status < 500:
		return true, errors.Join(r.refuse(ctx, d, err), r.refreshLabels(ctx))
	case ctx.Err() != nil:
		return false, ctx.Err()
	}
	r.Log.Info("the answer to a change was lost; the history will tell", "account", r.id, "error", err)
	return true, nil
}

// markSending notes that a delta is on its way, and leaves out changes that were overtaken just now.
func (r *run) markSending(ctx context.Context, d *delta) (*delta, error) {
	kept := &delta{add: d.add, remove: d.remove}
	err := r.tx(ctx, func(q *db.Queries, cursor gmail.HistoryID) error {
		ids, err := q.GmailChangeSending(ctx, db.GmailChangeSendingParams{UserID: r.user, Ids: idsOf(d), Now: r.Now(), Cursor: string(cursor), Adds: d.add, Removes: d.remove})
		kept.changes = nil
		for _, c := range d.changes {
			if slices.Contains(ids, c.ID) {
				kept.changes = append(kept.changes, c)
			}
		}
		return err
	})
	return kept, err
}

// confirm notes that Gmail carried a delta out.
func (r *run) confirm(ctx context.Context, d *delta) error {
	return r.tx(ctx, func(q *db.Queries, _ gmail.HistoryID) error {
		var ids []string
		for _, c := range d.changes {
			ids = append(ids, c.GmailID)
		}
		rows, err := q.GmailKnown(ctx, db.GmailKnownParams{UserID: r.user, AccountID: r.id, GmailIds: ids})
		if err != nil {
			return err
		}
		var p db.GmailRelabelParams
		for _, row := range rows {
			list := append(minus(minus(row.Labels, d.remove), d.add), d.add...)
			slices.Sort(list)
			p.GmailIds, p.Labels, p.HistoryIds = append(p.GmailIds, row.GmailID), append(p.Labels, strings.Join(list, " ")), append(p.HistoryIds, row.HistoryID)
		}
		if err := r.relabel(ctx, q, p); err != nil {
			return err
		}
		if err := q.GmailChangeEnd(ctx, db.GmailChangeEndParams{UserID: r.user, Ids: idsOf(d), State: "done", Now: r.Now()}); err != nil {
			return err
		}
		return r.derive(ctx, q, ids)
	})
}

func (r *run) putBack(ctx context.Context, d *delta, cause string) error {
	return r.DB.As(r.user).GmailChangeAgain(ctx, db.GmailChangeAgainParams{UserID: r.user, Ids: idsOf(d), Error: cause})
}

// refuse tries a refused delta again, message by message, and in the end rolls it back where everybody can see it.
func (r *run) refuse(ctx context.Context, d *delta, cause error) error {
	var again, failed delta
	for _, c := range d.changes {
		if c.Attempts+1 < maxTries {
			again.changes = append(again.changes, c)
		} else {
			failed.changes = append(failed.changes, c)
		}
	}
	if len(again.changes) > 0 {
		if err := r.putBack(ctx, &again, cause.Error()); err != nil {
			return err
		}
	}
	if len(failed.changes) == 0 {
		return nil
	}
	return r.tx(ctx, func(q *db.Queries, _ gmail.HistoryID) error {
		if err := q.GmailChangeEnd(ctx, db.GmailChangeEndParams{UserID: r.user, Ids: idsOf(&failed), State: "failed", Error: cause.Error(), Now: r.Now()}); err != nil {
			return err
		}
		var emails []int64
		for _, c := range failed.changes {
			emails = append(emails, c.EmailID)
		}
		if err := r.event(ctx, q, "rolled_back", fmt.Sprintf("Gmail refused %d changes; they were taken back here: %v", len(emails), cause)); err != nil {
			return err
		}
		return r.deriveEmails(ctx, q, unique(emails))
	})
}

// settleChanges decides about changes whose answer was lost, once the history was read to a point after the call can
// still have been carried out: what it shows, or what is so anyway, is done; the rest was not carried out and is sent.
func (r *run) settleChanges(ctx context.Context) error {
	open, err := r.DB.As(r.user).GmailChangesOpen(ctx, db.GmailChangesOpenParams{UserID: r.user, AccountID: r.id, Every: true, MaxRows: 10_000})
	if err != nil {
		return err
	}
	open = slices.DeleteFunc(open, func(c db.GmailChangesOpenRow) bool { return c.State != "sending" })
	if len(open) == 0 {
		return nil
	}
	var ids []string
	for _, c := range open {
		ids = append(ids, c.GmailID)
	}
	rows, err := r.DB.As(r.user).GmailLabelsOf(ctx, db.GmailLabelsOfParams{UserID: r.user, AccountID: r.id, GmailIds: ids})
	if err != nil {
		return err
	}
	labels := map[string][]string{}
	for _, row := range rows {
		labels[row.GmailID] = row.Labels
	}
	var done []int64
	again := &delta{}
	for _, c := range open {
		until := c.SentAt.Add(r.Options.Resend)
		switch {
		case c.Echoed:
			done = append(done, c.ID)
		case !until.Before(r.caughtFrom):
			r.wakeAt(until)
		case len(minus(c.Adds, labels[c.GmailID]))+len(both(c.Removes, labels[c.GmailID])) == 0:
			done = append(done, c.ID)
		default:
			again.changes = append(again.changes, c)
		}
	}
	if len(again.changes) > 0 {
		if err := r.putBack(ctx, again, "the call did not arrive"); err != nil {
			return err
		}
		r.wakeAt(r.Now())
	}
	return r.endChanges(ctx, done, "done", "")
}

// forsake ends changes whose answer was lost when the history that would tell is gone too. They are not sent again:
// what Gmail shows counts.
func (r *run) forsake(ctx context.Context, q *db.Queries) error {
	emails, err := q.GmailChangesUncertain(ctx, db.GmailChangesUncertainParams{UserID: r.user, AccountID: r.id, Now: r.Now()})
	if err != nil || len(emails) == 0 {
		return err
	}
	if err := r.event(ctx, q, "overruled", fmt.Sprintf("Of %d changes made here nobody can tell whether Gmail carried them out; what Gmail shows counts.", len(emails))); err != nil {
		return err
	}
	return r.deriveEmails(ctx, q, unique(emails))
}

// endChanges ends changes and shows what that makes of their emails.
func (r *run) endChanges(ctx context.Context, ids []int64, state, cause string) error {
	if len(ids) == 0 {
		return nil
	}
	return r.tx(ctx, func(q *db.Queries, _ gmail.HistoryID) error {
		emails, err := q.GmailChangeEmails(ctx, db.GmailChangeEmailsParams{UserID: r.user, Ids: ids})
		if err != nil {
			return err
		}
		if err := q.GmailChangeEnd(ctx, db.GmailChangeEndParams{UserID: r.user, Ids: ids, State: state, Error: cause, Now: r.Now()}); err != nil {
			return err
		}
		return r.deriveEmails(ctx, q, emails)
	})
}

func idsOf(d *delta) []int64 {
	ids := make([]int64, len(d.changes))
	for i, c := range d.changes {
		ids[i] = c.ID
	}
	return ids
}

func minus(all, without []string) []string {
	rest := []string{}
	for _, s := range all {
		if !slices.Contains(without, s) {
			rest = append(rest, s)
		}
	}
	return rest
}

func both(a, b []string) []string {
	out := []string{}
	for _, s := range a {
		if slices.Contains(b, s) {
			out = append(out, s)
		}
	}
	return out
}
