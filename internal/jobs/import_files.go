package jobs

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/riverqueue/river"

	"applylens/internal/db"
	"applylens/internal/errs"
	"applylens/internal/ingest"
)

// ImportFilesArgs imports a file that a person uploaded.
type ImportFilesArgs struct {
	UserID   int64  `json:"user_id"`
	ImportID int64  `json:"import_id"`
	Upload   string `json:"upload"` // its key in the blob store
}

// Kind is the job's name.
func (ImportFilesArgs) Kind() string { return "import_files" }

type importFiles struct {
	river.WorkerDefaults[ImportFilesArgs]
	db     *db.DB
	ingest *ingest.Ingest
}

// Timeout bounds the whole import. A job whose process was killed is found by the sweep long before.
func (*importFiles) Timeout(*river.Job[ImportFilesArgs]) time.Duration { return 12 * time.Hour }

// Work imports the upload and then removes it. Started again, after a crash or twice, it finds what is stored and goes
// on. When the last attempt fails, the import's page says so.
func (w *importFiles) Work(ctx context.Context, job *river.Job[ImportFilesArgs]) error {
	row := db.ImportFinishParams{UserID: job.Args.UserID, ID: job.Args.ImportID, State: "done"}
	err := w.work(ctx, job.Args, &row)
	last := job.Attempt >= job.MaxAttempts || errors.Is(err, errs.NotFound)
	switch {
	case err != nil && !last:
		return err
	case errors.Is(err, errs.NotFound):
		row.State, row.Error, err = "failed", "the uploaded file is gone; please upload it again", nil
	case err != nil:
		_, sentence := errs.Shown(err)
		row.State, row.Error = "failed", sentence
	}
	return errors.Join(err, w.db.As(row.UserID).ImportFinish(ctx, row))
}

func (w *importFiles) work(ctx context.Context, args ImportFilesArgs, row *db.ImportFinishParams) error {
	path, release, err := w.ingest.Blobs.Local(ctx, args.Upload)
	if err != nil {
		return err
	}
	defer release()
	if err := w.read(ctx, args, path, row); err != nil {
		return err
	}
	if err := w.db.As(args.UserID).ImportFinish(ctx, *row); err != nil {
		return err
	}
	return w.ingest.Blobs.Remove(ctx, args.Upload)
}

// read imports the file and notes progress after each batch. The first trouble with the file is kept for the page.
func (w *importFiles) read(ctx context.Context, args ImportFilesArgs, path string, row *db.ImportFinishParams) error {
	q := w.db.As(args.UserID)
	user, err := q.UserGet(ctx, args.UserID)
	if err != nil {
		return err
	}
	var at atomic.Pointer[ingest.Progress] // written by the walk, read by the committer
	at.Store(&ingest.Progress{})
	box := ingest.Mailbox{UserID: args.UserID, Addresses: []string{user.Email}}
	counts, err := w.ingest.Run(ctx, box, ingest.Walk(ctx, []string{path}, func(p ingest.Progress) { at.Store(&p) }), func(c ingest.Counts, trouble error) {
		var broken *ingest.SourceError
		if errors.As(trouble, &broken) && row.Error == "" {
			row.Error = fmt.Sprint(broken.Err)
		}
		// Progress that cannot be noted is noted with the next batch.
		_ = q.ImportUpdate(ctx, db.ImportUpdateParams{UserID: args.UserID, ID: args.ImportID, BytesDone: at.Load().Done, BytesTotal: at.Load().Total,
			Seen: int32(c.Seen), New: int32(c.New), Duplicates: int32(c.Duplicates), Warnings: int32(c.Warnings), Failed: int32(c.Failed)})
	})
	if err != nil {
		return err
	}
	if counts.Seen == counts.Failed {
		row.State = "failed"
	}
	row.BytesDone, row.Seen, row.New, row.Duplicates = at.Load().Total, int32(counts.Seen), int32(counts.New), int32(counts.Duplicates)
	row.Warnings, row.Failed = int32(counts.Warnings), int32(counts.Failed)
	return nil
}
