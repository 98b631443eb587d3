package views

import (
	"time"

	"applylens/internal/db"
)

// Approvals is what agents propose to a person, by kind.
type Approvals struct {
	Kind    string // shown alone; "" for all
	Kinds   []ApprovalKind
	Decided []db.ApprovalDecidedRow
	Second  []db.ApprovalsAwaitingRow // for admins: what another person has approved and cannot be undone
	Seen    time.Time                 // proposals made later were not shown
	Done    string                    // what was just done
}

// An ApprovalKind is the proposals of one kind.
type ApprovalKind struct {
	db.ApprovalKindsRow
	Rows []db.ApprovalListRow
}

func lapses(r db.ApprovalListRow, now time.Time) string {
	if r.ExpiresAt == nil {
		return "stands until it is decided"
	}
	days := int(r.ExpiresAt.Sub(now).Hours() / 24)
	if days < 1 {
		return "lapses within a day"
	}
	return "lapses in " + count(days, "day")
}

// decidedWord says what became of a proposal.
func decidedWord(state string) string {
	switch state {
	case "done":
		return "approved"
	case "expired":
		return "lapsed"
	}
	return state
}
