package handlers

import (
	"errors"
	"net/http"
	"net/url"
	"strings"

	"github.com/labstack/echo/v4"

	"applylens/internal/errs"
	"applylens/internal/fetch"
	"applylens/internal/mail"
	"applylens/views"
)

// emailUnsubscribe asks the sender of a mail, at the address in its header, for no more of it (RFC 8058). The person
// pressed a button; the request carries nothing but the one form that the standard names.
func (s *Server) emailUnsubscribe(c echo.Context) error {
	id, err := paramID(c)
	if err != nil {
		return err
	}
	m, err := s.mailOf(c.Request().Context(), userID(c), id)
	if err != nil {
		return err
	}
	way := leaveList(m)
	if !way.OneClick {
		return errs.Conflict("This mail offers no way to unsubscribe by one click that can be trusted.")
	}
	err = s.Remote.Post(c.Request().Context(), way.Address, "List-Unsubscribe=One-Click")
	var refused *fetch.Error
	switch {
	case errors.As(err, &refused):
		return &errs.Error{Status: http.StatusBadGateway, Msg: way.Host + " did not take it: " + refused.Error() + ".", Err: err}
	case err != nil:
		return err
	}
	return s.actionAnswer(c, views.Toast{Text: way.Host + " was asked to send no more of this. It may take some days."})
}

// leaveList finds how to leave the list that a mail came by: by one click only when DKIM passed, for then the address is
// the sender's; else by a link or a letter, which the person opens.
func leaveList(m *mail.Message) (way views.LeaveList) {
	for _, target := range m.List.Unsubscribe {
		u, err := url.Parse(target)
		if err != nil {
			continue
		}
		switch {
		case u.Scheme == "https" && m.List.OneClick && m.Auth.DKIM == "pass":
			return views.LeaveList{Address: target, Host: u.Hostname(), OneClick: true}
		case u.Scheme == "https" && way.Address == "":
			way = views.LeaveList{Address: target, Host: u.Hostname()}
		case u.Scheme == "mailto" && way.Address == "":
			to, _, _ := strings.Cut(u.Opaque, "?")
			way = views.LeaveList{Address: target, Host: to}
		}
	}
	return way
}
