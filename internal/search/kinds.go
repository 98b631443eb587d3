package search

import (
	"slices"
	"strings"
)

// CategoriesOf returns the categories that a value of category: stands for.
func CategoriesOf(name string) []string { return categoriesOf(name) }

// FoldLabel is the form in which names of labels are compared.
func FoldLabel(name string) string { return folded(name) }

// KindNames returns the kinds of attachment that has: knows.
func KindNames() (names []string) {
	for _, k := range kinds {
		names = append(names, k.name)
	}
	return names
}

// AttachedKinds returns which values of has: hold for an email with these attachments; names are lower case. It is to
// SQL's conditions as like is to them.
func AttachedKinds(attached bool, names, types []string, inlines []bool) (has []string) {
	if attached {
		has = append(has, "attachment")
	}
	if slices.Contains(inlines, true) {
		has = append(has, "inline")
	}
	for _, k := range kinds {
		for i := range names {
			if attached && !inlines[i] && (likeAny(names[i], k.names) || likeAny(types[i], k.types)) {
				has = append(has, k.name)
				break
			}
		}
	}
	return has
}

// likeAny is SQL's like for patterns with a % at an end alone.
func likeAny(s string, patterns []string) bool {
	return slices.ContainsFunc(patterns, func(p string) bool {
		switch {
		case strings.HasPrefix(p, "%"):
			return strings.HasSuffix(s, p[1:])
		case strings.HasSuffix(p, "%"):
			return strings.HasPrefix(s, p[:len(p)-1])
		}
		return s == p
	})
}
