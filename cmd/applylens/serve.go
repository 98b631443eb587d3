package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"runtime/debug"
	"time"

	"applylens/handlers"
	"applylens/internal/auth"
	"applylens/internal/config"
	"applylens/internal/fetch"
	"applylens/internal/imageproxy"
	"applylens/internal/jobs"
)

type serveCmd struct {
	config.Web
	Import []string `name:"import" help:"Mail to import after the start: mbox, Maildir, .eml, a folder or an archive of them." placeholder:"PATH"`
}

// Run serves until the context ends, then lets requests and jobs finish.
func (cmd *serveCmd) Run(ctx context.Context, settings *config.Settings) (err error) {
	if err := cmd.Check(); err != nil {
		return err
	}
	a, err := open(ctx, settings)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, a.close()) }()
	claim, err := a.claim()
	if err != nil {
		return err
	}
	defer func() { _ = claim.Close() }()
	listener, err := net.Listen("tcp", cmd.Listen)
	if err != nil {
		return fmt.Errorf("%s cannot be listened on (%w): choose another address with --listen", cmd.Listen, err)
	}
	s, err := cmd.server(ctx, a, listener.Addr())
	if err != nil {
		return err
	}
	if len(cmd.Import) == 0 { // files to import may be readable for root only
		if err := a.owner.Drop(); err != nil {
			return err
		}
	}
	return cmd.serve(ctx, a, s, listener)
}

func (cmd *serveCmd) server(ctx context.Context, a *app, addr net.Addr) (*handlers.Server, error) {
	base := cmd.URL
	if base == "" {
		base = "http://" + addr.String()
	}
	key, err := a.secret("image.key")
	if err != nil {
		return nil, err
	}
	images, err := imageproxy.NewSigner(key)
	if err != nil {
		return nil, err
	}
	engine, err := a.gmail(base)
	if err != nil {
		return nil, err
	}
	client, err := jobs.NewClient(jobs.Deps{DB: a.db, Ingest: a.ingest, Gmail: engine, Log: a.log, Now: time.Now}, cmd.Worker)
	if err != nil {
		return nil, err
	}
	return &handlers.Server{
		DB: a.db, Blobs: a.blobs, Ingest: a.ingest, Jobs: client, Log: a.log, Now: time.Now, BaseURL: base, Version: version(),
		Auth:   &auth.Store{DB: a.db, Secure: isHTTPS(base), Now: time.Now},
		Events: handlers.NewEvents(), Remote: fetch.New(fetch.Options{}), Images: images,
		Gmail: engine, Push: a.pushCheck(base), SignUp: a.settings.Google.SignUp,
	}, nil
}

func (cmd *serveCmd) serve(ctx context.Context, a *app, s *handlers.Server, listener net.Listener) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	if cmd.Worker {
		if err := s.Jobs.Start(context.WithoutCancel(ctx)); err != nil {
			return fmt.Errorf("start the worker: %w", err)
		}
		if err := a.workGmail(ctx, s.Gmail, s.Jobs); err != nil {
			return err
		}
	}
	go s.Events.Listen(ctx, a.db.Pool, a.log)
	site := &http.Server{Handler: s.Handler(), ReadHeaderTimeout: 10 * time.Second, IdleTimeout: 2 * time.Minute, MaxHeaderBytes: 64 << 10,
		BaseContext: func(net.Listener) context.Context { return ctx }}
	failed := make(chan error, 1)
	go func() { failed <- site.Serve(listener) }()
	if err := cmd.welcome(ctx, a, s); err != nil {
		return err
	}
	debug.FreeOSMemory() // what starting took
	select {
	case err := <-failed:
		return err
	case <-ctx.Done():
	}
	a.log.Info("stopping")
	grace, done := context.WithTimeout(context.Background(), 15*time.Second)
	defer done()
	cancel() // ends the event streams, which would keep the server waiting
	err := site.Shutdown(grace)
	if cmd.Worker {
		err = errors.Join(err, s.Jobs.Stop(grace))
	}
	return err
}

// welcome makes the owner, prints the sign-in link, and brings in the first mail.
func (cmd *serveCmd) welcome(ctx context.Context, a *app, s *handlers.Server) error {
	userID, made, err := a.user(ctx, cmd.User, string(auth.Admin))
	if err != nil {
		return err
	}
	if cmd.Sample && made && len(cmd.Import) == 0 {
		if _, err := s.LoadSample(ctx, userID); err != nil {
			return err
		}
	}
	token, err := auth.NewLink(ctx, a.db, userID, time.Now())
	if err != nil {
		return err
	}
	fmt.Fprintf(os.Stdout, "\n  ApplyLens %s is running at %s\n  Sign in once with this link (30 minutes):\n\n    %s/sign-in/%s\n\n", version(), s.BaseURL, s.BaseURL, token)
	if len(cmd.Import) == 0 {
		return nil
	}
	if _, err := importPaths(ctx, a, userID, cmd.User, cmd.Import); err != nil {
		return err
	}
	return a.owner.Drop()
}
