package action

import (
	"slices"

	"applylens/internal/db"
	"applylens/internal/triage"
)

// An eligibility says which of the emails a target names an action is about.
type eligibility struct {
	places     []string
	own        bool // also mail the owner wrote
	newestOnly bool // of a thread only the newest
	unreadOnly bool
}

func eligible(k Kind) eligibility {
	everywhere := []string{"inbox", "archive", "spam", "trash", "quarantine", "snoozed"}
	switch k {
	case Archive:
		return eligibility{places: []string{"inbox", "snoozed"}, own: true}
	case Inbox:
		return eligibility{places: []string{"archive", "spam", "trash", "quarantine", "snoozed"}}
	case Trash:
		return eligibility{places: []string{"inbox", "archive", "spam", "quarantine", "snoozed"}, own: true}
	case Spam:
		return eligibility{places: []string{"inbox", "archive", "trash", "quarantine", "snoozed"}}
	case Quarantine:
		return eligibility{places: []string{"inbox", "archive", "snoozed"}}
	case Release:
		return eligibility{places: []string{"quarantine"}}
	case Snooze:
		return eligibility{places: []string{"inbox", "archive", "snoozed"}}
	case Wake:
		return eligibility{places: []string{"snoozed"}}
	case Star:
		return eligibility{places: everywhere, own: true, newestOnly: true}
	case Categorise, Prioritise, NeedsReply, NoReply:
		return eligibility{places: everywhere}
	case Confirm:
		return eligibility{places: everywhere, newestOnly: true}
	case Read:
		return eligibility{places: everywhere, own: true, unreadOnly: true}
	case Unread:
		return eligibility{places: []string{"inbox", "archive", "quarantine", "snoozed"}, newestOnly: true}
	default:
		return eligibility{places: everywhere, own: true}
	}
}

// sparesUser tells that an intent leaves mail alone whose category its person set: nobody else knows better.
func (in Intent) sparesUser() bool { return in.Kind == Categorise && in.Actor != "person" }

// A State is what of an email tells whether an intent would change it.
type State struct {
	Place, Category, CategoryBy, Priority string
	Unread, Starred, NeedsReply           bool
	NeedsReview                           bool
	Own                                   bool // the owner wrote it
	Labelled                              bool // has the label of the intent
}

// Changes tells whether an intent, named with this one email, would change it.
func (in Intent) Changes(s State) bool {
	e := eligible(in.Kind)
	if !slices.Contains(e.places, s.Place) || s.Own && !e.own || e.unreadOnly && !s.Unread || in.sparesUser() && s.CategoryBy == "user" {
		return false
	}
	switch in.Kind {
	case Star:
		return !s.Starred
	case Unstar:
		return s.Starred
	case Unread:
		return !s.Unread
	case Label:
		return !s.Labelled
	case Unlabel:
		return s.Labelled
	case Categorise:
		return s.Category != in.Category || s.NeedsReview
	case Confirm:
		return s.CategoryBy != "user"
	case Prioritise:
		return s.Priority != in.Priority
	case NeedsReply:
		return !s.NeedsReply
	case NoReply:
		return s.NeedsReply
	}
	return true // moves, and what is read, are told by where it lies
}

// change says what an action makes of the state of an email.
func change(k Kind, with args, actor string) db.ActionApplyParams {
	yes, no := true, false
	user, by := "user", "user"
	if actor == "rule" {
		by = "rule"
	}
	place := func(p string) db.ActionApplyParams { return db.ActionApplyParams{Place: &p} }
	switch k {
	case Archive:
		return place("archive")
	case Inbox, Release:
		return place("inbox")
	case Trash:
		return place("trash")
	case Spam:
		return place("spam")
	case Quarantine:
		return place("quarantine")
	case Snooze:
		p := place("snoozed")
		p.Until = with.Until
		return p
	case Wake:
		p := place("inbox")
		p.Wake, p.Unread = true, &yes
		return p
	case Read:
		return db.ActionApplyParams{Unread: &no}
	case Unread:
		return db.ActionApplyParams{Unread: &yes}
	case Star:
		return db.ActionApplyParams{Starred: &yes}
	case Unstar:
		return db.ActionApplyParams{Starred: &no}
	case Categorise:
		return db.ActionApplyParams{Category: &with.Category, CategoryBy: &by}
	case Confirm:
		return db.ActionApplyParams{CategoryBy: &user}
	case Prioritise:
		return db.ActionApplyParams{Priority: &with.Priority}
	case NeedsReply:
		return db.ActionApplyParams{NeedsReply: &yes}
	case NoReply:
		return db.ActionApplyParams{NeedsReply: &no}
	}
	return db.ActionApplyParams{}
}

func knownCategory(name string) bool {
	return slices.Contains(triage.Categories(), triage.Category(name))
}

func knownPriority(name string) bool {
	switch triage.Priority(name) {
	case triage.Urgent, triage.High, triage.Normal, triage.Low:
		return true
	}
	return false
}
