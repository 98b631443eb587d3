package handlers

import (
	"context"
	"encoding/json"
	"errors"
	"math"
	"time"

	"github.com/jackc/pgx/v5"

	"applylens/internal/action"
	"applylens/internal/db"
	"applylens/internal/errs"
	"applylens/views"
)

// actionView is an action of the journal.
type actionView struct {
	ID        int64           `json:"id"`
	Kind      string          `json:"kind"`
	Args      json.RawMessage `json:"args" doc:"until, label or category"`
	State     string          `json:"state" enum:"proposed,approved,denied,done,undone,failed"`
	Actor     string          `json:"actor" doc:"person, rule, or the name of an agent"`
	Reason    string          `json:"reason"`
	Mails     int32           `json:"mails" doc:"How many it is about"`
	CreatedAt time.Time       `json:"created_at"`
	UndoneAt  *time.Time      `json:"undone_at"`
	Error     string          `json:"error"`
}

type actionListOut struct {
	Body struct {
		Actions []actionView `json:"actions"`
		Next    string       `json:"next" doc:"after of the next page; empty at the end"`
	}
}

func (a *api) actionList(ctx context.Context, user db.User, in *Paged) (*actionListOut, error) {
	before, err := in.read()
	if err != nil {
		return nil, err
	}
	if before == nil {
		before = &cursor{a.Now().Add(time.Hour), math.MaxInt64}
	}
	rows, err := a.DB.As(user.ID).JournalList(ctx, db.JournalListParams{UserID: user.ID, BeforeAt: before.at, BeforeID: before.id, MaxRows: int32(in.Limit)}) //nolint:gosec // at most 200
	if err != nil {
		return nil, err
	}
	out := &actionListOut{}
	out.Body.Actions = make([]actionView, len(rows))
	for i, r := range rows {
		out.Body.Actions[i] = actionView{r.ID, r.Kind, r.Args, r.State, r.Actor, r.Reason, r.ItemCount, r.CreatedAt, r.UndoneAt, r.Error}
	}
	if n := len(rows); n == in.Limit {
		out.Body.Next = cursor{rows[n-1].CreatedAt, rows[n-1].ID}.String()
	}
	return out, nil
}

type actionOut struct{ Body actionView }

func (a *api) actionGet(ctx context.Context, user db.User, in *ByID) (*actionOut, error) {
	r, err := a.DB.As(user.ID).ActionGet(ctx, db.ActionGetParams{UserID: user.ID, ID: in.ID})
	if errors.Is(err, pgx.ErrNoRows) {
		return nil, errs.NotFound
	}
	return &actionOut{actionView{r.ID, r.Kind, r.Args, r.State, r.Actor, r.Reason, r.ItemCount, r.CreatedAt, r.UndoneAt, r.Error}}, err
}

type actionIn struct {
	Key  string `header:"Idempotency-Key" maxLength:"200" pattern:"^[!-~]*$" doc:"The same key again gets the same answer and does nothing twice"`
	Body struct {
		Kind     string    `json:"kind" enum:"archive,inbox,trash,spam,quarantine,release,snooze,read,unread,star,unstar,label,unlabel,categorise"`
		Mails    []int64   `json:"mails,omitempty" maxItems:"1000" doc:"Ids of mails"`
		Threads  []int64   `json:"threads,omitempty" maxItems:"1000" doc:"Ids of threads"`
		Until    time.Time `json:"until,omitempty" doc:"Of snooze"`
		Label    string    `json:"label,omitempty" maxLength:"225" doc:"Of label and unlabel"`
		Category string    `json:"category,omitempty" maxLength:"50" doc:"Of categorise"`
		Reason   string    `json:"reason,omitempty" maxLength:"500"`
	}
}

// actionMake does something as its person would by hand. The key reaches the journal too: a request that was cut off
// after its work was done does nothing when it is sent again.
func (a *api) actionMake(ctx context.Context, user db.User, in *actionIn) (*actionOut, error) {
	b := in.Body
	if len(b.Mails)+len(b.Threads) == 0 {
		return nil, errs.BadInput("Name mails or threads.")
	}
	intent := action.Intent{Kind: action.Kind(b.Kind), Until: b.Until, Label: b.Label, Category: b.Category, Actor: "person", Reason: b.Reason}
	if in.Key != "" {
		intent.Key = "api:" + in.Key
	}
	made, err := a.do(ctx, user.ID, intent, action.Target{Emails: b.Mails, Threads: b.Threads})
	if err != nil {
		return nil, err
	}
	return a.actionGet(ctx, user, &ByID{made.ID})
}

type actionUndoIn struct {
	ByID
	Key string `header:"Idempotency-Key" maxLength:"200" pattern:"^[!-~]*$"`
}

func (a *api) actionUndone(ctx context.Context, user db.User, in *actionUndoIn) (*actionOut, error) {
	if _, err := a.undo(ctx, user.ID, in.ID); err != nil {
		return nil, err
	}
	return a.actionGet(ctx, user, &in.ByID)
}

func (a *api) approvalList(ctx context.Context, user db.User, in *Paged) (*actionListOut, error) {
	before, err := in.read()
	if err != nil {
		return nil, err
	}
	if before == nil {
		before = &cursor{id: math.MaxInt64}
	}
	rows, err := a.DB.As(user.ID).ProposalList(ctx, db.ProposalListParams{UserID: user.ID, BeforeID: before.id, MaxRows: int32(in.Limit)}) //nolint:gosec // at most 200
	if err != nil {
		return nil, err
	}
	out := &actionListOut{}
	out.Body.Actions = make([]actionView, len(rows))
	for i, r := range rows {
		out.Body.Actions[i] = actionView{r.ID, r.Kind, r.Args, r.State, r.Actor, r.Reason, r.ItemCount, r.CreatedAt, r.UndoneAt, r.Error}
	}
	if n := len(rows); n == in.Limit {
		out.Body.Next = cursor{rows[n-1].CreatedAt, rows[n-1].ID}.String()
	}
	return out, nil
}

type approvalIn struct {
	ByID
	Key  string `header:"Idempotency-Key" maxLength:"200" pattern:"^[!-~]*$"`
	Body struct {
		Decision string `json:"decision" enum:"approve,deny" doc:"One denial is final"`
	}
}

func (a *api) approvalDecide(ctx context.Context, user db.User, in *approvalIn) (*actionOut, error) {
	if _, err := a.decide(ctx, user.ID, in.ID, in.Body.Decision == "approve"); err != nil {
		return nil, err
	}
	return a.actionGet(ctx, user, &in.ByID)
}

type accountListOut struct {
	Body struct {
		Accounts []views.Account `json:"accounts"`
	}
}

func (a *api) accountList(ctx context.Context, user db.User, _ *struct{}) (*accountListOut, error) {
	accounts, err := a.accounts(ctx, user.ID)
	out := &accountListOut{}
	out.Body.Accounts = accounts
	return out, err
}
