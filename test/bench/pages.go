package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"regexp"
	"slices"
	"strings"
	"time"

	"applylens/test/program"
)

// warmUp is how many requests of each kind go before those that count.
const warmUp = 10

var threadLink = regexp.MustCompile(`/t/(\d+)`)

// A pageTimer asks one running program for pages and keeps the times.
type pageTimer struct {
	client *http.Client
	base   string
	rounds int
}

// pages measures the server's time for the large mailbox, seen by a client on the same machine,
// one request at a time, body included.
func pages(ctx context.Context, b *bench) (table, error) {
	t := table{title: fmt.Sprintf("Pages of a mailbox of %d mails", b.large), columns: []string{"request", "p50", "p95", "at most", "promise for p95"}}
	data := b.path(fmt.Sprintf("large-%d-data", b.large))
	if _, err := os.Stat(data); err != nil {
		if _, err := b.fillLarge(ctx); err != nil {
			return t, err
		}
	}
	b.largeData = data
	p, err := program.Start(ctx, b.bin, data, "--user", mailboxUser)
	if err != nil {
		return t, err
	}
	client, err := p.SignIn(ctx)
	if err == nil {
		err = (&pageTimer{client, p.BaseURL, b.rounds}).measure(ctx, b, &t)
	}
	t.note("%d requests of each kind over loopback after %d to warm up, one at a time, from the request to the last byte of the uncompressed page.", b.rounds, warmUp)
	return t, errors.Join(err, p.Stop())
}

func (m *pageTimer) measure(ctx context.Context, b *bench, t *table) error {
	raw, err := readMaildir(b.path("maildir"))
	if err != nil {
		return err
	}
	pairs := wordPairs(raw, m.rounds+warmUp)
	threads, err := m.harvest(ctx, pairs)
	if err != nil {
		return err
	}
	typed := prefixes(pairs)
	gets := []struct {
		name, promise string
		path          func(i int) string
		htmx          bool // as a script of the page asks, for a part of it
	}{
		{"inbox", "20 ms", func(int) string { return "/" }, false},
		{"thread", "20 ms", func(i int) string { return "/t/" + threads[i%len(threads)] }, false},
		{"search of two words", "25 ms", func(i int) string { return "/search?q=" + url.QueryEscape(pairs[i%len(pairs)]) }, false},
		{"search as one types", "15 ms", func(i int) string { return "/search?typed=1&q=" + url.QueryEscape(typed[i%len(typed)]) }, true},
		{"suggestions", "15 ms", func(i int) string { return "/search/suggest?q=" + url.QueryEscape(typed[i%len(typed)]) }, true},
		{"facets of two words", "50 ms", func(i int) string { return "/search/facets?q=" + url.QueryEscape(pairs[i%len(pairs)]) }, true},
		{"facets of all mail", "50 ms", func(int) string { return "/search/facets?q=in:anywhere" }, true},
	}
	for _, g := range gets {
		times, err := m.times(func(i int) (*http.Request, error) {
			req, err := http.NewRequestWithContext(ctx, http.MethodGet, m.base+g.path(i), nil)
			if err == nil && g.htmx {
				req.Header.Set("HX-Request", "true")
			}
			return req, err
		})
		if err != nil {
			return err
		}
		t.add(g.name, ms(times, 50), ms(times, 95), ms(times, 100), g.promise)
	}
	if err := m.archive(ctx, t, threads); err != nil {
		return err
	}
	return b.peersSearch(ctx, t, pairs)
}

// peersSearch measures the search of two words in other programs, on the same mail and with the same words.
func (b *bench) peersSearch(ctx context.Context, t *table, pairs []string) error {
	large, err := b.largePeers()
	if err != nil {
		return err
	}
	for _, s := range searchers {
		times, err := s.search(ctx, large, pairs)
		switch {
		case errors.Is(err, errMissing):
			t.add(s.name+", two words", "–", "–", "–", "not installed")
		case err != nil:
			return fmt.Errorf("%s: %w", s.name, err)
		default:
			t.add(s.name+", two words", ms(times, 50), ms(times, 95), ms(times, 100), "–")
		}
	}
	t.note("The other programs hold the same mails as a Maildir and get the same words; a request is a command that prints up to 50 hits, its start included.")
	return nil
}

