package handlers

import (
	"errors"
	"io"
	"net/http"

	"github.com/labstack/echo/v4"

	"applylens/internal/db"
	"applylens/internal/errs"
	"applylens/internal/gmail"
)

// gmailPush takes Pub/Sub's word that a mailbox changed. It answers only once that is durable; a mailbox nobody
// connected is answered alike, so that Pub/Sub does not ask again and nobody learns who is connected.
func (s *Server) gmailPush(c echo.Context) error {
	body, err := io.ReadAll(c.Request().Body)
	if err != nil {
		return errs.BadInput("The push could not be read.")
	}
	push, err := s.Push.Read(c.Request().Context(), c.Request().Header.Get("Authorization"), body)
	if errors.Is(err, gmail.ErrPush) {
		s.Log.Warn("a push was refused", "error", err)
		return &errs.Error{Status: http.StatusUnauthorized, Msg: "This push is not believed.", Err: err}
	}
	if err != nil {
		return err
	}
	if _, err := s.DB.GmailPushed(c.Request().Context(), db.GmailPushedParams{PushID: push.MessageID, Address: push.Address, At: s.Now()}); err != nil {
		return err
	}
	return c.NoContent(http.StatusNoContent)
}
