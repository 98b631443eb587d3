package gmailtest

import (
	"encoding/base64"
	"encoding/json"
	"io"
	"math/big"
	"net/textproto"
	"slices"
	"strconv"
	"strings"

	"bufio"
	"bytes"
)

// methods is the map of the API.
func methods() []method {
	return []method{
		{"GET profile", "getProfile", "", (*call).profile},
		{"GET messages", "messages.list", "", (*call).list},
		{"GET messages/{id}", "messages.get", "", (*call).get},
		{"DELETE messages/{id}", "messages.delete", "full", (*call).deleteMessage},
		{"POST messages/{id}/modify", "messages.modify", "modify", (*call).modifyMessage},
		{"POST messages/batchModify", "messages.batchModify", "modify", (*call).batchModify},
		{"POST messages/{id}/trash", "messages.trash", "modify", (*call).trash},
		{"POST messages/{id}/untrash", "messages.untrash", "modify", (*call).untrash},
		{"POST messages/send", "messages.send", "send", (*call).send},
		{"POST messages", "messages.insert", "modify", (*call).insert},
		{"GET messages/{id}/attachments/{attachment}", "messages.attachments.get", "", (*call).attachment},
		{"GET threads", "threads.list", "", (*call).threads},
		{"GET threads/{id}", "threads.get", "", (*call).thread},
		{"GET labels", "labels.list", "", (*call).listLabels},
		{"GET labels/{id}", "labels.get", "", (*call).getLabel},
		{"POST labels", "labels.create", "labels", (*call).createLabel},
		{"PATCH labels/{id}", "labels.update", "labels", (*call).updateLabel},
		{"DELETE labels/{id}", "labels.delete", "labels", (*call).deleteLabel},
		{"GET history", "history.list", "", (*call).listHistory},
		{"POST watch", "watch", "", (*call).startWatch},
		{"POST stop", "stop", "", (*call).stopWatch},
		{"GET drafts", "drafts.list", "", (*call).listDrafts},
		{"GET drafts/{id}", "drafts.get", "", (*call).getDraft},
		{"POST drafts", "drafts.create", "compose", (*call).createDraft},
		{"PUT drafts/{id}", "drafts.update", "compose", (*call).updateDraft},
		{"DELETE drafts/{id}", "drafts.delete", "compose", (*call).deleteDraft},
		{"POST drafts/send", "drafts.send", "compose", (*call).sendDraft},
	}
}

func (c *call) profile() (any, error) {
	threads := map[string]bool{}
	for _, m := range c.box.messages {
		threads[m.ThreadID] = true
	}
	return map[string]any{"emailAddress": c.box.Address, "messagesTotal": len(c.box.messages), "threadsTotal": len(threads), "historyId": c.box.last.String()}, nil
}

// list pages by offset, so that messages deleted between two pages shift what follows, and one can be skipped.
func (c *call) list() (any, error) {
	q := c.r.URL.Query()
	size, from := intOr(q.Get("maxResults"), 100), 0
	if t := q.Get("pageToken"); t != "" {
		n, err := strconv.Atoi(strings.TrimPrefix(t, "p"))
		if err != nil || !strings.HasPrefix(t, "p") {
			return nil, badRequest("invalidArgument", "Invalid pageToken")
		}
		from = n
	}
	var hits []*Message
	for _, m := range c.box.sorted() {
		hidden := q.Get("includeSpamTrash") != "true" && (slices.Contains(m.Labels, "SPAM") || slices.Contains(m.Labels, "TRASH"))
		if hidden || len(minus(q["labelIds"], m.Labels)) > 0 || !after(m, q.Get("q")) {
			continue
		}
		hits = append(hits, m)
	}
	answer := map[string]any{"resultSizeEstimate": 201}
	end := min(from+min(size, 500), len(hits))
	var page []any
	for i := from; i < end; i++ {
		page = append(page, map[string]any{"id": hits[i].ID, "threadId": hits[i].ThreadID})
	}
	if len(page) > 0 {
		answer["messages"] = page
	}
	if end < len(hits) {
		answer["nextPageToken"] = "p" + strconv.Itoa(end)
	}
	return answer, nil
}

