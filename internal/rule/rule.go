// Package rule holds the rules of a person: a query in the search grammar, and what is done to mail that it finds. A
// rule is tried on past mail (Try) before it is switched on, runs in the transaction that stores new mail (Run), may be
// applied to past mail as well (ApplyPast), and all it did can be undone (action.UndoRule). Start at Run.
package rule

import (
	"time"

	"applylens/internal/action"
	"applylens/internal/db"
	"applylens/internal/errs"
	"applylens/internal/search"
)

// Most is how many rules a person may have.
const Most = 100

// Intents are what a rule does to mail, one for each part of a mail's state that it speaks of.
func Intents(r db.Rule) []action.Intent {
	var all []action.Intent
	add := func(in action.Intent) {
		in.Actor, in.RuleID, in.Reason = "rule", r.ID, "Rule “"+r.Name+"”"
		all = append(all, in)
	}
	if r.Category != nil {
		add(action.Intent{Kind: action.Categorise, Category: *r.Category})
	}
	if r.Priority != nil {
		add(action.Intent{Kind: action.Prioritise, Priority: *r.Priority})
	}
	if r.NeedsReply != nil {
		kind := action.NoReply
		if *r.NeedsReply {
			kind = action.NeedsReply
		}
		add(action.Intent{Kind: kind})
	}
	if r.Label != "" {
		add(action.Intent{Kind: action.Label, Label: r.Label})
	}
	if r.Star {
		add(action.Intent{Kind: action.Star})
	}
	if r.MarkRead {
		add(action.Intent{Kind: action.Read})
	}
	if r.Place != nil {
		add(action.Intent{Kind: action.Kind(*r.Place)})
	}
	return all
}

// aspect is the part of a mail's state that an intent decides: the first rule that speaks of it has the say.
func aspect(in action.Intent) string {
	switch in.Kind {
	case action.Label:
		return "label " + in.Label
	case action.NeedsReply, action.NoReply:
		return "reply"
	case action.Inbox, action.Archive, action.Trash, action.Quarantine:
		return "place"
	}
	return string(in.Kind)
}

// Check returns what is wrong with a rule, as it is to be shown; the faults of its query stand apart, in Faults.
func Check(r db.Rule) error {
	switch {
	case r.Name == "":
		return errs.BadInput("Give the rule a name, by which you know it in the journal.")
	case len(r.Name) > 100:
		return errs.BadInput("The name is too long: 100 characters are enough.")
	case len(Intents(r)) == 0 && !r.NoQuarantine && !r.Stop:
		return errs.BadInput("Say what the rule does.")
	case r.NoQuarantine && r.Place != nil && *r.Place == string(action.Quarantine):
		return errs.BadInput("The rule cannot quarantine mail and forbid it.")
	}
	return nil
}

// Faults returns what keeps a query from being the condition of a rule.
func Faults(a *search.Analyzer, query string, me []string, now time.Time) (*search.Query, []search.Warning) {
	q := search.Parse(query, now)
	return q, a.Standing(q, me)
}
