package gmail

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"strconv"
	"time"
)

// PageSize is how many messages or changes a page holds at most.
const PageSize = 500

// Profile returns the address, the number of messages and the newest history id.
func (c *Client) Profile(ctx context.Context) (p Profile, err error) {
	return p, c.do(ctx, request{method: "getProfile", verb: http.MethodGet, path: "profile", urgency: Fresh}, &p)
}

// List returns a page of all messages, spam and trash included, newest first; with a label, of those that carry it.
func (c *Client) List(ctx context.Context, label, pageToken string, u Urgency) (l MessageList, err error) {
	q := url.Values{"maxResults": {strconv.Itoa(PageSize)}, "includeSpamTrash": {"true"}, "fields": {"messages(id,threadId),nextPageToken"}}
	if label != "" {
		q.Set("labelIds", label)
	}
	if pageToken != "" {
		q.Set("pageToken", pageToken)
	}
	return l, c.do(ctx, request{method: "messages.list", verb: http.MethodGet, path: "messages", query: q, urgency: u}, &l)
}

// Count counts the messages that arrived after a time, page by page, spam and trash included.
func (c *Client) Count(ctx context.Context, after time.Time, u Urgency) (n int64, err error) {
	q := url.Values{"maxResults": {strconv.Itoa(PageSize)}, "includeSpamTrash": {"true"}, "fields": {"messages(id),nextPageToken"},
		"q": {"after:" + strconv.FormatInt(after.Unix(), 10)}}
	for {
		var l MessageList
		if err := c.do(ctx, request{method: "messages.list", verb: http.MethodGet, path: "messages", query: q, urgency: u}, &l); err != nil {
			return n, err
		}
		n += int64(len(l.Messages))
		if l.NextPageToken == "" {
			return n, nil
		}
		q.Set("pageToken", l.NextPageToken)
	}
}

// Get returns a message with its source.
func (c *Client) Get(ctx context.Context, id string, u Urgency) (m Message, err error) {
	q := url.Values{"format": {"raw"}, "fields": {"id,threadId,labelIds,historyId,internalDate,raw"}}
	return m, c.do(ctx, request{method: "messages.get", verb: http.MethodGet, path: "messages/" + url.PathEscape(id), query: q, urgency: u}, &m)
}

// Look returns a message's labels and history id.
func (c *Client) Look(ctx context.Context, id string, u Urgency) (m Message, err error) {
	q := url.Values{"format": {"minimal"}, "fields": {"id,threadId,labelIds,historyId,internalDate"}}
	return m, c.do(ctx, request{method: "messages.get", verb: http.MethodGet, path: "messages/" + url.PathEscape(id), query: q, urgency: u}, &m)
}

// History returns a page of all changes after a history id. IsGone means that the id is too old.
func (c *Client) History(ctx context.Context, after HistoryID, pageToken string) (p HistoryPage, err error) {
	q := url.Values{"startHistoryId": {string(after)}, "maxResults": {strconv.Itoa(PageSize)},
		"historyTypes": {"messageAdded", "messageDeleted", "labelAdded", "labelRemoved"}}
	if pageToken != "" {
		q.Set("pageToken", pageToken)
	}
	return p, c.do(ctx, request{method: "history.list", verb: http.MethodGet, path: "history", query: q, urgency: Fresh}, &p)
}

// Labels returns all labels.
func (c *Client) Labels(ctx context.Context) ([]Label, error) {
	var l struct {
		Labels []Label `json:"labels"`
	}
	return l.Labels, c.do(ctx, request{method: "labels.list", verb: http.MethodGet, path: "labels", urgency: Fresh}, &l)
}

// CreateLabel makes a label; IsConflict means that it is there already.
func (c *Client) CreateLabel(ctx context.Context, name string) (l Label, err error) {
	body := map[string]string{"name": name, "labelListVisibility": "labelShow", "messageListVisibility": "show"}
	return l, c.do(ctx, request{method: "labels.create", verb: http.MethodPost, path: "labels", body: body, urgency: Interactive}, &l)
}

// Modify changes the labels of up to 1,000 messages; those that are gone are passed over. It is tried once: an error
// that is neither an Error nor a Pause may mean that it was carried out.
func (c *Client) Modify(ctx context.Context, key string, ids, add, remove []string) error {
	body := map[string][]string{"ids": ids, "addLabelIds": add, "removeLabelIds": remove}
	r := request{method: "messages.batchModify", verb: http.MethodPost, path: "messages/batchModify", body: body, key: key, urgency: Interactive}
	return c.do(ctx, r, nil)
}

// ModifyOne is Modify for one message, at a tenth of the quota. IsGone means that the message was deleted.
func (c *Client) ModifyOne(ctx context.Context, key, id string, add, remove []string) error {
	body := map[string][]string{"addLabelIds": add, "removeLabelIds": remove}
	r := request{method: "messages.modify", verb: http.MethodPost, path: "messages/" + url.PathEscape(id) + "/modify", body: body, key: key, urgency: Interactive}
	return c.do(ctx, r, nil)
}

// Send sends a message, into a thread if one is named. It is tried once, as Modify.
func (c *Client) Send(ctx context.Context, key string, raw []byte, threadID string) (m Message, err error) {
	r := request{method: "messages.send", verb: http.MethodPost, path: "messages/send", body: outgoing(raw, threadID), key: key, urgency: Interactive}
	return m, c.do(ctx, r, &m)
}

type outgoingMessage struct {
	Raw      Raw    `json:"raw"`
	ThreadID string `json:"threadId,omitempty"`
}

func outgoing(raw []byte, threadID string) outgoingMessage {
	return outgoingMessage{Raw: raw, ThreadID: threadID}
}

// Sent returns the message with a Message-ID, or false: whether a letter was sent whose answer was lost.
func (c *Client) Sent(ctx context.Context, messageID string) (bool, error) {
	q := url.Values{"q": {"rfc822msgid:" + messageID}, "includeSpamTrash": {"true"}, "maxResults": {"1"}, "fields": {"messages(id)"}}
	var l MessageList
	err := c.do(ctx, request{method: "messages.list", verb: http.MethodGet, path: "messages", query: q, urgency: Interactive}, &l)
	return len(l.Messages) > 0, err
}

// Watch asks for pushes to a topic, for seven days.
func (c *Client) Watch(ctx context.Context, topic string) (expires time.Time, err error) {
	var w struct {
		Expiration json.Number `json:"expiration"`
	}
	err = c.do(ctx, request{method: "watch", verb: http.MethodPost, path: "watch", body: map[string]string{"topicName": topic}, urgency: Fresh}, &w)
	if IsSecondWatch(err) {
		if err = c.Stop(ctx); err == nil {
			err = c.do(ctx, request{method: "watch", verb: http.MethodPost, path: "watch", body: map[string]string{"topicName": topic}, urgency: Fresh}, &w)
		}
	}
	if err != nil {
		return time.Time{}, err
	}
	ms, err := w.Expiration.Int64()
	return time.UnixMilli(ms), err
}

// Stop ends all pushes of the account.
func (c *Client) Stop(ctx context.Context) error {
	return c.do(ctx, request{method: "stop", verb: http.MethodPost, path: "stop", urgency: Fresh}, nil)
}
