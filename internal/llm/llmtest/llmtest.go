// Package llmtest plays a service with a language model, with the faults of real ones, for tests.
package llmtest

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"applylens/internal/config"
)

// A Request is what the fake was sent.
type Request struct {
	System, User string
	Model        string
	Key          string
	Tools        bool            // it was offered tools, which it never should be
	Schema       json.RawMessage // of the answer
	Body         string          // all of it
}

// A Fault is one way in which a service fails.
type Fault int

// The faults; None answers.
const (
	None       Fault = iota
	Busy             // 429
	Broken           // 500
	Hang             // no answer
	Malformed        // an answer that is no JSON
	Half             // JSON that is cut off
	ExtraText        // JSON in talk
	WrongShape       // JSON of another shape
	Empty            // no choice at all
	ToolCall         // a call of a tool that was not offered
	Redirect         // to another place
	Endless          // an answer that does not end
)

// A Fake is a service; Settings are those that use it.
type Fake struct {
	Settings config.LLM
	Answer   func(Request) string // the text of the answer

	mu       sync.Mutex
	requests []Request
	faults   []Fault
	always   Fault
	stop     chan struct{}
}

// New starts a fake that ends with the test.
func New(t testing.TB, answer func(Request) string) *Fake {
	t.Helper()
	f := &Fake{Answer: answer, stop: make(chan struct{})}
	server := httptest.NewServer(f)
	t.Cleanup(func() { close(f.stop); server.Close() })
	f.Settings = config.LLM{URL: server.URL + "/v1", Key: "secret", Model: "small", PriceIn: 0.5, PriceOut: 2, Parallel: 4, Timeout: time.Second}
	return f
}

// Fail makes the next requests fail in turn.
func (f *Fake) Fail(faults ...Fault) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.faults = append(f.faults, faults...)
}

// FailAlways makes all requests fail, until it is called with None.
func (f *Fake) FailAlways(fault Fault) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.always = fault
}

// Requests are what was sent so far.
func (f *Fake) Requests() []Request {
	f.mu.Lock()
	defer f.mu.Unlock()
	return append([]Request(nil), f.requests...)
}

// ServeHTTP answers POST /v1/chat/completions.
func (f *Fake) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	asked, ok := read(r)
	if !ok || r.URL.Path != "/v1/chat/completions" {
		http.NotFound(w, r)
		return
	}
	f.mu.Lock()
	f.requests = append(f.requests, asked)
	fault := f.always
	if fault == None && len(f.faults) > 0 {
		fault, f.faults = f.faults[0], f.faults[1:]
	}
	f.mu.Unlock()
	text := f.Answer(asked)
	switch fault {
	case Busy:
		w.Header().Set("Retry-After-Ms", "5")
		http.Error(w, `{"error":{"message":"slow down: `+asked.User[:4]+`"}}`, http.StatusTooManyRequests)
	case Broken:
		w.Header().Set("Retry-After-Ms", "5")
		http.Error(w, "oops", http.StatusInternalServerError)
	case Hang:
		select {
		case <-r.Context().Done():
		case <-f.stop:
		}
	case Redirect:
		http.Redirect(w, r, "http://elsewhere.example/v1/chat/completions", http.StatusTemporaryRedirect)
	case Endless:
		endless(w, f.stop)
	case Empty:
		reply(w, map[string]any{"choices": []any{}})
	case ToolCall:
		reply(w, completion("", map[string]any{"tool_calls": []any{map[string]any{"id": "1", "type": "function",
			"function": map[string]any{"name": "send_mail", "arguments": "{}"}}}}))
	default:
		reply(w, completion(spoil(fault, text), nil))
	}
}

func spoil(fault Fault, text string) string {
	switch fault {
	case Malformed:
		return "I think it is an offer."
	case Half:
		return text[:len(text)/2]
	case ExtraText:
		return "Sure! Here is the JSON:\n```json\n" + text + "\n```\nAnything else?"
	case WrongShape:
		return `{"verdict":"offer","tool":"send_mail"}`
	}
	return text
}

func read(r *http.Request) (asked Request, ok bool) {
	body, err := io.ReadAll(r.Body)
	var in struct {
		Model    string
		Messages []struct{ Role, Content string }
		Tools    []any
		Format   struct {
			Schema struct{ Schema json.RawMessage } `json:"json_schema"`
		} `json:"response_format"`
	}
	if err != nil || json.Unmarshal(body, &in) != nil || len(in.Messages) != 2 {
		return asked, false
	}
	return Request{System: in.Messages[0].Content, User: in.Messages[1].Content, Model: in.Model, Tools: len(in.Tools) > 0, Schema: in.Format.Schema.Schema,
		Key: strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer "), Body: string(body)}, true
}

func completion(text string, more map[string]any) map[string]any {
	message := map[string]any{"role": "assistant", "content": text}
	reason := "stop"
	for k, v := range more {
		message[k], reason = v, "tool_calls"
	}
	return map[string]any{"id": "1", "object": "chat.completion", "choices": []any{map[string]any{"index": 0, "finish_reason": reason, "message": message}},
		"usage": map[string]any{"prompt_tokens": 300, "completion_tokens": 20, "total_tokens": 320}}
}

func reply(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(v)
}

func endless(w http.ResponseWriter, stop <-chan struct{}) {
	w.Header().Set("Content-Type", "application/json")
	_, _ = io.WriteString(w, `{"choices":[{"finish_reason":"stop","message":{"content":"`)
	chunk := strings.Repeat("a", 64<<10)
	for {
		select {
		case <-stop:
			return
		default:
			if _, err := io.WriteString(w, chunk); err != nil {
				return
			}
		}
	}
}
