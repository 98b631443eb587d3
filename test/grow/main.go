// Command grow fills a database with mail of many users, up to millions of rows, and measures the inbox page and the
// import there, to compare sizes: go run ./test/grow -rows 5000000. Rows are made by SQL from a pool of texts; the
// import is of real mail (-mail). It starts an embedded Postgres in a folder of its own (-data) and stops it.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"log"
	"log/slog"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"applylens/internal/blobs"
	"applylens/internal/db"
	"applylens/internal/db/embedded"
	"applylens/internal/ingest"
)

const perUser = 100_000

func main() {
	rows := flag.Int("rows", 100_000, "emails in all; a user has 100,000")
	data := flag.String("data", "/tmp/applylens-grow", "folder of the database")
	mail := flag.String("mail", "../shared/data/spamassassin.tar.gz", "mail to import")
	flag.Parse()
	if err := run(context.Background(), *rows, *data, *mail); err != nil {
		log.Fatal(err)
	}
}

func run(ctx context.Context, rows int, data, mail string) (err error) {
	server, err := embedded.Start(ctx, data, slog.New(slog.DiscardHandler))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, server.Stop()) }()
	m, err := db.NewMigrator(server.OwnerURL)
	if err != nil {
		return err
	}
	defer func() { _ = m.Close() }()
	if _, err := m.Up(ctx); err != nil {
		return err
	}
	owner, err := pgxpool.New(ctx, server.OwnerURL)
	if err != nil {
		return err
	}
	defer owner.Close()
	d, err := db.Open(ctx, server.AppURL)
	if err != nil {
		return err
	}
	defer d.Close()
	users, err := fill(ctx, owner, d, rows)
	if err != nil {
		return err
	}
	if err := measureInbox(ctx, d, users); err != nil {
		return err
	}
	return measureImport(ctx, d, data, mail)
}

// fill makes users of 100,000 emails until there are as many rows as wanted.
func fill(ctx context.Context, owner *pgxpool.Pool, d *db.DB, rows int) (users []int64, err error) {
	if err := makePool(ctx, owner); err != nil {
		return nil, err
	}
	indexes, err := dropIndexes(ctx, owner)
	if err != nil {
		return nil, err
	}
	for n := range rows / perUser {
		id, err := d.UserEnsure(ctx, db.UserEnsureParams{Address: fmt.Sprintf("user-%d@grow.example", n), Role: "user"})
		if err != nil {
			return nil, err
		}
		users = append(users, id)
		began := time.Now()
		if err := fillUser(ctx, owner, id); err != nil {
			return nil, err
		}
		if n%10 == 9 {
			log.Printf("%d users, the last in %.1f s", n+1, time.Since(began).Seconds())
		}
	}
	log.Print("making the indexes")
	if _, err := owner.Exec(ctx, "set maintenance_work_mem = '1GB'; "+strings.Join(indexes, "; ")); err != nil {
		return nil, err
	}
	_, err = owner.Exec(ctx, "vacuum analyze")
	return users, err
}

// dropIndexes drops the indexes that are quicker made at once than row by row, and returns how to make them.
func dropIndexes(ctx context.Context, owner *pgxpool.Pool) ([]string, error) {
	rows, err := owner.Query(ctx, `select indexname::text, indexdef from pg_indexes
		where tablename in ('emails', 'email_texts', 'threads', 'thread_ids') and indexname not like '%_pkey'`)
	if err != nil {
		return nil, err
	}
	var drop, make []string
	var name, definition string
	if _, err := pgx.ForEachRow(rows, []any{&name, &definition}, func() error {
		drop = append(drop, "drop index "+name)
		make = append(make, strings.Replace(definition, " ON ONLY ", " ON ", 1))
		return nil
	}); err != nil {
		return nil, err
	}
	_, err = owner.Exec(ctx, strings.Join(drop, "; "))
	return make, err
}

// makePool makes 20,000 texts of 30 to 90 words, whose frequencies follow Zipf's law.
func makePool(ctx context.Context, owner *pgxpool.Pool) error {
	var exists bool
	if err := owner.QueryRow(ctx, "select to_regclass('grow_pool') is not null").Scan(&exists); err != nil || exists {
		return err
	}
	if _, err := owner.Exec(ctx, "create table grow_pool (n integer primary key, body text)"); err != nil {
		return err
	}
	random := rand.New(rand.NewPCG(1, 2))
	zipf := rand.NewZipf(random, 1.1, 4, 60_000)
	batch := &pgx.Batch{}
	for n := range 20_000 {
		words := make([]string, 30+random.IntN(60))
		for i := range words {
			words[i] = word(zipf.Uint64())
		}
		body := strings.Join(words, " ")
		batch.Queue("insert into grow_pool values ($1, $2)", n, body)
	}
	return owner.SendBatch(ctx, batch).Close()
}

// word spells a number with syllables.
func word(n uint64) string {
	syllables := []string{"ba", "de", "fi", "go", "lu", "ma", "ne", "pi", "ro", "su", "ta", "ve", "wi", "zo", "ka", "le"}
	s := syllables[n%16]
	for n /= 16; n > 0; n /= 16 {
		s += syllables[n%16]
	}
	return s
}

