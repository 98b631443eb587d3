package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"runtime"
	"time"

	"applylens/internal/config"
)

// doctorCmd looks at everything, or at one part in depth.
type doctorCmd struct {
	All    doctorAllCmd    `cmd:"" default:"1" help:"Look at every part."`
	Google doctorGoogleCmd `cmd:"" help:"Look at the setup of Google in depth: client, redirect, API, topic, pushes, clock."`
}

type doctorAllCmd struct{}

// Run prints one line for each part: what is configured, whether it answers, and the remedy where it does not.
func (doctorAllCmd) Run(ctx context.Context, settings *config.Settings) error {
	fmt.Fprintf(os.Stdout, "applylens %s, %s, %s/%s, user %d\n\n", version(), runtime.Version(), runtime.GOOS, runtime.GOARCH, os.Geteuid())
	healthy := true
	tell := func(part, what string, err error) {
		mark := "ok  "
		if err != nil {
			mark, healthy, what = "FAIL", false, what+": "+sentence(err)
		}
		fmt.Fprintf(os.Stdout, "%s  %-18s %s\n", mark, part, what)
	}
	tell("data folder", settings.Data, writable(settings.Data))
	postgres := "embedded, in the data folder"
	if settings.DatabaseURL != "" {
		postgres = "server of DATABASE_URL"
	}
	began := time.Now()
	a, err := open(ctx, settings)
	tell("Postgres", postgres, err)
	if err == nil {
		defer func() { _ = a.close() }()
		tell("", fmt.Sprintf("started or found, and schema up to date, in %d ms", time.Since(began).Milliseconds()), nil)
		users, err := a.db.UserIDs(ctx)
		tell("", fmt.Sprintf("%d users; the program runs as a role that row-level security binds", len(users)), err)
		tell("originals", settings.BlobAddress(), a.blobs.Check(ctx))
	}
	if client, err := elasticOf(settings); err != nil {
		tell("Elasticsearch", "set up", err)
	} else if client == nil {
		fmt.Fprintf(os.Stdout, "--    %-18s %s\n", "Elasticsearch", "not configured; the word index in Postgres serves searches")
	} else {
		tell("Elasticsearch", "configured", client.Ping(ctx))
	}
	if settings.RedisURL == "" {
		fmt.Fprintf(os.Stdout, "--    %-18s not configured; limits are counted in this process\n", "Redis")
	} else {
		_, err := limitStore(ctx, settings.RedisURL)
		tell("Redis", "counts requests of programs", err)
	}
	if settings.Google.ClientID == "" {
		fmt.Fprintf(os.Stdout, "--    %-18s %s\n", "Google", "not configured; mail comes from files")
	} else {
		fmt.Fprintf(os.Stdout, "--    %-18s %s\n", "Google", "configured; “applylens doctor google” looks at it")
	}
	if !healthy {
		return errSilent
	}
	return nil
}

func writable(dir string) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return fmt.Errorf("it cannot be made: choose another with --data (%w)", err)
	}
	file, err := os.CreateTemp(dir, ".doctor-")
	if err != nil {
		return fmt.Errorf("it cannot be written to: choose another with --data (%w)", err)
	}
	return errors.Join(file.Close(), os.Remove(file.Name()))
}
