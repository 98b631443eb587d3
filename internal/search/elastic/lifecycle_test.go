package elastic_test

import (
	"context"
	"iter"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"applylens/internal/action"
	"applylens/internal/db"
	"applylens/internal/ingest"
	"applylens/internal/sample"
	"applylens/internal/search"
	"applylens/internal/search/elastic"
	"applylens/internal/search/elastictest"
)

// same fails unless both engines find the same mail for each query, and verify finds no difference.
func (w *world) same(t *testing.T, user int64, when string, queries ...string) {
	t.Helper()
	w.drain(t)
	w.refresh(t)
	for _, text := range queries {
		if same, known := w.compareSets(t, search.Parse(text, now), search.Request{UserID: user, Me: []string{sample.Owner}}); !same || !known {
			t.Errorf("%s: the engines differ in %q", when, text)
		}
	}
	report, err := w.filler.Check(t.Context(), 0, false, func(int, int) {})
	if err != nil {
		t.Fatal(err)
	}
	if len(report.Left) > 0 {
		t.Errorf("%s: the index differs: %+v", when, report.Left)
	}
}

func (w *world) count(t *testing.T, e search.Engine, user int64, text string) int {
	t.Helper()
	r, err := e.Search(t.Context(), w.db.Owner(user), search.Parse(text, now), search.Request{UserID: user})
	if err != nil {
		t.Fatal(err)
	}
	return r.Total
}

