package views

import (
	"cmp"
	"math"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"applylens/internal/db"
)

// A Filter says which list is shown; the zero Filter is the inbox.
type Filter struct {
	In       string // place: "" is the inbox; archive, sent, drafts, starred, snoozed, spam, trash, quarantine, all
	Split    string // of the inbox: action, applications, other
	Category string
	Label    string
}

// Query is the filter as the query of a URL, without "?"; "" for the inbox.
func (f Filter) Query() string { return f.Values().Encode() }

// Values is the filter as the parameters of a URL.
func (f Filter) Values() url.Values {
	q := url.Values{}
	for name, value := range map[string]string{"in": f.In, "split": f.Split, "category": f.Category, "label": f.Label} {
		if value != "" {
			q.Set(name, value)
		}
	}
	return q
}

// URL is the address of the list.
func (f Filter) URL() string {
	if q := f.Query(); q != "" {
		return "/?" + q
	}
	return "/"
}

// Place is the entry of the rail that shows the list.
func (f Filter) Place() string {
	switch {
	case f.Label != "":
		return "label:" + f.Label
	case f.Category != "":
		return "category:" + f.Category
	case f.In != "":
		return f.In
	}
	return "inbox"
}

// Title names the list.
func (f Filter) Title() string {
	switch {
	case f.Label != "":
		return f.Label
	case f.Category != "":
		return CategoryName(f.Category)
	}
	switch f.In {
	case "archive":
		return "Archive"
	case "sent":
		return "Sent"
	case "drafts":
		return "Drafts"
	case "starred":
		return "Starred"
	case "snoozed":
		return "Snoozed"
	case "spam":
		return "Spam"
	case "trash":
		return "Trash"
	case "quarantine":
		return "Quarantine"
	case "all":
		return "All mail"
	}
	return "Inbox"
}

// A List is one stretch of a list of threads.
type List struct {
	Filter Filter
	Rows   []Row
	Next   string          // address of the stretch that follows, or ""
	After  *time.Time      // of the last row before this stretch, when there is one
	From   string          // query that a thread opened from here carries, so that it knows its neighbours
	Found  map[int64]Found // of a search, by thread; nil for none

	Proposed []db.InboxProposalsRow // what waits to be put into quarantine; only on the page of the quarantine
}

// proposedCount says how much mail waits to be put into quarantine, of a count that was taken up to 100.
func proposedCount(n int32) string {
	if n >= 100 {
		return "More than 99 proposals wait for your decision"
	}
	if n == 1 {
		return "1 proposal waits for your decision"
	}
	return id(int64(n)) + " proposals wait for your decision"
}

// proposalSender names who wrote the mail of a proposal.
func proposalSender(a db.InboxProposalsRow) string {
	return cmp.Or(strings.TrimSpace(a.FromName+" <"+a.FromAddress+">"), "(nobody)")
}

// A Found says where a thread matched a search: texts cut into pieces of which the odd ones matched.
type Found struct {
	EmailID               int64 // the best match
	Who, Subject, Snippet []string
}

// A Row is one thread in a list.
type Row = db.InboxRowsRow

// found is the texts of a row, in pieces of which the odd ones matched.
func (l List) found(row Row) Found {
	if f, ok := l.Found[row.ID]; ok {
		return f
	}
	return Found{Who: []string{Who(row)}, Subject: []string{subject(row.Subject)}, Snippet: []string{row.Snippet}}
}

// starts tells whether the i-th row begins a new group of days, and its name.
func (l List) starts(i int, now time.Time) (string, bool) {
	if l.Found != nil {
		return "", false // a search is not ordered by days
	}
	name := day(l.Rows[i].LastAt, now)
	switch {
	case i > 0:
		return name, day(l.Rows[i-1].LastAt, now) != name
	case l.After != nil:
		return name, day(*l.After, now) != name
	}
	return name, true
}

// threadURL is the address of a thread as opened from the list.
func (l List) threadURL(row Row) string {
	q := url.Values{}
	if f, ok := l.Found[row.ID]; ok {
		q.Set("m", id(f.EmailID))
	}
	if l.From != "" {
		q.Set("list", l.From)
	}
	if len(q) == 0 {
		return "/t/" + id(row.ID)
	}
	return "/t/" + id(row.ID) + "?" + q.Encode()
}

// Who names the people of a thread, the way mail programs do: the first, and the last two.
func Who(row Row) string {
	names := row.Senders
	switch {
	case len(names) == 0:
		return "(nobody)"
	case len(names) == 1:
		return names[0]
	}
	short := slices.Clone(names)
	for i, n := range short {
		short[i] = firstName(n)
	}
	if len(short) <= 3 {
		return strings.Join(short, ", ")
	}
	return short[0] + " … " + short[len(short)-2] + ", " + short[len(short)-1]
}

// firstName is the first word of a person's name; names that are not two or three words stay whole.
func firstName(name string) string {
	words := strings.Fields(name)
	if len(words) < 2 || len(words) > 3 || strings.ContainsAny(name, "@,.()&|0123456789") {
		return name
	}
	return words[0]
}

// reasons are the three strongest reasons of the judgement, each once.
func reasons(row Row) []string {
	why := once(row.Why, func(text string) string { return text })
	return why[:min(3, len(why))]
}

// once leaves out what has the same text as something before it, but for letter case.
func once[T any](all []T, text func(T) string) []T {
	seen := map[string]bool{}
	return slices.DeleteFunc(slices.Clone(all), func(one T) bool {
		key := strings.ToLower(text(one))
		was := seen[key]
		seen[key] = true
		return was
	})
}

func subject(s string) string {
	if strings.TrimSpace(s) == "" {
		return "(no subject)"
	}
	return s
}

// percent shows a share without claiming certainty.
func percent(share float32) string {
	return strconv.Itoa(min(99, int(math.Round(float64(share)*100)))) + " %"
}

func pressed(yes bool) string { return strconv.FormatBool(yes) }

// snoozes are the times that the snooze picker offers.
func snoozes() [][2]string {
	return [][2]string{{"later today", "Later today"}, {"tonight", "This evening"}, {"tomorrow", "Tomorrow"}, {"this weekend", "This weekend"}, {"next week", "Next week"}, {"next month", "Next month"}}
}

func starAction(starred bool) string {
	if starred {
		return "/actions?kind=unstar"
	}
	return "/actions?kind=star"
}

// rowLabel reads a row aloud.
func rowLabel(row Row, now time.Time) string {
	var b strings.Builder
	if row.UnreadCount > 0 {
		b.WriteString("unread, ")
	}
	b.WriteString(Who(row) + ", " + subject(row.Subject) + ", " + CategoryName(row.Category))
	if row.NeedsReview {
		b.WriteString(", needs review")
	}
	if row.NeedsReply {
		b.WriteString(", needs a reply")
	}
	if row.Priority == "urgent" || row.Priority == "high" {
		b.WriteString(", " + row.Priority + " priority")
	}
	if row.Risk >= 40 {
		b.WriteString(", risk " + id(int64(row.Risk)))
	}
	if row.QuarantineProposed {
		b.WriteString(", quarantine proposed")
	}
	b.WriteString(", " + when(row.LastAt, now))
	return b.String()
}

// dayID is the id of the heading of a group of days.
func dayID(name string) string { return "day-" + strings.ReplaceAll(strings.ToLower(name), " ", "-") }
