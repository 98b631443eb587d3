// Package handlers takes requests in and gives views out, one file a feature. Start at routes.go, the map of all URLs.
package handlers

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"runtime/debug"
	"strings"
	"time"

	"github.com/labstack/echo/v4"
	"github.com/labstack/echo/v4/middleware"
	"github.com/ulule/limiter/v3"

	"applylens/internal/agent"
	"applylens/internal/auth"
	"applylens/internal/blobs"
	"applylens/internal/db"
	"applylens/internal/errs"
	"applylens/internal/fetch"
	"applylens/internal/gmail"
	"applylens/internal/gmail/gmailsync"
	"applylens/internal/imageproxy"
	"applylens/internal/ingest"
	"applylens/internal/jobs"
	"applylens/internal/llm"
	"applylens/internal/search"
	"applylens/internal/search/elastic"
	"applylens/internal/slo/watch"
	"applylens/internal/telemetry"
)

// A Server answers requests.
type Server struct {
	DB       *db.DB
	Blobs    *blobs.Store
	Ingest   *ingest.Ingest
	Agents   *agent.Runtime
	Model    *llm.Model // nil without a language model
	Jobs     *jobs.Client
	Auth     *auth.Store
	Events   *Events
	Search   search.Postgres
	Elastic  *elastic.Failover  // nil without Elasticsearch
	Limit    *limiter.Limiter   // counts requests of programs
	Remote   *fetch.Client      // fetches images that stand in mail
	Images   *imageproxy.Signer // signs their addresses
	Gmail    *gmailsync.Engine  // nil when Google is not set up
	Push     gmail.PushCheck
	Patient  func(context.Context) (gmail.Patient, error) // the setup of Google, for its page
	SignUp   string                                       // who may sign in with Google without being known yet
	Channels []string                                     // of alerts that are configured
	Embedded bool                                         // the program brought its database
	Log      *slog.Logger
	Now      func() time.Time
	BaseURL  string
	Version  string
	Sources  []Source // what mail can come from, for the first-run page

	Metrics      *telemetry.Metrics // nil for none
	MetricsToken string             // who bears it may read them on the site; "": nobody
	Tracer       *telemetry.Tracer  // nil for none
	Requests     *watch.Meter       // counts for the objective of availability; nil for none

	checked healthState

	SendsMail bool // the program can send mail of its own
}

// A Source is a kind of mailbox that can be connected, and how it stands.
type Source struct {
	Name, State string
}

const (
	requestTime = 30 * time.Second
	answerTime  = 10 * time.Second // to send the answer after that
	bodyLimit   = "2M"
	uploadLimit = "4G"
)

// Handler returns the whole site.
func (s *Server) Handler() http.Handler {
	e := echo.New()
	e.HideBanner, e.HidePort = true, true
	e.HTTPErrorHandler = s.showError
	e.IPExtractor = echo.ExtractIPDirect()
	e.Use(s.measure, s.logRequests, s.recoverPanics, securityHeaders,
		middleware.GzipWithConfig(middleware.GzipConfig{Level: 6, MinLength: 1024, Skipper: alreadyCompressed}))
	for _, r := range s.routes() {
		e.Add(r.method, r.path, r.handle, append(r.limits, s.Auth.Require(r.role))...)
	}
	programs := s.programs(e)
	e.GET("/api/openapi.json", programs.openAPI, within(requestTime))
	e.GET("/api", programs.page, s.Auth.Require(auth.User), within(requestTime))
	sameOrigin := http.NewCrossOriginProtection()
	refuse := s.measure(s.logRequests(securityHeaders(func(echo.Context) error {
		return &errs.Error{Status: http.StatusForbidden, Msg: "This form was sent from another site, so it was refused."}
	})))
	sameOrigin.SetDenyHandler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_ = refuse(e.NewContext(r, w)) // it shows its errors itself
	}))
	return sameOrigin.Handler(e)
}

