package search

import (
	"slices"
	"strings"
)

// Meaning is the field of ~"…": found by sense, not by words.
const Meaning = "~"

// A fieldType tells how the value of a field is read.
type fieldType uint8

const (
	typeText   fieldType = iota // analysed words
	typeID                      // compared as a whole
	typeLabel                   // a label's name
	typeEnum                    // one of a list
	typeDate                    // a day, a moment or a range of them
	typeSize                    // bytes
	typeNumber                  // comparable
)

// A Field is one operator of the grammar.
type Field struct {
	Name    string
	Aliases []string
	Label   string   // for people
	Help    string   // one line with an example
	Values  []string // of an enumeration, canonical
	kind    fieldType
}

// Fields returns the operators in the order in which help lists them. The caller may keep and change the slice.
func Fields() []Field { return slices.Clone(fieldTable[:]) }

// categories are those of the triage taxonomy.
var categories = [...]string{"application_confirmation", "rejection", "interview", "assessment", "offer",
	"recruiter_outreach", "employer_request", "job_alert", "personal", "newsletter", "promotion", "receipt_bill",
	"account_security", "event_travel", "notification", "mailing_list", "other"}

// gmailCategories maps Gmail's tabs to the taxonomy.
var gmailCategories = [...]struct {
	name string
	ours []string
}{
	{"primary", []string{"application_confirmation", "rejection", "interview", "assessment", "offer",
		"recruiter_outreach", "employer_request", "personal", "other"}},
	{"social", []string{"notification"}},
	{"promotions", []string{"promotion", "newsletter"}},
	{"updates", []string{"receipt_bill", "account_security", "event_travel", "notification", "job_alert"}},
	{"forums", []string{"mailing_list"}},
	{"reservations", []string{"event_travel"}},
	{"purchases", []string{"receipt_bill"}},
	{"applications", []string{"application_confirmation", "rejection", "interview", "assessment", "offer",
		"recruiter_outreach", "employer_request"}},
}

