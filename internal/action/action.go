// Package action is the only way to change a mailbox. Each intent is written into a journal with the emails it is
// about, carried out once, with their state before and after, and can be undone from that. Agents propose; a person
// decides. Start at Make.
package action

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"
	"unicode/utf8"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"applylens/internal/db"
	"applylens/internal/errs"
)

// A Kind is what an action does.
type Kind string

// The kinds of action.
const (
	Archive    Kind = "archive"
	Inbox      Kind = "inbox"
	Trash      Kind = "trash"
	Spam       Kind = "spam"
	Quarantine Kind = "quarantine"
	Release    Kind = "release"
	Snooze     Kind = "snooze"
	Wake       Kind = "wake" // a snooze is over; the program's own
	Read       Kind = "read"
	Unread     Kind = "unread"
	Star       Kind = "star"
	Unstar     Kind = "unstar"
	Label      Kind = "label"
	Unlabel    Kind = "unlabel"
	Categorise Kind = "categorise"
	Confirm    Kind = "confirm" // the category is right as it is
	Prioritise Kind = "prioritise"
	NeedsReply Kind = "needs_reply"
	NoReply    Kind = "no_reply"
)

// An Intent is what is to be done, by whom and why.
type Intent struct {
	Kind     Kind
	Until    time.Time // of Snooze
	Label    string    // of Label and Unlabel
	Category string    // of Categorise
	Priority string    // of Prioritise
	Actor    string    // "person", "rule", or the name of an agent
	RuleID   int64     // of the actor "rule"
	Reason   string
	Key      string // the same key twice is one action; empty for none
	Proposed bool   // wait for a decision
	// Of a proposal: the run of an agent that makes it, when it lapses (zero: after Lapse), and whether one person's yes
	// is not enough because it cannot be undone.
	Run       uuid.UUID
	Expires   time.Time
	TwoPeople bool
}

// Lapse is how long a proposal stands.
const Lapse = 30 * 24 * time.Hour

// A Target is what an intent is about: emails, and the emails of threads.
type Target struct {
	Emails  []int64
	Threads []int64
}

// A Made action is in the journal, and about Count emails.
type Made struct {
	ID    int64
	Count int64
}

// args is how the parts of an intent are kept.
type args struct {
	Until    *time.Time `json:"until,omitempty"`
	Label    string     `json:"label,omitempty"`
	LabelID  int64      `json:"label_id,omitempty"`
	Category string     `json:"category,omitempty"`
	Priority string     `json:"priority,omitempty"`
}

// step is how many emails are changed in one transaction.
const step = 2000

// Inline is how many emails an action may be about to be run while its person waits; larger ones are a job's work.
const Inline = 2000

// Make writes an intent into the journal, in the caller's transaction. Errors are fit to be shown: an empty target, a
// time that is past, a name that is too long.
func Make(ctx context.Context, q *db.Queries, userID int64, in Intent, target Target, now time.Time) (Made, error) {
	a, err := in.args(ctx, q, userID, now)
	if err != nil {
		return Made{}, err
	}
	encoded, err := json.Marshal(a)
	if err != nil {
		return Made{}, err
	}
	p, err := in.row(userID, encoded, now)
	if err != nil {
		return Made{}, err
	}
	id, err := q.ActionCreate(ctx, p)
	if errors.Is(err, pgx.ErrNoRows) {
		return existing(ctx, q, userID, in.Key)
	}
	if err != nil {
		return Made{}, err
	}
	e := eligible(in.Kind)
	count, err := q.ActionItems(ctx, db.ActionItemsParams{UserID: userID, ActionID: id, EmailIds: target.Emails, ThreadIds: target.Threads,
		Places: e.places, Own: e.own, NewestOnly: e.newestOnly, UnreadOnly: e.unreadOnly, SpareUser: in.sparesUser()})
	return Made{ID: id, Count: count}, err
}

// row is the intent as it is written.
func (in Intent) row(userID int64, encoded []byte, now time.Time) (db.ActionCreateParams, error) {
	p := db.ActionCreateParams{UserID: userID, Kind: string(in.Kind), Args: encoded, State: "approved", Actor: in.Actor, Reason: in.Reason, ApprovalsNeeded: 1}
	if in.Key != "" {
		p.Key = &in.Key
	}
	if in.RuleID != 0 {
		p.RuleID = &in.RuleID
	}
	if in.Run != uuid.Nil {
		p.RunID = &in.Run
	}
	if in.TwoPeople {
		p.ApprovalsNeeded = 2
	}
	if !in.Proposed {
		if in.TwoPeople {
			return p, errs.BadInput("What cannot be undone is proposed first, and two people approve it.")
		}
		return p, nil
	}
	p.State = "proposed"
	lapses := in.Expires
	if lapses.IsZero() {
		lapses = now.Add(Lapse)
	}
	p.ExpiresAt = &lapses
	return p, nil
}

func existing(ctx context.Context, q *db.Queries, userID int64, key string) (Made, error) {
	a, err := q.ActionByKey(ctx, db.ActionByKeyParams{UserID: userID, Key: key})
	return Made{ID: a.ID, Count: int64(a.ItemCount)}, err
}