func (w *world) noted(t *testing.T) int64 {
	t.Helper()
	state, err := w.db.SearchState(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return state.News + state.Filling
}

func first(n int, source iter.Seq2[ingest.Raw, error], skip int) iter.Seq2[ingest.Raw, error] {
	return func(yield func(ingest.Raw, error) bool) {
		i := 0
		for raw, err := range source {
			if i++; i > skip && i <= skip+n && !yield(raw, err) {
				return
			}
		}
	}
}

// TestIndexFollowsMail changes mail in all ways, and each time the index has to follow.
func TestIndexFollowsMail(t *testing.T) {
	d, me := newDB(t)
	w := newWorld(t, d, elastictest.New(t))
	w.importMails(t, me, samples)
	if n := w.noted(t); n != 0 {
		t.Fatalf("%d notes without a generation", n)
	}
	w.begin(t)
	queries := []string{"interview", "is:unread", "is:starred", "in:archive", "in:anywhere", "label:later", "label:sooner", "category:personal", "offer in:trash"}
	w.same(t, me, "filled", queries...)
	w.importMails(t, me, madeUp(40))
	w.same(t, me, "mail arrived", queries...)

	act := func(kind action.Kind, label, category string) int64 {
		ids, _, err := w.postgres.IDs(t.Context(), d.Owner(me), search.Parse("offer", now), search.Request{UserID: me}, 5)
		if err != nil || len(ids) < 3 {
			t.Fatal(ids, err)
		}
		var made action.Made
		if err := d.Tx(t.Context(), me, func(q *db.Queries, _ pgx.Tx) (err error) {
			made, err = action.Make(t.Context(), q, me, action.Intent{Kind: kind, Label: label, Category: category, Actor: "person"}, action.Target{Emails: ids}, now)
			return err
		}); err != nil {
			t.Fatal(err)
		}
		if err := action.Run(t.Context(), d, me, made.ID); err != nil {
			t.Fatal(err)
		}
		if n := w.noted(t); n == 0 {
			t.Errorf("%s noted nothing", kind)
		}
		w.same(t, me, string(kind), queries...)
		return made.ID
	}
	act(action.Label, "later", "")
	if got := w.count(t, w.elastic, me, "label:later"); got < 3 {
		t.Errorf("%d mails with the label", got)
	}
	act(action.Star, "", "")
	act(action.Categorise, "", "offer")
	act(action.Unlabel, "later", "")
	trashed := act(action.Trash, "", "")
	if err := action.Undo(t.Context(), d, me, trashed); err != nil {
		t.Fatal(err)
	}
	w.same(t, me, "undone", queries...)
	act(action.Label, "later", "")
	exec(t, d, me, "update labels set name = 'sooner' where user_id = $1 and name = 'later'")
	w.same(t, me, "label renamed", queries...)
	exec(t, d, me, "delete from labels where user_id = $1 and name = 'sooner'")
	w.same(t, me, "label deleted", queries...)
	exec(t, d, me, "delete from emails where user_id = $1 and subject ilike '%offer%'")
	w.drain(t)
	w.refresh(t)
	if report, err := w.filler.Check(t.Context(), 0, false, func(int, int) {}); err != nil || len(report.Left) > 0 {
		t.Errorf("mail deleted: %+v %v", report.Left, err)
	}
}

func exec(t *testing.T, d *db.DB, user int64, sql string) {
	t.Helper()
	if _, err := d.Owner(user).Exec(t.Context(), sql, user); err != nil {
		t.Fatal(err)
	}
}

// TestRebuildBesideTraffic builds new indices while mail arrives and people search: no search may lose a hit, or find
// one twice.
func TestRebuildBesideTraffic(t *testing.T) {
	d, me := newDB(t)
	w := newWorld(t, d, elastictest.New(t))
	w.importMails(t, me, samples)
	old := w.begin(t)
	before := w.count(t, w.postgres, me, "interview in:anywhere")
	ctx, cancel := context.WithCancel(t.Context())
	var group sync.WaitGroup
	searches := 0
	group.Go(func() {
		q := search.Parse("interview before:2026-11-25 in:anywhere", now)
		want := -1
		for ctx.Err() == nil {
			r, err := w.elastic.Search(t.Context(), d.Owner(me), q, search.Request{UserID: me})
			if err != nil {
				t.Error(err)
				return
			}
			if want < 0 {
				want = r.Total
			}
			if r.Total != want || r.Total == 0 {
				t.Errorf("%d hits, %d before", r.Total, want)
			}
			searches++
		}
	})
	generation, err := w.filler.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	w.importMails(t, me, arriving(60))
	w.drain(t)
	w.refresh(t)
	if err := w.filler.Swap(t.Context(), generation); err != nil {
		t.Fatal(err)
	}
	w.importMails(t, me, arriving(80))
	w.same(t, me, "swapped", "interview", "in:anywhere", "zzarrival")
	cancel()
	group.Wait()
	if got := w.count(t, w.elastic, me, "zzarrival"); got != 80 || searches < 3 {
		t.Errorf("%d of 80 arrived are found; %d searches", got, searches)
	}
	if after := w.count(t, w.elastic, me, "interview in:anywhere"); after != before {
		t.Errorf("%d mails before, %d after", before, after)
	}
	prune(t, w, old)
}

// arriving are n mails of today.
func arriving(n int) iter.Seq2[ingest.Raw, error] {
	return func(yield func(ingest.Raw, error) bool) {
		for i := range n {
			raw := "From: Ann <ann@example.org>\r\nTo: " + sample.Owner + "\r\nMessage-ID: <arriving-" + time.Duration(i).String() + "@example.org>\r\nDate: Wed, 25 Nov 2026 11:00:00 +0000\r\nSubject: zzarrival\r\n\r\nsoon\r\n"
			if !yield(ingest.Raw{Source: "arriving", Bytes: []byte(raw), Labels: []string{"INBOX"}}, nil) {
				return
			}
		}
	}
}

// prune deletes the old generation, and only that.
func prune(t *testing.T, w *world, old int32) {
	t.Helper()
	w.filler.Now = func() time.Time { return now }
	listed, err := w.filler.Prune(t.Context(), 1, true)
	if err != nil {
		t.Fatal(err)
	}
	again, err := w.filler.Prune(t.Context(), 1, true)
	if err != nil || len(again) != len(listed) {
		t.Errorf("a dry run deleted: %d, then %d, %v", len(listed), len(again), err)
	}
	deleted := 0
	for _, p := range listed {
		if p.Gone != (p.Generation == old) {
			t.Errorf("%s: gone %v, %s", p.Name, p.Gone, p.Why)
		}
		if p.Gone {
			deleted++
		}
	}
	if deleted == 0 || deleted == len(listed) {
		t.Errorf("%d of %d indices are to be deleted", deleted, len(listed))
	}
	if _, err := w.filler.Prune(t.Context(), 1, false); err != nil {
		t.Fatal(err)
	}
	if left, err := w.filler.Prune(t.Context(), 1, true); err != nil || len(left) != len(listed)-deleted {
		t.Errorf("%d left, %v", len(left), err)
	}
}

// TestVerifyMends takes documents away, changes some and adds some: verify finds and mends them.
func TestVerifyMends(t *testing.T) {
	d, me := newDB(t)
	server := elastictest.New(t)
	w := newWorld(t, d, server)
	w.importMails(t, me, samples)
	w.begin(t)
	// Rows that change while their notes are lost stand for whatever may go wrong.
	exec(t, d, me, "update emails set starred = not starred where user_id = $1 and id % 5 = 0")
	exec(t, d, me, "delete from emails where user_id = $1 and id % 7 = 0")
	if err := d.SearchForget(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	w.importMails(t, me, madeUp(30))
	if err := d.SearchForget(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	dry, err := w.filler.Check(t.Context(), 0, false, func(int, int) {})
	if err != nil || len(dry.Found) == 0 {
		t.Fatal("verify found nothing", err)
	}
	wrong := 0
	for _, f := range dry.Found {
		wrong += f.Wrong
	}
	if wrong < 60 {
		t.Errorf("only %d mails are said to differ", wrong)
	}
	mended, err := w.filler.Check(t.Context(), 0, true, func(int, int) {})
	if err != nil || len(mended.Found) != len(dry.Found) || len(mended.Left) > 0 {
		t.Errorf("found %d, then %d; left %+v, %v", len(dry.Found), len(mended.Found), mended.Left, err)
	}
	w.same(t, me, "mended", "is:starred", "in:anywhere", "offer")
}

// TestPoisonIsParked loses the source of one mail: the others are indexed, and it is tried no more than five times.
func TestPoisonIsParked(t *testing.T) {
	d, me := newDB(t)
	w := newWorld(t, d, elastictest.New(t))
	w.importMails(t, me, first(20, madeUp(20), 0))
	var hash []byte
	if err := d.Owner(me).QueryRow(t.Context(), "select raw_sha256 from emails where user_id = $1 order by id limit 1", me).Scan(&hash); err != nil {
		t.Fatal(err)
	}
	if err := w.ingest.Blobs.Delete(t.Context(), me, hash); err != nil {
		t.Fatal(err)
	}
	w.begin(t)
	state, err := d.SearchState(t.Context())
	if err != nil || state.Parked != 1 || state.News+state.Filling != 0 {
		t.Errorf("state %+v, %v", state, err)
	}
	if got, want := w.count(t, w.elastic, me, "in:anywhere"), w.count(t, w.postgres, me, "in:anywhere"); got != want-1 {
		t.Errorf("%d of %d are indexed", got, want)
	}
}

// TestFailover takes the cluster away and gives it back: every search is answered, the same, and says by whom.
func TestFailover(t *testing.T) {
	d, me := newDB(t)
	server := elastictest.New(t)
	w := newWorld(t, d, server)
	w.importMails(t, me, samples)
	door := newDoor(t, server.URL)
	client, err := elastic.Open(door.url, w.client.Prefix)
	if err != nil {
		t.Fatal(err)
	}
	f := elastic.NewFailover(client, w.postgres, d, slog.New(slog.DiscardHandler))
	ask := func(when, mode, instead string) {
		t.Helper()
		q := search.Parse("interview", now)
		began := time.Now()
		r, err := f.Search(t.Context(), d.Owner(me), q, search.Request{UserID: me})
		if err != nil {
			t.Fatalf("%s: %v", when, err)
		}
		if took := time.Since(began); took > 2*time.Second {
			t.Errorf("%s: it took %s", when, took)
		}
		if r.Mode != mode || !strings.Contains(r.Instead, instead) || (instead == "") != (r.Instead == "") {
			t.Errorf("%s: answered by %q instead because %q", when, r.Mode, r.Instead)
		}
		if want := w.count(t, w.postgres, me, "interview"); r.Total != want {
			t.Errorf("%s: %d hits, want %d", when, r.Total, want)
		}
		ids, _, err := f.IDs(t.Context(), d.Owner(me), q, search.Request{UserID: me}, 1000)
		want, _, _ := w.postgres.IDs(t.Context(), d.Owner(me), q, search.Request{UserID: me}, 1000)
		if err != nil || !slices.Equal(ids, want) {
			t.Errorf("%s: the ids differ, %v", when, err)
		}
	}
	ask("nothing is built", "postgres word index", "being filled")
	w.begin(t)
	time.Sleep(1100 * time.Millisecond) // what is known of the index is a second old at most
	ask("built", elastic.ModeName, "")
	door.set(shut)
	for range 4 {
		ask("gone", "postgres word index", "Elasticsearch")
	}
	door.set(open)
	time.Sleep(3200 * time.Millisecond)
	ask("back", elastic.ModeName, "")
	exec(t, d, me, "update emails set starred = not starred where user_id = $1")
	if _, err := w.db.Owner(me).Exec(t.Context(), "update search_outbox set noted_at = noted_at - interval '1 minute' where user_id = $1", me); err != nil {
		t.Fatal(err)
	}
	time.Sleep(1100 * time.Millisecond)
	ask("behind", "postgres word index", "behind")
	w.drain(t)
	w.refresh(t)
	time.Sleep(1100 * time.Millisecond)
	ask("caught up", elastic.ModeName, "")
	door.set(stuck)
	for range 4 {
		ask("stuck", "postgres word index", "Elasticsearch")
	}
}