var fieldTable = [...]Field{
	{Name: "from", Label: "From", Help: "sender's name or address: from:anna, from:me"},
	{Name: "to", Label: "To", Help: "recipient: to:me"},
	{Name: "cc", Label: "Cc", Help: "copied recipient"},
	{Name: "bcc", Label: "Bcc", Help: "blind-copied recipient"},
	{Name: "reply-to", Aliases: []string{"replyto", "reply_to"}, Label: "Reply to", Help: "where replies go"},
	{Name: "addressed", Label: "From or to", Help: "any sender or recipient"},
	{Name: "deliveredto", Aliases: []string{"delivered-to"}, Label: "Delivered to", Help: "the address it arrived at"},
	{Name: "domain", Label: "Domain", Help: "the sender's domain: domain:example.com", kind: typeID},
	{Name: "list", Aliases: []string{"listid", "list-id"}, Label: "List", Help: "the mailing list's id or address"},
	{Name: "subject", Aliases: []string{"title"}, Label: "Subject", Help: `words of the subject: subject:(offer letter)`},
	{Name: "body", Aliases: []string{"text"}, Label: "Body", Help: "words of the text, not of the subject"},
	{Name: "filename", Aliases: []string{"file", "attachment"}, Label: "File", Help: "an attachment's name: filename:pdf"},
	{Name: "label", Aliases: []string{"tag", "l"}, Label: "Label", Help: "label:work", kind: typeLabel},
	{Name: "category", Aliases: []string{"cat"}, Label: "Category", Help: "category:interview", kind: typeEnum,
		Values: append(categories[:], "primary", "social", "promotions", "updates", "forums", "reservations",
			"purchases", "applications")},
	{Name: "priority", Aliases: []string{"prio"}, Label: "Priority", Help: "priority:high", kind: typeEnum,
		Values: []string{"urgent", "high", "normal", "low"}},
	{Name: "in", Label: "In", Help: "in:archive; spam and trash are left out unless in:anywhere", kind: typeLabel,
		Values: []string{"inbox", "sent", "drafts", "trash", "spam", "snoozed", "archive", "quarantine", "anywhere"}},
	{Name: "is", Label: "Is", Help: "is:unread, is:needs-reply, is:awaiting an answer", kind: typeEnum,
		Values: []string{"unread", "read", "starred", "important", "muted", "snoozed", "tagged", "needs-reply",
			"needs-review", "awaiting", "ghosted", "quarantined"}},
	{Name: "has", Label: "Has", Help: "has:attachment, has:pdf", kind: typeEnum,
		Values: []string{"attachment", "inline", "invitation", "pdf", "image", "document", "spreadsheet", "presentation",
			"drive", "youtube", "userlabels", "nouserlabels", "yellow-star", "orange-star", "red-star", "purple-star",
			"blue-star", "green-star", "red-bang", "orange-guillemet", "yellow-bang", "green-check", "blue-info",
			"purple-question"}},
	{Name: "after", Aliases: []string{"newer", "since"}, Label: "After", Help: "after:2026-01-31, after:3d", kind: typeDate},
	{Name: "before", Aliases: []string{"older", "until"}, Label: "Before", Help: `before:"last monday"`, kind: typeDate},
	{Name: "newer_than", Aliases: []string{"newer-than"}, Label: "Newer than", Help: "newer_than:2w (h d w m y)", kind: typeDate},
	{Name: "older_than", Aliases: []string{"older-than"}, Label: "Older than", Help: "older_than:1y", kind: typeDate},
	{Name: "date", Aliases: []string{"on"}, Label: "Date", Help: "date:2026-01, date:2026-01-01..2026-01-15", kind: typeDate},
	{Name: "size", Label: "Size", Help: "size:>10M, size:1M..5M", kind: typeSize},
	{Name: "larger", Aliases: []string{"bigger"}, Label: "Larger than", Help: "larger:10M", kind: typeSize},
	{Name: "smaller", Label: "Smaller than", Help: "smaller:500K", kind: typeSize},
	{Name: "message-id", Aliases: []string{"rfc822msgid", "messageid", "msgid"}, Label: "Message id", Help: "one message by its id", kind: typeID},
	{Name: Like, Aliases: []string{"similar"}, Label: "Like", Help: "more like a conversation: like:7 (its number)", kind: typeID},
	{Name: "risk", Label: "Risk", Help: "risk:>70, risk:high", kind: typeNumber},
	{Name: "conf", Aliases: []string{"confidence"}, Label: "Confidence", Help: "conf:<0.8", kind: typeNumber},
	{Name: "company", Label: "Company", Help: "a company that the mail is about: company:acme"},
	{Name: "role", Label: "Role", Help: `the job it is about: role:"data engineer"`},
	{Name: "person", Label: "Person", Help: "who wrote, got or is named in it: person:anna"},
	{Name: "stage", Label: "Stage", Help: "stage:interview", kind: typeEnum,
		Values: []string{"applied", "screening", "interview", "assessment", "offer", "accepted", "rejected", "withdrawn", "ghosted"}},
	{Name: "deadline", Label: "Deadline", Help: "a deadline that the mail sets: deadline:<7d", kind: typeDate},
}

// fieldOf finds a field by its name or an alias, whatever the case, or nil.
func fieldOf(name string) *Field {
	name = strings.ToLower(name)
	for i := range fieldTable {
		if f := &fieldTable[i]; f.Name == name || slices.Contains(f.Aliases, name) {
			return f
		}
	}
	return nil
}

// valueOf returns the canonical form of a value of an enumeration; - and _ are the same.
func (f *Field) valueOf(v string) (string, bool) {
	v = strings.ToLower(v)
	for _, want := range f.Values {
		if want == v || strings.ReplaceAll(want, "_", "-") == strings.ReplaceAll(v, "_", "-") {
			return want, true
		}
	}
	return "", false
}

// suggestField returns the field whose name is nearest, or "".
func suggestField(name string) string {
	var names []string
	for i := range fieldTable {
		names = append(append(names, fieldTable[i].Name), fieldTable[i].Aliases...)
	}
	return nearest(strings.ToLower(name), names)
}

// nearest returns the word with the least edit distance, if it is at most a third of the length and 2; else "".
func nearest(s string, words []string) string {
	best, least := "", min(2, (len(s)+2)/3)+1
	for _, w := range words {
		if d := distance(s, w); d < least {
			best, least = w, d
		}
	}
	return best
}

// distance is the optimal string alignment distance in bytes: insertions, deletions, substitutions and swaps of
// neighbours count one each.
func distance(a, b string) int {
	if len(a) > 40 || len(b) > 40 {
		return len(a) + len(b)
	}
	prev2, prev, cur := make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range prev {
		prev[j] = j
	}
	for i := 1; i <= len(a); i++ {
		cur[0] = i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			cur[j] = min(prev[j]+1, cur[j-1]+1, prev[j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				cur[j] = min(cur[j], prev2[j-2]+1)
			}
		}
		prev2, prev, cur = prev, cur, prev2
	}
	return prev[len(b)]
}
