package handlers

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"net/http"
	"net/url"
	"time"

	"github.com/jackc/pgx/v5"

	"applylens/internal/auth"
	"applylens/internal/db"
	"applylens/internal/errs"
	"applylens/internal/triage"
)

// apiRoutes is the map of the API: every operation, nothing else.
func (a *api) apiRoutes() {
	const get, post = http.MethodGet, http.MethodPost
	add(a, operation{"list-mails", get, "/mails", auth.MailRead, auth.User, "Mail", "Mails, newest first"}, a.mailList)
	add(a, operation{"get-mail", get, "/mails/{id}", auth.MailRead, auth.User, "Mail", "One mail with its text and judgement"}, a.mailGet)
	add(a, operation{"list-threads", get, "/threads", auth.MailRead, auth.User, "Mail", "Threads of a place, newest first"}, a.threadList)
	add(a, operation{"get-thread", get, "/threads/{id}", auth.MailRead, auth.User, "Mail", "One thread with its newest mails"}, a.threadGet)
	add(a, operation{"search", get, "/search", auth.MailRead, auth.User, "Search", "Mails that match a query"}, a.search)
	add(a, operation{"list-accounts", get, "/accounts", auth.MailRead, auth.User, "Accounts", "Connected mailboxes"}, a.accountList)
	add(a, operation{"list-actions", get, "/actions", auth.MailRead, auth.User, "Actions", "The journal, newest first"}, a.actionList)
	add(a, operation{"get-action", get, "/actions/{id}", auth.MailRead, auth.User, "Actions", "One action"}, a.actionGet)
	add(a, operation{"make-action", post, "/actions", auth.MailWrite, auth.User, "Actions", "Do something with mails"}, a.actionMake)
	add(a, operation{"undo-action", post, "/actions/{id}/undo", auth.MailWrite, auth.User, "Actions", "Put back what an action changed"}, a.actionUndone)
	add(a, operation{"list-approvals", get, "/approvals", auth.MailRead, auth.User, "Approvals", "What agents propose"}, a.approvalList)
	add(a, operation{"decide-approval", post, "/approvals/{id}", auth.MailWrite, auth.User, "Approvals", "Approve or deny a proposal"}, a.approvalDecide)
	add(a, operation{"list-own-runs", get, "/runs", auth.MailRead, auth.User, "Runs", "What agents did for you"}, a.ownRunList)
	add(a, operation{"list-agents", get, "/ops/agents", auth.OpsRead, auth.Operator, "Console", "Agents as they fared"}, a.agentList)
	add(a, operation{"list-runs", get, "/ops/runs", auth.OpsRead, auth.Operator, "Console", "Runs of all agents, newest first"}, a.runList)
	add(a, operation{"list-objectives", get, "/ops/slos", auth.OpsRead, auth.Operator, "Console", "Objectives and their budgets"}, a.sloList)
	add(a, operation{"get-objective", get, "/ops/slos/{subject}/{sli}", auth.OpsRead, auth.Operator, "Console", "One objective in full"}, a.sloGet)
	add(a, operation{"get-budget", get, "/ops/slos/{subject}/{sli}/budget", auth.OpsRead, auth.Operator, "Console", "Its budget over time"}, a.sloBudget)
	add(a, operation{"list-alerts", get, "/ops/alerts", auth.OpsRead, auth.Operator, "Console", "Alerts, newest first"}, a.alertList)
	add(a, operation{"get-alert", get, "/ops/alerts/{id}", auth.OpsRead, auth.Operator, "Console", "One alert"}, a.alertGet)
	add(a, operation{"acknowledge-alert", post, "/ops/alerts/{id}/acknowledge", auth.OpsWrite, auth.Operator, "Console", "Take an alert on"}, a.alertAcknowledge)
	add(a, operation{"silence-alerts", post, "/ops/silences", auth.OpsWrite, auth.Operator, "Console", "Keep alerts from people for a time"}, a.alertSilence)
}

