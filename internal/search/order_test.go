package search

import (
	"slices"
	"testing"

	"applylens/internal/db/dbtest"
)

func TestSearchOrders(t *testing.T) {
	d := dbtest.New(t)
	me := filled(t, d)
	var p Postgres
	for _, c := range [...]struct {
		query string
		order Order
		want  []string
	}{
		{"", Oldest, []string{"old@test", "news@test", "talk@test", "mine@test", "reject@test", "offer@test"}},
		{"", Newest, []string{"offer@test", "reject@test", "mine@test", "talk@test", "news@test", "old@test"}},
		{"", Largest, []string{"offer@test", "news@test"}},
		{"", BySender, []string{"offer@test", "old@test", "talk@test", "reject@test", "mine@test", "news@test"}},
		{"offer", Oldest, []string{"reject@test", "offer@test"}},
		{"offer", Newest, []string{"offer@test", "reject@test"}},
		{"offer in:anywhere", BySender, []string{"offer@test", "reject@test", "spam@test", "trash@test"}},
		{"zzzz", Oldest, nil},
	} {
		for _, limit := range []int{50, 2} { // in one page, and page by page
			var got []string
			r := Request{UserID: me, Limit: limit, Order: c.order}
			for first := true; first || r.After != ""; first = false {
				result, err := p.Search(t.Context(), d.Owner(me), Parse(c.query, clock(t)), r)
				if err != nil {
					t.Fatal(err)
				}
				for _, h := range result.Hits {
					got = append(got, h.MessageID)
				}
				if total := len(c.want); first && result.Total != total && c.order != Largest {
					t.Errorf("%q by %s: total %d, want %d", c.query, c.order, result.Total, total)
				}
				r.After = result.Next
			}
			if len(got) < len(c.want) || !slices.Equal(got[:len(c.want)], c.want) {
				t.Errorf("%q by %s: %v, want %v", c.query, c.order, got, c.want)
			}
		}
	}
}
