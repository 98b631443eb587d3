// Package gmailsync keeps what is stored of a Gmail account equal to Gmail, and carries changes back. Its work is made
// of steps that may each be cut off and repeated: the place in the history moves only in the transaction that stores
// what came before it, and every message id that was ever seen is a row. One process at a time holds the lease of an
// account, and each step checks that it still does. Start at Engine.Sync; docs/gmail.md tells the rules.
package gmailsync

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"

	"applylens/internal/db"
	"applylens/internal/gmail"
	"applylens/internal/ingest"
	"applylens/internal/vault"
)

// An Engine syncs accounts. One serves a whole process.
type Engine struct {
	DB      *db.DB
	Ingest  *ingest.Ingest
	Vault   *vault.Vault
	OAuth   gmail.OAuth
	Limiter *gmail.Limiter
	Log     *slog.Logger
	Now     func() time.Time
	Options Options

	mu      sync.Mutex
	clients map[int64]*client
}

// Options are the times and sizes of the work.
type Options struct {
	Topic     string        // of Pub/Sub; empty for polling alone
	Poll      time.Duration // between looks at the history, where no pushes come
	Quiet     time.Duration // between looks where pushes come: the net under them
	Lease     time.Duration
	Slice     time.Duration // of work on one account before others get their turn
	Window    int           // messages fetched and stored together
	First     int           // messages fetched with the person waiting
	Parallel  int           // fetches at once
	Resend    time.Duration // a change whose answer was lost may still be carried out for so long
	Park      time.Duration // before a message that failed is tried again; more each time
	Reconcile time.Duration // between full comparisons
	Resync    time.Duration // least time between two resyncs
	Labels    time.Duration // between looks at the names of labels
	Limits    gmail.Limits
}

// Defaults are the options for Google.
func Defaults() Options {
	return Options{Poll: 2 * time.Minute, Quiet: 10 * time.Minute, Lease: 30 * time.Second, Slice: 30 * time.Second, Window: 50, First: 100, Parallel: 8,
		Resend: time.Minute, Park: time.Minute, Reconcile: 24 * time.Hour, Resync: time.Hour, Labels: 10 * time.Minute, Limits: gmail.DefaultLimits()}
}

// New makes an engine.
func New(d *db.DB, in *ingest.Ingest, v *vault.Vault, o gmail.OAuth, quota gmail.Quota, log *slog.Logger, now func() time.Time, opts Options) *Engine {
	return &Engine{DB: d, Ingest: in, Vault: v, OAuth: o, Limiter: gmail.NewLimiter(quota, now), Log: log, Now: now, Options: opts, clients: map[int64]*client{}}
}

// A client is kept while the process runs, for its access token.
type client struct {
	*gmail.Client
	sealed string // the token it was made from
}

// States of an account.
const (
	Connecting     = "connecting"
	Backfilling    = "backfilling"
	Live           = "live"
	Resyncing      = "resyncing"
	NeedsReconnect = "needs_reconnect"
	Disconnected   = "disconnected"
	Failing        = "error"
)

// errLease means that another process has taken over.
var errLease = errors.New("another process holds the account")

// errSlice means that the time of this turn is over.
var errSlice = errors.New("the turn is over")

// A run is one turn of work on one account.
type run struct {
	*Engine
	user, id int64
	lease    string
	account  db.AccountGetRow
	client   *client
	ends     time.Time
	brief    bool // no backfill
	fresh    bool // the account is new: its first messages, then others get their turn
	labels   labels
	dirty    *time.Time // of the wish this turn serves
	mailbox  ingest.Mailbox
	wake     time.Time // when to look again at the latest, or zero
	blobs    [][]byte  // of emails that this turn deleted

	fetchedCount int       // messages of this turn's backfill
	caughtFrom   time.Time // when the history was last read from
}

// Sync works on an account for one turn and reports whether there is more to do at once; a brief turn does what is urgent
// and leaves a backfill to another. What goes wrong at Google is the account's state, not an error.
func (e *Engine) Sync(ctx context.Context, userID, accountID int64, brief bool) (more bool, err error) {
	r := &run{Engine: e, user: userID, id: accountID, lease: newLease(), ends: e.Now().Add(e.Options.Slice), brief: brief}
	if ok, err := r.take(ctx); err != nil || !ok {
		return false, err
	}
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	var beat sync.WaitGroup
	beat.Go(func() { r.heartbeat(ctx, stop) })
	err = r.turn(ctx)
	if cause := context.Cause(ctx); err != nil && errors.Is(cause, errLease) {
		err = cause
	}
	stop(nil)
	beat.Wait()
	return r.finish(context.WithoutCancel(ctx), err)
}

// turn does what is due, in the order of what a person notices first.
func (r *run) turn(ctx context.Context) error {
	if err := r.open(ctx); err != nil {
		return err
	}
	r.dirty = r.account.DirtyAt
	if r.account.State == Connecting || r.account.Cursor == "" {
		r.fresh = true
		if err := r.begin(ctx); err != nil {
			return err
		}
	}
	for {
		r.dirty = r.account.DirtyAt
		if err := r.pass(ctx); err != nil {
			return err
		}
		if err := r.reload(ctx); err != nil {
			return err
		}
		if sameTime(r.dirty, r.account.DirtyAt) {
			return nil
		}
	}
}

