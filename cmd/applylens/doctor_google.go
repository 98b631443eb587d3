package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"applylens/internal/config"
	"applylens/internal/gmail"
	"applylens/internal/gmail/gmailsync"
)

type doctorGoogleCmd struct {
	URL string `name:"url" env:"APPLYLENS_URL" help:"Address under which people reach the site." placeholder:"URL"`
}

// Run prints one line for each part of the setup of Google, with the remedy where something is wrong.
func (cmd doctorGoogleCmd) Run(ctx context.Context, settings *config.Settings) (err error) {
	a, err := open(ctx, settings)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, a.close()) }()
	engine, err := a.gmail(cmd.URL)
	if err != nil {
		return err
	}
	patient, err := a.patient(ctx, cmd.URL, engine)
	if err != nil {
		return err
	}
	healthy := true
	for _, f := range gmail.Doctor(ctx, patient) {
		mark := map[string]string{"ok": "ok  ", "wrong": "FAIL", "unknown": "?   "}[f.State]
		fmt.Fprintf(os.Stdout, "%s  %-14s %s\n", mark, f.Part, f.Text)
		if f.Remedy != "" {
			fmt.Fprintf(os.Stdout, "      %-14s → %s\n", "", f.Remedy)
		}
		healthy = healthy && f.State != "wrong"
	}
	if !healthy {
		return errSilent
	}
	return nil
}

// patient is what the doctor looks at. engine may be nil.
func (a *app) patient(ctx context.Context, base string, engine *gmailsync.Engine) (gmail.Patient, error) {
	g := a.settings.Google
	p := gmail.Patient{OAuth: a.oauth(base), Base: base, Topic: g.Topic, Subscription: g.Subscription, Pull: g.Pull, Push: a.pushCheck(base), Now: time.Now}
	if engine == nil {
		return p, nil
	}
	var err error
	p.Client, err = engine.AnyClient(ctx)
	return p, err
}