// userStatements make the mail of user $1 in one transaction.
var userStatements = []string{
	`create temp table made on commit drop as
		select nextval('emails_id_seq') as id, nextval('threads_id_seq') as thread, k, (hashint8(k + $1 * 1000003) & 2147483647) as r
		from generate_series(1, 100000) k`,
	`insert into emails (user_id, id, thread_id, identity, message_id, received_at, from_name, from_address, recipients, subject, snippet, size,
			raw_sha256, place, unread, starred, sent, draft, has_attachment, category, confidence, needs_review, priority, needs_reply, unwanted, risk)
		select $1, m.id, m.thread, sha256(($1::text || '.' || m.k)::bytea), $1 || '.' || m.k || '@grow.example', now() - interval '1 second' * (m.r % 157680000),
			'Sender ' || m.r % 2000, 'sender' || m.r % 2000 || '@example.org', 'me@grow.example', left(p.body, 40), left(p.body, 160), 4000,
			sha256(m.r::text::bytea), case when m.r % 10 < 3 then 'inbox' when m.r % 50 = 4 then 'trash' else 'archive' end, m.r % 40 = 0, m.r % 100 = 0, false, false,
			m.r % 12 = 0, (array['personal','newsletter','promotion','notification','rejection','interview'])[1 + m.r % 6], 0.9, false, 'normal', m.r % 30 = 0, 0, 0
		from made m join grow_pool p on p.n = m.r % 20000`,
	`insert into email_texts (user_id, email_id, body, visible, verdict)
		select $1, m.id, p.body, p.body, '{"why": [{"text": "a reason"}]}' from made m join grow_pool p on p.n = m.r % 20000`,
	`insert into thread_ids (user_id, id_hash, thread_id) select $1, substr(sha256(($1::text || '/' || m.k)::bytea), 1, 16), m.thread from made m`,
	`insert into threads (user_id, id, subject, snippet, senders, last_at, email_count, unread_count, in_inbox, in_archive, in_trash, starred, has_attachment, split, category)
		select user_id, thread_id, subject, snippet, array[from_name], received_at, 1, unread::int, place = 'inbox', place = 'archive', place = 'trash', starred, has_attachment,
			case when needs_reply then 'action' when category in ('rejection', 'interview') then 'applications' else 'other' end, category
		from emails where user_id = $1`,
}

func fillUser(ctx context.Context, owner *pgxpool.Pool, user int64) error {
	tx, err := owner.Begin(ctx)
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback(ctx) }()
	for _, sql := range userStatements {
		if _, err := tx.Exec(ctx, strings.ReplaceAll(sql, "$1", strconv.FormatInt(user, 10))); err != nil {
			return fmt.Errorf("%.60s…: %w", sql, err)
		}
	}
	return tx.Commit(ctx)
}

// measureInbox runs the queries of the inbox page for users at random, as the program's own role.
func measureInbox(ctx context.Context, d *db.DB, users []int64) error {
	random := rand.New(rand.NewPCG(3, 4))
	var took []time.Duration
	for range 400 {
		user := users[random.IntN(len(users))]
		began := time.Now()
		if err := inboxPage(ctx, d, user); err != nil {
			return err
		}
		took = append(took, time.Since(began))
	}
	took = took[100:] // warm
	slices.Sort(took)
	fmt.Printf("inbox page, queries, %d users: p50 %.1f ms, p95 %.1f ms\n", len(users), ms(took[len(took)/2]), ms(took[len(took)*95/100]))
	return nil
}

func inboxPage(ctx context.Context, d *db.DB, user int64) error {
	q := d.As(user)
	if _, err := q.LayoutGet(ctx, user); err != nil {
		return err
	}
	rows, err := d.Owner(user).Query(ctx, "select id from threads t where t.user_id = $1 and t.in_inbox order by t.last_at desc, t.id desc limit 50", user)
	if err != nil {
		return err
	}
	ids, err := pgx.CollectRows(rows, pgx.RowTo[int64])
	if err != nil {
		return err
	}
	_, err = q.InboxRows(ctx, db.InboxRowsParams{UserID: user, Ids: ids})
	return err
}

func measureImport(ctx context.Context, d *db.DB, data, mail string) error {
	if _, err := os.Stat(mail); err != nil {
		fmt.Println("import: not measured, there is no", mail)
		return nil
	}
	store, err := blobs.Open(ctx, data+"/blobs", nil)
	if err != nil {
		return err
	}
	defer func() { _ = store.Close() }()
	in := &ingest.Ingest{DB: d, Blobs: store, Log: slog.New(slog.DiscardHandler), Now: time.Now}
	for range 3 {
		user, err := d.UserEnsure(ctx, db.UserEnsureParams{Address: fmt.Sprintf("import-%d@grow.example", time.Now().UnixNano()), Role: "user"})
		if err != nil {
			return err
		}
		counts, err := in.Run(ctx, ingest.Mailbox{UserID: user}, ingest.Walk(ctx, []string{mail}, nil), func(ingest.Counts, error) {})
		if err != nil {
			return err
		}
		fmt.Printf("import: %d mails at %.0f/s\n", counts.New, float64(counts.New)/counts.Seconds)
	}
	return nil
}

func ms(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }
