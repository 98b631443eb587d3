package onnx

import (
	"archive/zip"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
)

const (
	window   = 4 << 20   // bytes of a jar that one request asks for
	wholeJar = 256 << 20 // most bytes that are taken from a server that gives no parts
)

// openEntry reads one entry of a jar on a server without the rest of it: of the 54 MB of the runtime's jar, which holds
// the libraries of all systems, 10 are wanted.
func openEntry(ctx context.Context, client *http.Client, url, name string) (io.ReadCloser, error) {
	r := &ranges{ctx: ctx, client: client, url: url}
	if err := r.load("bytes=-262144"); err != nil { // the directory of a jar is at its end
		return nil, err
	}
	jar, err := zip.NewReader(r, r.size)
	if err != nil {
		return nil, err
	}
	for _, f := range jar.File {
		if f.Name == name {
			return f.Open()
		}
	}
	return nil, fmt.Errorf("%s is not in it", name)
}

// ranges is a file on a server of which a part is in memory: all of it when the server gives no parts.
type ranges struct {
	ctx    context.Context
	client *http.Client
	url    string
	size   int64
	at     int64
	part   []byte
}

// ReadAt reads from the part in memory, or asks for another.
func (r *ranges) ReadAt(p []byte, off int64) (n int, err error) {
	for n < len(p) {
		at := off + int64(n)
		if at >= r.size {
			return n, io.EOF
		}
		if at < r.at || at >= r.at+int64(len(r.part)) {
			if err := r.load(fmt.Sprintf("bytes=%d-%d", at, at+window-1)); err != nil {
				return n, err
			}
			if at < r.at || at >= r.at+int64(len(r.part)) {
				return n, errors.New("the server gives another part of the file than was asked for")
			}
		}
		n += copy(p[n:], r.part[at-r.at:])
	}
	return n, nil
}

func (r *ranges) load(part string) error {
	req, err := http.NewRequestWithContext(r.ctx, http.MethodGet, r.url, nil)
	if err != nil {
		return err
	}
	req.Header.Set("User-Agent", "applylens")
	req.Header.Set("Range", part)
	resp, err := r.client.Do(req)
	if err != nil {
		return err
	}
	defer func() { _ = resp.Body.Close() }()
	limit := int64(window)
	switch resp.StatusCode {
	case http.StatusPartialContent:
		var last int64
		if _, err := fmt.Sscanf(resp.Header.Get("Content-Range"), "bytes %d-%d/%d", &r.at, &last, &r.size); err != nil {
			return errors.New("the server does not say which part of the file it gives")
		}
	case http.StatusOK:
		r.at, limit = 0, wholeJar
	default:
		return errors.New("the server answers " + resp.Status)
	}
	if r.part, err = io.ReadAll(io.LimitReader(resp.Body, limit)); err != nil {
		return err
	}
	if resp.StatusCode == http.StatusOK {
		r.size = int64(len(r.part))
	}
	if len(r.part) == 0 {
		return io.ErrUnexpectedEOF
	}
	return nil
}
