package mail

import (
	"sort"
	"strings"

	"golang.org/x/net/html/atom"
)

// A quoteKind says why an element may hold quoted text.
type quoteKind byte

const (
	notQuoted  quoteKind = iota
	quoteCite            // certainly quoted
	quoteGmail           // Gmail's wrapper: the quotes in it are quoted, answers between them are not
	quoteBlock           // a plain <blockquote>: quoted when an attribution stands before it
)

// A region is a stretch of the text that may be quoted.
type region struct {
	from, to int
	kind     quoteKind
}

// quoteOf knows the marks that mail programs put around quoted text.
func quoteOf(tag atom.Atom, names string) quoteKind {
	for _, name := range strings.Fields(names) {
		switch strings.ToLower(name) {
		case "gmail_quote", "gmail_quote_container":
			if tag == atom.Div {
				return quoteGmail
			}
		case "moz-cite-prefix", "yahoo_quoted", "protonmail_quote", "olk_src_body_section", "zmail_extra",
			"tutanota_quote", "mail-editor-reference-message-container", "gmail_attr", "yahoo_quoted_begin":
			return quoteCite
		}
	}
	return notQuoted
}

// add records a region and drops those inside of it.
func (r *renderer) add(from int, kind quoteKind) {
	if from >= len(r.out) {
		return
	}
	if kind == quoteCite {
		for n := len(r.regions); n > 0 && r.regions[n-1].from >= from; n = len(r.regions) {
			r.regions = r.regions[:n-1]
		}
	}
	r.regions = append(r.regions, region{from, len(r.out), kind})
}

// finish builds the two texts.
func (r *renderer) finish() rendering {
	text := clean(string(r.out))
	if len(r.regions) == 0 || len(text) != len(r.out) {
		return rendering{text, text}
	}
	sort.SliceStable(r.regions, func(i, j int) bool { // the outer one first
		a, b := r.regions[i], r.regions[j]
		return a.from < b.from || a.from == b.from && a.to > b.to
	})
	var b strings.Builder
	at := 0
	for _, q := range r.regions {
		if q.from < at || !isQuotedRegion(text[at:q.from], text[q.from:q.to], q.kind) {
			continue
		}
		b.WriteString(text[at:q.from])
		b.WriteString("\n>\n")
		at = q.to
	}
	b.WriteString(text[at:])
	return rendering{text, b.String()}
}

// isQuotedRegion decides about a region by what stands before it and how it begins.
func isQuotedRegion(before, inside string, kind quoteKind) bool {
	head := firstLines(inside, 3)
	if isForwardLine(strings.TrimSpace(head)) || isForwardLine(lastLine(before)) {
		return false
	}
	if kind == quoteCite {
		return true
	}
	return endsWithAttribution(before) || beginsWithAttribution(head)
}
