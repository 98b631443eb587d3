package alert

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"time"
)

// maxAnswer is how much of an answer is read, in bytes.
const maxAnswer = 64 << 10

// An answer is what the other side said.
type answer struct {
	status     int
	body       []byte
	retryAfter string
}

// post sends a JSON body. No answer is a *TryAgain.
func post(ctx context.Context, client *http.Client, address string, body []byte, header http.Header) (answer, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, address, bytes.NewReader(body))
	if err != nil {
		return answer{}, fmt.Errorf("the address of the channel is wrong: %w", bare(err))
	}
	if header != nil {
		req.Header = header
	}
	req.Header.Set("Content-Type", "application/json")
	res, err := client.Do(req)
	if err != nil {
		return answer{}, noAnswer(err)
	}
	defer res.Body.Close()
	got, err := io.ReadAll(io.LimitReader(res.Body, maxAnswer))
	if err != nil {
		return answer{}, noAnswer(err)
	}
	return answer{res.StatusCode, got, res.Header.Get("Retry-After")}, nil
}

// failure makes of an unwanted answer what Send returns: 408, 429 and 5xx pass, other refusals do not.
func (a answer) failure(channel string) error {
	err := fmt.Errorf("%s answered %d %s", channel, a.status, http.StatusText(a.status))
	if !passes(a.status) {
		return err
	}
	seconds, convErr := strconv.Atoi(a.retryAfter)
	if convErr != nil || seconds < 0 {
		seconds = 0
	}
	return &TryAgain{After: time.Duration(seconds) * time.Second, Cause: err}
}

func passes(status int) bool {
	return status == http.StatusRequestTimeout || status == http.StatusTooManyRequests || status >= 500
}

// noAnswer is a connection's failure, which may pass.
func noAnswer(err error) error { return &TryAgain{Cause: fmt.Errorf("no answer: %w", bare(err))} }

// bare is an error without the address, which may hold a secret.
func bare(err error) error {
	var withURL *url.Error
	if errors.As(err, &withURL) {
		return withURL.Err
	}
	return err
}
