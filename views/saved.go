package views

import (
	"cmp"

	"applylens/internal/db"
	"applylens/internal/search"
)

// sameAlert tells that two hits were found by one search at one time.
func sameAlert(a, b db.SavedHitListRow) bool {
	return a.SearchID == b.SearchID && a.FoundAt.Equal(b.FoundAt)
}

func orElse(text, other string) string { return cmp.Or(text, other) }

// hitName is how a hit's sender is called.
func hitName(h search.Hit) string { return cmp.Or(h.FromName, h.FromAddress) }