// MailSummary is an email in a list. Like Paged and ByID it is exported for huma, which passes over embedded types that are not.
type MailSummary struct {
	ID            int64     `json:"id"`
	ThreadID      int64     `json:"thread_id"`
	MessageID     string    `json:"message_id"`
	ReceivedAt    time.Time `json:"received_at"`
	FromName      string    `json:"from_name"`
	FromAddress   string    `json:"from_address"`
	Recipients    string    `json:"recipients" doc:"Of To and Cc, for display"`
	Subject       string    `json:"subject"`
	Snippet       string    `json:"snippet"`
	Size          int64     `json:"size" doc:"Bytes"`
	Place         string    `json:"place" enum:"inbox,archive,spam,trash,quarantine,snoozed"`
	Unread        bool      `json:"unread"`
	Starred       bool      `json:"starred"`
	Sent          bool      `json:"sent"`
	Draft         bool      `json:"draft"`
	HasAttachment bool      `json:"has_attachment"`
	Category      string    `json:"category"`
	CategoryBy    string    `json:"category_by" doc:"triage, or user when the person said so"`
	Confidence    float32   `json:"confidence"`
	NeedsReview   bool      `json:"needs_review"`
	Priority      string    `json:"priority"`
	NeedsReply    bool      `json:"needs_reply"`
	Unwanted      float32   `json:"unwanted"`
	Risk          int16     `json:"risk" minimum:"0" maximum:"100"`
}

// mailDetail is an email with its text and judgement.
type mailDetail struct {
	MailSummary
	Text        string           `json:"text"`
	Visible     string           `json:"visible" doc:"Without quotes and signature; spans of the verdict count in its bytes"`
	Verdict     *triage.Verdict  `json:"verdict"`
	Labels      []string         `json:"labels"`
	Attachments []mailAttachment `json:"attachments"`
	RawURL      string           `json:"raw_url" doc:"Its source, for a signed-in browser"`
}

type mailAttachment struct {
	Part        int32  `json:"part"`
	Filename    string `json:"filename"`
	ContentType string `json:"content_type"`
	Size        int64  `json:"size"`
	Inline      bool   `json:"inline"`
}

// ByID names a thing by its number.
type ByID struct {
	ID int64 `path:"id" minimum:"1"`
}

type mailListOut struct {
	Body struct {
		Mails []MailSummary `json:"mails"`
		Next  string        `json:"next" doc:"after of the next page; empty at the end"`
	}
}

func (a *api) mailList(ctx context.Context, user db.User, in *Paged) (*mailListOut, error) {
	before, err := in.read()
	if err != nil {
		return nil, err
	}
	if before == nil {
		before = &cursor{a.Now().AddDate(100, 0, 0), math.MaxInt64}
	}
	rows, err := a.DB.As(user.ID).MailList(ctx, db.MailListParams{UserID: user.ID, BeforeAt: before.at, BeforeID: before.id, MaxRows: int32(in.Limit)}) //nolint:gosec // at most 200
	if err != nil {
		return nil, err
	}
	out := &mailListOut{}
	out.Body.Mails = make([]MailSummary, len(rows))
	for i, row := range rows {
		out.Body.Mails[i] = MailSummary(row)
	}
	if n := len(rows); n == in.Limit {
		out.Body.Next = cursor{rows[n-1].ReceivedAt, rows[n-1].ID}.String()
	}
	return out, nil
}

type mailOut struct{ Body mailDetail }

func (a *api) mailGet(ctx context.Context, user db.User, in *ByID) (*mailOut, error) {
	q := a.DB.As(user.ID)
	row, err := q.MailGet(ctx, db.MailGetParams{UserID: user.ID, ID: in.ID})
	if errors.Is(err, pgx.ErrNoRows) {
		return nil, errs.NotFound
	}
	if err != nil {
		return nil, err
	}
	files, err := q.ThreadAttachments(ctx, db.ThreadAttachmentsParams{UserID: user.ID, EmailIds: []int64{in.ID}})
	if err != nil {
		return nil, err
	}
	out := &mailOut{mailDetail{MailSummary: MailSummary{row.ID, row.ThreadID, row.MessageID, row.ReceivedAt, row.FromName, row.FromAddress, row.Recipients,
		row.Subject, row.Snippet, row.Size, row.Place, row.Unread, row.Starred, row.Sent, row.Draft, row.HasAttachment, row.Category, row.CategoryBy,
		row.Confidence, row.NeedsReview, row.Priority, row.NeedsReply, row.Unwanted, row.Risk},
		Text: row.Body, Visible: row.Visible, Labels: row.Labels, RawURL: fmt.Sprintf("%s/emails/%d/raw", a.BaseURL, row.ID),
		Attachments: make([]mailAttachment, len(files))}}
	for i, f := range files {
		out.Body.Attachments[i] = mailAttachment{f.Part, f.Filename, f.ContentType, f.Size, f.Inline}
	}
	out.Body.Verdict = &triage.Verdict{}
	return out, json.Unmarshal(row.Verdict, out.Body.Verdict)
}

