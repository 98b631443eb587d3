// Package fetch is the one way in which an address that came from a mail is requested: images that the reader asked
// for and one-click unsubscribes. It trusts neither the address nor the server: see Client.Get for what is refused.
package fetch

import (
	"context"
	"errors"
	"fmt"
	"io"
	"mime"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"time"
)

// What can go wrong. The texts are safe to show; the cause is wrapped beside them.
var (
	ErrURL       = errors.New("the address is not a plain http or https address")
	ErrAddress   = errors.New("the address leads into a private or reserved network")
	ErrRedirects = errors.New("the server redirects too often")
	ErrStatus    = errors.New("the server does not give it out")
	ErrType      = errors.New("the server sent something else than expected")
	ErrTooLarge  = errors.New("it is too large")
	ErrTimeout   = errors.New("the server took too long")
	ErrNetwork   = errors.New("the server cannot be reached")
)

// Error joins one of the errors above with its cause. Its text is the safe one; the cause may hold addresses.
type Error struct{ Kind, Cause error }

func (e *Error) Error() string { return e.Kind.Error() }

// Unwrap lets errors.Is find both.
func (e *Error) Unwrap() []error { return []error{e.Kind, e.Cause} }

// Options are the limits of a Client; zero fields get the values in brackets.
type Options struct {
	Timeout  time.Duration // for one call, redirects and body included (10 s)
	MaxBytes int64         // of a body (5 MB)
	Parallel int           // calls at a time; more wait (8)

	// Resolve looks up a host name; nil is the resolver of the system.
	Resolve func(ctx context.Context, host string) ([]netip.Addr, error)
	// Allow lets a listener of a test through, on any port. It is asked for addresses that are refused otherwise.
	Allow func(netip.AddrPort) bool
}

// maxRedirects is how many redirects are followed.
const maxRedirects = 3

// userAgent says as little as possible about the reader.
const userAgent = "Mozilla/5.0 (compatible; mail image proxy)"

// A Client requests addresses that came from mail. It is safe for concurrent use.
type Client struct {
	http *http.Client
	opt  Options
	sem  chan struct{}
}

// A Response is a body within the limits.
type Response struct {
	Body        []byte
	ContentType string // media type as declared, lower case, without parameters; may be ""
}

// New makes a Client.
func New(opt Options) *Client {
	if opt.Timeout <= 0 {
		opt.Timeout = 10 * time.Second
	}
	if opt.MaxBytes <= 0 {
		opt.MaxBytes = 5 << 20
	}
	if opt.Parallel <= 0 {
		opt.Parallel = 8
	}
	if opt.Resolve == nil {
		opt.Resolve = func(ctx context.Context, host string) ([]netip.Addr, error) {
			return net.DefaultResolver.LookupNetIP(ctx, "ip", host)
		}
	}
	c := &Client{opt: opt, sem: make(chan struct{}, opt.Parallel)}
	c.http = &http.Client{
		CheckRedirect: c.checkRedirect,
		Transport: &http.Transport{
			DialContext:            c.dial,
			DisableCompression:     true,
			ForceAttemptHTTP2:      true,
			IdleConnTimeout:        10 * time.Second,
			MaxConnsPerHost:        opt.Parallel,
			MaxResponseHeaderBytes: 32 << 10,
			TLSHandshakeTimeout:    5 * time.Second,
		},
	}
	return c
}

// Get requests an address. It refuses, at the start and at each of at most three redirects, everything but http and
// https on ports 80 and 443 without a user name, and every host that resolves to an address outside the public
// internet; the check is made on the address that is dialled, so a name that resolves differently the second time gains
// nothing. It sends no cookies, no referrer and no credentials, and ignores the proxy settings of the environment. The
// declared media type must be among types, or missing, or application/octet-stream; compressed bodies, bodies beyond
// MaxBytes and any status but 200 are errors. All errors are of type *Error.
func (c *Client) Get(ctx context.Context, url string, types []string) (*Response, error) {
	ctx, done, err := c.begin(ctx)
	if err != nil {
		return nil, err
	}
	defer done()
	res, err := c.do(ctx, http.MethodGet, url, "", strings.Join(types, ", "))
	if err != nil {
		return nil, err
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		return nil, &Error{ErrStatus, fmt.Errorf("status %d", res.StatusCode)}
	}
	declared, err := checkHead(res, types, c.opt.MaxBytes)
	if err != nil {
		return nil, err
	}
	body, err := io.ReadAll(io.LimitReader(res.Body, c.opt.MaxBytes+1))
	if err != nil {
		return nil, classify(ctx, err)
	}
	if int64(len(body)) > c.opt.MaxBytes {
		return nil, &Error{ErrTooLarge, fmt.Errorf("more than %d bytes", c.opt.MaxBytes)}
	}
	return &Response{Body: body, ContentType: declared}, nil
}

