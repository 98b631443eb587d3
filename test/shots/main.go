// Command shots takes pictures of pages of a running ApplyLens, wide and narrow, light and dark, for people to look at:
//
//	go run ./test/shots -link "$(bin/applylens sign-in)" -out /tmp/shots / "/search?q=interview"
//
// Each page becomes NAME-WIDTH-THEME.png. A page may be followed by keys to press first: "/#keys=jj?".
package main

import (
	"context"
	"flag"
	"fmt"
	"log"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
)

func main() {
	link := flag.String("link", "", "a fresh sign-in link")
	out := flag.String("out", "/tmp/shots", "folder of the pictures")
	widths := flag.String("widths", "1440x900,390x844", "window sizes")
	themes := flag.String("themes", "light,dark", "colour schemes")
	flag.Parse()
	if err := run(*link, *out, strings.Split(*widths, ","), strings.Split(*themes, ","), flag.Args()); err != nil {
		log.Fatal(err)
	}
}

func run(link, out string, sizes, themes, pages []string) error {
	base, err := url.Parse(link)
	if err != nil || base.Host == "" {
		return fmt.Errorf("-link %q is no address", link)
	}
	if err := os.MkdirAll(out, 0o755); err != nil {
		return err
	}
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.NoSandbox, chromedp.DisableGPU, chromedp.Flag("disable-quic", true),
		chromedp.Flag("disable-component-update", true), chromedp.Flag("hide-scrollbars", true))
	ctx, stop := chromedp.NewExecAllocator(context.Background(), options...)
	defer stop()
	ctx, stop = chromedp.NewContext(ctx)
	defer stop()
	ctx, stop = context.WithTimeout(ctx, 5*time.Minute)
	defer stop()
	if _, err := chromedp.Run(ctx, chromedp.Navigate(link)); err != nil {
		return err
	}
	for _, page := range pages {
		for _, size := range sizes {
			for _, theme := range themes {
				if err := shoot(ctx, base, out, page, size, theme); err != nil {
					return fmt.Errorf("%s: %w", page, err)
				}
			}
		}
	}
	return nil
}

func shoot(ctx context.Context, base *url.URL, out, page, size, theme string) error {
	var w, h int64
	if _, err := fmt.Sscanf(size, "%dx%d", &w, &h); err != nil {
		return fmt.Errorf("size %q: %w", size, err)
	}
	path, keys, _ := strings.Cut(page, "#keys=")
	target, err := base.Parse(path)
	if err != nil {
		return err
	}
	look := func(ctx context.Context, t *chromedp.Target) (chromedp.Void, error) {
		_, err := cdp.Call(ctx, t, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
			Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: theme}}})
		return chromedp.Void{}, err
	}
	steps := []chromedp.Action[chromedp.Void]{chromedp.EmulateViewport(w, h), look, chromedp.Navigate(target.String()), chromedp.Sleep(400 * time.Millisecond)}
	if keys != "" {
		steps = append(steps, chromedp.KeyEvent(keys), chromedp.Sleep(500*time.Millisecond))
	}
	if _, err := chromedp.Run(ctx, chromedp.Steps(steps...)); err != nil {
		return err
	}
	png, err := chromedp.Run(ctx, chromedp.CaptureScreenshot())
	if err != nil {
		return err
	}
	name := strings.Trim(strings.NewReplacer("/", "-", "?", "-", "=", "-", "&", "-", ":", "-", "#", "-").Replace(page), "-")
	if name == "" {
		name = "inbox"
	}
	return os.WriteFile(filepath.Join(out, fmt.Sprintf("%s-%d-%s.png", name, w, theme)), png, 0o644)
}
