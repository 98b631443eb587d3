package alert

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"strconv"
	"time"

	"github.com/wneessen/go-mail"
)

// Email sends by SMTP.
type Email struct {
	Server *url.URL // smtp://user:password@host:587 (STARTTLS), smtps://…:465; ?tls=none only for the machine itself
	From   string
	To     []string
}

// Name is how the console calls it.
func (*Email) Name() string { return "email" }

// smtpTime bounds connecting and each step of the talk.
const smtpTime = 15 * time.Second

// Send sends one mail; its Message-ID is that of the notice, so that mail programs show a repetition once.
func (e *Email) Send(ctx context.Context, n Notice) error {
	if e.Server == nil || len(e.To) == 0 {
		return ErrNotConfigured
	}
	subject := fmt.Sprintf("[%s %s] %s", n.Severity, n.State, clip(n.Title, 150))
	body := n.Text + "\n"
	if n.Link != "" {
		body += "\n" + n.Link + "\n"
	}
	return SendMail(ctx, e.Server, Letter{From: e.From, To: e.To, Subject: subject, Text: body, ID: fmt.Sprintf("alert-%d", n.ID), Date: n.At})
}

// A Post is the program's own mailbox: it sends letters to its users.
type Post struct {
	Server *url.URL
	From   string
	Site   string // address of the site, for links in letters
}

// Send sends a letter from the program; SendMail says how it fails.
func (p *Post) Send(ctx context.Context, l Letter) error {
	l.From = p.From
	return SendMail(ctx, p.Server, l)
}

// A Letter is a mail in plain text.
type Letter struct {
	From          string
	To            []string
	Subject, Text string
	ID            string // left part of the Message-ID
	Date          time.Time
}

// SendMail hands a letter to an SMTP server. Refusals for now (4xx) and broken connections are a *TryAgain.
func SendMail(ctx context.Context, server *url.URL, l Letter) error {
	msg := mail.NewMsg()
	if err := errors.Join(msg.From(l.From), msg.To(l.To...)); err != nil {
		return fmt.Errorf("an address of the mail is wrong: %w", err)
	}
	msg.Subject(l.Subject)
	msg.SetDateWithValue(l.Date)
	msg.SetMessageIDWithValue(l.ID + "@" + server.Hostname())
	msg.SetGenHeader("Auto-Submitted", "auto-generated")
	msg.SetBodyString(mail.TypeTextPlain, l.Text)
	client, err := smtpClient(server)
	if err != nil {
		return err
	}
	return smtpFailure(client.DialAndSendWithContext(ctx, msg))
}

func smtpClient(server *url.URL) (*mail.Client, error) {
	port := 587
	options := []mail.Option{mail.WithTimeout(smtpTime), mail.WithTLSPolicy(mail.TLSMandatory)}
	if server.Scheme == "smtps" {
		port = 465
		options = append(options, mail.WithSSL())
	}
	if ip := net.ParseIP(server.Hostname()); server.Query().Get("tls") == "none" && (server.Hostname() == "localhost" || ip != nil && ip.IsLoopback()) {
		options = append(options, mail.WithTLSPolicy(mail.NoTLS))
	}
	if p := server.Port(); p != "" {
		var err error
		if port, err = strconv.Atoi(p); err != nil {
			return nil, fmt.Errorf("the port of the SMTP server is wrong: %w", err)
		}
	}
	if user := server.User; user != nil {
		password, _ := user.Password()
		options = append(options, mail.WithSMTPAuth(mail.SMTPAuthAutoDiscover), mail.WithUsername(user.Username()), mail.WithPassword(password))
	}
	return mail.NewClient(server.Hostname(), append(options, mail.WithPort(port))...)
}

func smtpFailure(err error) error {
	var refused *mail.SendError
	switch {
	case err == nil:
		return nil
	case errors.As(err, &refused) && !refused.IsTemp() && refused.ErrorCode() >= 500:
		return fmt.Errorf("the SMTP server refused the mail: %w", err)
	}
	return &TryAgain{Cause: err}
}
