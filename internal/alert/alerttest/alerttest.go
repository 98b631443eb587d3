// Package alerttest plays PagerDuty, Slack and a web hook on 127.0.0.1, with their faults.
package alerttest

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"sync"
	"time"
)

// A Fault is how a request goes wrong.
type Fault int

// None answers as it should. Slow takes the request and answers too late, Hang does not even take it.
const (
	None Fault = iota
	TooMany
	Broken
	Hang
	Slow
)

// A Taken is a notice that arrived.
type Taken struct {
	Channel string // pagerduty, slack or webhook
	ID      string // of the notice; PagerDuty gets none
	Key     string // the dedup key, at PagerDuty and the web hook
	Action  string // event_action at PagerDuty, state at the web hook
	Text    string
}

// Server plays the other sides under one address: PagerDuty at /v2/enqueue, Slack's Web API at /api/, an incoming web
// hook of Slack at /services/T/B/X, a web hook at /hook.
type Server struct {
	URL string

	fault  func(channel string) Fault
	delay  time.Duration
	server *httptest.Server
	mu     sync.Mutex
	taken  []Taken
	asked  map[string]int
	slack  []message
}

type message struct {
	Text     string          `json:"text"`
	Metadata json.RawMessage `json:"metadata"`
}

// New starts a server. fault is asked for each request to a channel; hanging and slow answers take delay.
func New(fault func(channel string) Fault, delay time.Duration) *Server {
	s := &Server{fault: fault, delay: delay, asked: map[string]int{}}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /v2/enqueue", s.faulty("pagerduty", s.enqueue))
	mux.HandleFunc("POST /api/chat.postMessage", s.faulty("slack", s.postMessage))
	mux.HandleFunc("POST /api/conversations.history", s.faulty("history", s.history))
	mux.HandleFunc("POST /services/", s.faulty("slack", s.slackHook))
	mux.HandleFunc("POST /hook", s.faulty("webhook", s.hook))
	s.server = httptest.NewServer(mux)
	s.URL = s.server.URL
	return s
}

// Close ends it.
func (s *Server) Close() { s.server.Close() }

// Taken lists what arrived, in order.
func (s *Server) Taken() []Taken {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]Taken(nil), s.taken...)
}

// Asked counts the requests to a channel, with those that failed.
func (s *Server) Asked(channel string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.asked[channel]
}

func (s *Server) take(t Taken) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.taken = append(s.taken, t)
}

func (s *Server) faulty(channel string, next http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		s.mu.Lock()
		s.asked[channel]++
		s.mu.Unlock()
		switch s.fault(channel) {
		case TooMany:
			w.Header().Set("Retry-After", "1")
			w.WriteHeader(http.StatusTooManyRequests)
		case Broken:
			w.WriteHeader(http.StatusInternalServerError)
		case Hang:
			s.wait(r)
		case Slow:
			next(httptest.NewRecorder(), r)
			s.wait(r)
		default:
			next(w, r)
		}
	}
}

func (s *Server) wait(r *http.Request) {
	select {
	case <-r.Context().Done():
	case <-time.After(s.delay):
	}
}

func (s *Server) enqueue(w http.ResponseWriter, r *http.Request) {
	var event struct {
		Key     string `json:"dedup_key"`
		Action  string `json:"event_action"`
		Routing string `json:"routing_key"`
		Payload *struct {
			Summary, Source, Severity string
		}
	}
	err := json.NewDecoder(r.Body).Decode(&event)
	if err != nil || event.Routing == "" || event.Key == "" || event.Action == "trigger" && (event.Payload == nil || event.Payload.Summary == "" || event.Payload.Source == "" || event.Payload.Severity == "") {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	t := Taken{Channel: "pagerduty", Key: event.Key, Action: event.Action}
	if event.Payload != nil {
		t.Text = event.Payload.Summary
	}
	s.take(t)
	w.WriteHeader(http.StatusAccepted)
}

func (s *Server) postMessage(w http.ResponseWriter, r *http.Request) {
	var metadata struct {
		Payload struct {
			ID string `json:"id"`
		} `json:"event_payload"`
	}
	text, raw := r.FormValue("text"), r.FormValue("metadata")
	if r.FormValue("channel") == "" || text == "" {
		reply(w, map[string]any{"ok": false, "error": "invalid_arguments"})
		return
	}
	_ = json.Unmarshal([]byte(raw), &metadata) // a message without one has no id
	s.mu.Lock()
	s.slack = append(s.slack, message{text, json.RawMessage(raw)})
	ts := strconv.Itoa(len(s.slack)) + ".0"
	s.mu.Unlock()
	s.take(Taken{Channel: "slack", ID: metadata.Payload.ID, Text: text})
	reply(w, map[string]any{"ok": true, "channel": r.FormValue("channel"), "ts": ts})
}

func (s *Server) history(w http.ResponseWriter, _ *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	reply(w, map[string]any{"ok": true, "messages": s.slack})
}

func (s *Server) slackHook(w http.ResponseWriter, r *http.Request) {
	var m message
	if json.NewDecoder(r.Body).Decode(&m) != nil || m.Text == "" {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	s.take(Taken{Channel: "slack", Text: m.Text})
	_, _ = io.WriteString(w, "ok")
}

func (s *Server) hook(w http.ResponseWriter, r *http.Request) {
	var n struct{ Key, State, Text string }
	if json.NewDecoder(r.Body).Decode(&n) != nil {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	s.take(Taken{Channel: "webhook", ID: r.Header.Get("Idempotency-Key"), Key: n.Key, Action: n.State, Text: n.Text})
	w.WriteHeader(http.StatusNoContent)
}

func reply(w http.ResponseWriter, value any) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(value) // the other side may have gone
}
