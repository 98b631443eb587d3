package gmailsync_test

import (
	"strings"
	"testing"
	"time"

	"applylens/internal/db"
	"applylens/internal/errs"
	"applylens/internal/gmail/gmailtest"
	"applylens/internal/mail"
)

// compose begins an answer to the one mail of a scene, and submits it to be sent at once.
func (s *scene) compose(kind string, change func(*db.OutgoingSaveParams)) int64 {
	s.t.Helper()
	for _, row := range stored(s.t.Context(), s.t, s.db, s.user, s.account) {
		id, err := s.engine.Compose(s.t.Context(), s.user, row.email, kind)
		if err != nil {
			s.t.Fatal(err)
		}
		o := s.letterOf(id)
		p := db.OutgoingSaveParams{UserID: s.user, ID: id, Recipients: o.Recipients, Copies: o.Copies, Subject: o.Subject, Body: "Thank you — gern.\n" + o.Body, Now: time.Now()}
		if change != nil {
			change(&p)
		}
		q := s.db.As(s.user)
		if _, err := q.OutgoingSave(s.t.Context(), p); err != nil {
			s.t.Fatal(err)
		}
		if _, err := q.OutgoingSubmit(s.t.Context(), db.OutgoingSubmitParams{UserID: s.user, ID: id, SendAt: time.Now().Add(-time.Second)}); err != nil {
			s.t.Fatal(err)
		}
		return id
	}
	s.t.Fatal("no mail")
	return 0
}

func (s *scene) letterOf(id int64) db.Outgoing {
	s.t.Helper()
	o, err := s.db.As(s.user).OutgoingGet(s.t.Context(), db.OutgoingGetParams{UserID: s.user, ID: id})
	if err != nil {
		s.t.Fatal(err)
	}
	return o
}

func (s *scene) send(id int64) {
	s.t.Helper()
	if _, err := s.engine.SendOutgoing(s.t.Context(), s.user, id); err != nil {
		s.t.Fatal(err)
	}
}

func sceneWithMail(t *testing.T) (*scene, string) {
	s := newScene(t, gmailtest.Options{})
	id := s.box.Deliver(s.letter("Interview"), "", "INBOX")
	s.sync()
	return s, id
}

func sentMails(box *gmailtest.Box) (out []gmailtest.Message) {
	for _, m := range box.Messages() {
		if len(m.Labels) > 0 && m.Labels[0] == "SENT" {
			out = append(out, m)
		}
	}
	return out
}

func TestReplyJoinsItsThread(t *testing.T) {
	s, first := sceneWithMail(t)
	id := s.compose("reply", nil)
	s.send(id)
	sent := sentMails(s.box)
	if len(sent) != 1 || sent[0].ThreadID != first || s.letterOf(id).State != "sent" {
		t.Fatalf("sent: %+v, state %s", sent, s.letterOf(id).State)
	}
	m := mail.Parse(sent[0].Raw)
	if m.Subject != "Re: Interview" || m.InReplyTo == "" || len(m.References) != 1 || m.References[0] != m.InReplyTo || m.To[0].Address != "ann@example.org" {
		t.Errorf("headers: %q, in reply to %q, refers to %v, to %v", m.Subject, m.InReplyTo, m.References, m.To)
	}
	if !strings.HasPrefix(m.Text, "Thank you — gern.") || !strings.Contains(m.Text, "> Letter 1") || len(m.Warnings) > 0 {
		t.Errorf("text: %q, warnings %v", m.Text, m.Warnings)
	}
	s.send(id) // again
	s.sync()
	s.equal()
	var threads, n int
	if err := s.db.Owner(s.user).QueryRow(t.Context(), "select count(distinct thread_id), count(*) from emails").Scan(&threads, &n); err != nil || threads != 1 || n != 2 {
		t.Errorf("%d mails in %d threads, %v", n, threads, err)
	}
}

func TestForwardCarriesTheMail(t *testing.T) {
	s, _ := sceneWithMail(t)
	s.send(s.compose("forward", func(p *db.OutgoingSaveParams) { p.Recipients = "Bob Ü <bob@example.net>; eve@example.net" }))
	sent := sentMails(s.box)
	if len(sent) != 1 {
		t.Fatalf("%d sent", len(sent))
	}
	m := mail.Parse(sent[0].Raw)
	if len(m.Attachments) != 1 || !strings.Contains(string(m.Attachments[0].Data), "Letter 1") || len(m.To) != 2 || m.To[0].Name != "Bob Ü" {
		t.Errorf("attachments %d, to %v", len(m.Attachments), m.To)
	}
}

func TestLostAnswerSendsOnce(t *testing.T) {
	s, _ := sceneWithMail(t)
	id := s.compose("reply", nil)
	s.fake.Faults.Set(gmailtest.Rates{LostAnswer: 1})
	s.send(id)
	s.fake.Faults.Set(gmailtest.Rates{})
	if o := s.letterOf(id); o.State != "sending" {
		t.Fatalf("state %s", o.State)
	}
	for range 3 {
		s.send(id)
	}
	if o := s.letterOf(id); o.State != "sent" || len(sentMails(s.box)) != 1 {
		t.Errorf("state %s, %d sent", o.State, len(sentMails(s.box)))
	}
}

func TestDroppedLetterIsSentAgain(t *testing.T) {
	s, _ := sceneWithMail(t)
	id := s.compose("reply", nil)
	s.fake.Faults.Set(gmailtest.Rates{Dropped: 1})
	s.send(id)
	s.fake.Faults.Set(gmailtest.Rates{})
	for range 3 {
		s.send(id)
	}
	if o := s.letterOf(id); o.State != "sent" || len(sentMails(s.box)) != 1 {
		t.Errorf("state %s, %d sent", o.State, len(sentMails(s.box)))
	}
}

func TestTakenBackIsNotSent(t *testing.T) {
	s, _ := sceneWithMail(t)
	id := s.compose("reply", nil)
	if n, err := s.db.As(s.user).OutgoingCancel(t.Context(), db.OutgoingCancelParams{UserID: s.user, ID: id}); err != nil || n != 1 {
		t.Fatal(n, err)
	}
	s.send(id)
	if n := len(sentMails(s.box)); n != 0 {
		t.Errorf("%d sent", n)
	}
}

func TestHeadersCannotBeInjected(t *testing.T) {
	s, _ := sceneWithMail(t)
	s.send(s.compose("reply", func(p *db.OutgoingSaveParams) {
		p.Subject = "x\r\nBcc: victim@example.net"
		p.Recipients = "ann@example.org\r\nBcc: victim@example.net"
	}))
	for _, m := range sentMails(s.box) {
		if strings.Contains(string(m.Raw), "\nBcc:") {
			t.Errorf("a header was injected: %q", m.Raw)
		}
	}
	id := s.compose("reply", func(p *db.OutgoingSaveParams) { p.Recipients = "nobody" })
	if err := s.engine.CheckOutgoing(t.Context(), s.user, id); err == nil {
		t.Error("a letter to nobody passed")
	} else if status, msg := errs.Shown(err); status != 400 || msg == "" {
		t.Errorf("%d %s", status, msg)
	}
}