// Check tells what is wrong with the names that an intent holds; the error is fit to be shown.
func (in Intent) Check() error {
	switch {
	case in.Kind == Label && (in.Label == "" || len(in.Label) > 225 || !utf8.ValidString(in.Label)):
		return errs.BadInput("A label needs a name of at most 225 characters.")
	case in.Kind == Categorise && !knownCategory(in.Category):
		return errs.BadInput("There is no such category.")
	case in.Kind == Prioritise && !knownPriority(in.Priority):
		return errs.BadInput("There is no such priority.")
	}
	return nil
}

func (in Intent) args(ctx context.Context, q *db.Queries, userID int64, now time.Time) (args, error) {
	if err := in.Check(); err != nil {
		return args{}, err
	}
	switch in.Kind {
	case Snooze:
		if !in.Until.After(now) {
			return args{}, errs.BadInput("A snooze needs a time to come, such as “tomorrow 9am”.")
		}
		return args{Until: &in.Until}, nil
	case Label:
		labels, err := q.LabelEnsure(ctx, db.LabelEnsureParams{UserID: userID, Names: []string{in.Label}})
		if err != nil {
			return args{}, err
		}
		return args{Label: in.Label, LabelID: labels[0].ID}, nil
	case Unlabel:
		id, err := q.InboxLabelID(ctx, db.InboxLabelIDParams{UserID: userID, Name: in.Label})
		if errors.Is(err, pgx.ErrNoRows) {
			return args{}, errs.BadInput("There is no such label.")
		}
		return args{Label: in.Label, LabelID: id}, err
	case Categorise:
		return args{Category: in.Category}, nil
	case Prioritise:
		return args{Priority: in.Priority}, nil
	case Archive, Inbox, Trash, Spam, Quarantine, Release, Wake, Read, Unread, Star, Unstar, Confirm, NeedsReply, NoReply:
		return args{}, nil
	}
	return args{}, errs.BadInput("There is no such action.")
}

// Run carries an approved action out, in steps that are each committed; running it again goes on where it stopped and
// changes nothing twice.
func Run(ctx context.Context, d *db.DB, userID, id int64) error {
	for {
		done := false
		err := d.Tx(ctx, userID, func(q *db.Queries, _ pgx.Tx) (err error) {
			done, err = RunStep(ctx, q, userID, id)
			return err
		})
		if err != nil || done {
			return err
		}
	}
}

// RunStep carries out the next step of an action in the caller's transaction, and tells whether it was the last.
func RunStep(ctx context.Context, q *db.Queries, userID, id int64) (done bool, err error) {
	a, err := q.ActionLock(ctx, db.ActionLockParams{UserID: userID, ID: id})
	if errors.Is(err, pgx.ErrNoRows) {
		return true, errs.NotFound
	}
	if err != nil || a.State != "approved" {
		return true, err
	}
	threads, err := lockThreads(ctx, q, userID, func() ([]int64, error) {
		return q.ActionPendingThreads(ctx, db.ActionPendingThreadsParams{UserID: userID, ActionID: id, MaxItems: step})
	})
	if err != nil {
		return false, err
	}
	n, err := apply(ctx, q, a)
	if err != nil {
		return false, err
	}
	if _, err := q.GmailChangesMade(ctx, db.GmailChangesMadeParams{UserID: userID, ActionID: id}); err != nil {
		return false, err
	}
	if err := refresh(ctx, q, userID, threads); err != nil {
		return false, err
	}
	if n == step {
		return false, nil
	}
	return true, q.ActionState(ctx, db.ActionStateParams{UserID: userID, ID: id, State: "done"})
}

// lockThreads locks threads and reads them again until they stay the same: while one waits for a lock, an import may
// have merged threads.
func lockThreads(ctx context.Context, q *db.Queries, userID int64, read func() ([]int64, error)) ([]int64, error) {
	var locked []int64
	for {
		threads, err := read()
		if err != nil {
			return nil, err
		}
		slices.Sort(threads)
		if slices.Equal(threads, locked) {
			return threads, nil
		}
		if _, err := q.ThreadLock(ctx, db.ThreadLockParams{UserID: userID, Ids: threads}); err != nil {
			return nil, err
		}
		locked = threads
	}
}

func apply(ctx context.Context, q *db.Queries, a db.Action) (int64, error) {
	var with args
	if err := json.Unmarshal(a.Args, &with); err != nil {
		return 0, fmt.Errorf("arguments of action %d: %w", a.ID, err)
	}
	switch kind := Kind(a.Kind); kind {
	case Categorise:
		if err := learn(ctx, q, a, with.Category); err != nil {
			return 0, err
		}
	case Confirm:
		if err := q.CorrectionConfirm(ctx, db.CorrectionConfirmParams{UserID: a.UserID, ActionID: a.ID}); err != nil {
			return 0, err
		}
	case Label, Unlabel:
		return q.ActionApplyLabel(ctx, db.ActionApplyLabelParams{UserID: a.UserID, ActionID: a.ID, MaxItems: step, LabelID: with.LabelID, Put: kind == Label})
	}
	p := change(Kind(a.Kind), with, a.Actor)
	p.UserID, p.ActionID, p.MaxItems = a.UserID, a.ID, step
	return q.ActionApply(ctx, p)
}

func refresh(ctx context.Context, q *db.Queries, userID int64, threads []int64) error {
	if len(threads) == 0 {
		return nil
	}
	if err := q.ThreadRefresh(ctx, db.ThreadRefreshParams{UserID: userID, Ids: threads}); err != nil {
		return err
	}
	return q.MailChanged(ctx, userID)
}
