package triage

import (
	"encoding/json"
	"strings"
	"testing"

	"applylens/internal/mail"
)

// TestScamIsNoOffer: job mail that looks like a scam is never said with confidence.
func TestScamIsNoOffer(t *testing.T) {
	m := mail.Parse([]byte("From: HR Department <hr.careers.desk@gmail.com>\r\nReply-To: payments@quickinbox.test\r\nSubject: Job offer: you are hired\r\n\r\n" +
		"Congratulations! You are hired as Remote Data Entry Clerk at $45/hr. We are pleased to offer you the position. We will mail you a cheque to buy your equipment; " +
		"deposit it today and send the remaining funds to our vendor by Zelle or gift cards. Text our manager on Telegram @hr_desk with your bank account and SSN.\r\n"))
	v := Judge(Input{Mail: m})
	if v.Risk.Score < 60 {
		t.Errorf("risk %d, want at least 60: %+v", v.Risk.Score, v.Risk.Signals)
	}
	if v.Category.IsJob() && !v.NeedsReview {
		t.Errorf("%s without review, at risk %d", v.Category, v.Risk.Score)
	}
}

func TestEmptyMailSaysNothing(t *testing.T) {
	v := Judge(Input{Mail: mail.Parse([]byte("From: a@example.org\r\n\r\n"))})
	if !v.NeedsReview {
		t.Errorf("an empty mail is %s (%.2f) without review", v.Category, v.Confidence)
	}
	b, err := json.Marshal(v)
	if err != nil || strings.Contains(string(b), "null") {
		t.Errorf("%v: %s", err, b)
	}
}
