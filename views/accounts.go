package views

import (
	"strconv"
	"time"
)

// An Account is a connected mailbox as it is shown, on the page and to programs.
type Account struct {
	ID             int64          `json:"id"`
	Address        string         `json:"address"`
	State          string         `json:"state"` // connecting, backfilling, live, paused, needs_reconnect, resyncing, disconnected, error
	Cause          string         `json:"cause,omitempty"`
	Since          time.Time      `json:"since"`
	WayOut         string         `json:"way_out,omitempty"`
	ConnectedAt    time.Time      `json:"connected_at"`
	LastSync       *time.Time     `json:"last_sync"`
	LagSeconds     int64          `json:"lag_seconds"`
	Pushes         bool           `json:"pushes"` // else it is polled
	LastPush       *time.Time     `json:"last_push"`
	WatchUntil     *time.Time     `json:"watch_until"`
	WatchError     string         `json:"watch_error,omitempty"`
	PausedUntil    *time.Time     `json:"paused_until"`
	Total          int64          `json:"total"` // messages at Gmail when the backfill began
	ReadyAt        *time.Time     `json:"ready_at"`
	RecentReadyAt  *time.Time     `json:"recent_ready_at"` // of the last 30 days
	Ledger         Ledger         `json:"ledger"`
	ComparedAt     *time.Time     `json:"compared_at"` // when everything was last compared with Gmail
	Missing        int32          `json:"missing"`     // found missing then, and fetched
	Surplus        int32          `json:"surplus"`
	Differing      int32          `json:"differing"`
	ResyncedAt     *time.Time     `json:"resynced_at"`
	WaitingChanges int64          `json:"waiting_changes"`
	RefusedChanges int64          `json:"refused_changes"`
	MayModify      bool           `json:"may_modify"`
	MaySend        bool           `json:"may_send"`
	Quota          *Quota         `json:"quota,omitempty"` // nil until something was used
	Events         []AccountEvent `json:"events"`
	ParkedMails    []ParkedMail   `json:"parked"`
}

// A Ledger accounts for every message id that was ever seen: received is the sum of the others.
type Ledger struct {
	Received int64 `json:"received"`
	Stored   int64 `json:"stored"`
	Waiting  int64 `json:"waiting"`
	Parked   int64 `json:"parked"`
	Deleted  int64 `json:"deleted"`
}

// An AccountEvent is something that happened to an account.
type AccountEvent struct {
	At     time.Time `json:"at"`
	Kind   string    `json:"kind"`
	Detail string    `json:"detail"`
}

// A ParkedMail is a message that could not be stored and is tried again.
type ParkedMail struct {
	Attempts int32     `json:"attempts"`
	RetryAt  time.Time `json:"retry_at"`
	Error    string    `json:"error"`
}

// stateName is how a state is called.
func stateName(state string) string {
	switch state {
	case "connecting":
		return "Connecting"
	case "backfilling":
		return "Bringing in your mail"
	case "live":
		return "Up to date"
	case "paused":
		return "Paused by Google’s quota"
	case "needs_reconnect":
		return "Needs to be connected again"
	case "resyncing":
		return "Comparing everything"
	case "disconnected":
		return "Disconnected"
	}
	return "In trouble"
}

// WayOut says what leads out of a state, for the person; empty where nothing has to be done.
func WayOut(state string) string {
	switch state {
	case "connecting", "backfilling", "resyncing", "paused":
		return "It goes on by itself."
	case "needs_reconnect":
		return "Connect the account again."
	case "disconnected":
		return "Connect the account again, or delete its mail here."
	case "error":
		return "Switch Gmail on for this account, or disconnect it. If it is a failure, syncing goes on trying."
	}
	return ""
}

// proof is what the last full comparison found, up to the time of it.
func proof(a Account) string {
	if a.Missing == 0 {
		return "0 missing, proved"
	}
	return count(a.Missing, "mail") + " were missing and were fetched, proved"
}

func percentOf(part, whole int64) string {
	if whole == 0 {
		return "0"
	}
	return strconv.FormatInt(min(100, part*100/whole), 10)
}