// archive archives one thread a request, each once, as the page does it with htmx.
func (m *pageTimer) archive(ctx context.Context, t *table, threads []string) error {
	if len(threads) < m.rounds+warmUp {
		return fmt.Errorf("only %d threads were found, %d are needed to archive each once", len(threads), m.rounds+warmUp)
	}
	times, err := m.times(func(i int) (*http.Request, error) {
		form := url.Values{"kind": {"archive"}, "thread": {threads[i]}}
		req, err := http.NewRequestWithContext(ctx, http.MethodPost, m.base+"/actions", strings.NewReader(form.Encode()))
		if err == nil {
			req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
			req.Header.Set("HX-Request", "true")
			req.Header.Set("Sec-Fetch-Site", "same-origin")
		}
		return req, err
	})
	if err != nil {
		return err
	}
	t.add("archive", ms(times, 50), ms(times, 95), ms(times, 100), "15 ms")
	return nil
}

// times sends the requests and returns the sorted times of those after the warm-up.
func (m *pageTimer) times(request func(i int) (*http.Request, error)) ([]time.Duration, error) {
	var all []time.Duration
	for i := range m.rounds + warmUp {
		req, err := request(i)
		if err != nil {
			return nil, err
		}
		began := time.Now()
		if _, err := send(m.client, req); err != nil {
			return nil, err
		}
		if i >= warmUp {
			all = append(all, time.Since(began))
		}
	}
	slices.Sort(all)
	return all, nil
}

// harvest collects the ids of different threads from the inbox and from searches.
func (m *pageTimer) harvest(ctx context.Context, queries []string) ([]string, error) {
	var found []string
	seen := map[string]bool{}
	paths := []string{"/"}
	for _, q := range queries {
		paths = append(paths, "/search?q="+url.QueryEscape(strings.Fields(q)[0]))
	}
	for _, path := range paths {
		body, err := get(ctx, m.client, m.base+path)
		if err != nil {
			return nil, err
		}
		for _, match := range threadLink.FindAllSubmatch(body, -1) {
			if id := string(match[1]); !seen[id] {
				seen[id] = true
				found = append(found, id)
			}
		}
		if len(found) >= 4*(m.rounds+warmUp) {
			break
		}
	}
	if len(found) == 0 {
		return nil, errors.New("neither the inbox nor a search links to a thread")
	}
	return found, nil
}

// wordPairs returns queries of two words that stand in one mail, deterministically spread over
// the mailbox.
func wordPairs(raw [][]byte, count int) []string {
	word := regexp.MustCompile(`\b[a-z]{5,10}\b`)
	var pairs []string
	for i := 0; len(pairs) < count && i < 20*count; i++ {
		mail := raw[i*7919%len(raw)]
		words := word.FindAllString(string(mail[len(mail)/2:]), -1)
		if len(words) > 8 && words[0] != words[7] {
			pairs = append(pairs, words[0]+" "+words[7])
		}
	}
	return pairs
}

// prefixes are queries on the way to being typed: the last word is cut after two letters or more.
func prefixes(pairs []string) []string {
	typed := make([]string, len(pairs))
	for i, pair := range pairs {
		first, last, _ := strings.Cut(pair, " ")
		typed[i] = first + " " + last[:2+i%(len(last)-1)]
	}
	return typed
}

// ms returns a percentile of sorted times (nearest rank).
func ms(sorted []time.Duration, percentile int) string {
	at := max(0, (len(sorted)*percentile+99)/100-1)
	return fmt.Sprintf("%.1f ms", float64(sorted[at].Microseconds())/1000)
}
