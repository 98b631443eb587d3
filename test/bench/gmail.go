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
	"slices"
	"strings"
	"time"

	"applylens/internal/gmail/gmailtest"
	"applylens/test/program"
)

// person is the one whose Gmail the fake plays.
const person = "robin@gmail.example"

// A gmailSite is the program with the fake of Google beside it, in a process of its own, and a signed-in client.
type gmailSite struct {
	fake    *gmailtest.Fake
	box     *gmailtest.Box
	program *program.Program
	client  *http.Client
	dir     string
}

// openGmail starts the program on an empty folder, with pushes from a fake that answers after some time.
func (b *bench) openGmail(ctx context.Context, o gmailtest.Options, args ...string) (*gmailSite, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	address := listener.Addr().String()
	if err := listener.Close(); err != nil {
		return nil, err
	}
	o.Push = "http://" + address + "/gmail/push"
	s := &gmailSite{}
	if s.fake, err = gmailtest.New(o); err != nil {
		return nil, err
	}
	s.box = s.fake.Box(person)
	s.fake.Consent(gmailtest.Consent{Address: person})
	data, err := program.NewFolder("applylens-bench-gmail")
	if err != nil {
		return nil, err
	}
	s.dir = filepath.Dir(data)
	args = append([]string{"--listen", address, "--no-sample", "--google-url", s.fake.URL, "--google-client-id", "client", "--google-client-secret", "secret",
		"--google-topic", "projects/p/topics/t", "--google-push-account", "push@project.iam.gserviceaccount.com", "--google-subscription", "projects/p/subscriptions/s"}, args...)
	if s.program, err = program.Start(ctx, b.bin, data, args...); err != nil {
		return nil, err
	}
	s.client, err = s.program.SignIn(ctx)
	return s, err
}

// signInLink is one more link, for the browser: the first was used.
func (s *gmailSite) signInLink(ctx context.Context, b *bench) (string, error) {
	cmd := exec.CommandContext(ctx, b.bin, "sign-in")
	cmd.Env = program.Environment(filepath.Join(s.dir, "data"))
	out, err := cmd.Output()
	if err != nil {
		return "", fmt.Errorf("make a sign-in link: %w", err)
	}
	fields := strings.Fields(string(out))
	if len(fields) == 0 {
		return "", errors.New("sign-in printed no link")
	}
	return fields[len(fields)-1], nil
}

func (s *gmailSite) close() error {
	err := s.program.Stop()
	s.fake.Close()
	return errors.Join(err, os.RemoveAll(s.dir))
}

// letter puts a mail into the mailbox.
func (s *gmailSite) letter(subject, body string, labels ...string) string {
	raw := fmt.Sprintf("From: Ann <ann@firm.example>\r\nTo: %s\r\nMessage-ID: <%s@firm.example>\r\nDate: %s\r\nSubject: %s\r\n\r\n%s\r\n", person,
		strings.ReplaceAll(subject, " ", "."), time.Now().UTC().Format(time.RFC1123Z), subject, body)
	return s.box.Deliver([]byte(raw), "", labels...)
}

// An accountState is the part of /api/v1/accounts that is waited for.
type accountState struct {
	State  string
	Ledger struct{ Stored int64 }
}

func (s *gmailSite) account(ctx context.Context) (a accountState, err error) {
	body, err := get(ctx, s.client, s.program.BaseURL+"/api/v1/accounts")
	if err != nil {
		return a, err
	}
	var answer struct{ Accounts []accountState }
	if err := json.Unmarshal(body, &answer); err != nil {
		return a, err
	}
	if len(answer.Accounts) > 0 {
		a = answer.Accounts[0]
	}
	return a, nil
}

// until waits for the account and returns how long that took; done is false when the time was over first.
func (s *gmailSite) until(ctx context.Context, most, step time.Duration, ok func(accountState) bool) (took time.Duration, done bool, err error) {
	began := time.Now()
	for time.Since(began) < most {
		a, err := s.account(ctx)
		if err != nil {
			return 0, false, err
		}
		if ok(a) {
			return time.Since(began), true, nil
		}
		select {
		case <-ctx.Done():
			return 0, false, ctx.Err()
		case <-time.After(step):
		}
	}
	return time.Since(began), false, nil
}

// gmailSection measures what a person notices of a connected Gmail account, and what many accounts cost.
func gmailSection(ctx context.Context, b *bench) (table, error) {
	t := table{title: "Gmail", columns: []string{"what", "measured", "promise"}}
	for _, part := range []func(context.Context, *bench, *table) error{gmailInBrowser, gmailMemory, gmailFleet} {
		if err := part(ctx, b, &t); err != nil {
			return t, fmt.Errorf("%w, after\n%s", err, t)
		}
	}
	t.note("Google is `gmailtest`, over loopback: 80 ms a call, with the quota of 2026 for the first mails; pushes are sent at once. " +
		"The browser is headless Chromium. Memory is the highest VmRSS of the program, without Postgres.")
	return t, nil
}

// gmailMemory fills a small and a large mailbox, each for some minutes at most, and compares the memory of the program.
func gmailMemory(ctx context.Context, b *bench, t *table) error {
	for _, size := range []int{b.large / 10, b.large} {
		peak, stored, took, err := b.fillGmail(ctx, size, 6*time.Minute)
		if err != nil {
			return err
		}
		name := fmt.Sprintf("memory of a backfill of %d messages", size)
		if stored < int64(size) {
			name += fmt.Sprintf(", of which %d came in %s", stored, took.Round(time.Second))
		}
		t.add(name, fmt.Sprintf("%.0f MB (%.0f mails/s)", float64(peak)/1e6, float64(stored)/took.Seconds()), "does not grow with the mailbox")
	}
	return nil
}

func (b *bench) fillGmail(ctx context.Context, size int, most time.Duration) (peak, stored int64, took time.Duration, err error) {
	s, err := b.openGmail(ctx, gmailtest.Options{}, "--google-quota", "user=0,project=0")
	if err != nil {
		return 0, 0, 0, err
	}
	defer func() { err = errors.Join(err, s.close()) }()
	body := strings.Repeat("We meet at the office to talk about your work and what comes next.\r\n", 30)
	for n := range size {
		s.letter(fmt.Sprintf("Letter %d", n), body, "INBOX")
	}
	if _, err := get(ctx, s.client, s.program.BaseURL+"/settings/accounts/connect"); err != nil {
		return 0, 0, 0, err
	}
	took, _, err = s.until(ctx, most, time.Second, func(a accountState) bool {
		stored = a.Ledger.Stored
		if rss, err := s.program.Memory(); err == nil {
			peak = max(peak, rss)
		}
		return stored >= int64(size)
	})
	return peak, stored, took, err
}

// quantiles are a cell of times.
func quantiles(times []time.Duration) string {
	slices.Sort(times)
	return fmt.Sprintf("p50 %s, p95 %s, most %s", ms(times, 50), ms(times, 95), ms(times, 100))
}
