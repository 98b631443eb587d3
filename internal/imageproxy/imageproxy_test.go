package imageproxy

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"image"
	"image/png"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"strings"
	"testing"

	"applylens/internal/fetch"
)

func TestSigner(t *testing.T) {
	if _, err := NewSigner(make([]byte, 31)); !errors.Is(err, ErrKey) {
		t.Error("a short key was taken")
	}
	s, err := NewSigner(bytes.Repeat([]byte("k"), 32))
	if err != nil {
		t.Fatal(err)
	}
	const u = "https://img.example.com/a?b=c&d=é"
	q, err := url.ParseQuery(s.Query(7, 9, u))
	if err != nil || q.Get("u") != u || !s.Verify(7, 9, q.Get("u"), q.Get("s")) {
		t.Fatalf("%v %v", q, err)
	}
	other, _ := NewSigner(bytes.Repeat([]byte("l"), 32))
	sig := q.Get("s")
	if s.Verify(8, 9, u, sig) || s.Verify(7, 8, u, sig) || s.Verify(9, 7, u, sig) || s.Verify(7, 9, u+"x", sig) ||
		s.Verify(7, 9, u, sig[:len(sig)-1]) || s.Verify(7, 9, u, sig+"=") || s.Verify(7, 9, u, "") || other.Verify(7, 9, u, sig) {
		t.Error("a signature holds for something else")
	}
}

func TestSniff(t *testing.T) {
	pad := strings.Repeat("\x00", 30)
	for in, want := range map[string]string{
		"\x89PNG\r\n\x1a\n" + pad: "image/png", "\xff\xd8\xff\xe0": "image/jpeg", "GIF89a": "image/gif", "RIFF\x01\x02\x03\x04WEBPVP8 ": "image/webp",
		"\x00\x00\x00\x20ftypavif" + pad: "image/avif", "BM\x01\x02\x03\x04" + pad: "image/bmp", "\x00\x00\x01\x00\x01\x00\x10\x10\x00\x00" + pad: "image/x-icon",
		"": "", "<svg xmlns='http://www.w3.org/2000/svg'/>": "", "<?xml version='1.0'?><svg/>": "", "<!doctype html>": "", "%PDF-1.7": "",
		"\x00\x00\x00\x20ftypmp42" + pad: "", "RIFF\x01\x02\x03\x04WAVEfmt ": "", "BM<script>alert(1)</script>....": "", "II*\x00": "",
	} {
		if got := Sniff([]byte(in)); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
}

// hugePNG is a PNG header that claims 60,000 × 60,000 pixels.
func hugePNG() []byte {
	chunk := []byte("IHDR\x00\x00\xea\x60\x00\x00\xea\x60\x08\x06\x00\x00\x00")
	b := append([]byte("\x89PNG\r\n\x1a\n\x00\x00\x00\x0d"), chunk...)
	return binary.BigEndian.AppendUint32(b, crc32.ChecksumIEEE(chunk))
}

func TestServe(t *testing.T) {
	var small bytes.Buffer
	if err := png.Encode(&small, image.NewGray(image.Rect(0, 0, 3, 2))); err != nil {
		t.Fatal(err)
	}
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "image/jpeg")
		switch r.URL.Path {
		case "/png":
			_, _ = w.Write(small.Bytes())
		case "/huge":
			_, _ = w.Write(hugePNG())
		case "/liar":
			_, _ = w.Write([]byte("<svg onload='alert(1)' xmlns='http://www.w3.org/2000/svg'/>"))
		case "/svg":
			w.Header().Set("Content-Type", "image/svg+xml")
			_, _ = w.Write([]byte("<svg/>"))
		}
	}))
	defer srv.Close()
	at := netip.MustParseAddrPort(srv.Listener.Addr().String())
	c := fetch.New(fetch.Options{Allow: func(a netip.AddrPort) bool { return a == at }})
	for path, want := range map[string]error{"/png": nil, "/huge": fetch.ErrTooLarge, "/liar": fetch.ErrType, "/svg": fetch.ErrType} {
		body, kind, err := Serve(context.Background(), c, srv.URL+path)
		if !errors.Is(err, want) {
			t.Errorf("%s: %v, want %v", path, err, want)
		}
		if path == "/png" && (kind != "image/png" || !bytes.Equal(body, small.Bytes())) {
			t.Errorf("%s: %q, %d bytes", path, kind, len(body))
		}
	}
	rec := httptest.NewRecorder()
	SetHeaders(rec.Header(), "image/png")
	if h := rec.Header(); h.Get("Content-Type") != "image/png" || !strings.Contains(h.Get("Content-Security-Policy"), "sandbox") ||
		h.Get("X-Content-Type-Options") != "nosniff" || !strings.HasPrefix(h.Get("Cache-Control"), "private") {
		t.Errorf("%v", h)
	}
}
