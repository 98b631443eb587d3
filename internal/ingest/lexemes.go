package ingest

import (
	"context"
	"errors"

	"applylens/internal/db"
	"applylens/internal/errs"
	"applylens/internal/mail"
	"applylens/internal/search"
)

// Lexemes returns what is found by words of emails, from their sources. Emails that are gone are left out; for one whose
// source is lost there is an error instead.
func (in *Ingest) Lexemes(ctx context.Context, userID int64, ids []int64) (words map[int64]search.Lexemes, broken map[int64]error, err error) {
	rows, err := in.DB.As(userID).SearchEmailRaws(ctx, db.SearchEmailRawsParams{UserID: userID, Ids: ids})
	if err != nil {
		return nil, nil, err
	}
	words, broken = make(map[int64]search.Lexemes, len(rows)), map[int64]error{}
	b := &batch{}
	for _, r := range rows {
		raw, err := in.Blobs.Get(ctx, userID, r.RawSha256)
		switch {
		case errors.Is(err, errs.NotFound):
			broken[r.ID] = err
			continue
		case err != nil:
			return nil, nil, err
		}
		b.mails = append(b.mails, &item{id: r.ID, raw: Raw{Bytes: raw}})
	}
	b.each(func(m *item) {
		m.mail = mail.Parse(m.raw.Bytes)
		m.words = in.Words.Lexemes(m.document())
	})
	for _, m := range b.mails {
		words[m.id] = m.words
	}
	for _, r := range rows {
		if _, ok := words[r.ID]; !ok && broken[r.ID] == nil { // each has set it aside
			broken[r.ID] = errors.Join(b.broken...)
		}
	}
	return words, broken, nil
}
