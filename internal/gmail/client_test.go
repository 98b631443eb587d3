package gmail_test

import (
	"context"
	"errors"
	"net/http"
	"testing"
	"time"

	"applylens/internal/gmail"
	"applylens/internal/gmail/gmailtest"
)

func newClient(t *testing.T, fo gmailtest.Options, q gmail.Quota) (*gmailtest.Fake, *gmailtest.Box, *gmail.Client) {
	t.Helper()
	fake, err := gmailtest.New(fo)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(fake.Close)
	box := fake.Box("me@example.com")
	oauth := gmail.OAuth{ClientID: "client", ClientSecret: "secret", Endpoints: gmail.At(fake.URL), HTTP: http.DefaultClient}
	tokens := gmail.NewTokens(oauth, fake.Grant(box, "gmail.modify"), time.Now, func(context.Context, string) error { return nil })
	return fake, box, &gmail.Client{HTTP: http.DefaultClient, API: fake.URL, Tokens: tokens, Limiter: gmail.NewLimiter(q, time.Now), Account: 1, Now: time.Now,
		Limits: gmail.Limits{Call: time.Second, Attempts: 6, Backoff: 2 * time.Millisecond, Patience: 50 * time.Millisecond}}
}

func unlimited() gmail.Quota {
	q := gmail.Quota2026()
	q.User, q.Project = 0, 0
	return q
}

func TestErrorsThatPassAreRetried(t *testing.T) {
	for name, fail := range map[string]func(*gmailtest.Faults){
		"429":            func(f *gmailtest.Faults) { f.Fail("getProfile", 429, "rateLimitExceeded", 0) },
		"403 rate":       func(f *gmailtest.Faults) { f.Fail("getProfile", 403, "userRateLimitExceeded", 0) },
		"403 backend":    func(f *gmailtest.Faults) { f.Fail("getProfile", 403, "backendError", 0) },
		"500":            func(f *gmailtest.Faults) { f.Fail("getProfile", 500, "backendError", 0) },
		"503 and 504":    func(f *gmailtest.Faults) { f.Fail("getProfile", 503, "x", 0); f.Fail("getProfile", 504, "x", 0) },
		"token endpoint": func(f *gmailtest.Faults) { f.Fail("token", 503, "x", 0) },
		"401 once":       func(f *gmailtest.Faults) { f.Fail("getProfile", 401, "authError", 0) },
	} {
		t.Run(name, func(t *testing.T) {
			fake, _, c := newClient(t, gmailtest.Options{}, unlimited())
			fail(fake.Faults)
			if p, err := c.Profile(t.Context()); err != nil || p.EmailAddress != "me@example.com" {
				t.Errorf("%+v, %v", p, err)
			}
		})
	}
}

func TestErrorsThatStay(t *testing.T) {
	for name, c := range map[string]struct {
		status int
		reason string
		is     func(error) bool
	}{
		"404":           {404, "notFound", gmail.IsGone},
		"409":           {409, "aborted", gmail.IsConflict},
		"no mailbox":    {400, "failedPrecondition", gmail.IsNoMailbox},
		"scope":         {403, "insufficientPermissions", func(err error) bool { return errors.Is(err, gmail.ErrScope) }},
		"domain policy": {403, "domainPolicy", func(err error) bool { var e *gmail.Error; return errors.As(err, &e) && e.Status == 403 }},
	} {
		t.Run(name, func(t *testing.T) {
			fake, _, client := newClient(t, gmailtest.Options{}, unlimited())
			fake.Faults.Fail("getProfile", c.status, c.reason, 0)
			if _, err := client.Profile(t.Context()); !c.is(err) {
				t.Errorf("%v", err)
			}
			if n := fake.Calls()["getProfile"]; n != 1 {
				t.Errorf("%d calls, want 1", n)
			}
		})
	}
}

func TestRevokedTokenNeedsReconnect(t *testing.T) {
	fake, box, c := newClient(t, gmailtest.Options{}, unlimited())
	if _, err := c.Profile(t.Context()); err != nil {
		t.Fatal(err)
	}
	box.Revoke()
	if _, err := c.Profile(t.Context()); !errors.Is(err, gmail.ErrReconnect) {
		t.Errorf("%v", err)
	}
	if n := fake.Calls()["token"]; n != 2 {
		t.Errorf("%d refreshes, want 2", n)
	}
}

