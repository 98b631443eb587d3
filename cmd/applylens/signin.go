package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"applylens/internal/auth"
	"applylens/internal/config"
)

type signInCmd struct {
	User string `env:"APPLYLENS_USER" default:"owner@localhost" help:"Whom to sign in." placeholder:"EMAIL"`
	URL  string `name:"url" env:"APPLYLENS_URL" default:"http://127.0.0.1:8080" help:"Address under which people reach the site." placeholder:"URL"`
}

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
	token, err := auth.NewLink(ctx, a.db, userID, time.Now())
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(os.Stdout, "%s/sign-in/%s\n", cmd.URL, token)
	return err
}
