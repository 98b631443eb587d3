package handlers

import (
	"errors"
	"io"
	"net/http"
	"path/filepath"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/labstack/echo/v4"

	"applylens/internal/db"
	"applylens/internal/errs"
	"applylens/internal/jobs"
)

// importUpload takes a file of mail and queues its import; the first-run page then shows its progress. The file is
// streamed into the blob store: it may be larger than memory.
func (s *Server) importUpload(c echo.Context) error {
	ctx, user := c.Request().Context(), userID(c)
	parts, err := c.Request().MultipartReader()
	if err != nil {
		return errs.BadInput("Choose a file to import.")
	}
	for {
		part, err := parts.NextPart()
		if errors.Is(err, io.EOF) {
			return errs.BadInput("Choose a file to import: an mbox, an .eml, or a .tar.gz or .zip of them.")
		}
		if err != nil {
			return errs.BadInput("The upload broke off. Please try again.")
		}
		if part.FormName() != "file" || part.FileName() == "" {
			continue
		}
		name := filepath.Base(part.FileName())
		key, err := s.Blobs.Upload(ctx, user, part)
		if err != nil {
			return err
		}
		err = s.DB.Tx(ctx, user, func(q *db.Queries, tx pgx.Tx) error {
			id, err := q.ImportCreate(ctx, db.ImportCreateParams{UserID: user, Source: strings.ToValidUTF8(name, "�"), Upload: key})
			if err != nil {
				return err
			}
			_, err = s.Jobs.InsertTx(ctx, tx, jobs.ImportFilesArgs{UserID: user, ImportID: id, Upload: key}, nil)
			return err
		})
		if err != nil {
			return errors.Join(err, s.Blobs.Remove(ctx, key))
		}
		return c.Redirect(http.StatusSeeOther, "/welcome")
	}
}
