package views

import (
	"cmp"
	"encoding/json"
	"hash/fnv"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/a-h/templ"

	"applylens/internal/db"
	"applylens/internal/mail"
	"applylens/internal/triage"
)

// A Thread is what the thread page shows.
type Thread struct {
	Row      db.Thread
	Messages []Message // oldest first
	Earlier  int       // messages older than those shown
	Labels   []string
	Actions  []db.ThreadActionsRow
	List     string // query of the list it was opened from; "" is the inbox
	Newer    int64  // neighbours in that list, or 0
	Older    int64

	CanAnswer bool // it came by a connected account
	CanLike   bool // mail can be found by meaning
}

// A Message is one email of a thread.
type Message struct {
	Row     db.ThreadEmailsRow
	Verdict triage.Verdict
	Events  []mail.Event
	Files   []db.ThreadAttachmentsRow
	Notes   []string // warnings of the parser
	Open    bool
	View    string // html, plain, headers or raw; only of an open message

	Lost    bool // the original is missing from the store; only the text is left
	HasHTML bool
	Images  bool   // remote images are shown
	Night   bool   // the page around it is dark
	Colours string // what the person asked for: "dark", "own", or nothing
	Remote  int    // remote images in the mail
	Blocked int
	Pixels  int // tracking pixels, never shown
	Height  int // of the frame, in steps of 80 pixels
	Headers []mail.Header
	Raw     string // the beginning of the source
	RawMore bool   // the source goes on
	Leave   LeaveList
}

// A LeaveList is how to leave the list that a mail came by; without an address there is no way.
type LeaveList struct {
	Address  string // https or mailto
	Host     string // the server, or the mail address
	OneClick bool   // the program may ask by itself, when the person says so
}

// listURL is the list a thread was opened from.
func (t Thread) listURL() string {
	switch {
	case t.List == "":
		return "/"
	case strings.HasPrefix(t.List, "q="):
		return "/search?" + t.List
	}
	return "/?" + t.List
}

// neighbourURL is another thread of the same list.
func (t Thread) neighbourURL(n int64) string {
	u := "/t/" + id(n)
	if t.List != "" {
		u += "?list=" + url.QueryEscape(t.List)
	}
	return u
}

// messageURL is the page of the thread with one message open in a view.
func messageURL(threadID int64, m Message, view, list string, images bool) string {
	q := url.Values{"m": {id(m.Row.ID)}, "view": {view}}
	if list != "" {
		q.Set("list", list)
	}
	if images {
		q.Set("images", "1")
	}
	if m.Colours != "" {
		q.Set("colours", m.Colours)
	}
	return "/t/" + id(threadID) + "?" + q.Encode() + "#m" + id(m.Row.ID)
}

// frameURL is the safe HTML of a message.
func (m Message) frameURL() string {
	q := url.Values{}
	if m.Images {
		q.Set("images", "1")
	}
	if m.dark() {
		q.Set("dark", "1")
	}
	u := "/emails/" + id(m.Row.ID) + "/html"
	if len(q) > 0 {
		u += "?" + q.Encode()
	}
	return u
}

// dark tells whether the mail is shown in dark colours: on a dark page, unless the person wants its own.
func (m Message) dark() bool { return m.Colours == "dark" || m.Colours == "" && m.Night }

// other is the message in the other colours, dark or its own.
func (m Message) other() Message {
	if m.dark() {
		m.Colours = "own"
	} else {
		m.Colours = "dark"
	}
	return m
}

// quarantineProposed tells whether a proposal to quarantine waits for a decision.
func (t Thread) quarantineProposed() bool {
	return slices.ContainsFunc(t.Actions, func(a db.ThreadActionsRow) bool { return a.Kind == "quarantine" && a.State == "proposed" })
}

// judged is the message whose judgement the thread carries: the newest received one.
func (t Thread) judged() *Message {
	for i := len(t.Messages) - 1; i >= 0; i-- {
		if !t.Messages[i].Row.Sent {
			return &t.Messages[i]
		}
	}
	return nil
}

// sender is the name to show for who wrote a message.
func (m Message) sender() string {
	if m.Row.FromName != "" {
		return m.Row.FromName
	}
	return cmp.Or(m.Row.FromAddress, "(nobody)")
}

// quote is the piece of the visible text that a span names, or "" when it names none.
func (m Message) quote(start, end int) string {
	if start < 0 || end <= start || end > len(m.Row.Visible) {
		return ""
	}
	return strings.Join(strings.Fields(strings.ToValidUTF8(m.Row.Visible[start:end], "")), " ")
}

// marked splits the visible text into pieces of which the odd ones are what the judgement rests on.
func (m Message) marked() []string {
	reasons := slices.Clone(m.Verdict.Why)
	slices.SortFunc(reasons, func(a, b triage.Reason) int { return cmp.Compare(a.Start, b.Start) })
	text, at, pieces := m.Row.Visible, 0, []string{}
	for _, r := range reasons {
		if r.Start < at || r.End <= r.Start || r.End > len(text) {
			continue
		}
		pieces = append(pieces, text[at:r.Start], text[r.Start:r.End])
		at = r.End
	}
	return append(pieces, text[at:])
}

// rest is the whole text where it says more than the visible one: quotes, a signature.
func (m Message) rest() string {
	if strings.TrimSpace(m.Row.Body) == strings.TrimSpace(m.Row.Visible) {
		return ""
	}
	return m.Row.Body
}

