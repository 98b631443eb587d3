package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"time"

	"applylens/internal/config"
)

// indexCmd looks after the text index.
type indexCmd struct {
	Build indexBuildCmd `cmd:"" help:"Put mail that is not in the text index into it; safe to repeat."`
}

type indexBuildCmd struct {
	User string `required:"" help:"Whose mail to index." placeholder:"EMAIL"`
	JSON bool   `name:"json" help:"Print one JSON object at the end."`
}

// Run indexes what is missing.
func (cmd *indexBuildCmd) Run(ctx context.Context, settings *config.Settings) (err error) {
	a, err := open(ctx, settings)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, a.close()) }()
	userID, err := a.existingUser(ctx, cmd.User)
	if err != nil {
		return err
	}
	began := time.Now()
	done, err := a.ingest.Reindex(ctx, userID, func(done, all int) { fmt.Fprintf(os.Stderr, "\r%d of %d", done, all) })
	if done > 0 {
		fmt.Fprintln(os.Stderr)
	}
	if err != nil {
		return err
	}
	seconds := time.Since(began).Seconds()
	if cmd.JSON {
		return json.NewEncoder(os.Stdout).Encode(map[string]any{"indexed": done, "seconds": seconds})
	}
	_, err = fmt.Fprintf(os.Stdout, "%d mails indexed in %.1f s\n", done, seconds)
	return err
}
