// Package triage judges one mail: what it is, how much it matters, whether it asks for an answer, how dangerous it
// is, and which facts it states. It is pure: values in, a verdict out, each part with the evidence for it. Start at
// Judge.
package triage

import (
	"time"

	"applylens/internal/mail"
)

// An Input is one mail with what is known around it.
type Input struct {
	Mail   *mail.Message
	Owner  []string        // the addresses of the mailbox's owner, lower case; may be empty
	Thread []string        // visible texts of the earlier mails of the thread, newest first; may be empty
	Known  map[string]bool // addresses the owner has written to, lower case; may be nil
	Now    time.Time       // the clock for words such as "tomorrow" when the mail has no date
}

// A Verdict is the judgement on one mail.
type Verdict struct {
	Category       Category             `json:"category"`
	Confidence     float64              `json:"confidence"`   // of Category, 0–1
	NeedsReview    bool                 `json:"needs_review"` // Confidence is below the threshold of the class
	Categories     map[Category]float64 `json:"categories"`   // sums to 1
	Priority       Priority             `json:"priority"`
	PriorityReason string               `json:"priority_reason"`
	NeedsReply     bool                 `json:"needs_reply"`
	ReplySentence  string               `json:"reply_sentence"` // the sentence that asks
	Unwanted       float64              `json:"unwanted"`       // probability of spam or scam, 0–1
	Risk           Risk                 `json:"risk"`
	Facts          []Fact               `json:"facts"`
	Why            []Reason             `json:"why"` // strongest first
}

// A Category is the one class of a mail.
type Category string

// The categories: those of job mail first.
const (
	ApplicationConfirmation Category = "application_confirmation"
	Rejection               Category = "rejection"
	Interview               Category = "interview"
	Assessment              Category = "assessment"
	Offer                   Category = "offer"
	RecruiterOutreach       Category = "recruiter_outreach"
	EmployerRequest         Category = "employer_request"
	JobAlert                Category = "job_alert"
	Personal                Category = "personal"
	Newsletter              Category = "newsletter"
	Promotion               Category = "promotion"
	ReceiptBill             Category = "receipt_bill"
	AccountSecurity         Category = "account_security"
	EventTravel             Category = "event_travel"
	Notification            Category = "notification"
	MailingList             Category = "mailing_list"
	Other                   Category = "other"
)

// A Priority says how soon a mail wants its reader.
type Priority string

// The priorities, most pressing first.
const (
	Urgent Priority = "urgent"
	High   Priority = "high"
	Normal Priority = "normal"
	Low    Priority = "low"
)

// Risk is a score of 0–100 and the signals whose weights make it up.
type Risk struct {
	Score   int      `json:"score"`
	Level   string   `json:"level"` // safe < 20, low < 40, medium < 60, high < 80, critical
	Signals []Signal `json:"signals"`
}

// A Signal is one named piece of evidence of danger.
type Signal struct {
	Name     string `json:"name"`     // snake_case, stable
	Weight   int    `json:"weight"`   // points added to the score; negative for reassuring ones
	Evidence string `json:"evidence"` // in words a person understands, with what to check
}

// A Fact is one normalised value and where it stands in the visible text (byte offsets; both 0 when it comes from
// a header or a calendar part).
type Fact struct {
	Kind  string `json:"kind"` // company, role, requisition, person, date, deadline, amount, interview_time, location, link, phone
	Value string `json:"value"`
	Start int    `json:"start"`
	End   int    `json:"end"`
}

// A Reason is one thing that decided the category: a signal in words, and the span of visible text it rests on
// (byte offsets; both 0 when it rests on a header).
type Reason struct {
	Text  string `json:"text"`
	Start int    `json:"start"`
	End   int    `json:"end"`
}

// Unjudged stands for the verdict of mail that is not judged yet.
func Unjudged() Verdict {
	return Verdict{Category: Other, NeedsReview: true, Categories: map[Category]float64{}, Priority: Normal, PriorityReason: "not judged yet",
		Risk: Risk{Level: "unknown"}, Why: []Reason{{Text: "It came while nothing could judge it; its judgement follows."}}}.listed()
}

// Categories lists all categories in the order in which they are shown.
func Categories() []Category {
	return []Category{Offer, Interview, Assessment, EmployerRequest, RecruiterOutreach, ApplicationConfirmation, Rejection, JobAlert,
		Personal, AccountSecurity, ReceiptBill, EventTravel, Notification, MailingList, Newsletter, Promotion, Other}
}