// after reads the two searches that the fake knows: after:SECONDS and rfc822msgid:ID.
func after(m *Message, q string) bool {
	if id, ok := strings.CutPrefix(q, "rfc822msgid:"); ok {
		header, _, _ := bytes.Cut(m.Raw, []byte("\r\n\r\n"))
		return bytes.Contains(header, []byte("<"+id+">")) && bytes.Contains(bytes.ToLower(header), []byte("message-id: <"+strings.ToLower(id)+">"))
	}
	seconds, ok := strings.CutPrefix(q, "after:")
	if !ok {
		return true
	}
	n, err := strconv.ParseInt(seconds, 10, 64)
	return err == nil && m.At.Unix() > n
}

func (c *call) message() (*Message, error) {
	m := c.box.messages[c.r.PathValue("id")]
	if m == nil {
		return nil, notFound()
	}
	return m, nil
}

func (c *call) get() (any, error) {
	m, err := c.message()
	if err != nil {
		return nil, err
	}
	if c.f.Faults.chance(func(r Rates) float64 { return r.Vanish }) {
		c.box.remove(m.ID)
		return nil, notFound()
	}
	return m.view(c.r.URL.Query().Get("format")), nil
}

func (m *Message) view(format string) map[string]any {
	v := map[string]any{"id": m.ID, "threadId": m.ThreadID, "labelIds": m.Labels, "historyId": m.HistoryID.String(),
		"internalDate": strconv.FormatInt(m.At.UnixMilli(), 10), "sizeEstimate": len(m.Raw), "snippet": ""}
	switch format {
	case "raw":
		v["raw"] = base64.RawURLEncoding.EncodeToString(m.Raw)
	case "metadata", "full", "":
		header, _ := textproto.NewReader(bufio.NewReader(bytes.NewReader(m.Raw))).ReadMIMEHeader()
		var headers []any
		for name, values := range header {
			for _, value := range values {
				headers = append(headers, map[string]any{"name": name, "value": value})
			}
		}
		v["payload"] = map[string]any{"headers": headers, "mimeType": "text/plain"}
	}
	return v
}

func (c *call) body(into any) error {
	b, err := io.ReadAll(c.r.Body)
	if err == nil {
		err = json.Unmarshal(b, into)
	}
	if err != nil {
		return badRequest("parseError", "Invalid JSON payload received.")
	}
	return nil
}

type modifyBody struct {
	IDs    []string `json:"ids"`
	Add    []string `json:"addLabelIds"`
	Remove []string `json:"removeLabelIds"`
}

func (c *call) readModify() (modifyBody, error) {
	var b modifyBody
	if err := c.body(&b); err != nil {
		return b, err
	}
	for _, id := range append(slices.Clone(b.Add), b.Remove...) {
		if c.box.labels[id] == nil {
			return b, badRequest("invalidArgument", "Invalid label: "+id)
		}
		if id == "SENT" || id == "DRAFT" {
			return b, badRequest("invalidArgument", "Cannot modify label "+id)
		}
	}
	if len(both(b.Add, b.Remove)) > 0 {
		return b, badRequest("invalidArgument", "Cannot both add and remove the same label")
	}
	return b, nil
}

func (c *call) modifyMessage() (any, error) {
	m, err := c.message()
	if err != nil {
		return nil, err
	}
	b, err := c.readModify()
	if err != nil {
		return nil, err
	}
	c.box.modify(m.ID, b.Add, b.Remove)
	return map[string]any{"id": m.ID, "threadId": m.ThreadID, "labelIds": m.Labels}, nil
}

func (c *call) batchModify() (any, error) {
	b, err := c.readModify()
	if err != nil {
		return nil, err
	}
	if len(b.IDs) == 0 || len(b.IDs) > 1000 {
		return nil, badRequest("invalidArgument", "ids: 1 to 1000")
	}
	for _, id := range b.IDs {
		c.box.modify(id, b.Add, b.Remove)
	}
	return nil, nil
}

func (c *call) trash() (any, error) {
	return c.change([]string{"TRASH"}, []string{"INBOX", "SPAM"})
}

func (c *call) untrash() (any, error) {
	return c.change(nil, []string{"TRASH"})
}

