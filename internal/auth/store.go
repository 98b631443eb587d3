// Package auth knows who is at the door: sessions kept in Postgres, one-time sign-in links, and the roles that routes
// ask for. Start at Store and Require.
package auth

import (
	"bytes"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/gob"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strings"
	"time"

	"github.com/gorilla/sessions"
	"github.com/jackc/pgx/v5"

	"applylens/internal/db"
)

// CookieName is the cookie that carries the session's token.
const CookieName = "applylens"

const (
	sessionDays = 30
	// Keys of sessions.Session.Values that are columns of the table.
	userKey = "user" // int64
	rowKey  = "row"  // the session's id in the table: int64
	seenKey = "seen" // when the session was last used: time.Time
)

// A Store keeps gorilla sessions in Postgres. The cookie holds a random token, the table its SHA-256, so that who reads
// the table cannot sign in.
type Store struct {
	DB     *db.DB
	Secure bool // set the cookie's Secure attribute: the site is served over https
	Now    func() time.Time
}

// Get returns the request's session, from the request if it was read before.
func (s *Store) Get(r *http.Request, name string) (*sessions.Session, error) {
	return sessions.GetRegistry(r).Get(s, name)
}

// New reads the session that the request's cookie names; without one that is alive it returns an empty session.
func (s *Store) New(r *http.Request, name string) (*sessions.Session, error) {
	session := sessions.NewSession(s, name)
	session.IsNew = true
	session.Options = &sessions.Options{Path: "/", MaxAge: sessionDays * 24 * 3600, HttpOnly: true, Secure: s.Secure, SameSite: http.SameSiteLaxMode}
	cookie, err := r.Cookie(name)
	if err != nil {
		return session, nil
	}
	row, err := s.DB.SessionFind(r.Context(), hashToken(cookie.Value))
	if errors.Is(err, pgx.ErrNoRows) {
		return session, nil
	}
	if err != nil {
		return session, fmt.Errorf("read the session: %w", err)
	}
	if err := gob.NewDecoder(bytes.NewReader(row.Data)).Decode(&session.Values); err != nil {
		return session, nil // of another version of the program: sign in again
	}
	session.ID, session.IsNew = cookie.Value, false
	session.Values[userKey], session.Values[rowKey], session.Values[seenKey] = row.UserID, row.ID, row.SeenAt
	return session, nil
}

// Save writes the session: a new one gets a token and a row, one whose MaxAge is negative is deleted.
func (s *Store) Save(r *http.Request, w http.ResponseWriter, session *sessions.Session) error {
	userID, _ := session.Values[userKey].(int64)
	if userID == 0 {
		return errors.New("a session needs a user")
	}
	q := s.DB.As(userID)
	if session.Options.MaxAge < 0 {
		if err := q.SessionDeleteToken(r.Context(), db.SessionDeleteTokenParams{UserID: userID, TokenHash: hashToken(session.ID)}); err != nil {
			return err
		}
		http.SetCookie(w, sessions.NewCookie(session.Name(), "", session.Options))
		return nil
	}
	data, err := encode(session.Values)
	if err != nil {
		return err
	}
	expires := s.Now().Add(time.Duration(session.Options.MaxAge) * time.Second)
	if session.ID == "" {
		session.ID = newToken()
		id, err := q.SessionCreate(r.Context(), db.SessionCreateParams{UserID: userID, TokenHash: hashToken(session.ID), Data: data,
			Ip: ClientIP(r), UserAgent: clip(r.UserAgent(), 300), ExpiresAt: expires})
		if err != nil {
			return err
		}
		session.Values[rowKey] = id
	} else if err := q.SessionSave(r.Context(), db.SessionSaveParams{UserID: userID, TokenHash: hashToken(session.ID), Data: data, ExpiresAt: expires}); err != nil {
		return err
	}
	http.SetCookie(w, sessions.NewCookie(session.Name(), session.ID, session.Options))
	return nil
}

func encode(values map[any]any) ([]byte, error) {
	kept := make(map[any]any, len(values))
	for k, v := range values {
		if k != userKey && k != rowKey && k != seenKey {
			kept[k] = v
		}
	}
	var b bytes.Buffer
	err := gob.NewEncoder(&b).Encode(kept)
	return b.Bytes(), err
}

// newToken returns 256 random bits.
func newToken() string {
	b := make([]byte, 32)
	_, _ = rand.Read(b) // never fails
	return base64.RawURLEncoding.EncodeToString(b)
}

func hashToken(token string) []byte {
	sum := sha256.Sum256([]byte(token))
	return sum[:]
}

// ClientIP is the address the request came from, as the connection says.
func ClientIP(r *http.Request) string {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		return r.RemoteAddr
	}
	return host
}

func clip(s string, n int) string {
	if len(s) > n {
		s = s[:n]
	}
	return strings.ToValidUTF8(s, "")
}
