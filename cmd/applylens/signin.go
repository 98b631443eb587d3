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
	base := a.siteAddress(cmd.URL)
	if base == "" {
		return errors.New("no server has run on this data folder yet: start “applylens serve”, or say its address with --url")
	}
	token, err := auth.NewLink(ctx, a.db, userID, time.Now())
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(os.Stdout, "%s/sign-in/%s\n", base, token)
	return err
}

// siteAddress is the address that was given, else that of the last server on the data folder, else "".
func (a *app) siteAddress(given string) string {
	if given != "" {
		return strings.TrimRight(given, "/")
	}
	text, err := os.ReadFile(a.dataFile(addressFile))
	if err != nil {
		return "" // no server has run yet
	}
	return strings.TrimSpace(string(text))
}
