package elastic_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"sync/atomic"
	"testing"
)

// States of a door.
const (
	open  int32 = iota
	shut        // connections are cut
	stuck       // requests are taken and never answered
)

// A door stands before a server and fails on demand.
type door struct {
	url   string
	state atomic.Int32
}

func (d *door) set(state int32) { d.state.Store(state) }

func newDoor(t *testing.T, to string) *door {
	t.Helper()
	target, err := url.Parse(to)
	if err != nil {
		t.Fatal(err)
	}
	d := &door{}
	proxy := httputil.NewSingleHostReverseProxy(target)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch d.state.Load() {
		case shut:
			panic(http.ErrAbortHandler)
		case stuck:
			_, _ = io.Copy(io.Discard, r.Body) // only then is it noticed that the asker goes away
			<-r.Context().Done()
		default:
			proxy.ServeHTTP(w, r)
		}
	}))
	t.Cleanup(func() { server.CloseClientConnections(); server.Close() })
	d.url = server.URL
	return d
}
