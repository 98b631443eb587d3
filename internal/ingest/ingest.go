// Package ingest is the one pipeline for mail from every source: parsed, judged, threaded, stored and indexed, each
// mail once. Start at Ingest.Run; sources.go and its neighbours read files.
package ingest

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"log/slog"
	"time"

	"github.com/jackc/pgx/v5"
	"golang.org/x/sync/errgroup"

	"applylens/internal/blobs"
	"applylens/internal/db"
	"applylens/internal/errs"
	"applylens/internal/search"
)

// An Ingest stores mail.
type Ingest struct {
	DB    *db.DB
	Blobs *blobs.Store
	Log   *slog.Logger
	Now   func() time.Time
	Words search.Analyzer
	Judge Judge // keeps account of judging; nil judges without

	// Stored, when it is set, is called in each transaction that stores new mail.
	Stored func(ctx context.Context, q *db.Queries, tx pgx.Tx, userID int64) error
}

// A Mailbox says whose mail comes in.
type Mailbox struct {
	UserID    int64
	Addresses []string // the owner's own, lower case
	Sample    bool     // mail of the sample mailbox, removable as a whole
	Trigger   string   // who brings the mail: person (also when empty), push or schedule
}

// Counts are what an import prints at its end.
type Counts struct {
	Seen       int     `json:"seen"`       // messages found in the source
	New        int     `json:"new"`        // stored now
	Duplicates int     `json:"duplicates"` // stored before
	Warnings   int     `json:"warnings"`   // stored although something in them was broken
	Failed     int     `json:"failed"`     // could not be read or stored
	Seconds    float64 `json:"seconds"`
}

// A batch is the unit of work: large enough to spare round trips, small enough to keep memory flat.
const (
	batchMails = 400
	batchBytes = 16 << 20
)

// Run reads a source to its end and stores its mail, in batches that are each committed as a whole: what was committed
// stays, and a second run finds it and goes on. A source error is counted and reported, and the run goes on; an error
// of the database or the blob store ends it. report is called after each batch and each source error.
func (in *Ingest) Run(ctx context.Context, box Mailbox, source iter.Seq2[Raw, error], report func(Counts, error)) (Counts, error) {
	began := in.Now()
	var counts Counts
	group, working := errgroup.WithContext(ctx)
	prepared := make(chan *batch, 1)
	failures := make(chan error)
	group.Go(func() error {
		defer close(prepared)
		return in.read(working, box, source, prepared, failures)
	})
	group.Go(func() error {
		for prepared != nil {
			select {
			case err := <-failures:
				counts.Seen, counts.Failed = counts.Seen+1, counts.Failed+1
				report(counts, err)
			case b, ok := <-prepared:
				if !ok {
					prepared = nil
					break
				}
				if err := in.commit(working, box, b, &counts, report); err != nil {
					return err
				}
				counts.Seconds = in.Now().Sub(began).Seconds()
				report(counts, nil)
			}
		}
		return nil
	})
	err := group.Wait()
	counts.Seconds = in.Now().Sub(began).Seconds()
	return counts, explain(err)
}

// read gathers batches and prepares each while the one before it is committed.
func (in *Ingest) read(ctx context.Context, box Mailbox, source iter.Seq2[Raw, error], prepared chan<- *batch, failures chan<- error) error {
	b := &batch{}
	send := func() error {
		if err := in.prepare(ctx, box, b); err != nil {
			return err
		}
		select {
		case prepared <- b:
		case <-ctx.Done():
			return ctx.Err()
		}
		b = &batch{}
		return nil
	}
	for raw, err := range source {
		if err != nil {
			var broken *SourceError
			if !errors.As(err, &broken) {
				return err
			}
			select {
			case failures <- err:
				continue
			case <-ctx.Done():
				return ctx.Err()
			}
		}
		b.add(raw)
		if b.full() {
			if err := send(); err != nil {
				return err
			}
		}
	}
	if len(b.mails) == 0 {
		return ctx.Err()
	}
	return send()
}

// explain puts what can go wrong half-way into a sentence.
func explain(err error) error {
	var shown *errs.Error
	switch {
	case err == nil, errors.As(err, &shown), errors.Is(err, context.Canceled):
		return err
	case db.IsDiskFull(err):
		return errs.Unavailable("The disk of the database is full: make room and run the import again; it goes on where it stopped.", err)
	case db.IsGone(err):
		return errs.Unavailable("The database went away: what was stored stays; run the import again and it goes on where it stopped.", err)
	}
	return fmt.Errorf("import: %w", err)
}