func TestRetryAfterPausesTheAccount(t *testing.T) {
	fake, _, c := newClient(t, gmailtest.Options{}, unlimited())
	fake.Faults.Fail("getProfile", 429, "rateLimitExceeded", 30*time.Second)
	_, err := c.Profile(t.Context())
	var pause *gmail.Pause
	if !errors.As(err, &pause) || time.Until(pause.Until) < 29*time.Second || time.Until(pause.Until) > 40*time.Second {
		t.Fatalf("%v", err)
	}
	if _, err := c.Labels(t.Context()); !errors.As(err, &pause) {
		t.Errorf("another call of the account: %v", err)
	}
	if n := fake.Calls()["labels.list"]; n != 0 {
		t.Error("the account called although it is paused")
	}
}

func TestDailyLimitPausesUntilReset(t *testing.T) {
	fake, _, c := newClient(t, gmailtest.Options{}, unlimited())
	fake.Faults.Fail("getProfile", 403, "dailyLimitExceeded", 0)
	_, err := c.Profile(t.Context())
	var pause *gmail.Pause
	if !errors.As(err, &pause) || pause.Until.UTC().Hour() != 8 || !pause.Until.After(time.Now()) {
		t.Errorf("%v", err)
	}
}

func TestHalfAnswersAndLostOnes(t *testing.T) {
	fake, box, c := newClient(t, gmailtest.Options{Seed: 4}, unlimited())
	id := box.Deliver([]byte("Subject: x\r\n\r\nbody \xff"), "", "INBOX")
	fake.Faults.Set(gmailtest.Rates{HalfAnswer: 0.4, LostAnswer: 0.2, Dropped: 0.1})
	for range 30 {
		m, err := c.Get(t.Context(), id, gmail.Background)
		if err == nil && (string(m.Raw) != "Subject: x\r\n\r\nbody \xff" || m.ID != id) {
			t.Fatalf("a broken answer was taken for a whole one: %q", m.Raw)
		}
	}
	before := fake.Calls()["messages.batchModify"]
	fake.Faults.Set(gmailtest.Rates{LostAnswer: 1})
	if err := c.Modify(t.Context(), "7", []string{id}, []string{"STARRED"}, nil); err == nil {
		t.Error("the answer was lost and nobody noticed")
	}
	if n := fake.Calls()["messages.batchModify"] - before; n != 1 || box.Executed()["7"] != 1 {
		t.Errorf("a change was sent %d times", n)
	}
}

// TestNoMinuteSeesMoreThanTheQuota spends as fast as the limiter lets, on a clock of its own, and sums every minute.
func TestNoMinuteSeesMoreThanTheQuota(t *testing.T) {
	now := time.Unix(0, 0)
	q := gmail.Quota2026()
	l := gmail.NewLimiter(q, func() time.Time { return now })
	type spent struct {
		at    time.Time
		units float64
	}
	var all []spent
	for now.Before(time.Unix(300, 0)) {
		for _, u := range []gmail.Urgency{gmail.Background, gmail.Interactive} {
			if u == gmail.Interactive && now.Unix()%90 > 20 {
				continue
			}
			for l.Wait(t.Context(), 1, "messages.get", u, 0) == nil {
				all = append(all, spent{now, 20})
			}
		}
		now = now.Add(100 * time.Millisecond)
	}
	most, total := 0.0, 0.0
	for i := range all {
		sum := 0.0
		for _, s := range all[i:] {
			if s.at.Sub(all[i].at) < time.Minute {
				sum += s.units
			}
		}
		most, total = max(most, sum), total+20
	}
	if most > q.User {
		t.Errorf("a minute saw %.0f units of %.0f", most, q.User)
	}
	if total < q.User*0.7*5 {
		t.Errorf("only %.0f units in five minutes: the quota is wasted", total)
	}
}

func TestReserveIsKeptForThePerson(t *testing.T) {
	now := time.Unix(0, 0)
	l := gmail.NewLimiter(gmail.Quota2026(), func() time.Time { return now })
	for l.Wait(t.Context(), 1, "messages.get", gmail.Background, 0) == nil {
	}
	n := 0
	for l.Wait(t.Context(), 1, "messages.modify", gmail.Interactive, 0) == nil {
		n++
	}
	if n < 200 {
		t.Errorf("a backfill left the person %d changes at once", n)
	}
	if err := l.Wait(t.Context(), 2, "messages.get", gmail.Background, 0); err != nil {
		t.Errorf("another account had to wait: %v", err)
	}
}

func TestHistoryIDs(t *testing.T) {
	if gmail.HistoryID("9").Compare("10") >= 0 || gmail.HistoryID("18446744073709551616").Compare("18446744073709551615") <= 0 {
		t.Error("ids are compared as numbers")
	}
	var h gmail.HistoryID
	for in, out := range map[string]gmail.HistoryID{`"12"`: "12", `184467440737095516150000`: "184467440737095516150000", `null`: ""} {
		if err := h.UnmarshalJSON([]byte(in)); err != nil || h != out {
			t.Errorf("%s: %q, %v", in, h, err)
		}
	}
}
