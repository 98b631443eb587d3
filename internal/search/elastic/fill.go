package elastic

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/elastic/go-elasticsearch/v8/esapi"
	"golang.org/x/sync/errgroup"

	"applylens/internal/db"
	"applylens/internal/search"
)

// A Filler empties the outbox into the indices. What is written of an email is read from its rows after the note was
// taken and after the version was drawn, and Elasticsearch keeps the later version: so the last state wins in whatever
// order, and however often, it is written.
type Filler struct {
	DB     *db.DB
	Client *Client
	Log    *slog.Logger
	Now    func() time.Time
	// Words returns the lexemes of emails from their sources. An email whose source cannot be read has none, and an
	// error beside it.
	Words func(ctx context.Context, userID int64, ids []int64) (map[int64]search.Lexemes, map[int64]error, error)

	// Found is told of each change of mail how long it took until it was in the index; nil for nobody.
	Found func(after time.Duration)

	made made
	lag  atomic.Int64
}

const (
	batchNotes = 500
	lease      = 60 * time.Second
	bulkTime   = 30 * time.Second
	poll       = 150 * time.Millisecond // how often an empty outbox is looked at
	maxPause   = 5 * time.Second        // between attempts while Elasticsearch is away or busy
)

// Run empties the outbox until the context ends: two batches at a time, slower while Elasticsearch refuses. The first
// generation is made when there is none, and goes live when it is filled.
func (f *Filler) Run(ctx context.Context) {
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error { return f.loop(ctx, f.tend, 2*time.Second) })
	for range 2 {
		group.Go(func() error {
			return f.loop(ctx, func(ctx context.Context) error {
				for {
					n, err := f.Drain(ctx)
					if err != nil || n == 0 {
						return err
					}
				}
			}, poll)
		})
	}
	_ = group.Wait() // they end with the context
}

// loop calls a step again and again, with growing pauses while it fails.
func (f *Filler) loop(ctx context.Context, step func(context.Context) error, every time.Duration) error {
	pause, failing := every, false
	for ctx.Err() == nil {
		switch err := step(ctx); {
		case err == nil:
			if failing {
				f.Log.Info("filling Elasticsearch goes on")
			}
			pause, failing = every, false
		case ctx.Err() == nil:
			if !failing {
				f.Log.Warn("filling Elasticsearch is interrupted; it goes on by itself", "error", err)
			}
			failing = true
			pause = min(max(2*pause, every), maxPause)
		}
		select {
		case <-ctx.Done():
		case <-time.After(pause):
		}
	}
	return nil
}

// tend makes the first generation, finishes noting one that was interrupted, and puts a first one live when it is filled.
func (f *Filler) tend(ctx context.Context) error {
	all, err := f.DB.SearchGenerations(ctx)
	if err != nil {
		return err
	}
	if len(all) == 0 {
		_, err := f.Begin(ctx)
		return err
	}
	isLive := slices.ContainsFunc(all, func(g db.SearchGeneration) bool { return g.State == live })
	for _, g := range all {
		switch {
		case g.State == noting && f.Now().Sub(g.MadeAt) > time.Minute: // whoever made it is gone
			return f.note(ctx, g.Generation)
		case g.State == building && !isLive:
			state, err := f.DB.SearchState(ctx)
			if err != nil || state.Filling > 0 {
				return err
			}
			return f.Swap(ctx, g.Generation)
		}
	}
	return nil
}

// Drain writes the next notes into the indices and returns their number. Notes that were not written stay.
func (f *Filler) Drain(ctx context.Context) (int, error) {
	notes, err := f.DB.SearchClaim(ctx, db.SearchClaimParams{Most: batchNotes, LeaseSeconds: lease.Seconds()})
	if err != nil {
		return 0, fmt.Errorf("search outbox: %w", err)
	}
	if len(notes) == 0 {
		return 0, nil
	}
	o := outcomes{}
	err = f.write(ctx, notes, o)
	over, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
	defer cancel()
	left, settling := f.settle(over, notes, o)
	if err = errors.Join(err, settling); err == nil && left {
		err = errBusy
	}
	return len(notes), err
}

