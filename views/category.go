package views

import "applylens/internal/triage"

// CategoryName is the name of a category for people.
func CategoryName(category string) string {
	switch triage.Category(category) {
	case triage.ApplicationConfirmation:
		return "Applied"
	case triage.Rejection:
		return "Rejection"
	case triage.Interview:
		return "Interview"
	case triage.Assessment:
		return "Assessment"
	case triage.Offer:
		return "Offer"
	case triage.RecruiterOutreach:
		return "Recruiter"
	case triage.EmployerRequest:
		return "Request"
	case triage.JobAlert:
		return "Job alert"
	case triage.Personal:
		return "Personal"
	case triage.Newsletter:
		return "Newsletter"
	case triage.Promotion:
		return "Promotion"
	case triage.ReceiptBill:
		return "Receipt or bill"
	case triage.AccountSecurity:
		return "Security"
	case triage.EventTravel:
		return "Event or travel"
	case triage.Notification:
		return "Notification"
	case triage.MailingList:
		return "Mailing list"
	}
	return "Other"
}

// CategoryMeaning explains a category in a few words.
func CategoryMeaning(category string) string {
	switch triage.Category(category) {
	case triage.ApplicationConfirmation:
		return "an application arrived"
	case triage.Rejection:
		return "an application ended"
	case triage.Interview:
		return "invitation, change or reminder"
	case triage.Assessment:
		return "a test or task to do"
	case triage.Offer:
		return "a job is offered"
	case triage.RecruiterOutreach:
		return "someone asks about a job"
	case triage.EmployerRequest:
		return "availability, documents, references"
	case triage.JobAlert:
		return "lists of openings"
	case triage.AccountSecurity:
		return "codes and sign-in alerts"
	}
	return ""
}

// riskLevel is the level of a risk score, as triage.Risk has it.
func riskLevel(score int16) string {
	switch {
	case score < 20:
		return "safe"
	case score < 40:
		return "low"
	case score < 60:
		return "medium"
	case score < 80:
		return "high"
	}
	return "critical"
}
