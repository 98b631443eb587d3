package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"applylens/internal/agent"
	"applylens/internal/blobs"
	"applylens/internal/config"
	"applylens/internal/db"
	"applylens/internal/db/embedded"
	"applylens/internal/errs"
	"applylens/internal/ingest"
	"applylens/internal/search"
	"applylens/internal/telemetry"
)

// An app is what commands work with: the database with its schema up to date, the blobs, the pipeline.
type app struct {
	settings *config.Settings
	log      *slog.Logger
	db       *db.DB
	blobs    *blobs.Store
	ingest   *ingest.Ingest
	sense    *search.Sense // nil when mail is not found by meaning
	agents   *agent.Runtime
	metrics  *telemetry.Metrics
	tracer   *telemetry.Tracer
	server   *embedded.Server  // nil with DATABASE_URL
	owner    *embedded.Account // to whom root hands the data; nil when not root
}

// open starts or finds the database and brings its schema up to date.
func open(ctx context.Context, settings *config.Settings) (*app, error) {
	a := &app{settings: settings, log: telemetry.Traced(settings.Logger())}
	var err error
	if err := a.openTelemetry(ctx); err != nil {
		return nil, err
	}
	if a.owner, err = embedded.OrdinaryUser(settings.Data); err != nil {
		return nil, err
	}
	if err := a.openDatabase(ctx); err != nil {
		return nil, errors.Join(err, a.close())
	}
	if a.blobs, err = blobs.Open(ctx, settings.BlobAddress(), a.owner.Own); err != nil {
		return nil, errors.Join(err, a.close())
	}
	if a.sense, err = a.openSense(); err != nil {
		return nil, errors.Join(err, a.close())
	}
	a.agents, err = agent.Open(ctx, agent.Options{DB: a.db, Dir: a.dataFile("runs"), Own: a.owner.Own, Release: version(), Log: a.log, Now: time.Now,
		Metrics: a.metrics, Tracer: a.tracer})
	if err != nil {
		return nil, errors.Join(err, a.close())
	}
	a.agents.Start(ctx)
	a.ingest = &ingest.Ingest{DB: a.db, Blobs: a.blobs, Log: a.log, Now: time.Now, Judge: a.agents.Judge}
	return a, nil
}

func (a *app) openDatabase(ctx context.Context) (err error) {
	appURL, ownerURL := a.settings.DatabaseURL, a.settings.DatabaseURL
	if a.settings.MigrateDatabaseURL != "" {
		ownerURL = a.settings.MigrateDatabaseURL
	}
	if appURL == "" {
		if a.server, err = embedded.Start(ctx, a.settings.Data, a.log); err != nil {
			return err
		}
		appURL, ownerURL = a.server.AppURL, a.server.OwnerURL
	}
	if err := a.migrate(ctx, ownerURL); err != nil {
		return err
	}
	a.db, err = db.Open(ctx, appURL, db.Traced(a.tracer.Queries()))
	return err
}

// migrate brings the embedded database, or an empty one, up to date. A server that is in use is migrated on purpose
// only, with "applylens migrate up".
func (a *app) migrate(ctx context.Context, ownerURL string) error {
	m, err := db.NewMigrator(ownerURL)
	if err != nil {
		return err
	}
	defer func() { _ = m.Close() }()
	behind, fresh, err := m.Behind(ctx)
	switch {
	case err != nil:
		return connectError(err)
	case behind == 0:
		return nil
	case a.server == nil && !fresh:
		return fmt.Errorf("the schema is %d migrations behind this program: try them in staging, then run “applylens migrate up”", behind)
	}
	_, err = m.Up(ctx)
	return err
}

func connectError(err error) error {
	if db.IsGone(err) {
		return fmt.Errorf("Postgres does not answer; check that it runs and that DATABASE_URL is right: %w", err)
	}
	return err
}

// close gives everything back, in reverse; it may be called on a half-open app.
func (a *app) close() error {
	failed := []error{a.agents.Close()}
	if a.blobs != nil {
		failed = append(failed, a.blobs.Close())
	}
	if a.db != nil {
		a.db.Close()
	}
	if a.server != nil {
		failed = append(failed, a.server.Stop())
	}
	if err := a.tracer.Close(); err != nil {
		a.log.Warn("the last traces were not sent", "error", err)
	}
	return errors.Join(failed...)
}

// user returns the user with an address, making one if there is none. made tells that it did.
func (a *app) user(ctx context.Context, email, role string) (id int64, made bool, err error) {
	if id, err = a.db.UserFind(ctx, email); err != nil || id != 0 {
		return id, false, err
	}
	id, err = a.db.UserEnsure(ctx, db.UserEnsureParams{Address: email, Role: role})
	return id, err == nil, err
}

// existingUser is user for commands that only read.
func (a *app) existingUser(ctx context.Context, email string) (int64, error) {
	id, err := a.db.UserFind(ctx, email)
	if err == nil && id == 0 {
		err = fmt.Errorf("there is no user %s; import mail for one with “applylens import PATH --user %s”", email, email)
	}
	return id, err
}

// dataFile is a file of the program's own in the data folder.
func (a *app) dataFile(name string) string { return filepath.Join(a.settings.Data, name) }

// sentence is what the person at the terminal reads: the safe message of an error and its cause.
func sentence(err error) string {
	var shown *errs.Error
	if errors.As(err, &shown) && errors.Is(shown.Err, os.ErrPermission) {
		return shown.Msg
	}
	return err.Error()
}
