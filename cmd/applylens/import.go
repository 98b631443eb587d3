package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/schollz/progressbar/v3"
	"golang.org/x/term"

	"applylens/internal/config"
	"applylens/internal/ingest"
)

type importCmd struct {
	Paths []string `arg:"" name:"path" help:"mbox (also Google Takeout), Maildir, .eml, a folder, or a .tar.gz or .zip of those."`
	User  string   `required:"" help:"Address of the mailbox's owner; made if there is none." placeholder:"EMAIL"`
	JSON  bool     `name:"json" help:"Print the counts as one JSON object."`
}

// Run imports the paths. What was imported stays, whatever happens; a second run finishes the rest.
func (cmd *importCmd) Run(ctx context.Context, settings *config.Settings) (err error) {
	if !strings.Contains(cmd.User, "@") {
		return fmt.Errorf("--user %q is not an e-mail address", cmd.User)
	}
	for _, path := range cmd.Paths {
		if _, err := os.Stat(path); err != nil {
			return fmt.Errorf("%s cannot be read: %w", path, err)
		}
	}
	a, err := open(ctx, settings)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, a.close()) }()
	userID, _, err := a.user(ctx, cmd.User, "user")
	if err != nil {
		return err
	}
	counts, err := importPaths(ctx, a, userID, cmd.User, cmd.Paths)
	if cmd.JSON {
		err = errors.Join(err, json.NewEncoder(os.Stdout).Encode(counts))
	} else {
		fmt.Fprintf(os.Stdout, "%d messages seen: %d new, %d already there, %d with warnings, %d failed, in %.1f s\n",
			counts.Seen, counts.New, counts.Duplicates, counts.Warnings, counts.Failed, counts.Seconds)
	}
	if err == nil && counts.Failed > 0 {
		return errSilent
	}
	return err
}

// importPaths imports with a progress bar on standard error.
func importPaths(ctx context.Context, a *app, userID int64, email string, paths []string) (ingest.Counts, error) {
	bar := newProgress()
	box := ingest.Mailbox{UserID: userID, Addresses: []string{strings.ToLower(email)}}
	counts, err := a.ingest.Run(ctx, box, ingest.Walk(ctx, paths, bar.read), func(c ingest.Counts, err error) {
		if err != nil {
			bar.say(err.Error())
		}
		bar.stored(c)
	})
	bar.done()
	return counts, err
}

// A progress shows bytes read, rate and time left; nothing when standard error is no terminal.
type progress struct {
	bar   *progressbar.ProgressBar
	total int64
}

func newProgress() *progress {
	p := &progress{}
	if term.IsTerminal(int(os.Stderr.Fd())) {
		p.bar = progressbar.NewOptions64(1, progressbar.OptionSetWriter(os.Stderr), progressbar.OptionShowBytes(true), progressbar.OptionSetWidth(30),
			progressbar.OptionThrottle(100*time.Millisecond), progressbar.OptionSetDescription("importing"), progressbar.OptionSetPredictTime(true),
			progressbar.OptionClearOnFinish())
	}
	return p
}

func (p *progress) read(at ingest.Progress) {
	if p.bar == nil {
		return
	}
	if at.Total != p.total {
		p.total = at.Total
		p.bar.ChangeMax64(at.Total)
	}
	_ = p.bar.Set64(at.Done) // a bar that cannot be drawn must not stop the import
}

func (p *progress) stored(c ingest.Counts) {
	if p.bar != nil && c.Seconds > 0 {
		p.bar.Describe(fmt.Sprintf("%d mails, %.0f/s", c.Seen, float64(c.Seen)/c.Seconds))
	}
}

func (p *progress) say(text string) {
	if p.bar != nil {
		_ = p.bar.Clear()
	}
	fmt.Fprintln(os.Stderr, text)
}

func (p *progress) done() {
	if p.bar != nil {
		_ = p.bar.Finish()
	}
}
