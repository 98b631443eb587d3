package main

import (
	"context"
	"errors"
	"fmt"
	"os"

	"applylens/internal/config"
	"applylens/internal/db"
	"applylens/internal/db/embedded"
)

type migrateCmd struct {
	Up     migrateUp     `cmd:"" help:"Apply the migrations that are missing."`
	Down   migrateDown   `cmd:"" help:"Revert the newest migration. Tables it made are lost with their rows."`
	Status migrateStatus `cmd:"" help:"List the migrations."`
}

type (
	migrateUp     struct{}
	migrateDown   struct{}
	migrateStatus struct{}
)

// migrator connects as the owner of the tables.
func migrator(ctx context.Context, settings *config.Settings, use func(*db.Migrator) error) (err error) {
	url := settings.DatabaseURL
	if settings.MigrateDatabaseURL != "" {
		url = settings.MigrateDatabaseURL
	}
	if url == "" {
		server, err := embedded.Start(ctx, settings.Data, settings.Logger())
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, server.Stop()) }()
		url = server.OwnerURL
	}
	m, err := db.NewMigrator(url)
	if err != nil {
		return err
	}
	defer func() { _ = m.Close() }()
	return use(m)
}

// Run applies what is missing.
func (migrateUp) Run(ctx context.Context, settings *config.Settings) error {
	return migrator(ctx, settings, func(m *db.Migrator) error {
		n, err := m.Up(ctx)
		if err == nil {
			fmt.Fprintf(os.Stdout, "%d migrations applied\n", n)
		}
		return connectError(err)
	})
}

// Run reverts the newest migration.
func (migrateDown) Run(ctx context.Context, settings *config.Settings) error {
	return migrator(ctx, settings, func(m *db.Migrator) error {
		result, err := m.Down(ctx)
		if err == nil {
			fmt.Fprintf(os.Stdout, "reverted %s\n", result.Source.Path)
		}
		return connectError(err)
	})
}

// Run lists the migrations.
func (migrateStatus) Run(ctx context.Context, settings *config.Settings) error {
	return migrator(ctx, settings, func(m *db.Migrator) error {
		list, err := m.Status(ctx)
		for _, s := range list {
			applied := "missing"
			if !s.AppliedAt.IsZero() {
				applied = "applied " + s.AppliedAt.UTC().Format("2006-01-02 15:04")
			}
			fmt.Fprintf(os.Stdout, "%-32s %s\n", s.Source.Path, applied)
		}
		return connectError(err)
	})
}