// errBusy means that Elasticsearch has taken a part only.
var errBusy = errors.New("elasticsearch is busy, or its disk is full")

// An outcome is what became of a note; of several operations the worst counts.
type outcome int

const (
	waiting outcome = iota // to be tried again
	written
	refused
	again
)

// outcomes are those of notes, by their seq.
type outcomes map[int64]outcome

func (o outcomes) add(what outcome, notes ...db.SearchClaimRow) {
	for _, n := range notes {
		o[n.Seq] = max(o[n.Seq], what)
	}
}

// settle deletes the notes that are written and gives the others back; left tells that some of these are to be tried again.
func (f *Filler) settle(ctx context.Context, notes []db.SearchClaimRow, o outcomes) (left bool, err error) {
	var done db.SearchDoneParams
	bad, back := db.SearchBackParams{Refused: true, Why: "elasticsearch refuses it, or its source cannot be read"}, db.SearchBackParams{}
	now, worst := f.Now(), time.Duration(0)
	for _, n := range notes {
		switch o[n.Seq] {
		case written:
			done.Users, done.Seqs = append(done.Users, n.UserID), append(done.Seqs, n.Seq)
			if n.Generation == 0 {
				worst = max(worst, now.Sub(n.NotedAt))
				if f.Found != nil {
					f.Found(now.Sub(n.NotedAt))
				}
			}
		case refused:
			bad.Users, bad.Seqs = append(bad.Users, n.UserID), append(bad.Seqs, n.Seq)
		case waiting, again:
			back.Users, back.Seqs = append(back.Users, n.UserID), append(back.Seqs, n.Seq)
		}
	}
	f.lag.Store(int64(worst))
	if len(done.Seqs) > 0 {
		err = f.DB.SearchDone(ctx, done)
	}
	if len(bad.Seqs) > 0 {
		f.Log.Warn("emails were refused by the search index", "emails", len(bad.Seqs))
		err = errors.Join(err, f.DB.SearchBack(ctx, bad))
	}
	if len(back.Seqs) > 0 {
		err = errors.Join(err, f.DB.SearchBack(ctx, back))
	}
	return len(back.Seqs) > 0, err
}

// An entry is one operation of a bulk request.
type entry struct {
	notes  []db.SearchClaimRow
	index  string
	userID int64
	id     int64
	doc    *document // nil: delete
}

// write reads what the notes are about and sends it.
func (f *Filler) write(ctx context.Context, notes []db.SearchClaimRow, o outcomes) error {
	generations, err := f.DB.SearchGenerations(ctx)
	if err != nil {
		return err
	}
	version, err := f.DB.SearchVersion(ctx)
	if err != nil {
		return err
	}
	byOwner := map[int64][]db.SearchClaimRow{}
	for _, n := range notes {
		byOwner[n.UserID] = append(byOwner[n.UserID], n)
	}
	var entries []entry
	for userID, mine := range byOwner {
		more, err := f.entries(ctx, userID, mine, generations, o)
		if err != nil {
			return err
		}
		entries = append(entries, more...)
	}
	return f.bulk(ctx, version, entries, o)
}