// threadSummary is a thread in a list.
type threadSummary struct {
	ID             int64      `json:"id"`
	Subject        string     `json:"subject"`
	Snippet        string     `json:"snippet"`
	Senders        []string   `json:"senders"`
	LastAt         time.Time  `json:"last_at"`
	Mails          int32      `json:"mails"`
	Unread         int32      `json:"unread"`
	InInbox        bool       `json:"in_inbox"`
	InQuarantine   bool       `json:"in_quarantine"`
	Starred        bool       `json:"starred"`
	HasAttachment  bool       `json:"has_attachment"`
	SnoozedUntil   *time.Time `json:"snoozed_until"`
	Category       string     `json:"category"`
	Confidence     float32    `json:"confidence"`
	Priority       string     `json:"priority"`
	PriorityReason string     `json:"priority_reason"`
	NeedsReply     bool       `json:"needs_reply"`
	ReplySentence  string     `json:"reply_sentence"`
	NeedsReview    bool       `json:"needs_review"`
	Risk           int16      `json:"risk"`
	Why            []string   `json:"why"`
	Labels         []string   `json:"labels"`
}

type threadListIn struct {
	Paged
	In       string `query:"in" enum:"inbox,archive,sent,drafts,starred,snoozed,spam,trash,quarantine,all" default:"inbox"`
	Split    string `query:"split" enum:"action,applications,other" doc:"The inbox's parts"`
	Category string `query:"category" maxLength:"50"`
	Label    string `query:"label" maxLength:"225"`
}

type threadListOut struct {
	Body struct {
		Threads []threadSummary `json:"threads"`
		Next    string          `json:"next" doc:"after of the next page; empty at the end"`
	}
}

func (a *api) threadList(ctx context.Context, user db.User, in *threadListIn) (*threadListOut, error) {
	after, err := in.read()
	if err != nil {
		return nil, err
	}
	f, err := readFilter(url.Values{"in": {in.In}, "split": {in.Split}, "category": {in.Category}, "label": {in.Label}})
	if err != nil {
		return nil, err
	}
	ids, err := a.listIDs(ctx, user.ID, f, after, in.Limit)
	if err != nil {
		return nil, err
	}
	rows, err := a.DB.As(user.ID).InboxRows(ctx, db.InboxRowsParams{UserID: user.ID, Ids: ids})
	if err != nil {
		return nil, err
	}
	out := &threadListOut{}
	out.Body.Threads = make([]threadSummary, len(rows))
	for i, r := range rows {
		out.Body.Threads[i] = threadSummary{r.ID, r.Subject, r.Snippet, r.Senders, r.LastAt, r.EmailCount, r.UnreadCount, r.InInbox, r.InQuarantine, r.Starred,
			r.HasAttachment, r.SnoozedUntil, r.Category, r.Confidence, r.Priority, r.PriorityReason, r.NeedsReply, r.ReplySentence, r.NeedsReview, r.Risk, r.Why, r.Labels}
	}
	if n := len(rows); n == in.Limit {
		out.Body.Next = cursor{rows[n-1].LastAt, rows[n-1].ID}.String()
	}
	return out, nil
}

type threadOut struct {
	Body struct {
		ID      int64         `json:"id"`
		Subject string        `json:"subject"`
		Earlier int           `json:"earlier" doc:"Mails that are not shown, older than these"`
		Mails   []MailSummary `json:"mails" doc:"Newest first, at most 100"`
	}
}

func (a *api) threadGet(ctx context.Context, user db.User, in *ByID) (*threadOut, error) {
	q := a.DB.As(user.ID)
	t, err := q.ThreadGet(ctx, db.ThreadGetParams{UserID: user.ID, ID: in.ID})
	if errors.Is(err, pgx.ErrNoRows) {
		return nil, errs.NotFound
	}
	if err != nil {
		return nil, err
	}
	rows, err := q.MailsOfThread(ctx, db.MailsOfThreadParams{UserID: user.ID, ThreadID: in.ID, MaxRows: maxMessages})
	if err != nil {
		return nil, err
	}
	out := &threadOut{}
	out.Body.ID, out.Body.Subject, out.Body.Earlier = t.ID, t.Subject, int(t.EmailCount)-len(rows)
	out.Body.Mails = make([]MailSummary, len(rows))
	for i, row := range rows {
		out.Body.Mails[i] = MailSummary(row)
	}
	return out, nil
}
