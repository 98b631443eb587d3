package views

import (
	"slices"
	"strconv"
	"strings"

	"applylens/internal/db"
	"applylens/internal/search"
)

// toggleURL is the page with a part added to the query, or taken out when it is there.
func (s Search) toggleURL(part string) string {
	if i := s.Query.Has(part); i >= 0 {
		return s.URL(s.Query.Remove(i))
	}
	return s.URL(s.Query.With(part))
}

// excludeURL is the page without what has a value.
func (s Search) excludeURL(part string) string { return s.URL(s.Query.With("-" + part)) }

func (s Search) has(part string) bool { return s.Query.Has(part) >= 0 }

// datePart is the part of the query that a bar may have added, or -1.
func (s Search) datePart() int {
	return slices.IndexFunc(s.Query.Chips(), func(c search.Chip) bool { return c.Field == "date" && !c.Negated })
}

// dateURL is the page of another range of dates; of all dates with "".
func (s Search) dateURL(part string) string {
	q := s.Query
	if i := s.datePart(); i >= 0 {
		q = search.Parse(q.Remove(i), q.Now)
	}
	return s.URL(q.With(part))
}

// hasName names a part of the facet of what mail has.
func hasName(part string) string {
	switch part {
	case "is:unread":
		return "Unread"
	case "has:attachment":
		return "Attachment"
	case "is:starred":
		return "Starred"
	case "is:needs-reply":
		return "Needs reply"
	}
	return part
}

// facetName is how a value is shown.
func facetName(f search.Facet) string {
	if f.Name != "" {
		return f.Name
	}
	return f.Value
}

// The chart of dates is drawn in units of its own: barWidth each bar, barHeight the highest.
const (
	barWidth  = 10
	barHeight = 48
)

// A dateBar is a bar of the chart with its place.
type dateBar struct {
	search.DateBar
	X, Y, Width, Height string
}

// chart is the viewBox of the chart and its bars. A bar with any mail is at least 2 high.
func chart(f *search.Facets) (viewBox string, bars []dateBar) {
	most := 1
	for _, b := range f.Dates {
		most = max(most, b.Count)
	}
	for i, b := range f.Dates {
		h := b.Count * barHeight / most
		if b.Count > 0 {
			h = max(h, 2)
		}
		bars = append(bars, dateBar{b, strconv.Itoa(i * barWidth), strconv.Itoa(barHeight - h), strconv.Itoa(barWidth - 1), strconv.Itoa(h)})
	}
	return "0 0 " + strconv.Itoa(max(len(bars), 12)*barWidth) + " " + strconv.Itoa(barHeight), bars
}

// barName says what a bar stands for.
func barName(b search.DateBar, unit string) string {
	switch unit {
	case "year":
		return b.From.Format("2006")
	case "month":
		return b.From.Format("January 2006")
	case "week":
		return "week of " + b.From.Format("2 January 2006")
	}
	return b.From.Format("Monday 2 January 2006")
}

// barEdge is the label at an end of the chart.
func barEdge(b search.DateBar, unit string) string {
	switch unit {
	case "year":
		return b.From.Format("2006")
	case "month":
		return b.From.Format("Jan 2006")
	}
	return b.From.Format("2 Jan 2006")
}

// facetShare is a count in hundredths of the highest.
func facetShare(f search.Facet, all []search.Facet) string {
	most := 1
	for _, o := range all {
		most = max(most, o.Count)
	}
	return strconv.Itoa(max(f.Count*100/most, 1))
}

// A Suggestions is what is offered while one types.
type Suggestions struct {
	Typed   string
	Offers  []search.Suggestion
	Saved   []db.SavedListRow
	History []string
}

// optionID names an option for the field to point to.
func optionID(kind string, i int) string { return "suggest-" + kind + strconv.Itoa(i) }

// offerKind is the heading of a suggestion, beside it.
func offerKind(o search.Suggestion) string {
	if o.Kind == "field" {
		return "field"
	}
	for _, f := range search.Fields() {
		if f.Name == o.Kind {
			return strings.ToLower(f.Label)
		}
	}
	return o.Kind
}

// offerText is what a suggestion stands for, in words.
func offerText(o search.Suggestion) string {
	if o.Kind == "category" {
		return CategoryName(strings.ReplaceAll(o.Text, " ", "_"))
	}
	return o.Text
}