// entries are the operations for the notes of one owner. Notes of retired generations are done.
func (f *Filler) entries(ctx context.Context, userID int64, notes []db.SearchClaimRow, generations []db.SearchGeneration, o outcomes) ([]entry, error) {
	var ids []int64
	for _, n := range notes {
		ids = append(ids, n.EmailID)
	}
	slices.Sort(ids)
	ids = slices.Compact(ids)
	rows, err := f.DB.As(userID).SearchDocs(ctx, db.SearchDocsParams{UserID: userID, Ids: ids})
	if err != nil {
		return nil, fmt.Errorf("search index: read mail: %w", err)
	}
	words, broken, err := f.Words(ctx, userID, ids)
	if err != nil {
		return nil, err
	}
	docs := map[int64]*document{}
	for i := range rows {
		if broken[rows[i].ID] == nil {
			d := documentOf(userID, &rows[i], words[rows[i].ID].Tokens())
			docs[rows[i].ID] = &d
		}
	}
	var all []entry
	at := map[[2]string]int{}
	put := func(n db.SearchClaimRow, month string, g db.SearchGeneration, doc *document) error {
		index, err := f.ensure(ctx, month, g.Generation)
		if err != nil {
			return err
		}
		if g.State == live {
			index = f.Client.writeAlias(month)
		}
		key := [2]string{index, strconv.FormatInt(n.EmailID, 10)}
		i, ok := at[key]
		if !ok {
			i = len(all)
			at[key] = i
			all = append(all, entry{index: index, userID: userID, id: n.EmailID, doc: doc})
		}
		all[i].notes = append(all[i].notes, n)
		return nil
	}
	for _, n := range notes {
		if err := broken[n.EmailID]; err != nil {
			o.add(refused, n)
			continue
		}
		used := false
		for _, g := range generations {
			if n.Generation != 0 && n.Generation != g.Generation {
				continue
			}
			used = true
			month, doc := monthOf(n.ReceivedAt), docs[n.EmailID]
			if doc != nil {
				if now := monthOf(time.UnixMicro(doc.At)); now != month {
					if err := put(n, now, g, doc); err != nil {
						return nil, err
					}
					doc = nil
				}
			}
			if err := put(n, month, g, doc); err != nil {
				return nil, err
			}
		}
		if !used {
			o.add(written, n)
		}
	}
	return all, nil
}

// maxBulk bounds the bytes of one request.
const maxBulk = 8 << 20

// bulk sends operations in requests of at most maxBulk bytes.
func (f *Filler) bulk(ctx context.Context, version int64, entries []entry, o outcomes) error {
	var b bytes.Buffer
	from := 0
	for i, e := range entries {
		if err := e.print(&b, version); err != nil {
			return err
		}
		if b.Len() >= maxBulk || i == len(entries)-1 {
			if err := f.sendBulk(ctx, &b, entries[from:i+1], o); err != nil {
				return err
			}
			b.Reset()
			from = i + 1
		}
	}
	return nil
}

func (e *entry) print(b *bytes.Buffer, version int64) error {
	op := "index"
	if e.doc == nil {
		op = "delete"
	}
	fmt.Fprintf(b, `{%q:{"_index":%q,"_id":"%d","routing":"%d","version":%d,"version_type":"external"}}`+"\n", op, e.index, e.id, e.userID, version)
	if e.doc == nil {
		return nil
	}
	return json.NewEncoder(b).Encode(e.doc)
}

// A bulkAnswer tells what became of each operation.
type bulkAnswer struct {
	Items []map[string]struct {
		Status int `json:"status"`
	} `json:"items"`
}

func (f *Filler) sendBulk(ctx context.Context, b *bytes.Buffer, entries []entry, o outcomes) error {
	ctx, cancel := context.WithTimeout(ctx, bulkTime)
	defer cancel()
	var answer bulkAnswer
	if err := f.Client.send(ctx, esapi.BulkRequest{Body: bytes.NewReader(b.Bytes()), FilterPath: []string{"items.*.status"}}, &answer); err != nil {
		return err
	}
	if len(answer.Items) != len(entries) {
		return fmt.Errorf("elasticsearch: %d answers to %d operations", len(answer.Items), len(entries))
	}
	for i, item := range answer.Items {
		for _, r := range item {
			switch {
			case r.Status < 300, r.Status == 409, r.Status == 404 && entries[i].doc == nil: // 409: a later version is there
				o.add(written, entries[i].notes...)
			case r.Status == 429, r.Status == 403, r.Status >= 500: // busy, or blocked because the disk is full
				o.add(again, entries[i].notes...)
			case r.Status == 404: // the index was deleted under us
				f.made.forget()
				o.add(again, entries[i].notes...)
			default:
				o.add(refused, entries[i].notes...)
			}
		}
	}
	return nil
}

// Lag is how long the slowest news of the latest batch had waited, from its note on.
func (f *Filler) Lag() time.Duration { return time.Duration(f.lag.Load()) }

func unmarshal(text string, into any) error { return json.Unmarshal([]byte(text), into) }
