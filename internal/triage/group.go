package triage

import "strings"

// A group is what a phrase speaks for: a category, or a theme that several judgements share.
type group uint8

// The groups of categories come first and in the order of Classes, so that a group below len(Classes) is a category.
const (
	gRejectionNo group = iota + 17
	gJob
	gUrgent
	gDeadline
	gAskMoney
	gGiftCard
	gCredentials
	gIdentityPapers
	gCrypto
	gPressure
	gAdvanceFee
	gPrize
	gSpamGoods
	gFakeCheque
	gFakeChat
	gFakeFee
	gFakeBank
	gFakePay
	gExtortion
	gParcel
	gGreetingBlank
	gUnsubscribe
	gAsk
	gConditional
	gNotJob
	gCandidate
	groupCount
)

// themeNames are the names of the groups behind the categories, in order.
const themeNames = "rejection_no job urgent deadline ask_money gift_card credentials identity_papers crypto pressure " +
	"advance_fee prize spam_goods fake_job_cheque fake_job_chat fake_job_fee fake_job_bank fake_job_pay extortion " +
	"parcel greeting_blank unsubscribe ask conditional not_job candidate"

// ClassCount is the number of categories.
const ClassCount = classCount

// Classes returns all categories in the fixed order that the model and the phrase groups use.
func Classes() [17]Category {
	return [17]Category{ApplicationConfirmation, Rejection, Interview, Assessment, Offer, RecruiterOutreach,
		EmployerRequest, JobAlert, Personal, Newsletter, Promotion, ReceiptBill, AccountSecurity, EventTravel,
		Notification, MailingList, Other}
}

// The indices of Classes.
const (
	cConfirmation = iota
	cRejection
	cInterview
	cAssessment
	cOffer
	cOutreach
	cRequest
	cAlert
	cPersonal
	cNewsletter
	cPromotion
	cReceipt
	cSecurity
	cEvent
	cNotification
	cList
	cOther
	classCount
)

// IsJob reports whether a category belongs to the search for a job.
func (c Category) IsJob() bool {
	switch c {
	case ApplicationConfirmation, Rejection, Interview, Assessment, Offer, RecruiterOutreach, EmployerRequest, JobAlert:
		return true
	}
	return false
}

// groupByName finds the group of an "@name" line.
func groupByName(name string) (group, bool) {
	for i, c := range Classes() {
		if string(c) == name {
			return group(i), true
		}
	}
	for i, n := range strings.Fields(themeNames) {
		if n == name {
			return gRejectionNo + group(i), true
		}
	}
	return 0, false
}
