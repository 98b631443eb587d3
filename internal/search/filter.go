package search

import (
	"crypto/sha256"
	"strings"
)

// filter returns the condition of one term that is not text.
func (c *compiler) filter(n *Node) string {
	switch n.Field {
	case Meaning, Like:
		return c.near(n)
	case "label":
		return c.label(n)
	case "category":
		all := categoriesOf(n.Value)
		if len(all) == 1 {
			return "e.category = " + c.arg(all[0]) + "::text"
		}
		return "e.category = any (" + c.arg(all) + "::text[])"
	case "priority":
		return "e.priority = " + c.arg(n.Value) + "::text"
	case "in":
		return c.in(n)
	case "is":
		return c.is(n)
	case "has":
		return c.has(n)
	case "after", "before", "newer_than", "older_than", "date":
		return c.during("e.received_at", n.Range)
	case "deadline":
		return c.deadline(n)
	case "company", "role", "person":
		return c.fact(n)
	case "size", "larger", "smaller":
		return c.between("e.size", true, n.Range)
	case "risk":
		return c.between("e.risk", true, n.Range)
	case "conf":
		return c.between("round(e.confidence::numeric, 4)", false, n.Range)
	case "message-id":
		return c.messageID(n.Value)
	}
	return c.notYet(n, fieldOf(n.Field).Label)
}

func categoriesOf(name string) []string {
	for _, g := range gmailCategories {
		if g.name == name {
			return g.ours
		}
	}
	return []string{name}
}

// messageID goes by the thread, since that is what the hash of a message id leads to.
func (c *compiler) messageID(id string) string {
	id = strings.Trim(id, "<>")
	sum := sha256.Sum256([]byte(id))
	return "(e.message_id = " + c.arg(id) + "::text and e.thread_id in (select i.thread_id from thread_ids i where i.user_id = " +
		c.arg(c.userID) + "::bigint and i.id_hash = " + c.arg(sum[:16]) + "::bytea))"
}

// label compares names without case, blanks and slashes.
func (c *compiler) label(n *Node) string {
	name, want := "translate(lower(l.name), ' /_', '---')", c.arg(folded(n.Value))+"::text"
	if n.Prefix {
		return c.labelled("in", "starts_with("+name+", "+want+")")
	}
	return c.labelled("in", name+" = "+want)
}

// labelled finds emails with a label that matches, or without one.
func (c *compiler) labelled(in, match string) string {
	user := c.arg(c.userID) + "::bigint"
	return "e.id " + in + " (select x.email_id from email_labels x where x.user_id = " + user +
		" and x.label_id in (select l.id from labels l where l.user_id = " + user + " and " + match + "))"
}

func (c *compiler) in(n *Node) string {
	switch n.Value {
	case "anywhere":
		return ""
	case "sent":
		return "e.sent"
	case "drafts":
		return "e.draft"
	case "inbox", "archive", "spam", "trash", "quarantine", "snoozed":
		return "e.place = " + c.arg(n.Value) + "::text"
	}
	return c.label(n)
}

func (c *compiler) is(n *Node) string {
	switch n.Value {
	case "unread":
		return "e.unread"
	case "read":
		return "not e.unread"
	case "starred":
		return "e.starred"
	case "important":
		return "e.priority in ('urgent', 'high')"
	case "snoozed":
		return "e.place = 'snoozed'"
	case "quarantined":
		return "e.place = 'quarantine'"
	case "tagged":
		return c.labelled("in", "true")
	case "needs-reply":
		return "e.needs_reply"
	case "needs-review":
		return "e.needs_review"
	case "awaiting":
		return c.awaiting()
	}
	return c.notYet(n, "is:"+n.Value)
}

// kinds are the attachments that has: knows, by the ends of their names and by their types.
var kinds = [...]struct {
	name  string
	names []string
	types []string
}{
	{"pdf", []string{"%.pdf"}, []string{"application/pdf"}},
	{"image", []string{"%.png", "%.jpg", "%.jpeg", "%.gif", "%.webp", "%.heic", "%.tif", "%.tiff"}, []string{"image/%"}},
	{"document", []string{"%.doc", "%.docx", "%.odt", "%.rtf", "%.pages", "%.pdf", "%.txt"},
		[]string{"application/msword", "application/vnd.openxmlformats-officedocument.wordprocessingml.%", "application/pdf"}},
	{"spreadsheet", []string{"%.xls", "%.xlsx", "%.ods", "%.csv", "%.numbers"},
		[]string{"application/vnd.ms-excel%", "application/vnd.openxmlformats-officedocument.spreadsheetml.%", "text/csv"}},
	{"presentation", []string{"%.ppt", "%.pptx", "%.odp", "%.key"},
		[]string{"application/vnd.ms-powerpoint%", "application/vnd.openxmlformats-officedocument.presentationml.%"}},
}

func (c *compiler) has(n *Node) string {
	switch n.Value {
	case "attachment":
		return "e.has_attachment"
	case "userlabels":
		return c.labelled("in", "true")
	case "nouserlabels":
		return c.labelled("not in", "true")
	case "yellow-star":
		return "e.starred"
	case "drive":
		return c.hosts("drive.google.com", "docs.google.com")
	case "youtube":
		return c.hosts("youtube.com", "youtu.be")
	case "inline":
		return c.attached("a.inline")
	case "invitation":
		user := c.arg(c.userID) + "::bigint"
		return "exists (select 1 from email_texts t where t.user_id = " + user + " and t.email_id = e.id and t.calendar <> '[]'::jsonb)"
	}
	for _, k := range kinds {
		if k.name == n.Value {
			return "(e.has_attachment and " + c.attached("not a.inline and (lower(a.filename) like any ("+c.arg(k.names)+
				"::text[]) or a.content_type like any ("+c.arg(k.types)+"::text[]))") + ")"
		}
	}
	return c.notYet(n, "has:"+n.Value)
}

// hosts finds emails that name one of these hosts.
func (c *compiler) hosts(names ...string) string {
	var s slot
	for _, name := range names {
		s.wanted = append(s.wanted, c.text.number(name, false, false))
	}
	return c.match(&clause{kind: clauseWord, slots: []slot{s}})
}

func (c *compiler) attached(match string) string {
	return "exists (select 1 from attachments a where a.user_id = " + c.arg(c.userID) + "::bigint and a.email_id = e.id and " + match + ")"
}
