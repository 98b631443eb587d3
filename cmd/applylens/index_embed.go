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

type indexEmbedCmd struct {
	User string `required:"" help:"Whose mail." placeholder:"EMAIL"`
	JSON bool   `name:"json" help:"Print one JSON object at the end."`
}

// Run makes the vectors that are missing and returns when none is.
func (cmd *indexEmbedCmd) Run(ctx context.Context, settings *config.Settings) (err error) {
	a, err := open(ctx, settings)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, a.close()) }()
	if a.sense == nil {
		return errors.New("search by meaning is turned off: EMBED_MODEL is none")
	}
	userID, err := a.existingUser(ctx, cmd.User)
	if err != nil {
		return err
	}
	if err := a.owner.Drop(); err != nil {
		return err
	}
	began := time.Now()
	done, _, err := a.sense.Fill(ctx, a.db, userID, 0, func(done, left int) { fmt.Fprintf(os.Stderr, "\r%d of %d", done, done+left) })
	if done > 0 {
		fmt.Fprintln(os.Stderr)
	}
	if err != nil {
		return err
	}
	seconds := time.Since(began).Seconds()
	if cmd.JSON {
		return json.NewEncoder(os.Stdout).Encode(map[string]any{"embedded": done, "model": a.sense.Model, "seconds": seconds})
	}
	_, err = fmt.Fprintf(os.Stdout, "%d mails embedded with %s in %.1f s\n", done, a.sense.Model, seconds)
	return err
}
