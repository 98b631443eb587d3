package main

import (
	"context"
	"errors"
	"fmt"
	"os"

	"applylens/internal/config"
	"applylens/internal/gmail"
	"applylens/internal/gmail/gmailsync"
	"applylens/internal/vault"
)

// keysCmd looks after the keys that seal the tokens of connected accounts.
type keysCmd struct {
	List   keysListCmd   `cmd:"" help:"List the keys and how many tokens each seals."`
	Rotate keysRotateCmd `cmd:"" help:"Make a new key and seal all tokens with it, while the program runs. With APPLYLENS_KEYSET set, only seal with its newest key."`
	Prune  keysPruneCmd  `cmd:"" help:"Remove the keys that seal nothing any more."`
}

type keysListCmd struct{}

// Run lists the keys.
func (keysListCmd) Run(ctx context.Context, settings *config.Settings) error {
	return withKeys(ctx, settings, func(a *app, v *vault.Vault) error {
		sealed, err := a.sealedBy(ctx)
		if err != nil {
			return err
		}
		for _, k := range v.Keys() {
			mark := "opens"
			if k.Primary {
				mark = "seals"
			}
			fmt.Fprintf(os.Stdout, "%-12d %s  %d tokens\n", k.ID, mark, sealed[k.ID])
		}
		return nil
	})
}

type keysRotateCmd struct{}

// Run rotates. A program that runs meanwhile finds the new key when it meets the first token sealed with it.
func (keysRotateCmd) Run(ctx context.Context, settings *config.Settings) error {
	return withKeys(ctx, settings, func(a *app, v *vault.Vault) error {
		if settings.Google.Keyset == "" {
			id, err := v.Rotate()
			if err != nil {
				return err
			}
			fmt.Fprintf(os.Stdout, "new key %d\n", id)
		}
		n, err := a.reseal(ctx, v)
		fmt.Fprintf(os.Stdout, "%d tokens sealed anew\n", n)
		return err
	})
}

type keysPruneCmd struct{}

// Run removes keys without tokens.
func (keysPruneCmd) Run(ctx context.Context, settings *config.Settings) error {
	return withKeys(ctx, settings, func(a *app, v *vault.Vault) error {
		sealed, err := a.sealedBy(ctx)
		if err != nil {
			return err
		}
		for _, k := range v.Keys() {
			if k.Primary || sealed[k.ID] > 0 {
				continue
			}
			if err := v.Drop(k.ID); err != nil {
				return err
			}
			fmt.Fprintf(os.Stdout, "key %d removed\n", k.ID)
		}
		return nil
	})
}

func withKeys(ctx context.Context, settings *config.Settings, fn func(*app, *vault.Vault) error) (err error) {
	a, err := open(ctx, settings)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, a.close()) }()
	v, err := a.vault()
	if err != nil {
		return err
	}
	return fn(a, v)
}

// sealedBy counts the tokens that each key seals.
func (a *app) sealedBy(ctx context.Context) (map[int64]int, error) {
	users, err := a.db.UserIDs(ctx)
	if err != nil {
		return nil, err
	}
	counts := map[int64]int{}
	for _, user := range users {
		rows, err := a.db.As(user).AccountTokens(ctx, user)
		if err != nil {
			return nil, err
		}
		for _, row := range rows {
			counts[row.KeyID]++
		}
	}
	return counts, nil
}

func (a *app) reseal(ctx context.Context, v *vault.Vault) (int, error) {
	e := gmailsync.New(a.db, a.ingest, v, a.oauth(""), gmail.Quota2026(), a.log, a.ingest.Now, gmailsync.Defaults())
	users, err := a.db.UserIDs(ctx)
	if err != nil {
		return 0, err
	}
	primary, n := int64(0), 0
	for _, k := range v.Keys() {
		if k.Primary {
			primary = k.ID
		}
	}
	for _, user := range users {
		sealed, err := e.Reseal(ctx, user, primary)
		n += sealed
		if err != nil {
			return n, err
		}
	}
	return n, nil
}
