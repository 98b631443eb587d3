// Package errs holds the error that may be shown to a person: a status, a sentence that is safe to show, and the cause,
// which is not.
package errs

import (
	"errors"
	"net/http"
)

// An Error pairs a message that is safe to show with a cause that is not.
type Error struct {
	Status int    // HTTP status
	Msg    string // a sentence for the person, with the way out
	Err    error  // the cause, for the log; may be nil
}

// Error returns the safe message, followed by the cause.
func (e *Error) Error() string {
	if e.Err == nil {
		return e.Msg
	}
	return e.Msg + ": " + e.Err.Error()
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// Is reports whether target is an Error of the same status without a cause, such as NotFound.
func (e *Error) Is(target error) bool {
	t, ok := target.(*Error)
	return ok && t.Err == nil && t.Status == e.Status
}

// The usual errors. NotFound also stands for what belongs to someone else.
var (
	NotFound  = &Error{Status: http.StatusNotFound, Msg: "There is nothing at this address."}
	Forbidden = &Error{Status: http.StatusForbidden, Msg: "Your role does not allow this."}
	SignIn    = &Error{Status: http.StatusUnauthorized, Msg: "Please sign in."}
)

// BadInput is an error of the person's input; msg says what to do instead.
func BadInput(msg string) error { return &Error{Status: http.StatusBadRequest, Msg: msg} }

// Conflict says that the thing was changed or decided meanwhile.
func Conflict(msg string) error { return &Error{Status: http.StatusConflict, Msg: msg} }

// Unavailable wraps a failure of something outside that may pass.
func Unavailable(msg string, err error) error {
	return &Error{Status: http.StatusServiceUnavailable, Msg: msg, Err: err}
}

// Shown returns the status and the sentence to show for any error; unknown ones give 500 and nothing of their text.
func Shown(err error) (status int, msg string) {
	var e *Error
	if errors.As(err, &e) {
		return e.Status, e.Msg
	}
	return http.StatusInternalServerError, "Something went wrong on our side. Nothing was lost; please try again."
}
