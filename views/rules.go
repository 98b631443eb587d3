package views

import (
	"cmp"
	"math"
	"net/url"
	"strconv"
	"strings"
	"time"

	"applylens/internal/db"
	"applylens/internal/search"
	"applylens/internal/triage"
)

// A RuleRow is a rule in the list of rules.
type RuleRow struct {
	Rule   db.Rule
	Query  *search.Query
	Faults []search.Warning // why it cannot run
	Does   []string
	Hits   db.RuleHitsRow
}

// A RuleForm is a rule as it is being written, and what it would have done.
type RuleForm struct {
	Rule    db.Rule
	Query   *search.Query
	Faults  []search.Warning // of the query, by place
	Trial   *RuleTrial       // nil while there are faults
	Labels  []string         // there are
	From    []RuleSuggestion // other conditions for the mail it is made from
	Refused string           // why it was not saved
}

// A RuleSuggestion is a condition that a mail meets.
type RuleSuggestion struct{ Label, Query string }

// A RuleTrial is a dry run on past mail.
type RuleTrial struct {
	Query   string // finds the mail
	Met     int
	More    bool // there are more than Met
	Changes int
	Mails   []RuleTried
}

// A RuleTried mail is one that a rule would have met, and what would change.
type RuleTried struct {
	Row   db.RuleStatesRow
	Would []string
}

// A RuleHistory is what a rule did.
type RuleHistory struct {
	Notice   string
	Since    time.Time // first day of Days, midnight
	Days     []db.RuleDaysRow
	Met      []db.RuleMetRow
	Actions  []db.RuleActionsRow
	Standing db.RuleUndoableMailsRow
}

// RuleEffect says in words what an action of a rule does.
func RuleEffect(kind, category, priority, label string) string {
	switch kind {
	case "categorise":
		return "category " + CategoryName(category)
	case "prioritise":
		return priority + " priority"
	case "needs_reply":
		return "needs a reply"
	case "no_reply":
		return "needs no reply"
	case "label":
		return "label “" + label + "”"
	}
	return strings.ToLower(verb(kind))
}

// changes says how many of the mails a rule would change.
func (t RuleTrial) changes() string {
	switch {
	case t.Met == 0:
		return "No mail of the last 90 days would have met it."
	case t.Changes == 0:
		return "It would change none of them: they are that way already."
	case t.Changes == t.Met:
		return "It would change each of them."
	}
	return "It would change " + id(int64(t.Changes)) + " of them; the others are that way already."
}

// met says how many mails a rule would have met.
func (t RuleTrial) met() string {
	if t.More {
		return "more than " + count(t.Met, "mail")
	}
	return count(t.Met, "mail")
}

// faultAt cuts the query at a fault: before it, the token, after it.
func (f RuleForm) faultAt(w search.Warning) (before, token, after string) {
	src := f.Query.Source
	if w.Pos < 0 || w.End > len(src) || w.Pos >= w.End {
		return src, "", ""
	}
	return src[:w.Pos], src[w.Pos:w.End], src[w.End:]
}

// action is where the form is sent.
func (f RuleForm) action() string {
	if f.Rule.ID == 0 {
		return "/settings/rules"
	}
	return "/settings/rules/" + id(f.Rule.ID)
}

// tryAt is where the form is sent to be tried, without a script.
func (f RuleForm) tryAt() string {
	if f.Rule.ID == 0 {
		return "/settings/rules/new"
	}
	return "/settings/rules/" + id(f.Rule.ID)
}

// take is the form of a new rule with another condition.
func (f RuleForm) take(query string) string {
	v := url.Values{"query": {query}, "name": {f.Rule.Name}}
	if f.Rule.Category != nil {
		v.Set("category", *f.Rule.Category)
	}
	return "/settings/rules/new?" + v.Encode()
}

func ruleFrom(query string) string {
	return "/settings/rules/new?" + url.Values{"query": {query}}.Encode()
}

// A choice is an option of a select.
type choice struct{ value, name string }

func categoryChoices() []choice {
	all := []choice{{"", "leave as judged"}}
	for _, c := range triage.Categories() {
		all = append(all, choice{string(c), CategoryName(string(c))})
	}
	return all
}

func priorityChoices() []choice {
	return []choice{{"", "leave as judged"}, {"urgent", "Urgent"}, {"high", "High"}, {"normal", "Normal"}, {"low", "Low"}}
}

func replyChoices() []choice {
	return []choice{{"", "leave as judged"}, {"yes", "Needs a reply"}, {"no", "Needs no reply"}}
}

func placeChoices() []choice {
	return []choice{{"", "leave where it is"}, {"inbox", "Move to the inbox"}, {"archive", "Archive"}, {"trash", "Move to the trash"}, {"quarantine", "Quarantine"}}
}

func valueOf(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}

func replyOf(b *bool) string {
	switch {
	case b == nil:
		return ""
	case *b:
		return "yes"
	}
	return "no"
}

// A dayBar is one bar of a chart by days, in units of its view box.
type dayBar struct{ x, y, height, title string }

const dayBarsHeight = 40

// bars are the days since h.Since on which the rule met mail.
func (h RuleHistory) bars(now time.Time) []dayBar {
	most := int32(1)
	for _, d := range h.Days {
		most = max(most, d.Hits)
	}
	var all []dayBar
	for _, d := range h.Days {
		at := math.Round(d.Day.Sub(h.Since).Hours() / 24)
		high := max(2, math.Round(dayBarsHeight*float64(d.Hits)/float64(most)))
		all = append(all, dayBar{strconv.Itoa(int(at) * 6), strconv.Itoa(dayBarsHeight - int(high)), strconv.Itoa(int(high)), when(d.Day, now) + ": " + count(d.Hits, "mail")})
	}
	return all
}

// total counts the mail of the chart.
func (h RuleHistory) total() (n int32) {
	for _, d := range h.Days {
		n += d.Hits
	}
	return n
}

func ruleWho(name, address string) string { return cmp.Or(name, address, "(nobody)") }
