package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"runtime/debug"
	"strings"
	"time"

	"applylens/handlers"
	"applylens/internal/auth"
	"applylens/internal/config"
	"applylens/internal/fetch"
	"applylens/internal/gmail"
	"applylens/internal/imageproxy"
	"applylens/internal/jobs"
	"applylens/internal/search"
	"applylens/internal/slo"
	"applylens/internal/slo/watch"
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
	if a.owner == nil {
		return cmd.serve(ctx, a, s, listener)
	}
	// What is imported may be readable for root alone, so that comes first; nothing is served as root.
	userID, err := cmd.owner(ctx, a, s)
	if err == nil {
		err = cmd.bringIn(ctx, a, userID)
	}
	if err == nil {
		err = a.owner.Drop()
	}
	if err != nil {
		return errors.Join(err, listener.Close())
	}
	cmd.Import = nil
	return cmd.serve(ctx, a, s, listener)
}

// address is where people reach the site. It is noted in the data folder, for "applylens sign-in".
func (cmd *serveCmd) address(a *app, addr net.Addr) (string, error) {
	base := strings.TrimRight(cmd.URL, "/")
	if base == "" {
		host, port, err := net.SplitHostPort(addr.String())
		if err != nil {
			return "", err
		}
		if ip := net.ParseIP(host); ip != nil && ip.IsUnspecified() {
			host = "127.0.0.1"
		}
		base = "http://" + net.JoinHostPort(host, port)
	}
	path := a.dataFile(addressFile)
	if err := os.WriteFile(path, []byte(base+"\n"), 0o644); err != nil {
		return "", err
	}
	return base, a.owner.Own(path)
}

func (cmd *serveCmd) server(ctx context.Context, a *app, addr net.Addr) (*handlers.Server, error) {
	base, err := cmd.address(a, addr)
	if err != nil {
		return nil, err
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
	counts, err := limitStore(ctx, a.settings.RedisURL)
	if err != nil {
		return nil, err
	}
	outbox, err := a.outbox(base)
	if err != nil {
		return nil, err
	}
	cluster, err := elasticOf(a.settings)
	if err != nil {
		return nil, err
	}
	post, err := a.post(base)
	if err != nil {
		return nil, err
	}
	client, err := jobs.NewClient(jobs.Deps{DB: a.db, Ingest: a.ingest, Gmail: engine, Sense: a.sense, Alerts: outbox, Post: post, Agents: a.agents, Model: a.model, Index: a.filler(cluster), Log: a.log, Now: time.Now,
		Metrics: a.metrics, Tracer: a.tracer}, cmd.Worker)
	if err != nil {
		return nil, err
	}
	s := &handlers.Server{
		DB: a.db, Blobs: a.blobs, Ingest: a.ingest, Agents: a.agents, Model: a.model, Jobs: client, Log: a.log, Now: time.Now, BaseURL: base, Version: version(),
		Auth:   &auth.Store{DB: a.db, Secure: isHTTPS(base), Now: time.Now},
		Search: search.Postgres{Sense: a.sense},
		Events: handlers.NewEvents(), Remote: fetch.New(fetch.Options{}), Images: images, Limit: handlers.NewProgramLimit(counts, cmd.Rate),
		Metrics: a.metrics, MetricsToken: a.settings.Metrics.Token, Tracer: a.tracer, Requests: &watch.Meter{Objective: slo.APIAvailability},
		Gmail: engine, Push: a.pushCheck(base), SignUp: a.settings.Google.SignUp, SendsMail: post != nil,
		Patient: func(ctx context.Context) (gmail.Patient, error) { return a.patient(ctx, base, engine) },
	}
	s.Embedded = a.server != nil
	for _, c := range outbox.Channels {
		s.Channels = append(s.Channels, c.Name())
	}
	return s, a.searchElastic(s)
}

// serve answers requests and works on jobs until the context ends, and then lets both finish.
func (cmd *serveCmd) serve(ctx context.Context, a *app, s *handlers.Server, listener net.Listener) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	background := context.WithoutCancel(ctx) // requests and jobs outlive the signal to stop
	userID, err := cmd.owner(ctx, a, s)
	if err != nil {
		return errors.Join(err, listener.Close())
	}
	if err := a.serveMetrics(ctx); err != nil {
		return errors.Join(err, listener.Close())
	}
	if cmd.Worker {
		if err := s.Jobs.Start(background); err != nil {
			return errors.Join(fmt.Errorf("start the worker: %w", err), listener.Close())
		}
	}
	site := &http.Server{Handler: s.Handler(), ReadHeaderTimeout: 10 * time.Second, IdleTimeout: 2 * time.Minute, MaxHeaderBytes: 64 << 10,
		BaseContext: func(net.Listener) context.Context { return background }}
	site.RegisterOnShutdown(s.Events.Close)
	go s.Events.Listen(ctx, a.db.Pool, a.log)
	counted := a.count(s.Requests)
	failed := make(chan error, 1)
	go func() { failed <- site.Serve(listener) }()
	err = cmd.run(ctx, a, s, userID, failed)
	a.log.Info("stopping")
	err = errors.Join(err, cmd.stop(site, s))
	counted()
	return err
}

// run brings in the first mail and waits for the end.
func (cmd *serveCmd) run(ctx context.Context, a *app, s *handlers.Server, userID int64, failed <-chan error) error {
	if cmd.Worker {
		if err := a.workElastic(ctx); err != nil {
			return err
		}
		if err := a.workGmail(ctx, s.Gmail, s.Jobs); err != nil {
			return err
		}
	}
	if err := cmd.printLink(ctx, a, s, userID); err != nil {
		return err
	}
	if err := cmd.bringIn(ctx, a, userID); err != nil && ctx.Err() == nil {
		return err
	}
	debug.FreeOSMemory() // what starting took
	select {
	case err := <-failed:
		return err
	case <-ctx.Done():
		return nil
	}
}

// stop lets requests and jobs finish; jobs that take longer are cancelled, and go on with the next start.
func (cmd *serveCmd) stop(site *http.Server, s *handlers.Server) error {
	grace, done := context.WithTimeout(context.Background(), 15*time.Second)
	defer done()
	err := site.Shutdown(grace)
	if !cmd.Worker {
		return err
	}
	if s.Jobs.Stop(grace) != nil {
		last, done := context.WithTimeout(context.Background(), 10*time.Second)
		defer done()
		err = errors.Join(err, s.Jobs.StopAndCancel(last))
	}
	return err
}

// owner makes the owner, and for a new one loads the sample mailbox.
func (cmd *serveCmd) owner(ctx context.Context, a *app, s *handlers.Server) (int64, error) {
	userID, made, err := a.user(ctx, cmd.User, string(auth.Admin))
	if err != nil || !made || !cmd.Sample || len(cmd.Import) > 0 {
		return userID, err
	}
	_, err = s.LoadSample(ctx, userID)
	return userID, err
}

func (cmd *serveCmd) printLink(ctx context.Context, a *app, s *handlers.Server, userID int64) error {
	token, err := auth.NewLink(ctx, a.db, userID, time.Now())
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(os.Stdout, "\n  ApplyLens %s is running at %s\n  Sign in once with this link (30 minutes):\n\n    %s/sign-in/%s\n\n", version(), s.BaseURL, s.BaseURL, token)
	return err
}

func (cmd *serveCmd) bringIn(ctx context.Context, a *app, userID int64) error {
	if len(cmd.Import) == 0 {
		return nil
	}
	_, err := importPaths(ctx, a, userID, cmd.User, cmd.Import)
	return err
}
