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
	case Categorise:
		return eligibility{places: everywhere}
	case Read:
		return eligibility{places: everywhere, own: true, unreadOnly: true}
	case Unread:
		return eligibility{places: []string{"inbox", "archive", "quarantine", "snoozed"}, newestOnly: true}
	default:
		return eligibility{places: everywhere, own: true}
	}
}

// change says what an action makes of the state of an email.
func change(k Kind, with args) db.ActionApplyParams {
	yes, no := true, false
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
		return db.ActionApplyParams{Category: &with.Category}
	}
	return db.ActionApplyParams{}
}

func knownCategory(name string) bool {
	return slices.Contains(triage.Categories(), triage.Category(name))
}
