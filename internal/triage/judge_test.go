package triage_test

import (
	"strings"
	"testing"

	"applylens/internal/mail"
	"applylens/internal/triage"
)

// message builds a parsed mail from lines.
func message(lines ...string) *mail.Message {
	return mail.Parse([]byte(strings.Join(lines, "\r\n")))
}

func TestJudgeCategories(t *testing.T) {
	tests := []struct {
		want    triage.Category
		from    string
		subject string
		body    string
	}{
		{triage.Rejection, "Acme Hiring Team <no-reply@us.greenhouse-mail.io>", "Your application to Acme",
			"Hi Sam,\n\nThank you for applying to Acme. After careful consideration we will not be moving forward with your application.\n\nBest of luck"},
		{triage.ApplicationConfirmation, "Acme Hiring Team <no-reply@us.greenhouse-mail.io>", "Thank you for applying to Acme",
			"Hi Sam,\n\nWe have received your application for Data Engineer. Our team will review it. Unfortunately we cannot respond to each applicant individually."},
		{triage.Interview, "Dana Lee <dana@acme.com>", "Interview with Acme", "Hi Sam,\n\nWe would like to invite you to an interview for the Data Engineer role on 12 March 2026 at 2pm CET. Does that work for you?"},
		{triage.Offer, "Dana Lee <dana@acme.com>", "Your offer", "Dear Sam,\n\nWe are pleased to offer you the position of Data Engineer at Acme. Your annual salary will be €72,000. Please sign the offer letter by 20 March 2026."},
		{triage.Assessment, "HackerRank <support@hackerrankforwork.com>", "Acme coding challenge", "Complete the coding challenge within 5 days. Once you start the test you have 90 minutes to complete it."},
		{triage.Rejection, "Personal <jobs@firma.de>", "Ihre Bewerbung", "Sehr geehrte Frau Stein,\n\nleider müssen wir Ihnen mitteilen, dass wir Ihre Bewerbung nicht weiter berücksichtigen können. Wir haben uns für einen anderen Bewerber entschieden."},
		{triage.AccountSecurity, "GitHub <noreply@github.com>", "Your verification code", "Your verification code is 482913. If you did not request this, change your password."},
	}
	for _, tt := range tests {
		m := message("From: "+tt.from, "To: sam@example.org", "Subject: "+tt.subject, "Date: Mon, 2 Mar 2026 10:00:00 +0100",
			"Content-Type: text/plain; charset=utf-8", "", tt.body)
		v := triage.Judge(triage.Input{Mail: m})
		if v.Category != tt.want {
			t.Errorf("%q: category %s (%.2f), want %s", tt.subject, v.Category, v.Confidence, tt.want)
		}
		if len(v.Why) == 0 {
			t.Errorf("%q: no reasons", tt.subject)
		}
	}
}

func TestJudgeSpans(t *testing.T) {
	m := message("From: Dana Lee <dana@acme.com>", "To: sam@example.org", "Subject: Interview", "Date: Mon, 2 Mar 2026 10:00:00 +0100",
		"Content-Type: text/plain; charset=utf-8", "",
		"Hi Sam, we’d like to invite you to an interview for the position of Senior Data Engineer at Acme Robotics on 12 March at 2:30 pm CET.",
		"Please confirm by 9 March. Call me on +44 20 7946 0958. The pay is €72.000.")
	v := triage.Judge(triage.Input{Mail: m})
	want := map[string]string{"role": "Senior Data Engineer", "company": "Acme Robotics", "interview_time": "2026-03-12T14:30:00+01:00",
		"deadline": "2026-03-09", "phone": "+442079460958", "amount": "EUR 72000"}
	for kind, value := range want {
		found := false
		for _, f := range v.Facts {
			if f.Kind == kind && f.Value == value {
				found = true
				if f.End <= f.Start || f.End > len(m.VisibleText) {
					t.Errorf("%s: span %d–%d", kind, f.Start, f.End)
				}
			}
		}
		if !found {
			t.Errorf("no fact %s %q in %+v", kind, value, v.Facts)
		}
	}
	if !v.NeedsReply {
		t.Error("does not need a reply")
	}
}
