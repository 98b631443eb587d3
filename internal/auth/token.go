package auth

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/labstack/echo/v4"

	"applylens/internal/db"
	"applylens/internal/errs"
)

// A Scope is what a token may be used for. A session may do all that its user may.
type Scope string

// The scopes; those of the console also need the role.
const (
	MailRead  Scope = "mail:read"
	MailWrite Scope = "mail:write"
	OpsRead   Scope = "ops:read"
	OpsWrite  Scope = "ops:write"
)

// Scopes lists all scopes in the order in which they are shown.
func Scopes() []Scope { return []Scope{MailRead, MailWrite, OpsRead, OpsWrite} }

// tokenPrefix tells people and scanners of secrets what they look at.
const tokenPrefix = "applylens_"

// hintLength is how much of a token is kept in clear: its prefix and four characters.
const hintLength = len(tokenPrefix) + 4

const contextScopes = "scopes"

// NewToken makes a token for programs and returns it; it cannot be read again later.
func NewToken(ctx context.Context, q *db.Queries, userID int64, name string, scopes []Scope, expires time.Time) (string, error) {
	token := tokenPrefix + newToken()
	p := db.TokenCreateParams{UserID: userID, Name: name, TokenHash: hashToken(token), Hint: token[:hintLength], ExpiresAt: expires}
	for _, s := range scopes {
		p.Scopes = append(p.Scopes, string(s))
	}
	if _, err := q.TokenCreate(ctx, p); err != nil {
		return "", fmt.Errorf("make a token: %w", err)
	}
	return token, nil
}

// RequireProgram lets requests of programs through that carry a token that works, and those of a signed-in browser. What
// they may do is for Permitted to say.
func (s *Store) RequireProgram(next echo.HandlerFunc) echo.HandlerFunc {
	bySession := s.Require(User)(next)
	return func(c echo.Context) error {
		header := c.Request().Header.Get(echo.HeaderAuthorization)
		if header == "" {
			return bySession(c)
		}
		scheme, token, _ := strings.Cut(header, " ")
		if !strings.EqualFold(scheme, "bearer") {
			return errs.SignIn
		}
		if err := s.identifyToken(c, token); err != nil {
			return err
		}
		c.Response().Header().Set("Cache-Control", "no-store")
		return next(c)
	}
}

func (s *Store) identifyToken(c echo.Context, token string) error {
	ctx := c.Request().Context()
	row, err := s.DB.TokenFind(ctx, hashToken(strings.TrimSpace(token)))
	if errors.Is(err, pgx.ErrNoRows) {
		return &errs.Error{Status: errs.SignIn.Status, Msg: "This token does not exist, is revoked, or its time is over."}
	}
	if err != nil {
		return fmt.Errorf("read the token: %w", err)
	}
	q := s.DB.As(row.UserID)
	user, err := q.UserGet(ctx, row.UserID)
	if err != nil {
		return err
	}
	c.Set(contextUser, user)
	c.Set(contextScopes, row.Scopes)
	if s.Now().Sub(row.UsedAt) < time.Minute {
		return nil
	}
	return q.TokenUsed(ctx, db.TokenUsedParams{UserID: row.UserID, ID: row.ID})
}

// Permitted says whether a request may do what needs a scope and a role. Without the role it is refused as a page is.
func Permitted(c echo.Context, scope Scope, role Role) error {
	if !role.Allows(Role(UserOf(c).Role)) {
		return errs.Forbidden
	}
	if scopes, byToken := c.Get(contextScopes).([]string); byToken && !slices.Contains(scopes, string(scope)) {
		return &errs.Error{Status: errs.Forbidden.Status, Msg: "This token lacks the scope " + string(scope) + "."}
	}
	return nil
}
