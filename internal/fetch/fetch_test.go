package fetch

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

var imageTypes = []string{"image/png", "image/gif"}

// server starts a listener and a client that lets only this listener through; every name resolves to it.
func server(t *testing.T, h http.HandlerFunc, opt Options) (*Client, *httptest.Server) {
	t.Helper()
	srv := httptest.NewServer(h)
	t.Cleanup(srv.Close)
	at := netip.MustParseAddrPort(srv.Listener.Addr().String())
	opt.Allow = func(a netip.AddrPort) bool { return a == at }
	if opt.Resolve == nil {
		opt.Resolve = func(context.Context, string) ([]netip.Addr, error) { return []netip.Addr{at.Addr()}, nil }
	}
	c := New(opt)
	t.Cleanup(c.http.CloseIdleConnections)
	return c, srv
}

// named replaces the address of a test server by a name.
func named(srv *httptest.Server, name string) string {
	return strings.Replace(srv.URL, "127.0.0.1", name, 1)
}

func sendPNG(w http.ResponseWriter) {
	w.Header().Set("Content-Type", "image/png")
	fmt.Fprint(w, "\x89PNG\r\n\x1a\n")
}

func TestGet(t *testing.T) {
	var seen *http.Request
	c, srv := server(t, func(w http.ResponseWriter, r *http.Request) {
		seen = r
		http.SetCookie(w, &http.Cookie{Name: "a", Value: "b"})
		if r.URL.Path == "/from" {
			http.Redirect(w, r, "/to", http.StatusFound)
			return
		}
		sendPNG(w)
	}, Options{})
	res, err := c.Get(context.Background(), named(srv, "img.example.com")+"/from?secret=1", imageTypes)
	if err != nil || res.ContentType != "image/png" || len(res.Body) != 8 {
		t.Fatalf("%+v, %v", res, err)
	}
	for _, h := range []string{"Cookie", "Referer", "Authorization"} {
		if v := seen.Header.Get(h); v != "" {
			t.Errorf("%s: %s was sent", h, v)
		}
	}
	if ua := seen.Header.Get("User-Agent"); ua != userAgent {
		t.Errorf("user agent %q", ua)
	}
}

func TestGetRefusesAddresses(t *testing.T) {
	strict := New(Options{Resolve: func(context.Context, string) ([]netip.Addr, error) {
		return []netip.Addr{netip.MustParseAddr("10.1.2.3")}, nil
	}})
	for u, want := range map[string]error{
		"ftp://example.com/x": ErrURL, "file:///etc/passwd": ErrURL, "gopher://example.com": ErrURL, "https:///x": ErrURL,
		"https://u:p@example.com/": ErrURL, "https://example.com:22/": ErrURL, "https://example.com:8080/": ErrURL, "http://[::1": ErrURL,
		"http://127.0.0.1/": ErrAddress, "http://10.0.0.1/": ErrAddress, "http://172.16.0.1/": ErrAddress, "http://192.168.1.1/": ErrAddress,
		"http://169.254.169.254/latest/meta-data": ErrAddress, "http://100.64.0.1/": ErrAddress, "http://100.100.100.200/": ErrAddress,
		"http://0.0.0.0/": ErrAddress, "http://224.0.0.1/": ErrAddress, "http://255.255.255.255/": ErrAddress, "http://168.63.129.16/": ErrAddress,
		"http://[::1]/": ErrAddress, "http://[::]/": ErrAddress, "http://[::ffff:127.0.0.1]/": ErrAddress, "http://[::ffff:7f00:1]/": ErrAddress,
		"http://[64:ff9b::7f00:1]/": ErrAddress, "http://[64:ff9b:1::a00:1]/": ErrAddress, "http://[2002:7f00:1::]/": ErrAddress,
		"http://[fe80::1]/": ErrAddress, "http://[fe80::1%25eth0]/": ErrAddress, "http://[fd00:ec2::254]/": ErrAddress, "http://[ff02::1]/": ErrAddress,
		"http://[2001:0:7f00:1::]/": ErrAddress, "http://[::7f00:1]/": ErrAddress, "http://[2001:db8::1]/": ErrAddress,
		"http://2130706433/": ErrAddress, "http://0x7f000001/": ErrAddress, "http://0177.0.0.1/": ErrAddress, "http://127.1/": ErrAddress, "http://0x7f.1/": ErrAddress,
		"http://localhost/": ErrAddress, "http://a.localhost/": ErrAddress, "http://intranet/": ErrAddress, "http://metadata.google.internal/": ErrAddress, "http://printer.local./": ErrAddress,
		"http://looks-fine.example.com/": ErrAddress, // resolves to 10.1.2.3
	} {
		_, err := strict.Get(context.Background(), u, imageTypes)
		var typed *Error
		if !errors.Is(err, want) || !errors.As(err, &typed) {
			t.Errorf("%s: %v, want %v", u, err, want)
		}
		if err != nil && strings.ContainsAny(err.Error(), ":0123456789") {
			t.Errorf("%s: the text %q is not safe to show", u, err)
		}
	}
}

func TestPublic(t *testing.T) {
	for _, a := range []string{"1.1.1.1", "8.8.8.8", "172.15.0.1", "172.32.0.1", "100.63.0.1", "100.128.0.1", "2606:4700::1111", "2a00:1450::1", "::ffff:8.8.8.8"} {
		if !Public(netip.MustParseAddr(a)) {
			t.Errorf("%s is public", a)
		}
	}
	if Public(netip.Addr{}) {
		t.Error("the zero address is not public")
	}
}