// facts are the facts of a message by kind, each value once, at most six of a kind. Links are left to the text.
func (m Message) facts() [][]triage.Fact {
	at, seen := map[string]int{}, map[string]bool{}
	var groups [][]triage.Fact
	for _, f := range m.Verdict.Facts {
		key := f.Kind + "\x00" + f.Value
		if seen[key] || f.Kind == "link" {
			continue
		}
		seen[key] = true
		i, ok := at[f.Kind]
		if !ok {
			i = len(groups)
			at[f.Kind] = i
			groups = append(groups, nil)
		}
		if len(groups[i]) < 6 {
			groups[i] = append(groups[i], f)
		}
	}
	return groups
}

// factValue shows the times among the facts as people write them.
func factValue(f triage.Fact, now time.Time) string {
	if t, err := time.Parse(time.RFC3339, f.Value); err == nil {
		return t.In(now.Location()).Format("Mon 2 Jan 2006, 15:04")
	}
	if t, err := time.Parse(time.DateOnly, f.Value); err == nil {
		return t.Format("Mon 2 Jan 2006")
	}
	return f.Value
}

// files are the attachments that are not pictures within the text.
func (m Message) files() []db.ThreadAttachmentsRow {
	return slices.DeleteFunc(slices.Clone(m.Files), func(f db.ThreadAttachmentsRow) bool { return f.Inline })
}

// signals are the signals of risk, the heaviest first.
func (m Message) signals() []triage.Signal {
	s := slices.Clone(m.Verdict.Risk.Signals)
	slices.SortStableFunc(s, func(a, b triage.Signal) int { return cmp.Compare(b.Weight, a.Weight) })
	return s
}

// reasons are the reasons of the judgement, each once: the same words may have been found at several places.
func (m Message) reasons() []triage.Reason {
	return once(m.Verdict.Why, func(r triage.Reason) string { return r.Text })
}

// factName names a kind of fact.
func factName(kind string) string {
	switch kind {
	case "interview_time":
		return "Interview"
	case "requisition":
		return "Job id"
	}
	return title(kind)
}

// title is a snake_case name as words.
func title(name string) string {
	words := strings.ReplaceAll(name, "_", " ")
	if words == "" {
		return ""
	}
	return strings.ToUpper(words[:1]) + words[1:]
}

// span shows when an event is: its day and its clock times.
func span(e mail.Event, now time.Time) string {
	start := e.Start.In(now.Location())
	text := start.Format("Monday 2 January 2006, 15:04")
	if e.End.After(e.Start) {
		if end := e.End.In(now.Location()); sameDay(start, end) {
			text += "–" + end.Format("15:04")
		} else {
			text += " – " + end.Format("Monday 2 January, 15:04")
		}
	}
	return text + start.Format(" MST")
}

// done says what an action of the journal did.
func done(kind, state string, args json.RawMessage, now time.Time) string {
	if state == "proposed" || state == "denied" {
		return verb(kind)
	}
	var with struct {
		Until    *time.Time `json:"until"`
		Label    string     `json:"label"`
		Category string     `json:"category"`
		Priority string     `json:"priority"`
	}
	if json.Unmarshal(args, &with) != nil {
		return verb(kind)
	}
	switch {
	case kind == "snooze" && with.Until != nil:
		return "Snoozed until " + with.Until.In(now.Location()).Format("Mon 2 Jan, 15:04")
	case kind == "label":
		return "Labelled “" + with.Label + "”"
	case kind == "unlabel":
		return "Label “" + with.Label + "” removed"
	case kind == "categorise":
		return "Category set to " + CategoryName(with.Category)
	case kind == "prioritise":
		return "Priority set to " + with.Priority
	}
	return past(kind)
}

func past(kind string) string {
	switch kind {
	case "archive":
		return "Archived"
	case "inbox":
		return "Moved to the inbox"
	case "trash":
		return "Moved to the trash"
	case "spam":
		return "Marked as spam"
	case "quarantine":
		return "Quarantined"
	case "release":
		return "Released to the inbox"
	case "wake":
		return "Came back from its snooze"
	case "read":
		return "Marked as read"
	case "unread":
		return "Marked as unread"
	case "star":
		return "Starred"
	case "unstar":
		return "Star removed"
	case "confirm":
		return "Category confirmed"
	case "needs_reply":
		return "Marked as waiting for a reply"
	case "no_reply":
		return "Marked as needing no reply"
	}
	return verb(kind)
}

// fragment makes a link replace the body of its message alone.
func fragment(t Thread, m Message, view string, images bool) templ.Attributes {
	return templ.Attributes{"hx-get": messageURL(t.Row.ID, m, view, t.List, images), "hx-target": "#b" + id(m.Row.ID), "hx-swap": "outerHTML"}
}

// hueOf gives an address one of eight colours.
func hueOf(address string) string {
	h := fnv.New32a()
	_, _ = h.Write([]byte(address)) // it cannot fail
	return strconv.Itoa(int(h.Sum32() % 8))
}

// stamp shows the time of a message: the clock too, when it is of this year.
func stamp(t, now time.Time) string {
	t = t.In(now.Location())
	switch {
	case sameDay(t, now):
		return t.Format("15:04")
	case t.Year() == now.Year():
		return t.Format("Mon 2 Jan, 15:04")
	}
	return t.Format("2 Jan 2006, 15:04")
}

func signed(n int) string {
	if n > 0 {
		return "+" + strconv.Itoa(n)
	}
	return strings.Replace(strconv.Itoa(n), "-", "−", 1)
}

func starKind(starred bool) string {
	if starred {
		return "unstar"
	}
	return "star"
}

func fileName(name string) string { return cmp.Or(name, "(without a name)") }

// actor names who did something.
func actor(name string) string {
	switch name {
	case "person":
		return "you"
	case "rule":
		return "a rule"
	}
	return name
}
