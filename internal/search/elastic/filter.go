package elastic

import (
	"slices"
	"strings"

	"applylens/internal/search"
	"applylens/internal/search/postings"
)

func exists(field string) object { return object{"exists": object{"field": field}} }

// filter writes one term that is not text; it mirrors the filters in SQL of package search.
func filter(n *search.Node) (object, error) {
	switch n.Field {
	case "label":
		return label(n), nil
	case "category":
		return terms("category", search.CategoriesOf(n.Value)), nil
	case "priority":
		return term("priority", n.Value), nil
	case "in":
		return in(n), nil
	case "is":
		return is(n)
	case "has":
		return has(n)
	case "after", "before", "newer_than", "older_than", "date":
		return during(n.Range), nil
	case "size", "larger", "smaller":
		return between("size", n.Range, 1), nil
	case "risk":
		return between("risk", n.Range, 1), nil
	case "conf":
		return between("confidence", n.Range, 10_000), nil
	case "message-id":
		return term("message", messageKey(strings.Trim(n.Value, "<>"))), nil
	}
	return nil, unsupported(n)
}

func label(n *search.Node) object {
	name := search.FoldLabel(n.Value)
	if n.Prefix {
		return object{"prefix": object{"labels": name}}
	}
	return term("labels", name)
}

func in(n *search.Node) object {
	switch n.Value {
	case "sent":
		return term("is", "sent")
	case "drafts":
		return term("is", "draft")
	case "inbox", "archive", "spam", "trash", "quarantine", "snoozed":
		return term("place", n.Value)
	}
	return label(n)
}

func is(n *search.Node) (object, error) {
	switch n.Value {
	case "unread", "starred", "needs-reply", "needs-review":
		return term("is", n.Value), nil
	case "read":
		return occur("must_not", []object{term("is", "unread")}), nil
	case "important":
		return terms("priority", []string{"urgent", "high"}), nil
	case "snoozed":
		return term("place", "snoozed"), nil
	case "quarantined":
		return term("place", "quarantine"), nil
	case "tagged":
		return exists("labels"), nil
	}
	return nil, unsupported(n)
}

func has(n *search.Node) (object, error) {
	switch n.Value {
	case "userlabels":
		return exists("labels"), nil
	case "nouserlabels":
		return occur("must_not", []object{exists("labels")}), nil
	case "yellow-star":
		return term("is", "starred"), nil
	case "drive":
		return hosts("drive.google.com", "docs.google.com"), nil
	case "youtube":
		return hosts("youtube.com", "youtu.be"), nil
	case "attachment", "inline", "invitation":
		return term("has", n.Value), nil
	}
	if slices.Contains(search.KindNames(), n.Value) {
		return term("has", n.Value), nil
	}
	return nil, unsupported(n)
}

// hosts finds emails that name one of these hosts.
func hosts(names ...string) object {
	var s search.Slot
	for _, name := range names {
		s.Wanted = append(s.Wanted, search.Wanted{Word: name})
	}
	return word(s, postings.Anywhere)
}