func TestRedirects(t *testing.T) {
	c, srv := server(t, func(w http.ResponseWriter, r *http.Request) {
		switch to := r.URL.Query().Get("to"); {
		case to != "":
			w.Header().Set("Location", to)
			w.WriteHeader(http.StatusFound)
		case r.URL.Path < "/4":
			http.Redirect(w, r, fmt.Sprintf("/%c", r.URL.Path[1]+1), http.StatusMovedPermanently)
		default:
			sendPNG(w)
		}
	}, Options{})
	for path, want := range map[string]error{
		"/0": ErrRedirects, "/1": nil, "/?to=http://127.0.0.1:1/": ErrAddress, "/?to=http://10.0.0.1/": ErrAddress,
		"/?to=http://[::ffff:127.0.0.1]/": ErrAddress, "/?to=file:///etc/passwd": ErrURL, "/?to=//u:p@example.com/": ErrURL,
		"/?to=http://2130706433/": ErrAddress, "/?to=http://localhost/": ErrAddress, "/?to=http://169.254.169.254/": ErrAddress,
	} {
		if _, err := c.Get(context.Background(), named(srv, "a.example.com")+path, imageTypes); !errors.Is(err, want) {
			t.Errorf("%s: %v, want %v", path, err, want)
		}
	}
}

// TestRebinding gives an honest address at the first look-up and a private one at the second.
func TestRebinding(t *testing.T) {
	var lookups atomic.Int32
	var at netip.Addr
	c, srv := server(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Connection", "close")
		http.Redirect(w, r, "/again", http.StatusFound)
	}, Options{Resolve: func(context.Context, string) ([]netip.Addr, error) {
		if lookups.Add(1) == 1 {
			return []netip.Addr{at}, nil
		}
		return []netip.Addr{netip.MustParseAddr("192.168.0.1")}, nil
	}})
	at = netip.MustParseAddrPort(srv.Listener.Addr().String()).Addr()
	_, err := c.Get(context.Background(), named(srv, "a.example.com")+"/", imageTypes)
	if !errors.Is(err, ErrAddress) || lookups.Load() != 2 {
		t.Fatalf("%v after %d look-ups", err, lookups.Load())
	}
}

func TestBodies(t *testing.T) {
	release := make(chan struct{})
	c, srv := server(t, func(w http.ResponseWriter, r *http.Request) {
		head := w.Header()
		head.Set("Content-Type", "image/png")
		switch r.URL.Path {
		case "/huge":
			head.Set("Content-Length", "99999999")
		case "/endless":
			for i := 0; i < 100; i++ {
				if _, err := w.Write(make([]byte, 4096)); err != nil {
					return
				}
			}
		case "/slow":
			fmt.Fprint(w, "\x89PNG")
			w.(http.Flusher).Flush()
			select {
			case <-r.Context().Done():
			case <-release:
			}
		case "/html":
			head.Set("Content-Type", "text/html; charset=utf-8")
		case "/svg":
			head.Set("Content-Type", "image/svg+xml")
			fmt.Fprint(w, "<svg/>")
		case "/bomb":
			head.Set("Content-Encoding", "gzip")
			var b bytes.Buffer
			z := gzip.NewWriter(&b)
			_, _ = io.CopyN(z, zeros{}, 1<<20)
			_ = z.Close()
			_, _ = w.Write(b.Bytes())
		case "/gone":
			w.WriteHeader(http.StatusGone)
		case "/untyped":
			head["Content-Type"] = nil
			fmt.Fprint(w, "x")
		}
	}, Options{Timeout: 300 * time.Millisecond, MaxBytes: 10_000})
	defer close(release)
	for path, want := range map[string]error{
		"/huge": ErrTooLarge, "/endless": ErrTooLarge, "/slow": ErrTimeout, "/html": ErrType, "/svg": ErrType, "/bomb": ErrType,
		"/gone": ErrStatus, "/untyped": nil,
	} {
		if _, err := c.Get(context.Background(), named(srv, "a.example.com")+path, imageTypes); !errors.Is(err, want) {
			t.Errorf("%s: %v, want %v", path, err, want)
		}
	}
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) { clear(p); return len(p), nil }

func TestParallel(t *testing.T) {
	var now, most atomic.Int32
	c, srv := server(t, func(w http.ResponseWriter, _ *http.Request) {
		n := now.Add(1)
		for m := most.Load(); n > m && !most.CompareAndSwap(m, n); m = most.Load() {
		}
		time.Sleep(20 * time.Millisecond)
		now.Add(-1)
		sendPNG(w)
	}, Options{Parallel: 2})
	errs := make(chan error, 8)
	for range 8 {
		go func() {
			_, err := c.Get(context.Background(), named(srv, "a.example.com"), imageTypes)
			errs <- err
		}()
	}
	for range 8 {
		if err := <-errs; err != nil {
			t.Error(err)
		}
	}
	if most.Load() != 2 {
		t.Errorf("%d at a time, want 2", most.Load())
	}
}

func TestPost(t *testing.T) {
	var got string
	c, srv := server(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/moved" {
			http.Redirect(w, r, "/", http.StatusFound)
			return
		}
		b, _ := io.ReadAll(r.Body)
		got = r.Method + " " + r.Header.Get("Content-Type") + " " + string(b)
	}, Options{})
	if err := c.Post(context.Background(), named(srv, "a.example.com"), "List-Unsubscribe=One-Click"); err != nil {
		t.Fatal(err)
	}
	if got != "POST application/x-www-form-urlencoded List-Unsubscribe=One-Click" {
		t.Error(got)
	}
	if err := c.Post(context.Background(), named(srv, "a.example.com")+"/moved", "x"); !errors.Is(err, ErrStatus) {
		t.Errorf("a redirect was followed: %v", err)
	}
	if err := c.Post(context.Background(), "https://192.168.0.1/", "x"); !errors.Is(err, ErrAddress) {
		t.Error(err)
	}
}
