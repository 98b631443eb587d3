package handlers

import (
	"context"
	"net/http"

	"github.com/jackc/pgx/v5"
	"github.com/labstack/echo/v4"

	"applylens/internal/db"
	"applylens/internal/ingest"
	"applylens/internal/sample"
	"applylens/internal/search"
	"applylens/views"
)

// LoadSample brings the sample mailbox in through the pipeline that all mail takes. Loading it twice changes nothing.
func (s *Server) LoadSample(ctx context.Context, userID int64) (ingest.Counts, error) {
	box := ingest.Mailbox{UserID: userID, Addresses: []string{sample.Owner}, Sample: true}
	return s.Ingest.Run(ctx, box, func(yield func(ingest.Raw, error) bool) {
		for _, m := range sample.Messages(s.Now()) {
			if !yield(ingest.Raw{Source: "sample mailbox", Bytes: m.Raw, Labels: m.Labels}, nil) {
				return
			}
		}
	}, func(ingest.Counts, error) {})
}

func (s *Server) sampleLoad(c echo.Context) error {
	if _, err := s.LoadSample(c.Request().Context(), userID(c)); err != nil {
		return err
	}
	return c.Redirect(http.StatusSeeOther, "/")
}

// sampleRemove removes the sample mailbox: rows first, in one transaction, then the originals nothing else needs.
func (s *Server) sampleRemove(c echo.Context) error {
	ctx, user := c.Request().Context(), userID(c)
	var originals [][]byte
	err := s.DB.Tx(ctx, user, func(q *db.Queries, _ pgx.Tx) (err error) {
		originals, err = removeSample(ctx, q, user)
		return err
	})
	if err != nil {
		return err
	}
	if err := search.EraseAll(ctx, s.DB, user); err != nil {
		return err
	}
	if err := s.deleteBlobs(ctx, user, originals); err != nil {
		return err
	}
	return s.actionAnswer(c, views.Toast{Text: "The sample mailbox is gone."})
}

// deleteBlobs deletes originals that no email needs. It holds the lock under which an import makes sure of its own.
func (s *Server) deleteBlobs(ctx context.Context, userID int64, hashes [][]byte) error {
	return s.DB.Tx(ctx, userID, func(q *db.Queries, _ pgx.Tx) error {
		if err := q.IngestLock(ctx, userID); err != nil {
			return err
		}
		used, err := q.BlobUsed(ctx, db.BlobUsedParams{UserID: userID, Hashes: hashes})
		if err != nil {
			return err
		}
		for _, hash := range without(hashes, used) {
			if err := s.Blobs.Delete(ctx, userID, hash); err != nil {
				return err
			}
		}
		return nil
	})
}

// removeSample removes the rows of the sample mailbox and returns the hashes of their originals.
func removeSample(ctx context.Context, q *db.Queries, userID int64) (originals [][]byte, err error) {
	if err := q.IngestLock(ctx, userID); err != nil {
		return nil, err
	}
	rows, err := q.EmailSampleRaws(ctx, userID)
	if err != nil || len(rows) == 0 {
		return nil, err
	}
	var emails, threads []int64
	var hashes [][]byte
	for _, r := range rows {
		emails, threads, hashes = append(emails, r.ID), append(threads, r.ThreadID), append(hashes, r.RawSha256)
	}
	files, err := q.AttachmentDelete(ctx, db.AttachmentDeleteParams{UserID: userID, Ids: emails})
	if err != nil {
		return nil, err
	}
	hashes = append(hashes, files...)
	for _, step := range []func() error{
		func() error { return search.Forget(ctx, q, userID, emails) },
		func() error { return q.EmailTextDelete(ctx, db.EmailTextDeleteParams{UserID: userID, Ids: emails}) },
		func() error { return q.LabelDeleteOf(ctx, db.LabelDeleteOfParams{UserID: userID, Ids: emails}) },
		func() error { return q.EmailLabelDelete(ctx, db.EmailLabelDeleteParams{UserID: userID, Ids: emails}) },
		func() error { return q.EmailDelete(ctx, db.EmailDeleteParams{UserID: userID, Ids: emails}) },
		func() error { return q.ActionItemDelete(ctx, db.ActionItemDeleteParams{UserID: userID, Ids: emails}) },
		func() error { return q.ThreadIDDelete(ctx, db.ThreadIDDeleteParams{UserID: userID, Ids: threads}) },
		func() error { return q.ThreadRefresh(ctx, db.ThreadRefreshParams{UserID: userID, Ids: threads}) },
		func() error { return q.MailChanged(ctx, userID) },
	} {
		if err := step(); err != nil {
			return nil, err
		}
	}
	return hashes, nil
}

func without(all, used [][]byte) [][]byte {
	keep := make(map[string]bool, len(used))
	for _, h := range used {
		keep[string(h)] = true
	}
	var rest [][]byte
	for _, h := range all {
		if !keep[string(h)] {
			rest = append(rest, h)
		}
	}
	return rest
}
