// Package llm asks a language model: any service that answers POST /chat/completions as OpenAI's does, also one on a
// machine nearby. Nothing is sent without the person's consent to that very place, without redaction, or without a line
// in the person's ledger; what comes back is data that has to fit a schema and a check, and is never followed. Start at
// Ask.
package llm

import (
	"errors"
	"io"
	"math"
	"net/http"
	"net/url"
	"time"

	"github.com/failsafe-go/failsafe-go/circuitbreaker"
	"github.com/openai/openai-go/v3"
	"github.com/openai/openai-go/v3/option"

	"applylens/internal/config"
	"applylens/internal/db"
)

const (
	maxInput  = 12_000    // bytes of a person's text in one request
	maxAnswer = 64 << 10  // bytes of an answer's text
	maxBody   = 512 << 10 // bytes of an answer as it comes
	maxTokens = 1_500     // of an answer, thinking included
	attempts  = 2
)

// A Model is one model of one service. Its methods may be called from several goroutines.
type Model struct {
	Name string
	Host string // where texts go
	// Prices are US dollars for a million tokens, which is as many millionths of a dollar for one.
	PriceIn, PriceOut float64

	db      *db.DB
	chat    openai.ChatCompletionService
	now     func() time.Time
	gate    chan struct{}
	breaker circuitbreaker.CircuitBreaker[any]
}

// New returns the model of the settings, or nil when there is none.
func New(s config.LLM, d *db.DB, now func() time.Time) (*Model, error) {
	if s.URL == "" {
		return nil, nil //nolint:nilnil // none is set
	}
	u, err := url.Parse(s.URL)
	if err != nil {
		return nil, err
	}
	opts := []option.RequestOption{option.WithBaseURL(s.URL), option.WithMaxRetries(attempts - 1), option.WithRequestTimeout(s.Timeout),
		option.WithHTTPClient(&http.Client{Transport: bounded{http.DefaultTransport}, CheckRedirect: noRedirect})}
	if s.Key != "" {
		opts = append(opts, option.WithAPIKey(s.Key))
	}
	return &Model{Name: s.Model, Host: u.Host, PriceIn: s.PriceIn, PriceOut: s.PriceOut, db: d, now: now, gate: make(chan struct{}, s.Parallel),
		chat:    openai.NewChatCompletionService(opts...), // not NewClient: that reads keys and addresses of the environment
		breaker: circuitbreaker.NewBuilder[any]().WithFailureThresholdRatio(4, 8).WithDelay(30 * time.Second).WithSuccessThreshold(1).Build(),
	}, nil
}

// noRedirect keeps texts from being sent on to a place that nobody consented to.
func noRedirect(*http.Request, []*http.Request) error {
	return errors.New("the service redirects elsewhere, which is not followed")
}

// bounded cuts answers off: a service that never ends must not fill the memory.
type bounded struct{ http.RoundTripper }

func (b bounded) RoundTrip(r *http.Request) (*http.Response, error) {
	answer, err := b.RoundTripper.RoundTrip(r)
	if err == nil {
		answer.Body = struct {
			io.Reader
			io.Closer
		}{io.LimitReader(answer.Body, maxBody), answer.Body}
	}
	return answer, err
}

// Free tells that no price is set: a model of one's own.
func (m *Model) Free() bool { return m.PriceIn == 0 && m.PriceOut == 0 }

// cost is what tokens cost, in millionths of a dollar, rounded up.
func (m *Model) cost(in, out int) int64 {
	return int64(math.Ceil(float64(in)*m.PriceIn + float64(out)*m.PriceOut))
}

// Ready tells whether the service has answered lately, or was not asked.
func (m *Model) Ready() bool { return !m.breaker.IsOpen() }

// An Outcome is how a request ended, as the ledger says it.
type Outcome string

// The outcomes. Refused by the consent or a limit: nothing was sent, and no line is written.
const (
	OK       Outcome = "ok"
	Invalid  Outcome = "invalid"  // the answer does not fit the schema
	Rejected Outcome = "rejected" // the answer fits, but does not stand up to its check
	Timeout  Outcome = "timeout"
	Busy     Outcome = "busy"   // 429, also after one more try
	Failed   Outcome = "failed" // it is out of order or unreachable
	Refused  Outcome = "refused"
)

// A Failure is a request without an answer that may be used; Msg is safe to show.
type Failure struct {
	Outcome Outcome
	Msg     string
}

func (f *Failure) Error() string { return f.Msg }

// OutcomeOf tells how a request ended from its error.
func OutcomeOf(err error) Outcome {
	var f *Failure
	switch {
	case err == nil:
		return OK
	case errors.As(err, &f):
		return f.Outcome
	}
	return Failed
}

// Reject makes the error of a check.
func Reject(why string) error { return &Failure{Rejected, why} }
