package gmailtest

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// A push is one Pub/Sub message on its way.
type push struct {
	id   string
	data []byte
}

type pushQueue struct {
	waiting []push // for Flush and for pull
	leased  map[string]push
}

// changed notes a push for a mailbox that is watched.
func (f *Fake) changed(b *Box) {
	if b.watch == nil || f.opts.Clock().After(b.watch.expires) {
		return
	}
	f.number++
	data, err := json.Marshal(map[string]any{"emailAddress": b.Address, "historyId": json.Number(b.last.String())})
	if err != nil {
		panic(err) // always encodes
	}
	f.pushes.waiting = append(f.pushes.waiting, push{id: strconv.Itoa(f.number), data: data})
}

// Flush sends what waits to the push endpoint, with the drops, doubles and disorder of the script; what is refused
// waits for the next Flush. It returns the status of each answer.
func (f *Fake) Flush(client *http.Client) []int {
	f.mu.Lock()
	all := f.pushes.waiting
	f.pushes.waiting = nil
	f.mu.Unlock()
	if f.Faults.chance(func(r Rates) float64 { return r.PushReorder }) {
		slices.Reverse(all)
	}
	var statuses []int
	for _, p := range all {
		if f.Faults.chance(func(r Rates) float64 { return r.PushDrop }) {
			continue
		}
		times := 1
		if f.Faults.chance(func(r Rates) float64 { return r.PushTwice }) {
			times = 2
		}
		for range times {
			status := f.send(client, p)
			statuses = append(statuses, status)
			if status >= 300 || status == 0 {
				f.mu.Lock()
				f.pushes.waiting = append(f.pushes.waiting, p)
				f.mu.Unlock()
				break
			}
		}
	}
	return statuses
}

// Envelope is the body of a push request.
func (f *Fake) Envelope(id string, data []byte) []byte {
	body, err := json.Marshal(map[string]any{"subscription": f.opts.Subscription,
		"message": map[string]any{"data": base64.StdEncoding.EncodeToString(data), "messageId": id, "publishTime": f.opts.Clock().UTC().Format(time.RFC3339)}})
	if err != nil {
		panic(err) // always encodes
	}
	return body
}

// PushClaims are those of a good push token.
func (f *Fake) PushClaims() map[string]any {
	now := f.opts.Clock()
	return map[string]any{"iss": "https://accounts.google.com", "aud": f.opts.PushAudience, "email": f.opts.PushAccount, "email_verified": true,
		"sub": "push", "iat": now.Unix(), "exp": now.Add(time.Hour).Unix()}
}

func (f *Fake) send(client *http.Client, p push) int {
	r, err := http.NewRequest(http.MethodPost, f.opts.Push, bytes.NewReader(f.Envelope(p.id, p.data)))
	if err != nil {
		return 0
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Authorization", "Bearer "+f.Sign(f.PushClaims()))
	resp, err := client.Do(r)
	if err != nil {
		return 0
	}
	_ = resp.Body.Close()
	return resp.StatusCode
}

// pubsub is the pull side: …/subscriptions/S:pull and :acknowledge. What is not acknowledged comes again.
func (f *Fake) pubsub(w http.ResponseWriter, r *http.Request) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.pushes.leased == nil {
		f.pushes.leased = map[string]push{}
	}
	var b struct {
		Max    int      `json:"maxMessages"`
		AckIDs []string `json:"ackIds"`
	}
	if json.NewDecoder(r.Body).Decode(&b) != nil || !strings.HasPrefix(r.URL.Path, "/v1/"+f.opts.Subscription+":") {
		(&apiError{status: http.StatusNotFound, reason: "notFound", message: "Resource not found"}).write(w)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	if strings.HasSuffix(r.URL.Path, ":acknowledge") {
		for _, id := range b.AckIDs {
			delete(f.pushes.leased, id)
		}
		_, _ = w.Write([]byte("{}"))
		return
	}
	var out []any
	for len(f.pushes.waiting) > 0 && len(out) < max(b.Max, 1) {
		p := f.pushes.waiting[0]
		f.pushes.waiting = f.pushes.waiting[1:]
		f.pushes.leased["ack"+p.id] = p
		out = append(out, map[string]any{"ackId": "ack" + p.id, "message": map[string]any{"data": base64.StdEncoding.EncodeToString(p.data), "messageId": p.id}})
	}
	_ = json.NewEncoder(w).Encode(map[string]any{"receivedMessages": out})
}

// Redeliver puts what was pulled and not acknowledged back, as a deadline that passed does.
func (f *Fake) Redeliver() {
	f.mu.Lock()
	defer f.mu.Unlock()
	for id, p := range f.pushes.leased {
		f.pushes.waiting = append(f.pushes.waiting, p)
		delete(f.pushes.leased, id)
	}
}
