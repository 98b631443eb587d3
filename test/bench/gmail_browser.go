package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/chromedp/chromedp"

	"applylens/internal/gmail/gmailtest"
)

// gmailInBrowser connects an account by the pages, and then changes things at Gmail while the inbox is open.
func gmailInBrowser(ctx context.Context, b *bench, t *table) (err error) {
	chromium, err := findChromium()
	if err != nil {
		return fmt.Errorf("chromium is missing: %w", err)
	}
	s, err := b.openGmail(ctx, gmailtest.Options{Latency: 80 * time.Millisecond, UserUnits: 6000})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.close()) }()
	for n := range 250 {
		s.letter(fmt.Sprintf("Letter %d", n), "How are you?", "INBOX")
	}
	flags := append([]chromedp.ExecAllocatorOption{}, chromedp.NoFirstRun, chromedp.NoDefaultBrowserCheck, chromedp.NoSandbox, chromedp.DisableGPU,
		chromedp.ExecPath(chromium), chromedp.Flag("headless", "new"), chromedp.Flag("disable-background-networking", true), chromedp.Flag("disable-dev-shm-usage", true))
	allocator, closeAllocator := chromedp.NewExecAllocator(ctx, flags...)
	defer closeAllocator()
	browser, closeBrowser := chromedp.NewContext(allocator)
	defer closeBrowser()
	link, err := s.signInLink(ctx, b)
	if err != nil {
		return err
	}
	if err := chromedp.Do(browser, chromedp.Navigate(link), chromedp.WaitReady(chromedp.CSS("main"))); err != nil {
		return fmt.Errorf("sign in: %w", err)
	}
	for _, part := range []func(context.Context, *gmailSite, *table) error{firstHundred, openInbox, keys} {
		if err := part(browser, s, t); err != nil {
			return err
		}
	}
	return nil
}

// poll waits for an expression of the page to be true; an error of the page means that it is being replaced.
func poll(browser context.Context, most time.Duration, expression string) (time.Duration, error) {
	began := time.Now()
	for time.Since(began) < most {
		ctx, cancel := context.WithTimeout(browser, 5*time.Second)
		ok, err := chromedp.Run(ctx, chromedp.Evaluate[bool]("Boolean("+expression+")"))
		cancel()
		if err == nil && ok {
			return time.Since(began), nil
		}
		time.Sleep(10 * time.Millisecond)
	}
	return 0, fmt.Errorf("not within %s: %s", most, expression)
}

// firstHundred is the time from the consent to 100 mails on the page, which is scrolled as they come.
func firstHundred(browser context.Context, s *gmailSite, t *table) error {
	began := time.Now()
	if err := chromedp.Do(browser, chromedp.Navigate(s.program.BaseURL+"/settings/accounts/connect?back=/")); err != nil {
		return err
	}
	const rows = `(document.querySelector("#more")?.scrollIntoView(), document.querySelectorAll("#list > .row").length)`
	if _, err := poll(browser, 20*time.Second, rows+" >= 1"); err != nil {
		return err
	}
	t.add("consent to the first mail on screen", fmt.Sprintf("%.1f s", time.Since(began).Seconds()), "")
	if _, err := poll(browser, 2*time.Minute, rows+" >= 100"); err != nil {
		return err
	}
	t.add("consent to the first 100 mails on screen", fmt.Sprintf("%.1f s", time.Since(began).Seconds()), "20 s")
	state := ""
	_, done, err := s.until(browser, 3*time.Minute, time.Second, func(a accountState) bool { state = a.State; return state == "live" })
	if err == nil && !done {
		err = fmt.Errorf("the account is not live but %s:\n%s", state, s.program.Output())
	}
	return err
}

// openInbox is the time from a change at Gmail to the database and to the open page: new mail, and stars.
func openInbox(browser context.Context, s *gmailSite, t *table) error {
	if err := chromedp.Do(browser, chromedp.Navigate(s.program.BaseURL+"/"), chromedp.WaitReady(chromedp.CSS("#list"))); err != nil {
		return err
	}
	time.Sleep(time.Second) // the page opens its stream of events
	const changes = 25
	var stored, shown, starred []time.Duration
	for n := range changes {
		subject := fmt.Sprintf("News number %d.", n)
		before, err := s.account(browser)
		if err != nil {
			return err
		}
		row := fmt.Sprintf(`[...document.querySelectorAll("#list .row")].find(r => r.textContent.includes(%q))`, subject)
		inDB := make(chan time.Duration, 1)
		id := s.letter(subject, "It is new.", "INBOX", "UNREAD")
		go func() {
			took, _, _ := s.until(browser, time.Minute, 10*time.Millisecond, func(a accountState) bool { return a.Ledger.Stored > before.Ledger.Stored })
			inDB <- took
		}()
		s.fake.Flush(http.DefaultClient)
		took, err := poll(browser, time.Minute, row)
		if err != nil {
			return err
		}
		stored, shown = append(stored, <-inDB), append(shown, took)
		s.box.Modify(id, []string{"STARRED"}, nil)
		s.fake.Flush(http.DefaultClient)
		if took, err = poll(browser, time.Minute, row+`?.querySelector(".starbox").getAttribute("aria-pressed") === "true"`); err != nil {
			return err
		}
		starred = append(starred, took)
	}
	t.add("push to the database", quantiles(stored), "")
	t.add("new mail at Gmail to the open inbox", quantiles(shown), "p95 5 s")
	t.add("a star at Gmail to the open inbox", quantiles(starred), "p95 5 s")
	return nil
}

// keys is the time from a key to the next frame in which the page shows it, while Gmail answers nothing.
func keys(browser context.Context, s *gmailSite, t *table) error {
	s.fake.Faults.Set(gmailtest.Rates{Timeout: 1, Hang: 20 * time.Second})
	s.letter("One that cannot be fetched", "x", "INBOX")
	s.fake.Flush(http.DefaultClient)
	time.Sleep(time.Second)
	const measure = `(async () => {
		const times = [];
		for (let n = 0; n < 40; n++) {
			const before = document.querySelector(".row.here");
			const began = performance.now();
			document.activeElement.dispatchEvent(new KeyboardEvent("keydown", { key: n % 8 === 7 ? "e" : "j", bubbles: true, cancelable: true }));
			const moved = document.querySelector(".row.here") !== before;
			await new Promise((done) => requestAnimationFrame(() => setTimeout(done)));
			if (!moved) throw new Error("the key did nothing");
			times.push(performance.now() - began);
			await new Promise((done) => setTimeout(done, 100));
		}
		return times;
	})()`
	ctx, cancel := context.WithTimeout(browser, time.Minute)
	defer cancel()
	took, err := chromedp.Run(ctx, chromedp.Evaluate[[]float64](measure, chromedp.EvalAwaitPromise))
	s.fake.Faults.Set(gmailtest.Rates{})
	if err != nil {
		return fmt.Errorf("press keys: %w", err)
	}
	times := make([]time.Duration, len(took))
	for i, ms := range took {
		times[i] = time.Duration(ms * float64(time.Millisecond))
	}
	t.add("a key (next, archive) to the frame that shows it, while Gmail does not answer", quantiles(times), "50 ms")
	return nil
}
