package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"applylens/internal/config"
	"applylens/internal/search/elastic"
)

// indexCmd looks after the text index in Postgres and the indices in Elasticsearch.
type indexCmd struct {
	Build  indexBuildCmd  `cmd:"" help:"With --user put mail that is not in the text index of Postgres into it; without, fill new indices in Elasticsearch beside those that are read. Safe to repeat."`
	Embed  indexEmbedCmd  `cmd:"" help:"Make the vectors that mail lacks, for search by meaning; safe to repeat."`
	Verify indexVerifyCmd `cmd:"" help:"Compare the indices in Elasticsearch with Postgres, by owner and month, and mend them."`
	Swap   indexSwapCmd   `cmd:"" help:"Let searches read the indices that were built last, in one step."`
	Prune  indexPruneCmd  `cmd:"" help:"Delete indices that are out of use or older than the mail that is kept, by name."`
	Off    indexOffCmd    `cmd:"" help:"Note changes for Elasticsearch no longer; turning it on again fills new indices."`
}

// withFiller opens the app and the cluster for a command.
func withFiller(ctx context.Context, settings *config.Settings, run func(*app, *elastic.Filler) error) (err error) {
	client, err := elasticOf(settings)
	if err != nil {
		return err
	}
	if client == nil {
		return errors.New("set ELASTICSEARCH_URL to the cluster; the text index in Postgres is built with --user EMAIL")
	}
	a, err := open(ctx, settings)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, a.close()) }()
	return run(a, a.filler(client))
}

type indexBuildCmd struct {
	User string `help:"Whose mail to index in Postgres." placeholder:"EMAIL"`
	JSON bool   `name:"json" help:"Print one JSON object at the end."`
}

// Run indexes what is missing, or fills a new generation.
func (cmd *indexBuildCmd) Run(ctx context.Context, settings *config.Settings) (err error) {
	if cmd.User == "" {
		return withFiller(ctx, settings, func(_ *app, f *elastic.Filler) error { return cmd.build(ctx, f) })
	}
	a, err := open(ctx, settings)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, a.close()) }()
	userID, err := a.existingUser(ctx, cmd.User)
	if err != nil {
		return err
	}
	began := time.Now()
	done, err := a.ingest.Reindex(ctx, userID, func(done, all int) { fmt.Fprintf(os.Stderr, "\r%d of %d", done, all) })
	if done > 0 {
		fmt.Fprintln(os.Stderr)
	}
	if err != nil {
		return err
	}
	return cmd.print(os.Stdout, int64(done), time.Since(began).Seconds(), 0)
}

// build fills a new generation, or goes on with one that was begun.
func (cmd *indexBuildCmd) build(ctx context.Context, f *elastic.Filler) error {
	began := time.Now()
	g, err := f.Unfinished(ctx)
	if err != nil {
		return err
	}
	if g == nil {
		made, err := f.Begin(ctx)
		if err != nil {
			return err
		}
		g = &elastic.Generation{Number: made}
	}
	if err := f.Fill(ctx, 2, func(left int64) { fmt.Fprintf(os.Stderr, "\r%d left   ", left) }); err != nil {
		return err
	}
	fmt.Fprintln(os.Stderr)
	mails, err := f.Mails(ctx, g.Number)
	if err != nil {
		return err
	}
	return cmd.print(os.Stdout, mails, time.Since(began).Seconds(), g.Number)
}

func (cmd *indexBuildCmd) print(out io.Writer, mails int64, seconds float64, generation int32) error {
	if cmd.JSON {
		return json.NewEncoder(out).Encode(map[string]any{"indexed": mails, "seconds": seconds, "generation": generation})
	}
	_, err := fmt.Fprintf(out, "%d mails indexed in %.1f s\n", mails, seconds)
	if err == nil && generation > 0 {
		_, err = fmt.Fprintf(out, "generation %d is filled: “applylens index verify --generation %d”, then “applylens index swap”\n", generation, generation)
	}
	return err
}

type indexVerifyCmd struct {
	Generation int32 `help:"Which generation; without it the one that is read." placeholder:"N"`
	DryRun     bool  `help:"Tell what differs, mend nothing."`
	JSON       bool  `name:"json" help:"Print one JSON object at the end."`
}

// Run compares, mends what differs, and compares again.
func (cmd *indexVerifyCmd) Run(ctx context.Context, settings *config.Settings) error {
	return withFiller(ctx, settings, func(_ *app, f *elastic.Filler) error {
		report, err := f.Check(ctx, cmd.Generation, !cmd.DryRun, func(done, all int) { fmt.Fprintf(os.Stderr, "\r%d of %d owners   ", done, all) })
		fmt.Fprintln(os.Stderr)
		if err != nil {
			return err
		}
		if cmd.JSON {
			err = json.NewEncoder(os.Stdout).Encode(report)
		} else {
			for _, d := range report.Found {
				fmt.Fprintf(os.Stdout, "user %d, %s: %d mails in Postgres, %d in the index, %d differ\n", d.UserID, d.Month, d.Postgres, d.Index, d.Wrong)
			}
			_, err = fmt.Fprintf(os.Stdout, "%d months differed, %d differ now\n", len(report.Found), len(report.Left))
		}
		if err == nil && len(report.Left) > 0 {
			return errSilent
		}
		return err
	})
}

type indexSwapCmd struct {
	Generation int32 `help:"Which generation; without it the last one." placeholder:"N"`
}

// Run moves the aliases.
func (cmd *indexSwapCmd) Run(ctx context.Context, settings *config.Settings) error {
	return withFiller(ctx, settings, func(_ *app, f *elastic.Filler) error {
		if cmd.Generation == 0 {
			g, err := f.Unfinished(ctx)
			if err != nil {
				return err
			}
			if g == nil {
				return errors.New("no generation was built: “applylens index build” makes one")
			}
			cmd.Generation = g.Number
		}
		if err := f.Swap(ctx, cmd.Generation); err != nil {
			return err
		}
		_, err := fmt.Fprintf(os.Stdout, "searches read generation %d now; “applylens index prune” deletes the one before\n", cmd.Generation)
		return err
	})
}

type indexPruneCmd struct {
	KeepMonths int  `default:"84" help:"Months whose indices stay in any case."`
	DryRun     bool `help:"Only list what would be deleted."`
	JSON       bool `name:"json" help:"Print one JSON object an index."`
}

// Run lists and deletes.
func (cmd *indexPruneCmd) Run(ctx context.Context, settings *config.Settings) error {
	return withFiller(ctx, settings, func(_ *app, f *elastic.Filler) error {
		pruned, err := f.Prune(ctx, cmd.KeepMonths, cmd.DryRun)
		for _, p := range pruned {
			what := "kept"
			if p.Gone && cmd.DryRun {
				what = "to delete"
			} else if p.Gone {
				what = "deleted"
			}
			if cmd.JSON {
				err = errors.Join(err, json.NewEncoder(os.Stdout).Encode(p))
			} else {
				fmt.Fprintf(os.Stdout, "%-10s %-24s %8d mails %6.1f MB  %s\n", what, p.Name, p.Docs, float64(p.Bytes)/1e6, p.Why)
			}
		}
		return err
	})
}

type indexOffCmd struct{}

// Run ends all generations.
func (indexOffCmd) Run(ctx context.Context, settings *config.Settings) (err error) {
	a, err := open(ctx, settings)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, a.close()) }()
	return (&elastic.Filler{DB: a.db}).Off(ctx)
}
