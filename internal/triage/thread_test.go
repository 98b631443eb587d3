package triage_test

import (
	"strings"
	"testing"

	"applylens/internal/triage"
)

const refusal = "Thank you for applying to Acme. After careful consideration we will not be moving forward with your application."

// A refusal below an answer is history: only the new words count.
func TestJudgeIgnoresQuotedHistory(t *testing.T) {
	m := message("From: Dana Lee <dana@acme.example>", "To: sam@example.org", "Subject: Re: Data Engineer at Acme",
		"In-Reply-To: <1@acme.example>", "References: <1@acme.example>", "Content-Type: text/plain; charset=utf-8", "",
		"Hi Sam, good news after all: a second position opened. We would like to invite you to an interview on 12 March at 10:00. Which time works for you?",
		"", "On Mon, 2 Mar 2026 at 10:00, Dana Lee <dana@acme.example> wrote:", "> "+refusal)
	v := triage.Judge(triage.Input{Mail: m, Thread: []string{refusal}})
	if v.Category != triage.Interview {
		t.Errorf("category %s, want interview; why %+v", v.Category, v.Why)
	}
	for _, r := range v.Why {
		if strings.Contains(r.Text, "moving forward") {
			t.Errorf("the quoted refusal is a reason: %+v", r)
		}
	}
	if !v.NeedsReply || !strings.Contains(v.ReplySentence, "Which time works") {
		t.Errorf("needs reply %v: %q", v.NeedsReply, v.ReplySentence)
	}
}

// A new refusal decides even when an invitation stands in the history.
func TestJudgeTakesTheLastDecision(t *testing.T) {
	m := message("From: Dana Lee <dana@acme.example>", "To: sam@example.org", "Subject: Re: Interview with Acme",
		"In-Reply-To: <1@acme.example>", "References: <1@acme.example>", "Content-Type: text/plain; charset=utf-8", "",
		"Hi Sam, thank you for the interview. Unfortunately we have decided to move forward with another candidate.",
		"", "On Mon, 2 Mar 2026 at 10:00, Dana Lee <dana@acme.example> wrote:", "> We are pleased to invite you to an interview.")
	if v := triage.Judge(triage.Input{Mail: m}); v.Category != triage.Rejection {
		t.Errorf("category %s, want rejection; why %+v", v.Category, v.Why)
	}
}

// A promise of an interview under a condition is no interview.
func TestJudgeReadsConditions(t *testing.T) {
	m := message("From: Acme Careers <no-reply@myworkday.com>", "To: sam@example.org", "Subject: We received your application",
		"Content-Type: text/plain; charset=utf-8", "",
		"Thank you for applying. Your application has been received. If you are selected for an interview, we will contact you to schedule it.")
	if v := triage.Judge(triage.Input{Mail: m}); v.Category != triage.ApplicationConfirmation {
		t.Errorf("category %s, want application_confirmation; why %+v", v.Category, v.Why)
	}
}