// securityHeaders are those of every answer; routes that serve mail narrow them further.
func securityHeaders(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		h := c.Response().Header()
		h.Set("Content-Security-Policy", "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; "+
			"connect-src 'self'; form-action 'self'; frame-src 'self'; frame-ancestors 'none'; base-uri 'none'; manifest-src 'self'")
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("X-Frame-Options", "DENY")
		h.Set("Referrer-Policy", "same-origin")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		h.Set("Permissions-Policy", "camera=(), geolocation=(), microphone=(), payment=(), usb=()")
		if c.IsTLS() || c.Scheme() == "https" {
			h.Set("Strict-Transport-Security", "max-age=31536000")
		}
		return next(c)
	}
}

func alreadyCompressed(c echo.Context) bool {
	path := c.Request().URL.Path
	return path == "/events" || path == "/metrics" || strings.HasPrefix(path, "/static/") || strings.HasPrefix(path, "/image/") || strings.Contains(path, "/attachments/")
}

// within bounds a request's time: that of its work, of reading its body and of writing its answer.
func within(d time.Duration) echo.MiddlewareFunc {
	return func(next echo.HandlerFunc) echo.HandlerFunc {
		return func(c echo.Context) error {
			if err := setDeadlines(c, time.Now().Add(d), time.Now().Add(d+answerTime)); err != nil {
				return err
			}
			ctx, cancel := context.WithTimeout(c.Request().Context(), d)
			defer cancel()
			c.SetRequest(c.Request().WithContext(ctx))
			return next(c)
		}
	}
}

// noDeadlines lets a stream go on.
func noDeadlines(c echo.Context) error { return setDeadlines(c, time.Time{}, time.Time{}) }

// setDeadlines bounds reading from and writing to the connection; a recorder of a test has none.
func setDeadlines(c echo.Context, read, write time.Time) error {
	conn := http.NewResponseController(c.Response())
	if err := conn.SetReadDeadline(read); err != nil && !errors.Is(err, http.ErrNotSupported) {
		return err
	}
	if err := conn.SetWriteDeadline(write); err != nil && !errors.Is(err, http.ErrNotSupported) {
		return err
	}
	return nil
}

// logRequests logs the route, never the URL: queries and ids may be personal.
func (s *Server) logRequests(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		began := time.Now()
		if err := next(c); err != nil {
			c.Error(err)
		}
		level := slog.LevelDebug
		if c.Response().Status >= 500 {
			level = slog.LevelWarn
		}
		s.Log.Log(c.Request().Context(), level, "request", "method", c.Request().Method, "route", c.Path(), "status", c.Response().Status,
			"ms", float64(time.Since(began).Microseconds())/1000, "user", auth.UserOf(c).ID)
		return nil
	}
}

func (s *Server) recoverPanics(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) (err error) {
		defer func() {
			if v := recover(); v != nil {
				if v == http.ErrAbortHandler { //nolint:errorlint // the very value that net/http looks for
					panic(v)
				}
				s.Log.ErrorContext(c.Request().Context(), "panic", "route", c.Path(), "panic", v, "stack", string(debug.Stack()))
				err = &errs.Error{Status: http.StatusInternalServerError, Msg: "Something went wrong on our side. Nothing was lost; please try again."}
			}
		}()
		return next(c)
	}
}

// status turns any error into what is shown: ours, Echo's, or an unknown one.
func status(err error) (int, string) {
	var httpErr *echo.HTTPError
	switch {
	case db.IsBadText(err):
		return http.StatusBadRequest, "That holds characters that are no text."
	case !errors.As(err, &httpErr):
		return errs.Shown(err)
	}
	switch httpErr.Code {
	case http.StatusNotFound:
		return httpErr.Code, errs.NotFound.Msg
	case http.StatusMethodNotAllowed:
		return httpErr.Code, "This address does not take that kind of request."
	case http.StatusRequestEntityTooLarge:
		return httpErr.Code, "That is larger than this page takes."
	case http.StatusTooManyRequests:
		return httpErr.Code, "Too many attempts. Please wait a minute and try again."
	}
	return httpErr.Code, http.StatusText(httpErr.Code) + "."
}

func userID(c echo.Context) int64 { return auth.UserOf(c).ID }

func isHTMX(c echo.Context) bool {
	return c.Request().Header.Get("HX-Request") == "true" && c.Request().Header.Get("HX-History-Restore-Request") != "true"
}
