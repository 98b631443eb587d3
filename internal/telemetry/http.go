package telemetry

import (
	"log/slog"
	"net/http"
	"strings"
)

// Transport makes a span of each call to another program: its method, host, the shape of its path and the status of the
// answer. The query and whatever stands for one thing in the path, such as the id of a mail, are left out.
func (t *Tracer) Transport(base http.RoundTripper, name string) http.RoundTripper {
	if t == nil {
		return base
	}
	return &transport{t, base, name}
}

type transport struct {
	tracer *Tracer
	base   http.RoundTripper
	name   string
}

func (t *transport) RoundTrip(r *http.Request) (*http.Response, error) {
	ctx, end := t.tracer.Span(r.Context(), Calls, t.name+" "+r.Method, slog.String("http.request.method", r.Method),
		slog.String("server.address", r.URL.Hostname()), slog.String("url.template", shape(r.URL.Path)))
	resp, err := t.base.RoundTrip(r.WithContext(ctx))
	if err != nil {
		end(err)
		return nil, err
	}
	end(nil, slog.Int("http.response.status_code", resp.StatusCode))
	return resp, nil
}

// shape keeps of a path the segments that are words of an interface.
func shape(path string) string {
	segments := strings.Split(path, "/")
	for i, s := range segments {
		if !isWord(s) {
			segments[i] = ":id"
		}
	}
	return strings.Join(segments, "/")
}

// words are the segments that may be shown: those of Google's and Elasticsearch's interfaces.
var words = map[string]bool{"": true, "gmail": true, "v1": true, "users": true, "me": true, "messages": true, "threads": true, "labels": true, "history": true,
	"profile": true, "watch": true, "stop": true, "batch": true, "batchModify": true, "modify": true, "trash": true, "untrash": true, "send": true, "drafts": true,
	"attachments": true, "settings": true, "token": true, "revoke": true, "oauth2": true, "v2": true, "v3": true, "v4": true, "certs": true, "userinfo": true,
	"_search": true, "_bulk": true, "_count": true, "_refresh": true, "_alias": true, "_aliases": true, "_cluster": true, "health": true, "_mget": true,
	"_msearch": true, "_stats": true, "_settings": true, "_mapping": true, "_doc": true, "_delete_by_query": true, "_pit": true, "_cat": true, "_analyze": true}

func isWord(s string) bool { return words[s] }
