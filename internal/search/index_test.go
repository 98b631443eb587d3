package search

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"applylens/internal/db"
	"applylens/internal/db/dbtest"
)

// TestSearchBesideWriters reads while segments come and are merged: what was committed before a search began is found,
// once.
func TestSearchBesideWriters(t *testing.T) {
	d := dbtest.Pool(t)
	me := dbtest.User(t, d, fmt.Sprintf("writers%d@example.com", time.Now().UnixNano()))
	owner := dbtest.Owner(t)
	t.Cleanup(func() {
		if _, err := owner.Exec(context.WithoutCancel(t.Context()), "delete from users where id = $1", me); err != nil {
			t.Error(err)
		}
	})
	const mails = 150
	stored := make(chan int, mails)
	var writer sync.WaitGroup
	writer.Go(func() {
		defer close(stored)
		for i := range mails {
			if err := d.Tx(t.Context(), me, func(q *db.Queries, tx pgx.Tx) error {
				if err := q.IngestLock(t.Context(), me); err != nil {
					return err
				}
				insertIn(t, tx, me, i)
				return nil
			}); err != nil {
				t.Error(err)
				return
			}
			stored <- i + 1
		}
	})
	var p Postgres
	for n := range stored {
		r, err := p.Search(t.Context(), d.Owner(me), Parse("offer", clock(t)), Request{UserID: me, Limit: MaxHits})
		if err != nil {
			t.Fatal(err)
		}
		if r.Total < n || r.Total > mails || len(r.Hits) != r.Total {
			t.Fatalf("%d found, %d hits, after %d were stored", r.Total, len(r.Hits), n)
		}
	}
	writer.Wait()
}

// insertIn stores the i-th mail, within a transaction.
func insertIn(t *testing.T, tx pgx.Tx, me int64, i int) {
	t.Helper()
	ctx, name := t.Context(), fmt.Sprintf("w%d", i)
	var id int64
	if err := tx.QueryRow(ctx, `insert into emails (user_id, thread_id, identity, message_id, received_at, from_name, from_address, recipients,
		subject, snippet, size, raw_sha256, place, unread, starred, sent, draft, has_attachment, category, confidence, needs_review, priority,
		needs_reply, unwanted, risk) values ($1, 1, sha256($2::text::bytea), $2, now(), '', 'a@b.example', '', 'offer', '', 1, '', 'inbox', true, false,
		false, false, false, 'other', 1, false, 'normal', false, 0, 0) returning id`, me, name).Scan(&id); err != nil {
		t.Error(err)
		return
	}
	if _, err := tx.Exec(ctx, "insert into email_texts (user_id, email_id, body, visible, verdict) values ($1, $2, '', '', '{}')", me, id); err != nil {
		t.Error(err)
		return
	}
	var b Batch
	b.Add(clock(t), new(Analyzer).Lexemes(Document{Subject: "offer", Body: name}))
	if err := b.Segment().Store(ctx, db.New(tx), me, []int64{id}); err != nil {
		t.Error(err)
	}
}

// BenchmarkArrival stores the words of one mail at a time, with all merges that follow.
func BenchmarkArrival(b *testing.B) {
	texts, d := mails(b), dbtest.Pool(b)
	me, owner := dbtest.User(b, d, fmt.Sprintf("arrival%d@example.com", time.Now().UnixNano())), dbtest.Owner(b)
	b.Cleanup(func() {
		if _, err := owner.Exec(context.WithoutCancel(b.Context()), "delete from users where id = $1", me); err != nil {
			b.Error(err)
		}
	})
	var a Analyzer
	for i := 0; b.Loop(); i++ {
		var batch Batch
		batch.Add(time.Now(), a.Lexemes(Document{Subject: "a mail", From: "a@b.example", Body: texts[i%len(texts)]}))
		if err := d.Tx(b.Context(), me, func(q *db.Queries, _ pgx.Tx) error {
			return batch.Segment().Store(b.Context(), q, me, []int64{int64(i + 1)})
		}); err != nil {
			b.Fatal(err)
		}
	}
}