// A Consent is how a way to Google ended.
type Consent struct {
	Title, Text, More string
	Label, Href       string // the way on
	Theme             string
	Other, OtherHref  string // another way
}

func connectHref(connecting bool, query string) string {
	if connecting {
		return "/settings/accounts/connect" + query
	}
	return "/google/sign-in" + query
}

// ConsentRefused is for who said no at Google.
func ConsentRefused(connecting bool) Consent {
	return Consent{Title: "Nothing was connected", Text: "You did not agree on Google’s page, so ApplyLens has no access to your mail and has stored nothing.",
		More:  "It asks to read, so that it can judge and find mail. You can also import an export of your mail without any permission.",
		Label: "Try again", Href: connectHref(connecting, ""), Other: "Import a file", OtherHref: "/welcome"}
}

// ConsentStale is for a way back that nobody began in this browser, or that was used before, or took too long.
func ConsentStale(connecting bool) Consent {
	return Consent{Title: "That page is out of date", Text: "This answer of Google was used before, took longer than ten minutes, or belongs to another browser. Nothing was changed.",
		Label: "Begin again", Href: connectHref(connecting, ""), Other: "To the inbox", OtherHref: "/"}
}

// ConsentFailed is for Google being out of order.
func ConsentFailed(connecting bool) Consent {
	return Consent{Title: "Google did not answer as it should", Text: "The connection could not be finished. Nothing was changed. If it happens again, whoever runs this server should look at “applylens doctor”.",
		Label: "Try again", Href: connectHref(connecting, ""), Other: "To the inbox", OtherHref: "/"}
}

// ConsentOther is for another account than the one that was meant.
func ConsentOther(meant, came string) Consent {
	return Consent{Title: "That was another account", Text: "You chose " + came + " at Google, but this was about " + meant + ". Nothing was changed.",
		Label: "Back to the mailboxes", Href: "/settings/accounts", Other: "Connect " + came + " as well", OtherHref: "/settings/accounts/connect"}
}

// ConsentUnknown is for who signs in with Google and is not known here.
func ConsentUnknown(address string) Consent {
	return Consent{Title: "You are not known here", Text: address + " has no access to this server, and nothing about it was stored.",
		More: "Ask whoever runs the server, or sign in another way and connect this account under Settings, Mailboxes.", Label: "Sign in another way", Href: "/sign-in"}
}

// ConsentNotLasting is for a permission that ends within the hour.
func ConsentNotLasting(connecting bool) Consent {
	return Consent{Title: "Google gave no lasting permission", Text: "That happens when you agreed some time ago. Agree once more, then it lasts.",
		Label: "Agree once more", Href: connectHref(connecting, "?again=1"), Other: "To the inbox", OtherHref: "/"}
}

// ConsentUnticked is for a box that was left unticked.
func ConsentUnticked(scope, address string) Consent {
	switch scope {
	case "modify":
		return Consent{Title: "Your changes stay here", Text: "You left the box for changing mail unticked. ApplyLens goes on reading " + address + "; what you archive or label here is kept and waits until you allow it.",
			Label: "To the inbox", Href: "/", Other: "Allow changes", OtherHref: "/settings/accounts/connect?scope=modify"}
	case "send":
		return Consent{Title: "Replies cannot be sent", Text: "You left the box for sending unticked. Drafts are kept; you can allow it whenever you like.",
			Label: "To the inbox", Href: "/", Other: "Allow sending", OtherHref: "/settings/accounts/connect?scope=send"}
	}
	return Consent{Title: "The box for reading was not ticked", Text: "Without it ApplyLens sees no mail of " + address + ", so the account was not connected.",
		Label: "Try again and tick it", Href: "/settings/accounts/connect?again=1", Other: "To the inbox", OtherHref: "/"}
}

// A SetupRow is what the doctor says of one part of the setup of Google.
type SetupRow struct {
	Part   string
	State  string // ok, wrong or unknown
	Text   string
	Remedy string
}
