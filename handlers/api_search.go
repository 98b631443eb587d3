package handlers

import (
	"context"
	"time"

	"applylens/internal/db"
	"applylens/internal/errs"
	"applylens/internal/search"
)

type searchIn struct {
	Paged
	Q    string `query:"q" required:"true" minLength:"1" maxLength:"4000" doc:"A query in the grammar of the search page"`
	Sort string `query:"sort" enum:"best,newest" default:"best"`
}

type searchOut struct {
	Body struct {
		Query    string          `json:"query" doc:"As it was understood"`
		Mode     string          `json:"mode" doc:"Which engine ran"`
		Ranked   bool            `json:"ranked" doc:"Best first; else newest first"`
		Total    int             `json:"total" doc:"Matches; of the first page only, -1 later"`
		Hits     []searchHit     `json:"hits"`
		Next     string          `json:"next" doc:"after of the next page; empty at the end"`
		Warnings []searchWarning `json:"warnings" doc:"Parts of the query that have no effect"`
	}
}

// searchHit is a mail that matches.
type searchHit struct {
	ID            int64     `json:"id"`
	ThreadID      int64     `json:"thread_id"`
	MessageID     string    `json:"message_id"`
	ReceivedAt    time.Time `json:"received_at"`
	FromName      string    `json:"from_name"`
	FromAddress   string    `json:"from_address"`
	Subject       string    `json:"subject"`
	Snippet       string    `json:"snippet" doc:"The text around what matched"`
	Place         string    `json:"place"`
	Unread        bool      `json:"unread"`
	Starred       bool      `json:"starred"`
	HasAttachment bool      `json:"has_attachment"`
	Category      string    `json:"category"`
	Priority      string    `json:"priority"`
	Risk          int16     `json:"risk"`
	Score         float64   `json:"score" doc:"Comparable within one answer; 0 when not ranked"`
}

type searchWarning struct {
	Start   int    `json:"start" doc:"Byte offsets in the query"`
	End     int    `json:"end"`
	Message string `json:"message"`
}

func (a *api) search(ctx context.Context, user db.User, in *searchIn) (*searchOut, error) {
	q := search.Parse(in.Q, a.Now().In(zoneOf(user)))
	if q.Root == nil {
		return nil, errs.BadInput("The query asks for nothing.")
	}
	result, err := a.Search.Search(ctx, a.DB.Owner(user.ID), q, search.Request{UserID: user.ID, Me: []string{user.Email}, Limit: in.Limit,
		Newest: in.Sort == "newest", After: in.After})
	if err != nil {
		return nil, err
	}
	out := &searchOut{}
	b := &out.Body
	b.Query, b.Mode, b.Ranked, b.Total, b.Next = q.String(), result.Mode, result.Ranked, result.Total, result.Next
	b.Hits, b.Warnings = make([]searchHit, len(result.Hits)), make([]searchWarning, len(result.Warnings))
	for i, h := range result.Hits {
		b.Hits[i] = searchHit{h.ID, h.ThreadID, h.MessageID, h.ReceivedAt, h.FromName, h.FromAddress, h.Subject, h.Snippet.Text, h.Place, h.Unread,
			h.Starred, h.HasAttachment, h.Category, h.Priority, h.Risk, h.Score}
	}
	for i, w := range result.Warnings {
		b.Warnings[i] = searchWarning{w.Pos, w.End, w.Msg}
	}
	return out, nil
}
