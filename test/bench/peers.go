package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"time"
)

// mailpitVersion is the release of the peer that is fetched from the Go module proxy.
const mailpitVersion = "v1.27.11"

// errMissing means that a peer is not installed and cannot be fetched here.
var errMissing = errors.New("not installed")

// A peer reads the mails of a Maildir into its own store, in scratch, and tells how many it took
// and how long that lasted.
type peer struct {
	name string
	run  func(ctx context.Context, b *bench, scratch string) (mails int, took time.Duration, err error)
}

var peers = []peer{
	{"notmuch new", runNotmuch},
	{"mu index", runMu},
	{"mailpit ingest", runMailpit},
}

func runNotmuch(ctx context.Context, b *bench, scratch string) (int, time.Duration, error) {
	if _, err := exec.LookPath("notmuch"); err != nil {
		return 0, 0, errMissing
	}
	conf, err := b.notmuchConfig(scratch)
	if err != nil {
		return 0, 0, err
	}
	took, err := timed(exec.CommandContext(ctx, "notmuch", "--config="+conf, "new", "--quiet"))
	if err != nil {
		return 0, 0, err
	}
	out, err := exec.CommandContext(ctx, "notmuch", "--config="+conf, "count", "--output=files", "*").Output()
	if err != nil {
		return 0, 0, fmt.Errorf("notmuch count: %w", err)
	}
	var n int
	_, err = fmt.Sscan(string(out), &n)
	return n, took, err
}

// notmuchConfig writes the settings of a store in scratch.
func (b *bench) notmuchConfig(scratch string) (string, error) {
	// notmuch keeps its index inside the mail folder unless it is told a database path.
	text := fmt.Sprintf("[database]\npath=%s\nmail_root=%s\n[user]\nname=Bench\nprimary_email=bench@example.com\n[new]\ntags=inbox\n", scratch, b.path("maildir"))
	conf := filepath.Join(scratch, "notmuch.conf")
	return conf, os.WriteFile(conf, []byte(text), 0o644)
}

func runMu(ctx context.Context, b *bench, scratch string) (int, time.Duration, error) {
	if _, err := exec.LookPath("mu"); err != nil {
		return 0, 0, errMissing
	}
	home := "--muhome=" + scratch
	if _, err := timed(exec.CommandContext(ctx, "mu", "init", home, "--maildir="+b.path("maildir"))); err != nil {
		return 0, 0, err
	}
	took, err := timed(exec.CommandContext(ctx, "mu", "index", "--quiet", home))
	return b.small, took, err
}

// runMailpit sends the mails by SMTP to a mailpit that stores them in a file, as its ingest does.
func runMailpit(ctx context.Context, b *bench, scratch string) (int, time.Duration, error) {
	bin, err := b.installMailpit(ctx)
	if err != nil {
		return 0, 0, err
	}
	smtp, web := freeAddress(), freeAddress()
	server := exec.CommandContext(ctx, bin, "--database", filepath.Join(scratch, "mailpit.db"), "--smtp", smtp, "--listen", web,
		"--max", "0", "--disable-version-check", "--smtp-disable-rdns", "--quiet")
	if err := server.Start(); err != nil {
		return 0, 0, err
	}
	defer func() {
		_ = server.Process.Signal(os.Interrupt)
		_ = server.Wait()
	}()
	if err := waitFor(ctx, smtp); err != nil {
		return 0, 0, fmt.Errorf("mailpit does not answer: %w", err)
	}
	took, err := timed(exec.CommandContext(ctx, bin, "ingest", "--smtp-addr", smtp, b.path("maildir")))
	if err != nil {
		return 0, 0, err
	}
	n, err := mailpitCount(ctx, web)
	return n, took, err
}

// installMailpit builds the pinned release into the scratch folder, once.
func (b *bench) installMailpit(ctx context.Context) (string, error) {
	bin := b.path("mailpit")
	if _, err := os.Stat(bin); err == nil {
		return bin, nil
	}
	cmd := exec.CommandContext(ctx, "go", "install", "github.com/axllent/mailpit@"+mailpitVersion)
	cmd.Env = append(os.Environ(), "GOBIN="+b.work)
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("%w: go install: %s", errMissing, out)
	}
	return bin, nil
}

func mailpitCount(ctx context.Context, web string) (int, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+web+"/api/v1/info", nil)
	if err != nil {
		return 0, err
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0, err
	}
	defer res.Body.Close()
	var info struct{ Messages int }
	return info.Messages, json.NewDecoder(res.Body).Decode(&info)
}

// timed runs a command and returns how long it took.
func timed(cmd *exec.Cmd) (time.Duration, error) {
	began := time.Now()
	out, err := cmd.CombinedOutput()
	if err != nil {
		return 0, fmt.Errorf("%s: %w\n%s", filepath.Base(cmd.Path), err, tail(out))
	}
	return time.Since(began), nil
}

// tail keeps the end of what a program printed.
func tail(out []byte) []byte { return out[max(0, len(out)-2000):] }

func freeAddress() string {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "127.0.0.1:0" // the program that is given it will say why it cannot listen
	}
	defer l.Close()
	return l.Addr().String()
}

func waitFor(ctx context.Context, address string) error {
	ctx, cancel := context.WithTimeout(ctx, 15*time.Second)
	defer cancel()
	for {
		conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", address)
		if err == nil {
			return conn.Close()
		}
		if ctx.Err() != nil {
			return err
		}
		time.Sleep(20 * time.Millisecond)
	}
}
