package gmail

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/oauth2"
)

// An Error is an answer of Google that is no success.
type Error struct {
	Status     int
	Reason     string // such as rateLimitExceeded
	Message    string
	RetryAfter time.Duration // 0 when not said
}

func (e *Error) Error() string {
	return fmt.Sprintf("Gmail answered %d %s: %s", e.Status, e.Reason, e.Message)
}

// ErrReconnect means that the token is void: the person has to connect the account again.
var ErrReconnect = errors.New("Google no longer accepts the permission that was given")

// ErrScope means that the permission that was given does not cover the call.
var ErrScope = errors.New("the permission that was given does not cover this")

// A Pause means that the quota is used up until a time.
type Pause struct {
	Until time.Time
	Own   bool // our own share of it, before Google had to say so
	Err   error
}

func (p *Pause) Error() string {
	return "the quota is used up until " + p.Until.Format(time.RFC3339) + ": " + p.Err.Error()
}

// Unwrap returns Google's answer.
func (p *Pause) Unwrap() error { return p.Err }

// IsGone reports whether the thing asked for is not there (404).
func IsGone(err error) bool { return hasStatus(err, http.StatusNotFound) }

// IsConflict reports whether the thing to make is there already (409).
func IsConflict(err error) bool { return hasStatus(err, http.StatusConflict) }

// IsBadRequest reports whether Google did not understand (400), as with a page token that is too old.
func IsBadRequest(err error) bool { return hasStatus(err, http.StatusBadRequest) }

// IsNoMailbox reports whether the account has no Gmail.
func IsNoMailbox(err error) bool {
	var e *Error
	return errors.As(err, &e) && e.Status == http.StatusBadRequest && e.Reason == "failedPrecondition"
}

// IsSecondWatch reports whether another watch stands in the way.
func IsSecondWatch(err error) bool {
	var e *Error
	return errors.As(err, &e) && strings.Contains(e.Message, "Only one user push notification client")
}

func hasStatus(err error, status int) bool {
	var e *Error
	return errors.As(err, &e) && e.Status == status
}

// temporary reports whether trying again may help, and whether it is the quota that is used up.
func temporary(err error) (retry, quota bool) {
	var e *Error
	if errors.As(err, &e) {
		switch {
		case e.Status == http.StatusTooManyRequests, e.Reason == "RESOURCE_EXHAUSTED":
			return true, true
		case e.Status == http.StatusForbidden:
			quota = slices.Contains([]string{"rateLimitExceeded", "userRateLimitExceeded", "quotaExceeded", "dailyLimitExceeded"}, e.Reason)
			return quota || e.Reason == "backendError", quota
		}
		return slices.Contains([]int{500, 502, 503, 504}, e.Status), false
	}
	var network net.Error
	var op *net.OpError
	return errors.As(err, &network) || errors.As(err, &op) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.EOF) || errors.Is(err, errHalf), false
}

// errHalf means that an answer broke off or was no JSON.
var errHalf = errors.New("the answer broke off")

// readError reads an answer that is no success.
func readError(resp *http.Response, now time.Time) error {
	body, _ := io.ReadAll(io.LimitReader(resp.Body, 64<<10)) // what could be read is enough
	var answer struct {
		Error struct {
			Message string `json:"message"`
			Status  string `json:"status"`
			Errors  []struct {
				Reason string `json:"reason"`
			} `json:"errors"`
		} `json:"error"`
	}
	e := &Error{Status: resp.StatusCode, RetryAfter: retryAfter(resp.Header.Get("Retry-After"), now)}
	if json.Unmarshal(body, &answer) == nil {
		e.Message, e.Reason = answer.Error.Message, answer.Error.Status
		if len(answer.Error.Errors) > 0 && answer.Error.Errors[0].Reason != "" {
			e.Reason = answer.Error.Errors[0].Reason
		}
	}
	if e.Message == "" {
		e.Message = http.StatusText(e.Status)
	}
	return e
}

func retryAfter(value string, now time.Time) time.Duration {
	if seconds, err := strconv.Atoi(value); err == nil && seconds > 0 {
		return time.Duration(seconds) * time.Second
	}
	if at, err := http.ParseTime(value); err == nil && at.After(now) {
		return at.Sub(now)
	}
	return 0
}

// tokenError turns what the token endpoint said into ErrReconnect, Error, or what it was.
func tokenError(err error) error {
	var r *oauth2.RetrieveError
	if !errors.As(err, &r) {
		return err
	}
	if r.ErrorCode == "invalid_grant" {
		return fmt.Errorf("%w (%s)", ErrReconnect, r.ErrorDescription)
	}
	return &Error{Status: r.Response.StatusCode, Reason: r.ErrorCode, Message: r.ErrorDescription}
}
