// Package gmailtest is a fake of Gmail, of Google's OAuth endpoints and of the Pub/Sub push sender, in one process and
// over real HTTP: with quotas counted in units, and with the faults of the real thing, thrown by a seeded script. Start
// at New; Box is a mailbox, Faults what goes wrong.
package gmailtest

import (
	"crypto/rand"
	"crypto/rsa"
	"encoding/json"
	"errors"
	"log/slog"
	"math/big"
	mathrand "math/rand/v2"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"time"
)

// Options of a fake; zero fields get the values in brackets.
type Options struct {
	Seed         uint64
	FirstHistory *big.Int         // [1000] may be beyond a uint64
	Clock        func() time.Time // [time.Now] clock skew is a clock that is wrong
	Latency      time.Duration    // of each answer
	UserUnits    int              // quota a minute and user [0: none]
	ProjectUnits int              // quota a minute [0: none]
	Costs        map[string]int   // units a method, such as messages.get [those of 2026]
	Lifetime     time.Duration    // of access tokens [1 h]
	ClientID     string           // ["client"]
	ClientSecret string           // ["secret"]
	Push         string           // URL that pushes go to
	PushAudience string           // [Push]
	PushAccount  string           // ["push@project.iam.gserviceaccount.com"]
	Subscription string           // ["projects/p/subscriptions/s"]
	OnlyOneWatch bool             // a second watch is refused until stop, as with two topics
	Log          *slog.Logger
}

// A Fake is Google. Its base URL is URL.
type Fake struct {
	URL    string
	Faults *Faults

	opts    Options
	server  *httptest.Server
	key     *rsa.PrivateKey
	mu      sync.Mutex
	rand    *mathrand.Rand
	boxes   map[string]*Box
	codes   map[string]grant
	access  map[string]token
	refresh map[string]token
	calls   map[string]int
	consent Consent
	number  int
	project []charge
	pushes  pushQueue
}

// New starts a fake. Close it after use.
func New(o Options) (*Fake, error) {
	if o.FirstHistory == nil {
		o.FirstHistory = big.NewInt(1000)
	}
	if o.Clock == nil {
		o.Clock = time.Now
	}
	if o.Costs == nil {
		o.Costs = Costs()
	}
	if o.Lifetime == 0 {
		o.Lifetime = time.Hour
	}
	setDefault(&o.ClientID, "client")
	setDefault(&o.ClientSecret, "secret")
	setDefault(&o.PushAudience, o.Push)
	setDefault(&o.PushAccount, "push@project.iam.gserviceaccount.com")
	setDefault(&o.Subscription, "projects/p/subscriptions/s")
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		return nil, err
	}
	f := &Fake{opts: o, key: key, rand: mathrand.New(mathrand.NewPCG(o.Seed, 1)), boxes: map[string]*Box{}, codes: map[string]grant{},
		access: map[string]token{}, refresh: map[string]token{}, calls: map[string]int{}, Faults: newFaults(o.Seed)}
	f.server = httptest.NewServer(f.handler())
	f.URL = f.server.URL
	return f, nil
}

// Close stops the fake.
func (f *Fake) Close() {
	f.server.CloseClientConnections()
	f.server.Close()
}

// Calls returns how often each method was called, whatever the answer.
func (f *Fake) Calls() map[string]int {
	f.mu.Lock()
	defer f.mu.Unlock()
	out := make(map[string]int, len(f.calls))
	for k, v := range f.calls {
		out[k] = v
	}
	return out
}

func setDefault(s *string, v string) {
	if *s == "" {
		*s = v
	}
}

// an apiError is answered in Google's form.
type apiError struct {
	status  int
	reason  string
	message string
	retry   time.Duration
}

func (e *apiError) Error() string { return e.reason + ": " + e.message }

func notFound() error {
	return &apiError{status: http.StatusNotFound, reason: "notFound", message: "Requested entity was not found."}
}

func badRequest(reason, message string) error {
	return &apiError{status: http.StatusBadRequest, reason: reason, message: message}
}

func (e *apiError) write(w http.ResponseWriter) {
	status := map[int]string{400: "INVALID_ARGUMENT", 401: "UNAUTHENTICATED", 403: "PERMISSION_DENIED", 404: "NOT_FOUND", 409: "ALREADY_EXISTS",
		429: "RESOURCE_EXHAUSTED", 503: "UNAVAILABLE"}[e.status]
	if e.reason == "failedPrecondition" {
		status = "FAILED_PRECONDITION"
	}
	if e.retry > 0 {
		w.Header().Set("Retry-After", secondsUp(e.retry))
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(e.status)
	_ = json.NewEncoder(w).Encode(map[string]any{"error": map[string]any{"code": e.status, "message": e.message, "status": status,
		"errors": []any{map[string]any{"domain": "global", "reason": e.reason, "message": e.message}}}})
}

// A call is one request to the Gmail API, with the fake locked.
type call struct {
	f   *Fake
	box *Box
	r   *http.Request
}

type method struct {
	pattern string
	name    string // for quota and faults
	scope   string // that changes need: modify, send, labels; empty for reading
	do      func(*call) (any, error)
}

func (f *Fake) handler() http.Handler {
	mux := http.NewServeMux()
	for _, m := range methods() {
		verb, path, _ := strings.Cut(m.pattern, " ")
		mux.HandleFunc(verb+" /gmail/v1/users/me/"+path, func(w http.ResponseWriter, r *http.Request) { f.serve(w, r, m) })
	}
	mux.HandleFunc("GET /o/oauth2/v2/auth", f.authPage)
	mux.HandleFunc("POST /oauth2/token", f.tokenEndpoint)
	mux.HandleFunc("POST /oauth2/revoke", f.revokeEndpoint)
	mux.HandleFunc("GET /oauth2/v3/certs", f.certs)
	mux.HandleFunc("POST /v1/", f.pubsub)
	return mux
}

// serve answers one call, or does the damage that the fault script wants.
func (f *Fake) serve(w http.ResponseWriter, r *http.Request, m method) {
	if f.opts.Latency > 0 {
		time.Sleep(f.opts.Latency)
	}
	fault := f.Faults.next(m.name)
	if fault.before(w) {
		f.count(m.name)
		return
	}
	answer, err := f.execute(r, m)
	if err == nil && fault.after() {
		panic(http.ErrAbortHandler) // carried out, but the answer is lost
	}
	var problem *apiError
	switch {
	case errors.As(err, &problem):
		problem.write(w)
	case err != nil:
		(&apiError{status: 500, reason: "backendError", message: err.Error()}).write(w)
	case answer == nil:
		w.WriteHeader(http.StatusNoContent)
	default:
		fault.send(w, r, answer)
	}
}

func (f *Fake) count(name string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.calls[name]++
}

func (f *Fake) execute(r *http.Request, m method) (any, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.calls[m.name]++
	t, err := f.authorise(r, m.scope)
	if err != nil {
		return nil, err
	}
	if err := f.charge(t.box, m.name); err != nil {
		return nil, err
	}
	answer, err := m.do(&call{f: f, box: t.box, r: r})
	if key := r.Header.Get("X-ApplyLens-Change"); key != "" && err == nil {
		t.box.seen[key]++
	}
	return answer, err
}
