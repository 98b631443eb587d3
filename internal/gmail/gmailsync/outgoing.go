package gmailsync

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"net/http"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"applylens/internal/db"
	"applylens/internal/errs"
	"applylens/internal/gmail"
	"applylens/internal/mail"
)

// TakeBack is how long a mail can be taken back after its person pressed Send.
const TakeBack = 10 * time.Second

var errNoAccount = &errs.Error{Status: http.StatusConflict, Msg: "This mail came by no connected account, so it cannot be answered from here. Connect the account under Settings, Mailboxes."}

// Compose begins an answer to an email as a draft and returns its id.
func (e *Engine) Compose(ctx context.Context, userID, emailID int64, kind string) (int64, error) {
	q := e.DB.As(userID)
	from, err := q.OutgoingOrigin(ctx, db.OutgoingOriginParams{UserID: userID, EmailID: emailID})
	if errors.Is(err, pgx.ErrNoRows) {
		return 0, errNoAccount
	}
	if err != nil {
		return 0, err
	}
	raw, err := e.Ingest.Blobs.Get(ctx, userID, from.RawSha256)
	if err != nil {
		return 0, err
	}
	own, err := q.AccountAddresses(ctx, userID)
	if err != nil {
		return 0, err
	}
	d := gmail.NewAnswer(kind, mail.Parse(raw), own)
	p := db.OutgoingCreateParams{UserID: userID, AccountID: from.AccountID, EmailID: emailID, Kind: kind, Recipients: d.To, Copies: d.Cc, Subject: d.Subject,
		Body: d.Body, MessageID: newMessageID(from.Address), Refs: d.References}
	if kind != "forward" {
		p.ThreadID = from.ThreadID
	}
	if p.Refs == nil {
		p.Refs = []string{}
	}
	return q.OutgoingCreate(ctx, p)
}

func newMessageID(address string) string {
	b := make([]byte, 18)
	_, _ = rand.Read(b) // never fails
	_, domain, _ := strings.Cut(address, "@")
	return "applylens." + base64.RawURLEncoding.EncodeToString(b) + "@" + domain
}

// letter builds the mail of a draft; errors are fit to be shown.
func (e *Engine) letter(ctx context.Context, o db.Outgoing, from string) (gmail.Letter, error) {
	to, err := gmail.ParseAddresses(o.Recipients)
	if err != nil || len(to) == 0 {
		return gmail.Letter{}, errs.BadInput("The recipients could not be read. Write addresses separated by commas.")
	}
	cc, err := gmail.ParseAddresses(o.Copies)
	if err != nil {
		return gmail.Letter{}, errs.BadInput("The copies could not be read. Write addresses separated by commas.")
	}
	l := gmail.Letter{From: from, To: to, Cc: cc, Subject: o.Subject, Body: o.Body, MessageID: o.MessageID, References: o.Refs, Reply: o.Kind != "forward", Date: e.Now()}
	if o.Kind == "forward" {
		raw, err := e.DB.As(o.UserID).EmailRaw(ctx, db.EmailRawParams{UserID: o.UserID, ID: o.EmailID})
		if err != nil {
			return l, err
		}
		if l.Forwarded, err = e.Ingest.Blobs.Get(ctx, o.UserID, raw.RawSha256); err != nil {
			return l, err
		}
	}
	return l, nil
}

// CheckOutgoing reports what keeps a draft from being sent, fit to be shown; gmail.ErrScope means that the permission is
// still to be asked for.
func (e *Engine) CheckOutgoing(ctx context.Context, userID, id int64) error {
	q := e.DB.As(userID)
	o, err := q.OutgoingGet(ctx, db.OutgoingGetParams{UserID: userID, ID: id})
	if errors.Is(err, pgx.ErrNoRows) {
		return errs.NotFound
	}
	if err != nil {
		return err
	}
	a, err := q.AccountGet(ctx, db.AccountGetParams{UserID: userID, ID: o.AccountID})
	switch {
	case errors.Is(err, pgx.ErrNoRows):
		return errNoAccount
	case err != nil:
		return err
	case a.State == NeedsReconnect || a.State == Disconnected:
		return errs.Conflict("The account " + a.Address + " has to be connected again before it can send. The draft is kept.")
	case !gmail.Has(a.Scopes, gmail.ScopeSend):
		return gmail.ErrScope
	}
	_, err = e.letter(ctx, o, a.Address)
	return err
}

