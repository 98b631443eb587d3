package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"applylens/internal/auth"
	"applylens/internal/config"
)

type signInCmd struct {
	User string `env:"APPLYLENS_USER" default:"owner@localhost" help:"Whom to sign in." placeholder:"EMAIL"`
	URL  string `name:"url" env:"APPLYLENS_URL" help:"Address under which people reach the site. Default: that of the last “serve” on the data folder." placeholder:"URL"`
}

// addressFile holds the address of the last server on the data folder.
const addressFile = "serve.url"

// Run prints a fresh link.
func (cmd *signInCmd) Run(ctx context.Context, settings *config.Settings) (err error) {
	a, err := open(ctx, settings)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, a.close()) }()
	userID, err := a.existingUser(ctx, cmd.User)
	if err != nil {
		return err
	}
	base := strings.TrimRight(cmd.URL, "/")
	if base == "" {
		text, err := os.ReadFile(a.dataFile(addressFile))
		if err != nil {
			return errors.New("no server has run on this data folder yet: start “applylens serve”, or say its address with --url")
		}
		base = strings.TrimSpace(string(text))
	}
	token, err := auth.NewLink(ctx, a.db, userID, time.Now())
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(os.Stdout, "%s/sign-in/%s\n", base, token)
	return err
}
