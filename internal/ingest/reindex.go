package ingest

import (
	"context"
	"fmt"
	"slices"

	"github.com/jackc/pgx/v5"

	"applylens/internal/db"
	"applylens/internal/mail"
	"applylens/internal/search"
)

// Reindex puts the owner's emails that are not in the text index into it, from their sources, in batches that are each
// committed as a whole. It may run beside imports and be repeated. report gets the emails done so far and those to do.
func (in *Ingest) Reindex(ctx context.Context, userID int64, report func(done, all int)) (done int, err error) {
	missing, _, err := search.Missing(ctx, in.DB.As(userID), userID)
	if err != nil {
		return 0, err
	}
	for ids := range slices.Chunk(missing, batchMails) {
		n, err := in.reindexBatch(ctx, userID, ids)
		if err != nil {
			return done, fmt.Errorf("index: %w", err)
		}
		done += n
		report(done, len(missing))
	}
	return done, nil
}

func (in *Ingest) reindexBatch(ctx context.Context, userID int64, ids []int64) (int, error) {
	rows, err := in.DB.As(userID).SearchEmailRaws(ctx, db.SearchEmailRawsParams{UserID: userID, Ids: ids})
	if err != nil {
		return 0, err
	}
	b := &batch{}
	kept := map[int64]*item{}
	for _, r := range rows {
		raw, err := in.Blobs.Get(ctx, userID, r.RawSha256)
		if err != nil {
			return 0, fmt.Errorf("email %d: %w", r.ID, err)
		}
		b.mails = append(b.mails, &item{id: r.ID, received: r.ReceivedAt, raw: Raw{Bytes: raw}})
	}
	b.each(func(m *item) {
		m.mail = mail.Parse(m.raw.Bytes)
		m.words = in.Words.Lexemes(m.document())
	})
	for _, m := range b.mails {
		kept[m.id] = m
	}
	done := 0
	err = in.DB.Tx(ctx, userID, func(q *db.Queries, _ pgx.Tx) error {
		if err := q.IngestLock(ctx, userID); err != nil {
			return err
		}
		missing, _, err := search.Missing(ctx, q, userID) // another one may have been quicker
		if err != nil {
			return err
		}
		var mails []*item
		for _, id := range missing {
			if m := kept[id]; m != nil {
				mails = append(mails, m)
			}
		}
		done = len(mails)
		if done == 0 {
			return nil
		}
		return segmentOf(mails).Store(ctx, q, userID, mailIDs(mails))
	})
	return done, err
}
