// Package elastic is the second engine of search: Elasticsearch, for installations too large for the word index in
// Postgres. It indexes the lexemes of our own analysis, so that both engines find the same mail (layout.json), is filled
// from an outbox in Postgres (Filler), and steps aside for Postgres when it cannot answer in time (Failover). Start at
// Engine.Search, then Filler.Drain.
package elastic

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/elastic/elastic-transport-go/v8/elastictransport"
	"github.com/elastic/go-elasticsearch/v8/esapi"
)

// A Client talks to one cluster. Names of its indices begin with Prefix; the alias to read from is Prefix itself.
type Client struct {
	Prefix    string
	transport esapi.Transport
}

// Open makes a client of an address: http(s)://[user:password@]host:port, several with commas. It connects to nothing.
// around, if any, see its calls.
func Open(address, prefix string, around ...func(http.RoundTripper) http.RoundTripper) (*Client, error) {
	var urls []*url.URL
	for _, a := range strings.Split(address, ",") {
		u, err := url.Parse(strings.TrimSpace(a))
		if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
			return nil, errors.New("ELASTICSEARCH_URL must read http://HOST:PORT or https://USER:PASSWORD@HOST:PORT, several with commas")
		}
		urls = append(urls, u)
	}
	base := http.DefaultTransport.(*http.Transport).Clone()
	base.MaxIdleConnsPerHost, base.ResponseHeaderTimeout = 32, 2*time.Minute
	var outer http.RoundTripper = base
	for _, wrap := range around {
		outer = wrap(outer)
	}
	transport, err := elastictransport.NewClient(elastictransport.WithURLs(urls...), elastictransport.WithTransport(outer),
		elastictransport.WithDisableRetry()) // who asks knows how long it may take
	if err != nil {
		return nil, fmt.Errorf("elasticsearch: %w", err)
	}
	return &Client{Prefix: prefix, transport: transport}, nil
}

// An Error is a refusal of Elasticsearch. It does not hold its reason, which may quote mail.
type Error struct {
	Status int
	Type   string // such as index_not_found_exception
}

func (e *Error) Error() string { return fmt.Sprintf("elasticsearch answers %d %s", e.Status, e.Type) }

// isType tells whether err is a refusal of this type.
func isType(err error, name string) bool {
	var refused *Error
	return errors.As(err, &refused) && refused.Type == name
}

// send sends a request and decodes its answer, unless into is nil.
func (c *Client) send(ctx context.Context, request esapi.Request, into any) error {
	res, err := request.Do(ctx, c.transport)
	if err != nil {
		return fmt.Errorf("elasticsearch: %w", unquoted(err))
	}
	defer func() { _ = res.Body.Close() }()
	if res.StatusCode >= 300 {
		return refusal(res)
	}
	if into == nil {
		_, err = io.Copy(io.Discard, res.Body)
	} else {
		err = json.NewDecoder(res.Body).Decode(into)
	}
	if err != nil {
		return fmt.Errorf("elasticsearch: read the answer: %w", err)
	}
	return nil
}

// unquoted takes the address, which may hold a password, off an error.
func unquoted(err error) error {
	var at *url.Error
	if errors.As(err, &at) {
		return at.Err
	}
	return err
}

func refusal(res *esapi.Response) error {
	var body struct {
		Error struct {
			Type   string `json:"type"`
			Causes []struct {
				Type string `json:"type"`
			} `json:"root_cause"`
		} `json:"error"`
	}
	_ = json.NewDecoder(res.Body).Decode(&body) // a body that is none leaves the status, which says enough
	e := &Error{Status: res.StatusCode, Type: body.Error.Type}
	if len(body.Error.Causes) > 0 {
		e.Type = body.Error.Causes[0].Type
	}
	return e
}

// an object is a piece of a request.
type object = map[string]any

func body(v any) io.Reader {
	b, err := json.Marshal(v)
	if err != nil {
		panic(err) // our own maps always encode
	}
	return strings.NewReader(string(b))
}
