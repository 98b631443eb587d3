package views

import "net/url"

// A Toast says what was done, and offers to undo it.
type Toast struct {
	Text     string
	ActionID int64 // 0 when there is nothing to undo
	Running  bool  // it is large and goes on in the background
	Failed   bool
}

// A Bulk is an action on all mail of a list, before it is confirmed.
type Bulk struct {
	Kind    string
	Threads int
	Emails  int64
	Form    url.Values // the form as sent; it is sent again without "preview"
	Back    string     // where to go if the answer is no
	Theme   string     // that the user chose
}

// confirmed returns the fields of the form that says yes.
func (b Bulk) confirmed() url.Values {
	form := url.Values{}
	for name, values := range b.Form {
		if name != "preview" && name != "thread" && name != "email" && len(values) > 0 {
			form.Set(name, values[0])
		}
	}
	form.Set("kind", b.Kind)
	return form
}

// matching says how many conversations match.
func matching(threads int) string {
	if threads == 1 {
		return "1 conversation matches"
	}
	return count(threads, "conversation") + " match"
}

// verb is what an action does to mail, as the label of a button.
func verb(kind string) string {
	switch kind {
	case "archive":
		return "Archive"
	case "inbox":
		return "Move to the inbox"
	case "trash":
		return "Move to the trash"
	case "spam":
		return "Mark as spam"
	case "quarantine":
		return "Quarantine"
	case "release":
		return "Release to the inbox"
	case "snooze":
		return "Snooze"
	case "wake":
		return "Woke from its snooze"
	case "read":
		return "Mark as read"
	case "unread":
		return "Mark as unread"
	case "star":
		return "Star"
	case "unstar":
		return "Remove the star"
	case "label":
		return "Label"
	case "unlabel":
		return "Remove the label"
	case "categorise":
		return "Correct the category"
	case "confirm":
		return "Confirm the category"
	case "prioritise":
		return "Set the priority"
	case "needs_reply":
		return "Mark as waiting for a reply"
	case "no_reply":
		return "Mark as needing no reply"
	}
	return kind
}
