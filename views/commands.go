package views

import "strings"

// A Command is something a person can do by key, from the palette, or read about on the help page: this registry
// feeds all three. Either Href or Do is set.
type Command struct {
	Keys  []string `json:"keys"` // each a sequence, such as "e" or "g i"; the first is shown
	Title string   `json:"title"`
	Group string   `json:"group"`
	Scope string   `json:"scope"`          // where it works: "any", "list", "thread" "mail" (list and thread) or "search"
	Href  string   `json:"href,omitempty"` // go there
	Do    string   `json:"do,omitempty"`   // a verb of static/js/commands.js, or "act:" and a kind of action
}

// Commands lists all commands in the order in which they are shown.
func Commands() []Command {
	return []Command{
		{[]string{"j"}, "Next conversation", "Move", "list", "", "down"},
		{[]string{"k"}, "Previous conversation", "Move", "list", "", "up"},
		{[]string{"o", "Enter"}, "Open the conversation", "Move", "list", "", "open"},
		{[]string{"u"}, "Back to the list", "Move", "thread", "", "back"},
		{[]string{"k", "["}, "Newer conversation", "Move", "thread", "", "newer"},
		{[]string{"j", "]"}, "Older conversation", "Move", "thread", "", "older"},
		{[]string{"n"}, "Next message", "Move", "thread", "", "next-message"},
		{[]string{"p"}, "Previous message", "Move", "thread", "", "previous-message"},

		{[]string{"e"}, "Archive", "Act", "mail", "", "act:archive"},
		{[]string{"#"}, "Move to the trash", "Act", "mail", "", "act:trash"},
		{[]string{"!"}, "Mark as spam", "Act", "mail", "", "act:spam"},
		{[]string{"b"}, "Snooze…", "Act", "mail", "", "pick:snooze"},
		{[]string{"l"}, "Label…", "Act", "mail", "", "pick:label"},
		{[]string{"v"}, "Correct the category…", "Act", "mail", "", "pick:category"},
		{[]string{"Shift+V"}, "The category is right", "Act", "mail", "", "act:confirm"},
		{[]string{"s"}, "Star or unstar", "Act", "mail", "", "star"},
		{[]string{"Shift+I"}, "Mark as read", "Act", "mail", "", "act:read"},
		{[]string{"Shift+U"}, "Mark as unread", "Act", "mail", "", "act:unread"},
		{[]string{"y"}, "Move to the inbox", "Act", "mail", "", "act:inbox"},
		{[]string{"z"}, "Undo the last action", "Act", "any", "", "undo"},

		{[]string{"x"}, "Select the conversation", "Select", "list", "", "select"},
		{[]string{"Shift+J"}, "Select downwards", "Select", "list", "", "select-down"},
		{[]string{"Shift+K"}, "Select upwards", "Select", "list", "", "select-up"},
		{[]string{"* a"}, "Select all on the page", "Select", "list", "", "select-all"},
		{[]string{"* n"}, "Select none", "Select", "list", "", "select-none"},
		{[]string{"* u"}, "Select the unread", "Select", "list", "", "select-unread"},

		{[]string{"Shift+C"}, "Go to the parts of the query", "Search", "search", "", "into:chips"},
		{[]string{"Shift+F"}, "Go to the counts beside the results", "Search", "search", "", "into:facets"},
		{[]string{"Shift+O"}, "Sort…", "Search", "search", "", "press:sort"},
		{[]string{"Shift+G"}, "Conversations or single mails", "Search", "search", "", "press:group"},
		{[]string{"Shift+B"}, "Search by a form", "Search", "search", "", "press:build"},
		{[]string{"Shift+S"}, "Save the search…", "Search", "search", "", "press:save"},

		{[]string{"g i"}, "Inbox", "Go to", "any", "/", ""},
		{[]string{"g n"}, "Needs action", "Go to", "any", "/?split=action", ""},
		{[]string{"g p"}, "Applications", "Go to", "any", "/?split=applications", ""},
		{[]string{"g s"}, "Starred", "Go to", "any", "/?in=starred", ""},
		{[]string{"g b"}, "Snoozed", "Go to", "any", "/?in=snoozed", ""},
		{[]string{"g t"}, "Sent", "Go to", "any", "/?in=sent", ""},
		{[]string{"g d"}, "Drafts", "Go to", "any", "/?in=drafts", ""},
		{[]string{"g l"}, "Letters you write", "Go to", "any", "/outgoing", ""},
		{[]string{"g a"}, "All mail", "Go to", "any", "/?in=all", ""},
		{[]string{"g q"}, "Quarantine", "Go to", "any", "/?in=quarantine", ""},
		{[]string{"g f"}, "Search", "Go to", "any", "/search", ""},
		{[]string{"g w"}, "Alerts of saved searches", "Go to", "any", "/alerts", ""},
		{[]string{"g j"}, "Journal", "Go to", "any", "/journal", ""},
		{[]string{"g o"}, "Approvals", "Go to", "any", "/approvals", ""},
		{[]string{"g h"}, "What agents did", "Go to", "any", "/runs", ""},
		{[]string{"g r"}, "Rules", "Go to", "any", "/settings/rules", ""},
		{[]string{"g ,"}, "Settings", "Go to", "any", "/settings", ""},

		{[]string{"/"}, "Search", "Everywhere", "any", "", "search"},
		{[]string{"Ctrl+K"}, "All commands", "Everywhere", "any", "", "palette"},
		{[]string{"\\"}, "Fold or unfold the rail", "Everywhere", "any", "", "rail"},
		{[]string{"?"}, "Help and keys", "Everywhere", "any", "/help", ""},
		{[]string{"Escape"}, "Close, or select none", "Everywhere", "any", "", "escape"},
	}
}

// CommandGroups returns the commands of each group, in order.
func CommandGroups() [][]Command {
	var groups [][]Command
	for _, c := range Commands() {
		if n := len(groups); n > 0 && groups[n-1][0].Group == c.Group {
			groups[n-1] = append(groups[n-1], c)
			continue
		}
		groups = append(groups, []Command{c})
	}
	return groups
}

// keysOf splits a sequence into the keys to press.
func keysOf(sequence string) []string {
	return strings.FieldsFunc(sequence, func(r rune) bool { return r == ' ' })
}
