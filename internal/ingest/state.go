package ingest

import (
	"encoding/hex"
	"maps"
	"slices"
	"strings"

	"applylens/internal/mail"
)

// A state is where a mail lies and how it is marked, as its labels in the source say.
type state struct {
	place                        string
	unread, starred, sent, draft bool
}

// stateOf reads Gmail's label names. A mail without INBOX, SPAM or TRASH is archived; one that the owner sent to
// others is never in the inbox.
func stateOf(m *item, owner []string) state {
	has := func(label string) bool { return slices.Contains(m.raw.Labels, label) }
	s := state{place: "archive", unread: has("UNREAD"), starred: has("STARRED"), draft: has("DRAFT")}
	s.sent = has("SENT") || (!s.draft && slices.Contains(owner, strings.ToLower(first(m.mail.From).Address)))
	switch {
	case has("TRASH"):
		s.place = "trash"
	case has("SPAM"):
		s.place = "spam"
	case has("INBOX") && !s.draft && (!s.sent || sentToOwner(m.mail, owner)):
		s.place = "inbox"
	}
	return s
}

func sentToOwner(m *mail.Message, owner []string) bool {
	return slices.ContainsFunc(slices.Concat(m.To, m.Cc), func(a mail.Address) bool { return slices.Contains(owner, strings.ToLower(a.Address)) })
}

// ownLabels are the labels a person made: not Gmail's system labels.
func ownLabels(labels []string) []string {
	var own []string
	for _, l := range labels {
		switch l {
		case "INBOX", "UNREAD", "STARRED", "SENT", "TRASH", "SPAM", "DRAFT", "IMPORTANT", "CHAT":
			continue
		}
		if name := strings.TrimSpace(strings.ToValidUTF8(strings.ReplaceAll(l, "\x00", ""), "�")); name != "" && !strings.HasPrefix(l, "CATEGORY_") && len(name) <= 225 {
			own = append(own, name)
		}
	}
	return own
}

func first(list []mail.Address) mail.Address {
	if len(list) == 0 {
		return mail.Address{}
	}
	return list[0]
}

// addressText renders addresses for display and for the text index.
func addressText(list []mail.Address) string {
	var b strings.Builder
	for i, a := range list {
		if i == 100 {
			b.WriteString(", …")
			break
		}
		if i > 0 {
			b.WriteString(", ")
		}
		if a.Name != "" && a.Name != a.Address {
			b.WriteString(a.Name + " <" + a.Address + ">")
		} else {
			b.WriteString(a.Address)
		}
	}
	return b.String()
}

func recipientText(m *mail.Message) string {
	return addressText(slices.Concat(m.To, m.Cc, m.Bcc))
}

func keys(set map[string]bool) []string { return slices.Sorted(maps.Keys(set)) }

func unhex(s string) []byte {
	b, err := hex.DecodeString(s)
	if err != nil {
		panic(err) // mail.Parse wrote it
	}
	return b
}

func fmtIdentity(id [32]byte) string { return hex.EncodeToString(id[:16]) + "@no-message-id.invalid" }
