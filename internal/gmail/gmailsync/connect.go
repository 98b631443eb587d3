package gmailsync

import (
	"context"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"

	"applylens/internal/db"
	"applylens/internal/errs"
	"applylens/internal/gmail"
	"applylens/internal/search"
)

// AskAgain stands among the scopes of an account whose token covers less than was granted: the next grant needs a fresh
// token, which Google gives only when the person agrees again.
const AskAgain = "ask again"

// Connect stores what a person granted and wakes the sync of the account, in one transaction. A grant without a refresh
// token keeps the one that is held; if there is none, it is errs.Conflict, and consent has to be asked for again.
func (e *Engine) Connect(ctx context.Context, userID int64, g gmail.Grant) (accountID int64, err error) {
	err = e.DB.Tx(ctx, userID, func(q *db.Queries, _ pgx.Tx) error {
		row, err := q.AccountUpsert(ctx, db.AccountUpsertParams{UserID: userID, Address: g.Address, Subject: g.Subject, Scopes: g.Scopes, Now: e.Now()})
		if err != nil {
			return err
		}
		accountID = row.ID
		if g.RefreshToken == "" && !row.HasToken {
			return errs.Conflict("Google gave no lasting permission. Connect the account once more and agree on the page of Google.")
		}
		if g.RefreshToken != "" {
			sealed, keyID, err := e.Vault.Seal([]byte(g.RefreshToken), place(userID, accountID))
			if err != nil {
				return err
			}
			if err := q.AccountSeal(ctx, db.AccountSealParams{UserID: userID, ID: accountID, Token: sealed, KeyID: &keyID}); err != nil {
				return err
			}
		}
		if err := q.GmailEventInsert(ctx, db.GmailEventInsertParams{UserID: userID, AccountID: accountID, At: e.Now(), Kind: "connected", Detail: "The account was connected."}); err != nil {
			return err
		}
		return q.GmailDue(ctx)
	})
	return accountID, err
}

// Disconnect stops pushes, gives the permission back, and forgets the token. The mail stays unless Forget follows. Google
// not answering does not keep a person from leaving.
func (e *Engine) Disconnect(ctx context.Context, userID, accountID int64) error {
	q := e.DB.As(userID)
	a, err := q.AccountGet(ctx, db.AccountGetParams{UserID: userID, ID: accountID})
	if errors.Is(err, pgx.ErrNoRows) {
		return errs.NotFound
	}
	if err != nil || a.State == Disconnected {
		return err
	}
	cause := "You disconnected this account. Its mail stays as it was."
	if err := e.leave(ctx, userID, a); err != nil {
		e.Log.Warn("Google could not be told that an account is disconnected", "account", accountID, "error", err)
		cause += " Google could not be told: remove ApplyLens at myaccount.google.com/permissions."
	}
	if err := q.AccountDisconnect(ctx, db.AccountDisconnectParams{UserID: userID, ID: accountID, Cause: cause, Now: e.Now()}); err != nil {
		return err
	}
	e.noteUsage(ctx, userID, accountID)
	e.forgetClient(accountID)
	return q.GmailEventInsert(ctx, db.GmailEventInsertParams{UserID: userID, AccountID: accountID, At: e.Now(), Kind: "disconnected", Detail: cause})
}

func (e *Engine) leave(ctx context.Context, userID int64, a db.AccountGetRow) error {
	if len(a.Token) == 0 {
		return nil
	}
	c, err := e.clientOf(userID, a.ID, a.Token)
	if err != nil {
		return err
	}
	stopped := c.Stop(ctx)
	if errors.Is(stopped, gmail.ErrReconnect) {
		return nil // the permission is void already
	}
	token, err := e.Vault.Open(a.Token, place(userID, a.ID))
	if err != nil {
		return err
	}
	if err := e.OAuth.Revoke(ctx, string(token)); err != nil {
		return err
	}
	return nil
}

func (e *Engine) forgetClient(accountID int64) {
	e.mu.Lock()
	delete(e.clients, accountID)
	e.mu.Unlock()
	e.Limiter.Forget(accountID)
}

