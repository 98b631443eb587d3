package jobs

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"testing"
	"time"

	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"

	"applylens/internal/blobs"
	"applylens/internal/db"
	"applylens/internal/db/dbtest"
	"applylens/internal/ingest"
	"applylens/internal/search"
)

// flat is an encoder to which all texts are the same.
type flat struct{}

func (flat) ID() string { return "flat" }
func (flat) Query(context.Context, string) ([]float32, error) {
	return []float32{1, 0}, nil
}
func (flat) Passages(_ context.Context, texts []string) (all [][]float32, err error) {
	for range texts {
		all = append(all, []float32{1, 0})
	}
	return all, nil
}

// Mail that is stored gets its vectors, also what comes in while they are made; a model that cannot be had is asked
// again later.
func TestEmbedMail(t *testing.T) {
	d, ctx := dbtest.Pool(t), t.Context()
	store, err := blobs.Open(ctx, t.TempDir(), nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = store.Close() })
	me := dbtest.User(t, d, fmt.Sprintf("embed-%d@example.com", time.Now().UnixNano()))
	sense := &search.Sense{Model: "flat", Now: time.Now, Open: func(context.Context, string) (search.Encoder, error) { return flat{}, nil }}
	cfg := &river.Config{Logger: slog.New(slog.DiscardHandler), Workers: river.NewWorkers(), Queues: map[string]river.QueueConfig{}, FetchPollInterval: 100 * time.Millisecond}
	addEmbed(cfg, Deps{DB: d, Sense: sense})
	client, err := river.NewClient(riverpgxv5.New(d.Pool), cfg)
	if err != nil {
		t.Fatal(err)
	}
	in := &ingest.Ingest{DB: d, Blobs: store, Log: slog.New(slog.DiscardHandler), Now: time.Now, Stored: onStored(client, true, nil)}
	bring := func(subjects ...string) {
		t.Helper()
		if _, err := in.Run(ctx, ingest.Mailbox{UserID: me}, mails(time.Now(), "x@example.org", subjects...), func(ingest.Counts, error) {}); err != nil {
			t.Fatal(err)
		}
	}
	states := func() (waiting, completed int) {
		t.Helper()
		err := d.Pool.QueryRow(ctx, `select count(*) filter (where state in ('available', 'running', 'scheduled', 'retryable')), count(*) filter (where state = 'completed')
			from river_job where kind = 'embed_mail' and (args->>'user_id')::bigint = $1`, me).Scan(&waiting, &completed)
		if err != nil {
			t.Fatal(err)
		}
		return waiting, completed
	}
	bring("one", "two")
	bring("three")
	if waiting, _ := states(); waiting != 1 {
		t.Fatalf("%d jobs wait", waiting)
	}
	if err := client.Start(ctx); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = client.Stop(context.WithoutCancel(ctx)) })
	for round := range 10 {
		bring(fmt.Sprint("more ", round))
	}
	settled := func(mails int64) {
		t.Helper()
		for end := time.Now().Add(30 * time.Second); ; time.Sleep(20 * time.Millisecond) {
			n, err := d.As(me).VectorCoverage(ctx, db.VectorCoverageParams{UserID: me, Model: "flat"})
			if err != nil {
				t.Fatal(err)
			}
			if waiting, completed := states(); n.Vectors == mails && waiting == 0 && completed > 0 {
				return
			}
			if time.Now().After(end) {
				waiting, completed := states()
				t.Fatalf("%d of %d mails have a vector; %d jobs wait, %d are done", n.Vectors, n.Emails, waiting, completed)
			}
		}
	}
	settled(13)
	bring("late")
	settled(14)

	w := &embedMail{db: d, sense: &search.Sense{Model: "other", Now: time.Now, Open: func(context.Context, string) (search.Encoder, error) { return nil, errors.New("no network") }}}
	var snooze *river.JobSnoozeError
	if err := w.Work(ctx, &river.Job[EmbedMailArgs]{Args: EmbedMailArgs{UserID: me}}); !errors.As(err, &snooze) || snooze.Duration != embedWait {
		t.Errorf("without a model the job ends with %v", err)
	}
}
