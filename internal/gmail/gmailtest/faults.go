package gmailtest

import (
	"compress/gzip"
	"encoding/json"
	"math/rand/v2"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"
)

// Rates are how likely each fault is for one call, between 0 and 1.
type Rates struct {
	TooMany     float64 // 429 with Retry-After
	UserRate    float64 // 403 rateLimitExceeded or userRateLimitExceeded
	Broken      float64 // 500, 502, 503
	Timeout     float64 // no answer for Hang, then the connection ends
	Dropped     float64 // the connection ends before the call is carried out
	LostAnswer  float64 // the call is carried out and the connection ends
	HalfAnswer  float64 // the call is carried out and half its answer comes
	Vanish      float64 // a message that was listed is deleted before it is fetched
	EmptyPage   float64 // a page of history without records and with a token
	Repeat      float64 // a page of history repeats records of the page before
	Shuffle     float64 // the records of a page of history are out of order
	PushDrop    float64
	PushTwice   float64
	PushReorder float64
	RetryAfter  time.Duration // of TooMany, up to
	Hang        time.Duration // of Timeout
}

// Faults is the script of what goes wrong; with the same seed and the same calls it is the same.
type Faults struct {
	mu    sync.Mutex
	rand  *rand.Rand
	rates Rates
	plan  map[string][]apiError // errors for the next calls of a method
	storm int                   // so many calls get 429
}

func newFaults(seed uint64) *Faults {
	return &Faults{rand: rand.New(rand.NewPCG(seed, 2)), plan: map[string][]apiError{}}
}

// Set changes the rates.
func (s *Faults) Set(r Rates) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.rates = r
}

// Storm lets the next n calls fail with 429.
func (s *Faults) Storm(n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.storm = n
}

// Fail lets the next call of a method fail with this answer; called again it adds to the plan.
func (s *Faults) Fail(method string, status int, reason string, retryAfter time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.plan[method] = append(s.plan[method], apiError{status: status, reason: reason, message: "planned: " + reason, retry: retryAfter})
}

// chance throws the dice for a fault.
func (s *Faults) chance(of func(Rates) float64) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	p := of(s.rates)
	return p > 0 && s.rand.Float64() < p
}

// A fault is what happens to one call.
type fault struct {
	answer  *apiError
	hang    time.Duration
	drop    bool
	lose    bool
	half    bool
	halfAt  float64
	tooLong bool
}

func (s *Faults) next(method string) fault {
	s.mu.Lock()
	defer s.mu.Unlock()
	if plan := s.plan[method]; len(plan) > 0 {
		s.plan[method] = plan[1:]
		return fault{answer: &plan[0]}
	}
	r := s.rates
	retry := time.Duration(s.rand.Float64() * float64(r.RetryAfter))
	if s.storm > 0 {
		s.storm--
		return fault{answer: &apiError{status: 429, reason: "rateLimitExceeded", message: "Too many requests", retry: retry}}
	}
	dice := s.rand.Float64()
	hit := func(p float64) bool {
		ok := dice >= 0 && dice < p
		dice -= p
		return ok
	}
	switch {
	case hit(r.TooMany):
		return fault{answer: &apiError{status: 429, reason: "rateLimitExceeded", message: "Too many concurrent requests for user", retry: retry}}
	case hit(r.UserRate):
		reasons := []string{"rateLimitExceeded", "userRateLimitExceeded", "quotaExceeded"}
		return fault{answer: &apiError{status: 403, reason: reasons[s.rand.IntN(len(reasons))], message: "User-rate limit exceeded"}}
	case hit(r.Broken):
		codes := []int{500, 502, 503, 504}
		return fault{answer: &apiError{status: codes[s.rand.IntN(len(codes))], reason: "backendError", message: "Backend Error"}}
	case hit(r.Timeout):
		return fault{hang: r.Hang, tooLong: true}
	case hit(r.Dropped):
		return fault{drop: true}
	case hit(r.LostAnswer):
		return fault{lose: true}
	case hit(r.HalfAnswer):
		return fault{half: true, halfAt: s.rand.Float64()}
	}
	return fault{}
}

// before does what happens instead of carrying the call out.
func (f fault) before(w http.ResponseWriter) bool {
	switch {
	case f.answer != nil:
		f.answer.write(w)
		return true
	case f.tooLong:
		time.Sleep(f.hang)
		panic(http.ErrAbortHandler)
	case f.drop:
		panic(http.ErrAbortHandler)
	}
	return false
}

func (f fault) after() bool { return f.lose }

// send writes the answer, packed if the client can, or half of it.
func (f fault) send(w http.ResponseWriter, r *http.Request, answer any) {
	body, err := json.Marshal(answer)
	if err != nil {
		panic(err) // the fake's own types always encode
	}
	w.Header().Set("Content-Type", "application/json; charset=UTF-8")
	if f.half {
		w.Header().Set("Content-Length", strconv.Itoa(len(body)+1))
		_, _ = w.Write(body[:int(float64(len(body))*f.halfAt)])
		panic(http.ErrAbortHandler)
	}
	if !strings.Contains(r.Header.Get("Accept-Encoding"), "gzip") {
		_, _ = w.Write(body)
		return
	}
	w.Header().Set("Content-Encoding", "gzip")
	z := gzip.NewWriter(w)
	_, _ = z.Write(body)
	_ = z.Close()
}