// Forget deletes the mail that came by a disconnected account, in steps, and then the account. Mail that also came by
// an import or another account stays. It is safe to run again.
func (e *Engine) Forget(ctx context.Context, userID, accountID int64) error {
	a, err := e.DB.As(userID).AccountGet(ctx, db.AccountGetParams{UserID: userID, ID: accountID})
	if errors.Is(err, pgx.ErrNoRows) {
		return nil
	}
	if err != nil {
		return err
	}
	if a.State != Disconnected {
		return errs.Conflict("Disconnect the account first.")
	}
	for {
		n := 0
		var blobs [][]byte
		err := e.DB.Tx(ctx, userID, func(q *db.Queries, _ pgx.Tx) (err error) {
			n, blobs, err = forgetStep(ctx, q, userID, accountID)
			return err
		})
		if err != nil {
			return err
		}
		if err := e.dropBlobs(ctx, userID, blobs); err != nil {
			return err
		}
		if n == 0 {
			break
		}
	}
	if err := search.EraseAll(ctx, e.DB, userID); err != nil { // the account is there until no word is left
		return err
	}
	return e.DB.Tx(ctx, userID, func(q *db.Queries, _ pgx.Tx) error {
		for _, step := range []func() error{
			func() error {
				return q.GmailMessagesForget(ctx, db.GmailMessagesForgetParams{UserID: userID, AccountID: accountID})
			},
			func() error {
				return q.GmailLabelsForget(ctx, db.GmailLabelsForgetParams{UserID: userID, AccountID: accountID})
			},
			func() error {
				return q.GmailChangesForget(ctx, db.GmailChangesForgetParams{UserID: userID, AccountID: accountID})
			},
			func() error {
				return q.GmailEventsForget(ctx, db.GmailEventsForgetParams{UserID: userID, AccountID: accountID})
			},
			func() error {
				return q.GmailUsageForget(ctx, db.GmailUsageForgetParams{UserID: userID, AccountID: accountID, Before: e.Now().Add(48 * time.Hour)})
			},
			func() error { return q.AccountDelete(ctx, db.AccountDeleteParams{UserID: userID, ID: accountID}) },
			func() error { return q.LabelDeleteUnused(ctx, userID) },
			func() error { return q.MailChanged(ctx, userID) },
		} {
			if err := step(); err != nil {
				return err
			}
		}
		return nil
	})
}

// forgetStep deletes the next emails that came by an account and returns how many messages it dealt with.
func forgetStep(ctx context.Context, q *db.Queries, userID, accountID int64) (n int, blobs [][]byte, err error) {
	if err := q.IngestLock(ctx, userID); err != nil {
		return 0, nil, err
	}
	rows, err := q.GmailForgetNext(ctx, db.GmailForgetNextParams{UserID: userID, AccountID: accountID, MaxRows: 500})
	if err != nil || len(rows) == 0 {
		return 0, nil, err
	}
	var made []int64
	for _, row := range rows {
		if row.Made {
			made = append(made, row.EmailID)
		}
	}
	blobs, err = deleteOrphans(ctx, q, userID, made)
	return len(rows), blobs, err
}

// Reseal seals all tokens of a user with the vault's newest key and returns how many it sealed. A token that changes
// meanwhile is left to the next run.
func (e *Engine) Reseal(ctx context.Context, userID, primary int64) (int, error) {
	rows, err := e.DB.As(userID).AccountTokens(ctx, userID)
	if err != nil {
		return 0, err
	}
	n := 0
	for _, row := range rows {
		if row.KeyID == primary {
			continue
		}
		token, err := e.Vault.Open(row.Token, place(userID, row.ID))
		if err != nil {
			return n, err
		}
		sealed, keyID, err := e.Vault.Seal(token, place(userID, row.ID))
		if err != nil {
			return n, err
		}
		changed, err := e.DB.As(userID).AccountReseal(ctx, db.AccountResealParams{UserID: userID, ID: row.ID, Token: sealed, KeyID: &keyID, Was: row.Token})
		if err != nil {
			return n, err
		}
		n += int(changed)
	}
	return n, nil
}

// AnyClient returns the client of some connected account, for the doctor; nil if there is none.
func (e *Engine) AnyClient(ctx context.Context) (*gmail.Client, error) {
	users, err := e.DB.UserIDs(ctx)
	if err != nil {
		return nil, err
	}
	for _, user := range users {
		rows, err := e.DB.As(user).AccountTokens(ctx, user)
		if err != nil {
			return nil, err
		}
		for _, row := range rows {
			c, err := e.clientOf(user, row.ID, row.Token)
			if err != nil {
				return nil, err
			}
			return c.Client, nil
		}
	}
	return nil, nil
}
