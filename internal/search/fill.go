package search

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"applylens/internal/db"
	"applylens/internal/embed"
)

const (
	fillList  = 4096 // emails that are looked for at once
	fillBatch = 64   // emails whose vectors are committed together
	fillText  = 4000 // characters of a mail that are read: more than any model looks at
)

// Fill makes the vectors that an owner's mail lacks, newest first, until none is lacking or the time is over, and then
// removes those of other models. It may be cut off, repeated, and run beside itself: what is stored stays. report gets
// the emails done so far and those that are known to be left.
func (s *Sense) Fill(ctx context.Context, d *db.DB, userID int64, most time.Duration, report func(done, left int)) (done int, complete bool, err error) {
	began := s.Now()
	for {
		ids, err := d.As(userID).VectorMissing(ctx, db.VectorMissingParams{UserID: userID, Model: s.Model, MaxRows: fillList})
		if err != nil {
			return done, false, fmt.Errorf("vectors: list mail: %w", err)
		}
		if len(ids) == 0 {
			return done, true, s.forgetOthers(ctx, d, userID)
		}
		left := len(ids)
		for batch := range slices.Chunk(ids, fillBatch) {
			if err := s.fill(ctx, d, userID, batch); err != nil {
				return done, false, err
			}
			done, left = done+len(batch), left-len(batch)
			report(done, left)
			if most > 0 && s.Now().Sub(began) >= most {
				return done, false, nil
			}
		}
	}
}

// fill makes and stores the vectors of a few emails. Those without a text get an empty one.
func (s *Sense) fill(ctx context.Context, d *db.DB, userID int64, ids []int64) error {
	encoder, err := s.Encoder(ctx, s.Model)
	if err != nil {
		return err
	}
	rows, err := d.As(userID).VectorTexts(ctx, db.VectorTextsParams{UserID: userID, Ids: ids, Characters: fillText})
	if err != nil {
		return fmt.Errorf("vectors: read mail: %w", err)
	}
	p := db.VectorInsertParams{UserID: userID, Model: s.Model}
	var texts []string
	for _, r := range rows {
		if embed.Blank(r.Text) {
			p.EmailIds, p.Vectors = append(p.EmailIds, r.EmailID), append(p.Vectors, []byte{})
		}
	}
	for _, r := range rows {
		if !embed.Blank(r.Text) {
			p.EmailIds, texts = append(p.EmailIds, r.EmailID), append(texts, r.Text)
		}
	}
	vectors, err := encoder.Passages(ctx, texts)
	if err != nil {
		return fmt.Errorf("vectors: %w", err)
	}
	for _, v := range vectors {
		p.Vectors = append(p.Vectors, embed.Quantise(v))
	}
	return d.Tx(ctx, userID, func(q *db.Queries, _ pgx.Tx) error {
		version, err := q.VectorBump(ctx, db.VectorBumpParams{UserID: userID, Model: s.Model})
		if err != nil {
			return fmt.Errorf("vectors: %w", err)
		}
		p.Version = version
		if _, err := q.VectorInsert(ctx, p); err != nil {
			return fmt.Errorf("vectors: store: %w", err)
		}
		return nil
	})
}

// forgetOthers removes the vectors of models that are no longer used.
func (s *Sense) forgetOthers(ctx context.Context, d *db.DB, userID int64) error {
	sets, err := d.As(userID).VectorSets(ctx, userID)
	if err != nil || !slices.ContainsFunc(sets, func(set db.VectorSetsRow) bool { return set.Model != s.Model }) {
		return err
	}
	return d.Tx(ctx, userID, func(q *db.Queries, _ pgx.Tx) error {
		if err := q.VectorSetDelete(ctx, db.VectorSetDeleteParams{UserID: userID, Model: s.Model}); err != nil {
			return err
		}
		return q.VectorModelDelete(ctx, db.VectorModelDeleteParams{UserID: userID, Model: s.Model})
	})
}
