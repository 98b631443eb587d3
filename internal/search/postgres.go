package search

import (
	"context"
	"encoding/base64"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
)

// Bounds of the work of one search.
const (
	MaxTotal  = 10_000 // matches that are counted; beyond it Result.More is set
	MaxHits   = 200    // hits of one page
	poolNew   = 200    // newest matches that are ranked
	poolHead  = 100    // newest matches in the subject that are ranked
	bodyBytes = 20_000 // characters of the text that are looked at for the snippet
	snippet   = 180    // runes
)

// A Querier runs one statement as the owner of the mail (db.DB.Owner).
type Querier interface {
	Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error)
}

// A Request says whose mail is searched and which page of the answer is wanted.
type Request struct {
	UserID int64
	Me     []string // the owner's addresses, for from:me
	Limit  int      // hits, at most MaxHits; 0 is 50
	Newest bool     // newest first, also for text
	After  string   // Result.Next of the page before
}

// A Result is one page of an answer.
type Result struct {
	Mode     string // which engine ran: "postgres full text"
	Ranked   bool   // best first; else newest first
	Pool     int    // of Ranked: only the newest so many matches were compared; 0 when it was all of them
	Total    int    // matches; of the first page only, -1 later
	More     bool   // there are more than Total
	Hits     []Hit
	Next     string    // cursor of the next page, "" at the end
	Warnings []Warning // of the query and of what this engine cannot find yet
}

// A Hit is one email.
type Hit struct {
	ID, ThreadID          int64
	MessageID             string
	Subject               string
	FromName, FromAddress string
	ReceivedAt            time.Time
	Size                  int64
	Place                 string
	Unread, Starred       bool
	HasAttachment         bool
	Category, Priority    string
	Risk                  int16
	NeedsReply            bool
	NeedsReview           bool
	Score                 float64 // comparable within one answer; 0 when not ranked

	SubjectSpans, FromSpans []Span // what to mark in Subject and FromName
	Snippet                 Snippet
}

// Postgres searches by the text index of Postgres. The zero value is ready; keep one, for its analyser.
type Postgres struct{ Analyzer Analyzer }

// Search answers a query with one page. An error is one of the database or of the cursor; a query has only warnings.
func (p *Postgres) Search(ctx context.Context, db Querier, q *Query, r Request) (Result, error) {
	after, err := parseCursor(r.After)
	if err != nil {
		return Result{}, err
	}
	if r.Limit <= 0 || r.Limit > MaxHits {
		r.Limit = min(max(r.Limit, 50), MaxHits)
	}
	s := p.Analyzer.get()
	plan := compile(s, q, r, after)
	p.Analyzer.put(s)
	result := Result{Mode: "postgres full text", Ranked: plan.ranked, Total: -1, Warnings: append(q.Warnings[:len(q.Warnings):len(q.Warnings)], plan.warnings...)}
	rows, err := db.Query(ctx, plan.sql, plan.args...)
	if err != nil {
		return result, fmt.Errorf("search: %w", err)
	}
	defer rows.Close()
	mark := p.Analyzer.Highlighter(q, r.Me)
	total := 0
	for rows.Next() {
		var h Hit
		var body, short string
		if err := rows.Scan(&total, &h.Score, &h.ID, &h.ThreadID, &h.MessageID, &h.Subject, &h.FromName, &h.FromAddress, &h.ReceivedAt,
			&h.Size, &h.Place, &h.Unread, &h.Starred, &h.HasAttachment, &h.Category, &h.Priority, &h.Risk, &h.NeedsReply, &h.NeedsReview,
			&short, &body); err != nil {
			return result, fmt.Errorf("search: read a hit: %w", err)
		}
		h.SubjectSpans, h.FromSpans = mark.Spans("subject", h.Subject), mark.Spans("from", h.FromName)
		h.Snippet = mark.Snippet("body", body, snippet)
		if len(h.Snippet.Spans) == 0 {
			h.Snippet = Snippet{Text: short}
		}
		result.Hits = append(result.Hits, h)
	}
	if err := rows.Err(); err != nil {
		return result, fmt.Errorf("search: %w", err)
	}
	result.page(r, after, total)
	return result, nil
}

// IDs returns the ids of at most most matches, newest first, for an action on all that match. What it warns of has
// narrowed nothing: the caller shows the warnings before it acts.
func (p *Postgres) IDs(ctx context.Context, db Querier, q *Query, r Request, most int) ([]int64, []Warning, error) {
	s := p.Analyzer.get()
	plan := compileIDs(s, q, r, most)
	p.Analyzer.put(s)
	rows, err := db.Query(ctx, plan.sql, plan.args...)
	if err != nil {
		return nil, nil, fmt.Errorf("search: %w", err)
	}
	ids, err := pgx.CollectRows(rows, pgx.RowTo[int64])
	if err != nil {
		return nil, nil, fmt.Errorf("search: %w", err)
	}
	return ids, append(q.Warnings[:len(q.Warnings):len(q.Warnings)], plan.warnings...), nil
}

// page takes off the hit beyond the page, which only tells that there are more.
func (r *Result) page(q Request, after cursor, total int) {
	if q.After == "" {
		r.Total, r.More = min(total, MaxTotal), total > MaxTotal
	}
	if r.Ranked && total > poolNew {
		r.Pool = poolNew
	}
	if len(r.Hits) <= q.Limit {
		return
	}
	r.Hits = r.Hits[:q.Limit]
	last := r.Hits[q.Limit-1]
	if r.Ranked {
		r.Next = cursor{offset: after.offset + q.Limit}.String()
	} else {
		r.Next = cursor{at: last.ReceivedAt, id: last.ID}.String()
	}
}

// A cursor is the place of a page: after so many ranked hits, or after an email by time.
type cursor struct {
	offset int
	at     time.Time
	id     int64
}

func (c cursor) String() string {
	s := "r" + strconv.Itoa(c.offset)
	if !c.at.IsZero() {
		s = "d" + strconv.FormatInt(c.at.UnixMicro(), 10) + "." + strconv.FormatInt(c.id, 10)
	}
	return base64.RawURLEncoding.EncodeToString([]byte(s))
}

func parseCursor(s string) (cursor, error) {
	if s == "" {
		return cursor{}, nil
	}
	b, err := base64.RawURLEncoding.DecodeString(s)
	if err == nil && len(b) > 1 {
		at, id, two := strings.Cut(string(b[1:]), ".")
		n, errN := strconv.ParseInt(at, 10, 64)
		switch i, errI := strconv.ParseInt(id, 10, 64); {
		case b[0] == 'r' && !two && errN == nil && n >= 0 && n <= poolNew+poolHead:
			return cursor{offset: int(n)}, nil
		case b[0] == 'd' && two && errN == nil && errI == nil:
			return cursor{at: time.UnixMicro(n), id: i}, nil
		}
	}
	return cursor{}, ErrCursor
}
