// Command applylens is the whole of ApplyLens: web server, worker and command line. See docs/run.md.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/alecthomas/kong"

	"applylens/internal/config"
)

// cli is the command line; kong reads its tags.
type cli struct {
	config.Settings

	Serve   serveCmd   `cmd:"" help:"Run the web server, and by default the worker."`
	Worker  workerCmd  `cmd:"" help:"Run the background jobs without the web server."`
	SignIn  signInCmd  `cmd:"" name:"sign-in" help:"Print a one-time sign-in link for a user."`
	Import  importCmd  `cmd:"" help:"Import mail from mbox, Maildir, .eml, folders or archives of them."`
	Search  searchCmd  `cmd:"" help:"Search a user's mail."`
	Index   indexCmd   `cmd:"" help:"Look after the text index."`
	Parse   parseCmd   `cmd:"" help:"Parse one message and print what is in it. Needs no database."`
	Triage  triageCmd  `cmd:"" help:"Judge messages and print why. Needs no database."`
	Eval    evalCmd    `cmd:"" help:"Judge mail whose category is known and count. Needs no database."`
	SLO     sloCmd     `cmd:"" name:"slo" help:"Service-level objectives."`
	Migrate migrateCmd `cmd:"" help:"Change the schema of the database."`
	Keys    keysCmd    `cmd:"" help:"The keys that seal the tokens of connected accounts."`
	Doctor  doctorCmd  `cmd:"" help:"Tell what is configured, what answers, and what to do about what does not."`
	Version versionCmd `cmd:"" help:"Print the version."`
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Args[1:])
	stop()
	if err != nil && !errors.Is(err, errSilent) {
		fmt.Fprintln(os.Stderr, "applylens: "+sentence(err))
	}
	if err != nil {
		os.Exit(1)
	}
}

// errSilent ends the program with a failure that was printed already.
var errSilent = errors.New("failed")

func run(ctx context.Context, args []string) error {
	var c cli
	parser, err := kong.New(&c, kong.Name("applylens"), kong.Description("Mail that is judged, searchable and kept. Settings: docs/run.md."),
		kong.UsageOnError(), kong.BindTo(ctx, (*context.Context)(nil)), kong.ConfigureHelp(kong.HelpOptions{Compact: true}))
	if err != nil {
		return err
	}
	command, err := parser.Parse(args)
	if err != nil {
		return err
	}
	if err := config.CheckEnvironment(os.Environ()); err != nil {
		return err
	}
	if err := c.Settings.Check(); err != nil {
		return err
	}
	return command.Run(&c.Settings)
}