func (c *call) change(add, remove []string) (any, error) {
	m, err := c.message()
	if err != nil {
		return nil, err
	}
	c.box.modify(m.ID, add, remove)
	return m.view("minimal"), nil
}

func (c *call) deleteMessage() (any, error) {
	m, err := c.message()
	if err != nil {
		return nil, err
	}
	c.box.remove(m.ID)
	return nil, nil
}

func (c *call) attachment() (any, error) {
	if _, err := c.message(); err != nil {
		return nil, err
	}
	return nil, badRequest("invalidArgument", "Invalid attachment token") // ids are ephemeral; nobody should come with one
}

func (c *call) threads() (any, error) {
	seen := map[string]bool{}
	var page []any
	for _, m := range c.box.sorted() {
		if !seen[m.ThreadID] {
			seen[m.ThreadID] = true
			page = append(page, map[string]any{"id": m.ThreadID, "historyId": m.HistoryID.String()})
		}
	}
	return map[string]any{"threads": page}, nil
}

func (c *call) thread() (any, error) {
	var all []any
	for _, m := range slices.Backward(c.box.sorted()) {
		if m.ThreadID == c.r.PathValue("id") {
			all = append(all, m.view(c.r.URL.Query().Get("format")))
		}
	}
	if len(all) == 0 {
		return nil, notFound()
	}
	return map[string]any{"id": c.r.PathValue("id"), "messages": all}, nil
}

// listHistory pages by history id; a token names the id that the last page ended with.
func (c *call) listHistory() (any, error) {
	q := c.r.URL.Query()
	start, ok := new(big.Int).SetString(q.Get("startHistoryId"), 10)
	if !ok {
		return nil, badRequest("invalidArgument", "Missing or invalid startHistoryId")
	}
	if start.Cmp(c.box.oldest) < 0 {
		return nil, notFound()
	}
	from := start
	if t := q.Get("pageToken"); t != "" {
		if from, ok = new(big.Int).SetString(strings.TrimPrefix(t, "h"), 10); !ok {
			return nil, badRequest("invalidArgument", "Invalid pageToken")
		}
		if c.f.Faults.chance(func(r Rates) float64 { return r.Repeat }) {
			from = c.before(from, start)
		}
	}
	answer := map[string]any{"historyId": c.box.last.String()}
	if c.f.Faults.chance(func(r Rates) float64 { return r.EmptyPage }) {
		answer["nextPageToken"] = "h" + from.String()
		return answer, nil
	}
	size := min(intOr(q.Get("maxResults"), 100), 500)
	var page []any
	for _, h := range c.box.history {
		if h.id.Cmp(from) <= 0 {
			continue
		}
		if len(page) == size {
			answer["nextPageToken"] = "h" + from.String()
			break
		}
		page, from = append(page, h.view()), h.id
	}
	if len(page) > 0 {
		if c.f.Faults.chance(func(r Rates) float64 { return r.Shuffle }) {
			c.f.rand.Shuffle(len(page), func(i, j int) { page[i], page[j] = page[j], page[i] })
		}
		answer["history"] = page
	}
	return answer, nil
}

// before goes back a few records, so that a page repeats some of the last.
func (c *call) before(from, start *big.Int) *big.Int {
	at := slices.IndexFunc(c.box.history, func(h record) bool { return h.id.Cmp(from) > 0 })
	if at < 0 {
		at = len(c.box.history)
	}
	at -= 1 + c.f.rand.IntN(5)
	if at < 0 || c.box.history[at].id.Cmp(start) < 0 {
		return from
	}
	return c.box.history[at].id
}

func (h record) view() map[string]any {
	message := map[string]any{"id": h.message, "threadId": h.thread, "labelIds": h.labels}
	entry := map[string]any{"message": message}
	if h.changed != nil {
		entry["labelIds"] = h.changed
	}
	return map[string]any{"id": h.id.String(), "messages": []any{map[string]any{"id": h.message, "threadId": h.thread}}, h.kind: []any{entry}}
}

func intOr(s string, otherwise int) int {
	n, err := strconv.Atoi(s)
	if err != nil || n <= 0 {
		return otherwise
	}
	return n
}