// Post sends a form (RFC 8058: "List-Unsubscribe=One-Click") under the same guards as Get, follows no redirect and
// reads no answer. Any status of the 200s is success.
func (c *Client) Post(ctx context.Context, url, form string) error {
	ctx, done, err := c.begin(ctx)
	if err != nil {
		return err
	}
	defer done()
	res, err := c.do(ctx, http.MethodPost, url, form, "")
	if err != nil {
		return err
	}
	defer res.Body.Close()
	if res.StatusCode/100 != 2 {
		return &Error{ErrStatus, fmt.Errorf("status %d", res.StatusCode)}
	}
	return nil
}

// begin waits for a free place and starts the clock.
func (c *Client) begin(ctx context.Context) (context.Context, func(), error) {
	ctx, cancel := context.WithTimeout(ctx, c.opt.Timeout)
	select {
	case c.sem <- struct{}{}:
		return ctx, func() { cancel(); <-c.sem }, nil
	case <-ctx.Done():
		cancel()
		return nil, nil, &Error{ErrTimeout, ctx.Err()}
	}
}

func (c *Client) do(ctx context.Context, method, url, form, accept string) (*http.Response, error) {
	req, err := http.NewRequestWithContext(ctx, method, url, strings.NewReader(form))
	if err != nil {
		return nil, &Error{ErrURL, err}
	}
	if err := c.checkURL(req.URL); err != nil {
		return nil, err
	}
	req.Header.Set("User-Agent", userAgent)
	req.Header.Set("Accept-Encoding", "identity")
	if accept != "" {
		req.Header.Set("Accept", accept)
	}
	if method == http.MethodPost {
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	res, err := c.http.Do(req)
	if err != nil {
		return nil, classify(ctx, err)
	}
	return res, nil
}

// checkRedirect holds a redirect to the same rules as the first address.
func (c *Client) checkRedirect(req *http.Request, via []*http.Request) error {
	if via[0].Method == http.MethodPost {
		return http.ErrUseLastResponse
	}
	if len(via) > maxRedirects {
		return &Error{ErrRedirects, fmt.Errorf("more than %d", maxRedirects)}
	}
	req.Header.Del("Referer")
	return c.checkURL(req.URL)
}

// checkHead refuses by the headers, before the body is read.
func checkHead(res *http.Response, types []string, limit int64) (string, error) {
	if enc := res.Header.Get("Content-Encoding"); enc != "" && !strings.EqualFold(enc, "identity") {
		return "", &Error{ErrType, fmt.Errorf("content encoding %q", enc)}
	}
	if res.ContentLength > limit {
		return "", &Error{ErrTooLarge, fmt.Errorf("%d bytes", res.ContentLength)}
	}
	head := res.Header.Get("Content-Type")
	declared, _, err := mime.ParseMediaType(head)
	if err != nil {
		declared = strings.ToLower(strings.TrimSpace(strings.SplitN(head, ";", 2)[0]))
	}
	if declared == "" || declared == "application/octet-stream" || slices.Contains(types, declared) {
		return declared, nil
	}
	return "", &Error{ErrType, fmt.Errorf("content type %q", declared)}
}

// classify names the kind of an error of net/http.
func classify(ctx context.Context, err error) error {
	var own *Error
	if errors.As(err, &own) {
		return own
	}
	var timeout interface{ Timeout() bool }
	if ctx.Err() != nil || errors.As(err, &timeout) && timeout.Timeout() {
		return &Error{ErrTimeout, err}
	}
	return &Error{ErrNetwork, err}
}
