package gmailsync

import (
	"context"
	"slices"
	"strings"

	"applylens/internal/db"
	"applylens/internal/gmail"
)

// Our labels at Gmail lie under one parent. Two of them keep a place that Gmail does not have.
const (
	labelParent     = "ApplyLens/"
	labelSnoozed    = "ApplyLens/Snoozed"
	labelQuarantine = "ApplyLens/Quarantine"
)

// labels are an account's labels at Gmail.
type labels struct {
	names map[string]string  // by Gmail's id
	ids   map[string]string  // by name
	ours  map[int64][]string // Gmail's ids by our label
}

// place says which labels keep an email in a place.
func (l labels) place(name string) []string {
	switch name {
	case "inbox":
		return []string{gmail.Inbox}
	case "spam":
		return []string{gmail.Spam}
	case "trash":
		return []string{gmail.Trash}
	case "snoozed":
		return l.known(labelSnoozed)
	case "quarantine":
		return l.known(labelQuarantine)
	}
	return nil
}

// places are all labels that keep a place.
func (l labels) places() []string {
	return slices.Concat([]string{gmail.Inbox, gmail.Spam, gmail.Trash}, l.known(labelSnoozed), l.known(labelQuarantine))
}

func (l labels) known(name string) []string {
	if id := l.ids[name]; id != "" {
		return []string{id}
	}
	return nil
}

// kindOf says which part of the state of an email a label is, and for labels of ours which.
func (l labels) kindOf(id string) (kind string, labelID int64) {
	switch id {
	case gmail.Unread:
		return "unread", 0
	case gmail.Starred:
		return "starred", 0
	}
	if slices.Contains(l.places(), id) {
		return "place", 0
	}
	for label, ids := range l.ours {
		if slices.Contains(ids, id) {
			return "label", label
		}
	}
	return "", 0
}

// systemOnly are Gmail's own labels of a message, by which ingest tells its place; the person's follow by their ids.
func systemOnly(ids []string) []string {
	return slices.DeleteFunc(slices.Clone(ids), func(id string) bool { return strings.ToUpper(id) != id })
}

// localName is what one of Gmail's labels is called here; none for those that keep a place.
func localName(name string) string {
	if name == labelSnoozed || name == labelQuarantine || name == strings.TrimSuffix(labelParent, "/") {
		return ""
	}
	if name = strings.TrimPrefix(name, labelParent); len(name) > 225 {
		return ""
	}
	return name
}

// loadLabels reads what is stored of the labels.
func (r *run) loadLabels(ctx context.Context) error {
	rows, err := r.DB.As(r.user).GmailLabels(ctx, db.GmailLabelsParams{UserID: r.user, AccountID: r.id})
	if err != nil {
		return err
	}
	r.labels = labels{names: map[string]string{}, ids: map[string]string{}, ours: map[int64][]string{}}
	for _, row := range rows {
		r.labels.names[row.GmailID] = row.Name
		if row.Name != "" {
			r.labels.ids[row.Name] = row.GmailID
		}
		if row.LabelID != 0 {
			r.labels.ours[row.LabelID] = append(r.labels.ours[row.LabelID], row.GmailID)
		}
	}
	return nil
}

// readLabels looks at Gmail's labels now and then, and when the program just began with the account.
func (r *run) readLabels(ctx context.Context) error {
	if err := r.loadLabels(ctx); err != nil {
		return err
	}
	if at := r.account.LabelsAt; at != nil && r.Now().Sub(*at) < r.Options.Labels {
		return nil
	}
	return r.refreshLabels(ctx)
}

// learnLabels looks at Gmail's labels at once when messages carry one that is not known.
func (r *run) learnLabels(ctx context.Context) error {
	unknown, err := r.DB.As(r.user).GmailLabelsUnknown(ctx, db.GmailLabelsUnknownParams{UserID: r.user, AccountID: r.id})
	if err != nil || !unknown {
		return err
	}
	if err := r.loadLabels(ctx); err != nil {
		return err
	}
	return r.refreshLabels(ctx)
}

// refreshLabels takes over new, renamed and removed labels.
func (r *run) refreshLabels(ctx context.Context) error {
	list, err := r.client.Labels(ctx)
	if err != nil {
		return err
	}
	seen := map[string]bool{}
	for _, l := range list {
		if l.Type != "user" {
			continue
		}
		seen[l.ID] = true
		if r.labels.names[l.ID] != l.Name {
			if err := r.putLabel(ctx, l); err != nil {
				return err
			}
		}
	}
	for id := range r.labels.names {
		if !seen[id] {
			if err := r.dropLabel(ctx, id); err != nil {
				return err
			}
		}
	}
	if err := r.DB.As(r.user).AccountLabelsRead(ctx, db.AccountLabelsReadParams{UserID: r.user, ID: r.id, Now: r.Now()}); err != nil {
		return err
	}
	return r.loadLabels(ctx)
}

