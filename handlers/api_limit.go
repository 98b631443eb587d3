package handlers

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"io"
	"net/http"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/labstack/echo/v4"
	"github.com/ulule/limiter/v3"

	"applylens/internal/db"
	"applylens/internal/errs"
)

// NewProgramLimit allows a number of requests a minute, counted in a store that several processes may share.
func NewProgramLimit(store limiter.Store, perMinute int64) *limiter.Limiter {
	return limiter.New(store, limiter.Rate{Period: time.Minute, Limit: perMinute})
}

// limitProgram counts a person's requests, and says how many are left. A store that fails lets requests through: it
// protects the site, not the mail.
func (s *Server) limitProgram(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		left, err := s.Limit.Get(c.Request().Context(), strconv.FormatInt(userID(c), 10))
		if err != nil {
			s.Log.Warn("requests are not counted", "error", err)
			return next(c)
		}
		seconds := strconv.FormatInt(max(0, left.Reset-s.Now().Unix()), 10)
		h := c.Response().Header()
		h.Set("RateLimit-Limit", strconv.FormatInt(left.Limit, 10))
		h.Set("RateLimit-Remaining", strconv.FormatInt(left.Remaining, 10))
		h.Set("RateLimit-Reset", seconds)
		if left.Reached {
			h.Set(echo.HeaderRetryAfter, seconds)
			return &errs.Error{Status: http.StatusTooManyRequests, Msg: "That were " + strconv.FormatInt(left.Limit, 10) + " requests within a minute. Wait " + seconds + " s."}
		}
		return next(c)
	}
}

const (
	idempotencyHeader = "Idempotency-Key"
	maxKey            = 200 // bytes
)

// answerOnce gives a write that repeats an Idempotency-Key the answer that the first one got. A failure of ours is not
// kept, so that it can be tried again.
func (s *Server) answerOnce(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		key := c.Request().Header.Get(idempotencyHeader)
		if key == "" || c.Request().Method != http.MethodPost {
			return next(c)
		}
		if len(key) > maxKey {
			return errs.BadInput("The Idempotency-Key is longer than 200 bytes.")
		}
		digest, err := requestDigest(c)
		if err != nil {
			return err
		}
		ctx, user := c.Request().Context(), userID(c)
		begun, err := s.DB.As(user).AnswerBegin(ctx, db.AnswerBeginParams{UserID: user, Key: key, Digest: digest})
		if err != nil {
			return err
		}
		if begun == 0 {
			return s.answerAgain(c, key, digest)
		}
		return s.answerAndKeep(c, key, next)
	}
}

// requestDigest is the SHA-256 of what a request asks for.
func requestDigest(c echo.Context) ([]byte, error) {
	r := c.Request()
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, errs.BadInput("The request could not be read.")
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	sum := sha256.New()
	sum.Write([]byte(r.Method + " " + r.URL.RequestURI() + "\n"))
	sum.Write(body)
	return sum.Sum(nil), nil
}

func (s *Server) answerAgain(c echo.Context, key string, digest []byte) error {
	user := userID(c)
	kept, err := s.DB.As(user).AnswerGet(c.Request().Context(), db.AnswerGetParams{UserID: user, Key: key})
	switch {
	case errors.Is(err, pgx.ErrNoRows):
		return errs.Conflict("The request with this Idempotency-Key has just failed. Try again.")
	case err != nil:
		return err
	case !bytes.Equal(kept.Digest, digest):
		return &errs.Error{Status: http.StatusUnprocessableEntity, Msg: "This Idempotency-Key was used for another request."}
	case kept.Status == nil:
		return errs.Conflict("The request with this Idempotency-Key is still being worked on.")
	}
	return c.Blob(int(*kept.Status), kept.MediaType, kept.Body)
}

func (s *Server) answerAndKeep(c echo.Context, key string, next echo.HandlerFunc) error {
	copied := &copyingWriter{ResponseWriter: c.Response().Writer}
	c.Response().Writer = copied
	if err := next(c); err != nil {
		c.Error(err) // shown now, so that it is kept too
	}
	ctx, user, q := c.Request().Context(), userID(c), s.DB.As(userID(c))
	if c.Response().Status >= http.StatusInternalServerError {
		return q.AnswerDrop(ctx, db.AnswerDropParams{UserID: user, Key: key})
	}
	return q.AnswerKeep(ctx, db.AnswerKeepParams{UserID: user, Key: key, Status: int32(c.Response().Status), //nolint:gosec // a status
		MediaType: c.Response().Header().Get(echo.HeaderContentType), Body: copied.body.Bytes()})
}

// copyingWriter keeps what is sent.
type copyingWriter struct {
	http.ResponseWriter
	body bytes.Buffer
}

func (w *copyingWriter) Write(p []byte) (int, error) {
	w.body.Write(p)
	return w.ResponseWriter.Write(p)
}

// Unwrap lets deadlines reach the connection.
func (w *copyingWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }
