package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"applylens/test/program"
)

// idle is how long the program rests before its memory is read.
const idle = 15 * time.Second

// rest measures what the program costs when nothing happens: time to a usable page, memory.
func rest(ctx context.Context, b *bench) (table, error) {
	t := table{title: "Start and rest", columns: []string{"start", "sign-in link", "inbox on screen", "memory at rest"}}
	data, err := program.NewFolder("applylens-bench-data")
	if err != nil {
		return t, err
	}
	defer os.RemoveAll(filepath.Dir(data))
	for _, name := range []string{"first, makes the database and loads the sample mailbox", "second"} {
		if err := startAndRest(ctx, b, &t, name, data); err != nil {
			return t, err
		}
	}
	if b.largeData != "" {
		if err := startAndRest(ctx, b, &t, fmt.Sprintf("on %d mails", b.large), b.largeData, "--user", mailboxUser); err != nil {
			return t, err
		}
	}
	t.note("From the start of the process, with Postgres in the cache; `make run` adds the build, which is cached too. "+
		"Memory is the program's own (VmRSS) after %s of rest, without Postgres.", idle)
	return t, nil
}

func startAndRest(ctx context.Context, b *bench, t *table, name, data string, args ...string) error {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Minute)
	defer cancel()
	if len(args) == 0 {
		args = []string{"--sample"}
	}
	began := time.Now()
	p, err := program.Start(ctx, b.bin, data, args...)
	if err != nil {
		return err
	}
	client, err := p.SignIn(ctx)
	if err == nil {
		_, err = get(ctx, client, p.BaseURL+"/")
	}
	usable := time.Since(began)
	if err != nil {
		_ = p.Stop()
		return err
	}
	time.Sleep(idle)
	rss, err := p.Memory()
	if err != nil {
		_ = p.Stop()
		return err
	}
	t.add(name, fmt.Sprintf("%.2f s", p.Ready.Seconds()), fmt.Sprintf("%.2f s", usable.Seconds()), fmt.Sprintf("%.0f MB", float64(rss)/1e6))
	return p.Stop()
}

// get returns the body of a page that must answer 200.
func get(ctx context.Context, client *http.Client, url string) ([]byte, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return nil, err
	}
	return send(client, req)
}

func send(client *http.Client, req *http.Request) ([]byte, error) {
	res, err := client.Do(req)
	if err != nil {
		return nil, err
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		return nil, err
	}
	if res.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("%s %s answered %s: %s", req.Method, req.URL.Path, res.Status, tail(body))
	}
	return body, nil
}