// putLabel notes a label that is new or has another name, and gives it to the emails that carry it.
func (r *run) putLabel(ctx context.Context, l gmail.Label) error {
	err := r.tx(ctx, func(q *db.Queries, _ gmail.HistoryID) error {
		p := db.GmailLabelUpsertParams{UserID: r.user, AccountID: r.id, GmailID: l.ID, Name: l.Name}
		if name := localName(l.Name); name != "" {
			made, err := q.LabelEnsure(ctx, db.LabelEnsureParams{UserID: r.user, Names: []string{name}})
			if err != nil {
				return err
			}
			p.LabelID = &made[0].ID
		}
		if was := r.labels.names[l.ID]; was != "" {
			if err := q.GmailLabelLeave(ctx, db.GmailLabelLeaveParams{UserID: r.user, AccountID: r.id, GmailID: l.ID}); err != nil {
				return err
			}
		}
		return q.GmailLabelUpsert(ctx, p)
	})
	if err != nil {
		return err
	}
	return r.deriveLabelled(ctx, l.ID)
}

// deriveLabelled derives the emails of all messages with a label anew.
func (r *run) deriveLabelled(ctx context.Context, label string) error {
	after := ""
	for {
		ids, err := r.DB.As(r.user).GmailLabelled(ctx, db.GmailLabelledParams{UserID: r.user, AccountID: r.id, Label: label, AfterID: after, MaxRows: 500})
		if err != nil || len(ids) == 0 {
			return err
		}
		if err := r.tx(ctx, func(q *db.Queries, _ gmail.HistoryID) error { return r.derive(ctx, q, ids) }); err != nil {
			return err
		}
		after = ids[len(ids)-1]
	}
}

// dropLabel takes a label that was deleted at Gmail off everything.
func (r *run) dropLabel(ctx context.Context, id string) error {
	return r.tx(ctx, func(q *db.Queries, _ gmail.HistoryID) error {
		emails, err := q.GmailUnlabel(ctx, db.GmailUnlabelParams{UserID: r.user, AccountID: r.id, Label: id})
		if err != nil {
			return err
		}
		if err := r.deriveEmails(ctx, q, unique(emails)); err != nil {
			return err
		}
		return q.GmailLabelDelete(ctx, db.GmailLabelDeleteParams{UserID: r.user, AccountID: r.id, GmailID: id})
	})
}

// derive gives the emails of messages the state that is known of them.
func (r *run) derive(ctx context.Context, q *db.Queries, ids []string) error {
	emails, err := q.GmailEmailsOf(ctx, db.GmailEmailsOfParams{UserID: r.user, AccountID: r.id, GmailIds: ids})
	if err != nil {
		return err
	}
	return r.deriveEmails(ctx, q, emails)
}

func (r *run) deriveEmails(ctx context.Context, q *db.Queries, emails []int64) error {
	emails = slices.DeleteFunc(emails, func(id int64) bool { return id == 0 })
	if len(emails) == 0 {
		return nil
	}
	threads, err := q.GmailThreadsOf(ctx, db.GmailThreadsOfParams{UserID: r.user, EmailIds: emails})
	if err != nil {
		return err
	}
	if _, err := q.ThreadLock(ctx, db.ThreadLockParams{UserID: r.user, Ids: threads}); err != nil {
		return err
	}
	if err := q.GmailDerive(ctx, db.GmailDeriveParams{UserID: r.user, EmailIds: emails}); err != nil {
		return err
	}
	if err := q.GmailDeriveLabels(ctx, db.GmailDeriveLabelsParams{UserID: r.user, EmailIds: emails}); err != nil {
		return err
	}
	if err := q.ThreadRefresh(ctx, db.ThreadRefreshParams{UserID: r.user, Ids: threads}); err != nil {
		return err
	}
	return q.MailChanged(ctx, r.user)
}

// ensureLabel returns Gmail's id of a label by its full name, making it if there is none.
func (r *run) ensureLabel(ctx context.Context, name string) (string, error) {
	if id := r.labels.ids[name]; id != "" {
		return id, nil
	}
	l, err := r.client.CreateLabel(ctx, name)
	if gmail.IsConflict(err) { // made elsewhere meanwhile
		if err := r.refreshLabels(ctx); err != nil {
			return "", err
		}
		for known, id := range r.labels.ids {
			if strings.EqualFold(known, name) {
				return id, nil
			}
		}
		return "", err
	}
	if err != nil {
		return "", err
	}
	if err := r.putLabel(ctx, l); err != nil {
		return "", err
	}
	return l.ID, r.loadLabels(ctx)
}