// SendOutgoing sends a mail whose time to be taken back is over. It is handed to Gmail once: if the answer is lost, Gmail
// is asked for its Message-ID before it is ever sent again. It returns when to look again, or zero.
func (e *Engine) SendOutgoing(ctx context.Context, userID, id int64) (again time.Time, err error) {
	q := e.DB.As(userID)
	o, err := q.OutgoingGet(ctx, db.OutgoingGetParams{UserID: userID, ID: id})
	if errors.Is(err, pgx.ErrNoRows) {
		return again, nil
	}
	if err != nil {
		return again, err
	}
	a, err := q.AccountGet(ctx, db.AccountGetParams{UserID: userID, ID: o.AccountID})
	if err != nil {
		return again, err
	}
	c, err := e.clientOf(userID, a.ID, a.Token)
	if err != nil {
		return again, err
	}
	switch o.State {
	case "sending":
		return e.settleOutgoing(ctx, o, c)
	case "waiting":
		if o, err = q.OutgoingTake(ctx, db.OutgoingTakeParams{UserID: userID, ID: id, Now: e.Now()}); errors.Is(err, pgx.ErrNoRows) {
			return again, nil // taken back, or somebody else's
		}
		if err != nil {
			return again, err
		}
		return e.handOver(ctx, o, a.Address, c)
	}
	return again, nil
}

func (e *Engine) handOver(ctx context.Context, o db.Outgoing, from string, c *client) (again time.Time, err error) {
	l, err := e.letter(ctx, o, from)
	if err != nil {
		_, msg := errs.Shown(err)
		return again, e.endOutgoing(ctx, o, "failed", msg, again)
	}
	_, err = c.Send(ctx, "letter "+o.MessageID, l.Bytes(), o.ThreadID)
	var refused *gmail.Error
	var pause *gmail.Pause
	switch {
	case err == nil:
		return again, errors.Join(e.endOutgoing(ctx, o, "sent", "", again), e.DB.As(o.UserID).AccountDirty(ctx, db.AccountDirtyParams{UserID: o.UserID, ID: o.AccountID, Now: e.Now()}))
	case errors.As(err, &pause):
		return pause.Until, e.endOutgoing(ctx, o, "waiting", "The quota is used up; it is sent when it is not.", pause.Until)
	case errors.Is(err, gmail.ErrReconnect), errors.Is(err, gmail.ErrScope):
		return again, e.endOutgoing(ctx, o, "failed", "Google no longer accepts the permission to send. Connect the account again.", again)
	case errors.As(err, &refused) && refused.Status < 500:
		return again, e.endOutgoing(ctx, o, "failed", "Gmail refused it: "+refused.Message, again)
	}
	return e.Now().Add(e.Options.Resend + time.Second), nil // nobody knows: settleOutgoing finds out
}

// settleOutgoing finds out whether a mail was sent whose answer was lost.
func (e *Engine) settleOutgoing(ctx context.Context, o db.Outgoing, c *client) (again time.Time, err error) {
	if until := o.SentAt.Add(e.Options.Resend); e.Now().Before(until) {
		return until, nil // it may still arrive
	}
	sent, err := c.Sent(ctx, o.MessageID)
	if err != nil {
		return e.Now().Add(time.Minute), nil //nolint:nilerr // asked again later
	}
	if sent {
		return again, e.endOutgoing(ctx, o, "sent", "", again)
	}
	return e.Now(), e.endOutgoing(ctx, o, "waiting", "", e.Now())
}

func (e *Engine) endOutgoing(ctx context.Context, o db.Outgoing, state, cause string, again time.Time) error {
	ctx = context.WithoutCancel(ctx)
	q := e.DB.As(o.UserID)
	if _, err := q.OutgoingEnd(ctx, db.OutgoingEndParams{UserID: o.UserID, ID: o.ID, State: state, Error: cause, AgainAt: again}); err != nil {
		return err
	}
	return q.MailChanged(ctx, o.UserID)
}
