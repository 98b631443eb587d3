package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"applylens/test/program"
)

// chromeFlags keep Chromium from reaching out of the machine.
const chromeFlags = "--headless=new --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking --disable-component-update --disable-sync"

// lighthouse audits the pages of the sample mailbox as a phone and as a desktop sees them.
func lighthouse(ctx context.Context, b *bench) (table, error) {
	t := table{title: "Lighthouse", columns: []string{"page", "device", "performance", "accessibility", "best practices", "LCP simulated", "LCP observed", "CLS", "transferred"}}
	script := filepath.Join(b.root, "node_modules", "lighthouse", "cli", "index.js")
	chromium, err := findChromium()
	if err == nil {
		_, err = os.Stat(script)
	}
	if err != nil {
		return t, fmt.Errorf("chromium or node_modules is missing: %w", err)
	}
	data, err := program.NewFolder("applylens-bench-data")
	if err != nil {
		return t, err
	}
	defer os.RemoveAll(filepath.Dir(data))
	p, err := program.Start(ctx, b.bin, data, "--sample")
	if err != nil {
		return t, err
	}
	client, err := p.SignIn(ctx)
	if err == nil {
		err = auditAll(ctx, &t, &auditor{script, chromium, b.work, p.BaseURL, cookies(client, p.BaseURL)}, client)
	}
	t.note("Lighthouse of package-lock.json in headless Chromium over loopback; LCP as it simulates it for a slow phone on 4G or a desktop " +
		"on cable, and as Chromium saw it here. " +
		"Promised: 95 in each score, LCP ≤ 1.0 s in Chromium, CLS ≤ 0.05, 100 KB for the inbox.")
	return t, errors.Join(err, p.Stop())
}

func auditAll(ctx context.Context, t *table, a *auditor, client *http.Client) error {
	inbox, err := get(ctx, client, a.base+"/")
	if err != nil {
		return err
	}
	pages := []struct{ name, path string }{{"inbox", "/"}, {"search", "/search?q=interview"}, {"settings", "/settings"}}
	if m := threadLink.Find(inbox); m != nil {
		pages = append(pages, struct{ name, path string }{"thread", string(m)})
	}
	for _, page := range pages {
		for _, device := range []string{"mobile", "desktop"} {
			cells, err := a.audit(ctx, page.path, device)
			if err != nil { // Chromium's trace fails now and then on a busy machine
				cells, err = a.audit(ctx, page.path, device)
			}
			if err != nil {
				return fmt.Errorf("%s on %s: %w", page.name, device, err)
			}
			t.add(append([]string{page.name, device}, cells...)...)
		}
	}
	return nil
}

// An auditor runs Lighthouse as a signed-in user.
type auditor struct{ script, chromium, work, base, cookie string }

// A lighthouseReport is the part of Lighthouse's JSON that we show.
type lighthouseReport struct {
	Categories map[string]struct {
		Score     float64
		AuditRefs []struct{ ID string }
	}
	Audits map[string]struct {
		Score        *float64 // nil when it does not apply
		Title        string
		NumericValue float64
		Details      struct {
			Items json.RawMessage // a list or an object, by audit
		}
	}
}

// complaints are the titles of the audits of a category that did not pass.
func (r lighthouseReport) complaints(category string) []string {
	var all []string
	for _, ref := range r.Categories[category].AuditRefs {
		if a := r.Audits[ref.ID]; a.Score != nil && *a.Score < 1 {
			all = append(all, a.Title)
		}
	}
	return all
}

func (a *auditor) audit(ctx context.Context, path, device string) ([]string, error) {
	out := filepath.Join(a.work, "lighthouse.json")
	headers, err := json.Marshal(map[string]string{"Cookie": a.cookie})
	if err != nil {
		return nil, err
	}
	args := []string{a.script, a.base + path, "--quiet", "--output=json", "--output-path=" + out, "--chrome-flags=" + chromeFlags,
		"--extra-headers=" + string(headers), "--only-categories=performance,accessibility,best-practices"}
	if device == "desktop" {
		args = append(args, "--preset=desktop")
	}
	cmd := exec.CommandContext(ctx, "node", args...)
	cmd.Env = append(os.Environ(), "CHROME_PATH="+a.chromium)
	if printed, err := cmd.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("lighthouse: %w\n%s", err, tail(printed))
	}
	text, err := os.ReadFile(out)
	if err != nil {
		return nil, err
	}
	var r lighthouseReport
	if err := json.Unmarshal(text, &r); err != nil {
		return nil, err
	}
	score := func(name string) string { return fmt.Sprintf("%.0f", 100*r.Categories[name].Score) }
	value := func(name string) float64 { return r.Audits[name].NumericValue }
	for _, category := range []string{"accessibility", "best-practices"} {
		for _, complaint := range r.complaints(category) {
			fmt.Printf("%s on %s: %s: %s\n", path, device, category, complaint)
		}
	}
	var metrics []struct{ ObservedLargestContentfulPaint float64 }
	if err := json.Unmarshal(r.Audits["metrics"].Details.Items, &metrics); err != nil || len(metrics) == 0 {
		return nil, fmt.Errorf("lighthouse: no metrics of %s on %s", path, device)
	}
	observed := metrics[0].ObservedLargestContentfulPaint
	return []string{score("performance"), score("accessibility"), score("best-practices"),
		fmt.Sprintf("%.2f s", value("largest-contentful-paint")/1000), fmt.Sprintf("%.2f s", observed/1000), fmt.Sprintf("%.3f", value("cumulative-layout-shift")),
		fmt.Sprintf("%.1f KB", value("total-byte-weight")/1000)}, nil
}

func findChromium() (string, error) {
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if path, err := exec.LookPath(name); err == nil {
			return path, nil
		}
	}
	return "", exec.ErrNotFound
}

func cookies(client *http.Client, base string) string {
	u, err := url.Parse(base)
	if err != nil {
		return ""
	}
	var all []string
	for _, c := range client.Jar.Cookies(u) {
		all = append(all, c.Name+"="+c.Value)
	}
	return strings.Join(all, "; ")
}
