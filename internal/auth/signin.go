package auth

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"applylens/internal/db"
	"applylens/internal/errs"
)

// LinkLifetime is how long a sign-in link can be used.
const LinkLifetime = 30 * time.Minute

// NewLink makes a one-time sign-in link for a user and returns its token.
func NewLink(ctx context.Context, d *db.DB, userID int64, now time.Time) (string, error) {
	token := newToken()
	err := d.As(userID).SignInLinkCreate(ctx, db.SignInLinkCreateParams{TokenHash: hashToken(token), UserID: userID, ExpiresAt: now.Add(LinkLifetime)})
	if err != nil {
		return "", fmt.Errorf("make a sign-in link: %w", err)
	}
	return token, nil
}

// UseLink spends a link's token and signs its user in with a fresh session; an older session of the browser ends.
func (s *Store) UseLink(w http.ResponseWriter, r *http.Request, token string) error {
	userID, err := s.DB.SignInLinkUse(r.Context(), hashToken(token))
	if err != nil {
		return err
	}
	if userID == 0 {
		return &errs.Error{Status: http.StatusGone, Msg: "This sign-in link was used before or is too old. Run “applylens sign-in” for a new one."}
	}
	return s.SignInAs(w, r, userID)
}

// SignInAs signs a user in whose identity was proved, with a fresh session; an older session of the browser ends.
func (s *Store) SignInAs(w http.ResponseWriter, r *http.Request, userID int64) error {
	session, err := s.Get(r, CookieName)
	if err != nil {
		return err
	}
	if old, ok := session.Values[userKey].(int64); ok && session.ID != "" {
		if err := s.DB.As(old).SessionDeleteToken(r.Context(), db.SessionDeleteTokenParams{UserID: old, TokenHash: hashToken(session.ID)}); err != nil {
			return err
		}
	}
	session.ID = ""
	clear(session.Values)
	session.Values[userKey] = userID
	return s.Save(r, w, session)
}

// SignOut ends the request's session.
func (s *Store) SignOut(w http.ResponseWriter, r *http.Request) error {
	session, err := s.Get(r, CookieName)
	if err != nil || session.IsNew {
		return err
	}
	session.Options.MaxAge = -1
	return s.Save(r, w, session)
}
