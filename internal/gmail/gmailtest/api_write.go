package gmailtest

import (
	"encoding/base64"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

type messageBody struct {
	Raw      string   `json:"raw"`
	ThreadID string   `json:"threadId"`
	LabelIDs []string `json:"labelIds"`
}

func (b messageBody) bytes() ([]byte, error) {
	raw, err := base64.RawURLEncoding.DecodeString(strings.TrimRight(b.Raw, "="))
	if err != nil || len(raw) == 0 {
		return nil, badRequest("invalidArgument", "'raw' RFC822 payload message string or uploading message via /upload/* URL required")
	}
	return raw, nil
}

func (c *call) put(b messageBody, labels ...string) (any, error) {
	raw, err := b.bytes()
	if err != nil {
		return nil, err
	}
	thread := b.ThreadID
	if thread != "" && !slices.ContainsFunc(c.box.sorted(), func(m *Message) bool { return m.ThreadID == thread }) {
		return nil, notFound()
	}
	m := c.box.deliver(raw, thread, labels)
	return map[string]any{"id": m.ID, "threadId": m.ThreadID, "labelIds": m.Labels}, nil
}

func (c *call) send() (any, error) {
	var b messageBody
	if err := c.body(&b); err != nil {
		return nil, err
	}
	return c.put(b, "SENT")
}

func (c *call) insert() (any, error) {
	var b messageBody
	if err := c.body(&b); err != nil {
		return nil, err
	}
	return c.put(b, b.LabelIDs...)
}

func (c *call) listLabels() (any, error) {
	var all []Label
	for _, l := range c.box.labels {
		all = append(all, *l)
	}
	slices.SortFunc(all, func(a, b Label) int { return strings.Compare(a.ID, b.ID) })
	return map[string]any{"labels": all}, nil
}

func (c *call) label() (*Label, error) {
	l := c.box.labels[c.r.PathValue("id")]
	if l == nil {
		return nil, notFound()
	}
	return l, nil
}

func (c *call) getLabel() (any, error) { return c.label() }

func (c *call) createLabel() (any, error) {
	var b Label
	if err := c.body(&b); err != nil {
		return nil, err
	}
	if b.Name == "" {
		return nil, badRequest("invalidArgument", "Invalid label name")
	}
	l := c.box.addLabel(b.Name)
	if l == nil {
		return nil, &apiError{status: http.StatusConflict, reason: "aborted", message: "Label name exists or conflicts"}
	}
	return l, nil
}

func (c *call) updateLabel() (any, error) {
	l, err := c.label()
	if err != nil {
		return nil, err
	}
	var b Label
	if err := c.body(&b); err != nil {
		return nil, err
	}
	l.Name = b.Name
	return l, nil
}

func (c *call) deleteLabel() (any, error) {
	l, err := c.label()
	if err != nil {
		return nil, err
	}
	delete(c.box.labels, l.ID)
	for _, m := range c.box.messages {
		m.Labels = minus(m.Labels, []string{l.ID})
	}
	return nil, nil
}

func (c *call) startWatch() (any, error) {
	var b struct {
		Topic string `json:"topicName"`
	}
	if err := c.body(&b); err != nil {
		return nil, err
	}
	if !strings.HasPrefix(b.Topic, "projects/") {
		return nil, badRequest("invalidArgument", "Invalid topicName")
	}
	if c.f.opts.OnlyOneWatch && c.box.watch != nil {
		return nil, badRequest("failedPrecondition", "Only one user push notification client allowed per developer (call /stop then try again)")
	}
	c.box.watch = &watch{topic: b.Topic, expires: c.f.opts.Clock().Add(7 * 24 * time.Hour)}
	return map[string]any{"historyId": c.box.last.String(), "expiration": strconv.FormatInt(c.box.watch.expires.UnixMilli(), 10)}, nil
}

func (c *call) stopWatch() (any, error) {
	c.box.watch = nil
	return nil, nil
}

func (c *call) draftView(id string) map[string]any {
	m := c.box.messages[c.box.drafts[id]]
	return map[string]any{"id": id, "message": map[string]any{"id": m.ID, "threadId": m.ThreadID, "labelIds": m.Labels}}
}

func (c *call) draftID() (string, error) {
	id := c.r.PathValue("id")
	if c.box.messages[c.box.drafts[id]] == nil {
		return "", notFound()
	}
	return id, nil
}

func (c *call) listDrafts() (any, error) {
	var all []any
	for id, m := range c.box.drafts {
		if c.box.messages[m] != nil {
			all = append(all, c.draftView(id))
		}
	}
	return map[string]any{"drafts": all}, nil
}

func (c *call) getDraft() (any, error) {
	id, err := c.draftID()
	if err != nil {
		return nil, err
	}
	return c.draftView(id), nil
}

type draftBody struct {
	ID      string      `json:"id"`
	Message messageBody `json:"message"`
}

func (c *call) createDraft() (any, error) {
	var b draftBody
	if err := c.body(&b); err != nil {
		return nil, err
	}
	raw, err := b.Message.bytes()
	if err != nil {
		return nil, err
	}
	m := c.box.deliver(raw, b.Message.ThreadID, []string{"DRAFT"})
	id := fmt.Sprint("r", m.order)
	c.box.drafts[id] = m.ID
	return c.draftView(id), nil
}

// updateDraft makes a new message under the same draft id, as Gmail does.
func (c *call) updateDraft() (any, error) {
	id, err := c.draftID()
	if err != nil {
		return nil, err
	}
	var b draftBody
	if err := c.body(&b); err != nil {
		return nil, err
	}
	raw, err := b.Message.bytes()
	if err != nil {
		return nil, err
	}
	old := c.box.drafts[id]
	m := c.box.deliver(raw, c.box.messages[old].ThreadID, []string{"DRAFT"})
	c.box.drafts[id] = m.ID
	c.box.remove(old)
	return c.draftView(id), nil
}

func (c *call) deleteDraft() (any, error) {
	id, err := c.draftID()
	if err != nil {
		return nil, err
	}
	c.box.remove(c.box.drafts[id])
	delete(c.box.drafts, id)
	return nil, nil
}

func (c *call) sendDraft() (any, error) {
	var b draftBody
	if err := c.body(&b); err != nil {
		return nil, err
	}
	old := c.box.messages[c.box.drafts[b.ID]]
	if old == nil {
		return nil, notFound()
	}
	m := c.box.deliver(old.Raw, old.ThreadID, []string{"SENT"})
	c.box.remove(old.ID)
	delete(c.box.drafts, b.ID)
	return map[string]any{"id": m.ID, "threadId": m.ThreadID, "labelIds": m.Labels}, nil
}
