package triage

import "time"

// priority says how soon the mail wants its reader, from the verdict so far.
func (v *view) priority(out *Verdict) (Priority, string) {
	if out.Unwanted >= 0.5 || out.Risk.Score >= 60 {
		return Low, "looks unwanted or dangerous"
	}
	now := v.m.Date
	if now.IsZero() {
		now = v.in.Now
	}
	if due, what := nearest(out.Facts, now); what != "" && out.Category.IsJob() && out.Category != JobAlert {
		switch left := due.Sub(now); {
		case left <= 48*time.Hour:
			return Urgent, what + " within two days"
		case left <= 14*24*time.Hour:
			return High, what + " on " + due.Format("2 January")
		}
	}
	switch out.Category {
	case Offer:
		return Urgent, "an offer waits for your answer"
	case Interview:
		return High, "about an interview"
	case Assessment, EmployerRequest:
		return High, "an employer waits for you"
	case AccountSecurity:
		return High, "about the safety of an account"
	case Rejection, ApplicationConfirmation:
		return Normal, "news of an application"
	case Newsletter, Promotion, JobAlert, MailingList, Notification:
		return Low, "sent to many"
	}
	if v.sums[gUrgent] > 0 && out.NeedsReply {
		return High, "asks for a quick answer"
	}
	if out.NeedsReply {
		return High, "asks you for an answer"
	}
	return Normal, "nothing presses"
}

// nearest returns the first deadline or interview among the facts that is still to come, and what it is.
func nearest(facts []Fact, now time.Time) (due time.Time, what string) {
	for _, f := range facts {
		if f.Kind != "deadline" && f.Kind != "interview_time" {
			continue
		}
		t, err := time.Parse(time.RFC3339, f.Value)
		if err != nil {
			if t, err = time.Parse(time.DateOnly, f.Value); err != nil {
				continue
			}
			t = t.Add(24*time.Hour - time.Second)
		}
		if t.Before(now) || !due.IsZero() && !t.Before(due) {
			continue
		}
		due, what = t, "deadline"
		if f.Kind == "interview_time" {
			what = "interview"
		}
	}
	return due, what
}
