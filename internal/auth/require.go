package auth

import (
	"time"

	"github.com/labstack/echo/v4"

	"applylens/internal/db"
	"applylens/internal/errs"
)

// A Role is what a user may do. Each role may do what those before it may, but for the privacy officer, whose work
// is apart from the operators'.
type Role string

// The roles of users; Anyone for routes that need no sign-in but show who is signed in; Public for those that do not
// even look.
const (
	Public         Role = "public"
	Anyone         Role = ""
	User           Role = "user"
	Operator       Role = "operator"
	PrivacyOfficer Role = "privacy_officer"
	Admin          Role = "admin"
)

// Allows reports whether someone with role has may enter where this role is asked for.
func (asked Role) Allows(has Role) bool {
	switch asked {
	case Public, Anyone:
		return true
	case User:
		return has == User || has == Operator || has == PrivacyOfficer || has == Admin
	case Operator:
		return has == Operator || has == Admin
	case PrivacyOfficer:
		return has == PrivacyOfficer || has == Admin
	case Admin:
		return has == Admin
	}
	return false
}

const (
	contextUser    = "user"
	contextSession = "session"
)

// Require lets a request through whose user has the role, and puts the user into the context. It is the one place
// where roles are checked; the routes table says which role each route asks for.
func (s *Store) Require(asked Role) echo.MiddlewareFunc {
	return func(next echo.HandlerFunc) echo.HandlerFunc {
		if asked == Public {
			return next
		}
		return func(c echo.Context) error {
			err := s.identify(c)
			switch {
			case err != nil:
				return err
			case asked == Anyone:
				return next(c)
			case UserOf(c).ID == 0:
				return errs.SignIn
			case !asked.Allows(Role(UserOf(c).Role)):
				return errs.Forbidden
			}
			c.Response().Header().Set("Cache-Control", "no-store")
			return next(c)
		}
	}
}

// identify puts the session's user into the context, if there is one.
func (s *Store) identify(c echo.Context) error {
	r := c.Request()
	session, err := s.Get(r, CookieName)
	if err != nil {
		return err
	}
	userID, _ := session.Values[userKey].(int64)
	if userID == 0 {
		return nil
	}
	q := s.DB.As(userID)
	user, err := q.UserGet(r.Context(), userID)
	if err != nil {
		return err
	}
	id, _ := session.Values[rowKey].(int64)
	c.Set(contextUser, user)
	c.Set(contextSession, id)
	if seen, ok := session.Values[seenKey].(time.Time); ok && s.Now().Sub(seen) > time.Minute {
		return q.SessionSeen(r.Context(), db.SessionSeenParams{UserID: userID, ID: id, Ip: ClientIP(r)})
	}
	return nil
}

// UserOf returns the signed-in user, or a zero one.
func UserOf(c echo.Context) db.User {
	user, _ := c.Get(contextUser).(db.User)
	return user
}

// SessionOf returns the id of the session in use, or 0.
func SessionOf(c echo.Context) int64 {
	id, _ := c.Get(contextSession).(int64)
	return id
}