// pass brings the account up to date once.
func (r *run) pass(ctx context.Context) error {
	for _, step := range []func(context.Context) error{r.readLabels, r.sendChanges, r.catchUp, r.learnLabels, r.settleChanges, r.renewWatch,
		r.retryParked, r.backfill, r.learnLabels, r.reconcileDue, r.removeBlobs} {
		if err := step(ctx); err != nil {
			return err
		}
	}
	return nil
}

// late reports that the turn is over, so that others get theirs.
func (r *run) late() error {
	if r.Now().After(r.ends) || r.fresh && r.fetchedCount >= r.Options.First/4 {
		return errSlice
	}
	return nil
}

func newLease() string {
	b := make([]byte, 16)
	_, _ = rand.Read(b) // never fails
	return base64.RawURLEncoding.EncodeToString(b)
}

func (r *run) take(ctx context.Context) (bool, error) {
	now := r.Now()
	_, err := r.DB.As(r.user).AccountLease(ctx, db.AccountLeaseParams{UserID: r.user, ID: r.id, Lease: r.lease, Now: now, Until: now.Add(r.Options.Lease)})
	if errors.Is(err, pgx.ErrNoRows) {
		return false, nil
	}
	return err == nil, err
}

// heartbeat keeps the lease while the turn lasts.
func (r *run) heartbeat(ctx context.Context, stop context.CancelCauseFunc) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-time.After(r.Options.Lease / 3):
		}
		if ok, err := r.take(ctx); err == nil && !ok {
			stop(errLease)
			return
		}
		r.noteUsage(ctx, r.user, r.id)
	}
}

// open reads the account and makes its client.
func (r *run) open(ctx context.Context) error {
	if err := r.reload(ctx); err != nil {
		return err
	}
	if r.account.State == NeedsReconnect || r.account.State == Disconnected || len(r.account.Token) == 0 {
		return gmail.ErrReconnect
	}
	addresses, err := r.DB.As(r.user).AccountAddresses(ctx, r.user)
	if err != nil {
		return err
	}
	r.mailbox = ingest.Mailbox{UserID: r.user, Addresses: addresses}
	r.client, err = r.clientOf(r.user, r.id, r.account.Token)
	return err
}

func (r *run) reload(ctx context.Context) (err error) {
	r.account, err = r.DB.As(r.user).AccountGet(ctx, db.AccountGetParams{UserID: r.user, ID: r.id})
	return err
}

// place binds a sealed token to its account.
func place(userID, accountID int64) string {
	return strconv.FormatInt(userID, 10) + "/" + strconv.FormatInt(accountID, 10)
}

// clientOf returns the client of an account, with the access token it already has.
func (e *Engine) clientOf(userID, accountID int64, sealed []byte) (*client, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if c := e.clients[accountID]; c != nil && c.sealed == string(sealed) {
		return c, nil
	}
	token, err := e.Vault.Open(sealed, place(userID, accountID))
	if err != nil {
		return nil, fmt.Errorf("open the token of account %d: %w", accountID, err)
	}
	c := &client{sealed: string(sealed)}
	keep := func(ctx context.Context, fresh string) error { return e.keepToken(ctx, userID, accountID, fresh) }
	c.Client = &gmail.Client{HTTP: e.OAuth.HTTP, API: e.OAuth.Endpoints.API, Tokens: gmail.NewTokens(e.OAuth, string(token), e.Now, keep),
		Limiter: e.Limiter, Account: accountID, Now: e.Now, Limits: e.Options.Limits}
	e.clients[accountID] = c
	return c, nil
}

// keepToken stores a refresh token that replaces the old one.
func (e *Engine) keepToken(ctx context.Context, userID, accountID int64, token string) error {
	sealed, keyID, err := e.Vault.Seal([]byte(token), place(userID, accountID))
	if err != nil {
		return err
	}
	return e.DB.As(userID).AccountSeal(ctx, db.AccountSealParams{UserID: userID, ID: accountID, Token: sealed, KeyID: &keyID})
}

// tx runs a step that may only be taken by the holder of the lease. It is repeated when it collides with another.
func (r *run) tx(ctx context.Context, fn func(q *db.Queries, cursor gmail.HistoryID) error) error {
	for attempt := 0; ; attempt++ {
		err := r.DB.Tx(ctx, r.user, func(q *db.Queries, _ pgx.Tx) error {
			cursor, err := q.AccountFence(ctx, db.AccountFenceParams{UserID: r.user, ID: r.id, Lease: r.lease})
			if errors.Is(err, pgx.ErrNoRows) {
				return errLease
			}
			if err != nil {
				return err
			}
			return fn(q, gmail.HistoryID(cursor))
		})
		if !db.IsCollision(err) || attempt == 5 {
			return err
		}
	}
}

func (r *run) event(ctx context.Context, q *db.Queries, kind, detail string) error {
	return q.GmailEventInsert(ctx, db.GmailEventInsertParams{UserID: r.user, AccountID: r.id, At: r.Now(), Kind: kind, Detail: detail})
}

func (r *run) may(scope string) bool { return gmail.Has(r.account.Scopes, scope) }

func sameTime(a, b *time.Time) bool {
	return a == nil && b == nil || a != nil && b != nil && a.Equal(*b)
}

func unique(ids []int64) []int64 {
	slices.Sort(ids)
	return slices.Compact(ids)
}

// HTTPClient is for all calls to Google: HTTP/2, bounded, with answers packed.
func HTTPClient() *http.Client {
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.MaxIdleConnsPerHost = 32
	transport.ResponseHeaderTimeout = 30 * time.Second
	return &http.Client{Transport: transport}
}
