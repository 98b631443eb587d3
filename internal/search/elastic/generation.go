package elastic

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/elastic/go-elasticsearch/v8/esapi"
	"github.com/jackc/pgx/v5"

	"applylens/internal/db"
)

// States of a generation.
const (
	noting   = "noting"   // changes are noted; what was there before is not yet
	building = "building" // all is noted, and being filled in
	live     = "live"     // searches read it
)

// Begin makes a new generation of indices: from its commit on every change of mail is noted in the outbox, and then all
// mail that is there is. It may be interrupted and repeated.
func (f *Filler) Begin(ctx context.Context) (int32, error) {
	generation, err := f.DB.SearchGenerationMake(ctx, layoutDigest())
	if err != nil {
		return 0, fmt.Errorf("search index: %w", err)
	}
	return generation, f.note(ctx, generation)
}

// note notes all mail for a generation, once no transaction is left that began before changes were noted.
func (f *Filler) note(ctx context.Context, generation int32) error {
	if err := f.awaitOlder(ctx); err != nil {
		return err
	}
	owners, err := f.DB.UserIDs(ctx)
	if err != nil {
		return err
	}
	if err := f.DB.SearchForget(ctx, &generation); err != nil { // of an attempt that was interrupted
		return err
	}
	var mails int64
	for _, id := range owners {
		n, err := f.DB.As(id).SearchFill(ctx, db.SearchFillParams{UserID: id, Generation: generation})
		if err != nil {
			return fmt.Errorf("search index: note the mail of user %d: %w", id, err)
		}
		mails += n
	}
	return f.DB.SearchGenerationFilling(ctx, db.SearchGenerationFillingParams{Generation: generation, Mails: mails})
}

func (f *Filler) awaitOlder(ctx context.Context) error {
	mark, err := f.DB.SearchHorizon(ctx)
	for err == nil {
		var now db.SearchHorizonRow
		if now, err = f.DB.SearchHorizon(ctx); err == nil && now.Oldest >= mark.Next {
			return nil
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(100 * time.Millisecond):
		}
	}
	return err
}

// Swap makes a filled generation the one that searches read, in one step, and retires the one before. Its indices stay
// until they are pruned.
func (f *Filler) Swap(ctx context.Context, generation int32) error {
	return f.DB.Tx(ctx, 0, func(q *db.Queries, _ pgx.Tx) error {
		if err := q.SearchIndexLock(ctx); err != nil {
			return err
		}
		all, err := q.SearchGenerations(ctx)
		if err != nil {
			return err
		}
		ready := false
		for _, g := range all {
			if g.State == live && g.Generation != generation {
				if err := q.SearchGenerationRetire(ctx, g.Generation); err != nil {
					return err
				}
			}
			ready = ready || g.Generation == generation && g.State != noting
		}
		if !ready {
			return fmt.Errorf("generation %d is not filled", generation)
		}
		if err := f.Client.Refresh(ctx); err != nil { // else what was written last is missing for a second
			return err
		}
		if err := f.Client.moveAliases(ctx, generation); err != nil {
			return err
		}
		return q.SearchGenerationLive(ctx, generation)
	})
}

// moveAliases points the alias to read from, and those to write to, to the indices of a generation, at once.
func (c *Client) moveAliases(ctx context.Context, generation int32) error {
	names, err := c.indices(ctx)
	if err != nil {
		return err
	}
	var actions []object
	for _, x := range names {
		if x.Generation == generation {
			actions = append(actions, object{"add": object{"index": x.Name, "alias": c.Prefix}},
				object{"add": object{"index": x.Name, "alias": c.writeAlias(x.Month), "is_write_index": true}})
			continue
		}
		no := false
		actions = append(actions, object{"remove": object{"index": x.Name, "alias": c.Prefix, "must_exist": no}},
			object{"remove": object{"index": x.Name, "alias": c.writeAlias(x.Month), "must_exist": no}})
	}
	if len(actions) == 0 {
		return nil
	}
	return c.send(ctx, esapi.IndicesUpdateAliasesRequest{Body: body(object{"actions": actions})}, nil)
}

// An Index is one index of the cluster.
type Index struct {
	Name       string
	Month      string // YYYY-MM; 1970-01 holds all mail before 2000
	Generation int32
	Docs       int64
	Bytes      int64
	Live       bool // searches read it
}

// indices lists our indices.
func (c *Client) indices(ctx context.Context) (all []Index, err error) {
	var stats struct {
		Indices map[string]struct {
			Primaries struct {
				Docs  struct{ Count int64 }
				Store struct {
					Bytes int64 `json:"size_in_bytes"`
				}
			}
		}
	}
	if err := c.send(ctx, esapi.IndicesStatsRequest{Index: []string{c.Prefix + "-*"}, Metric: []string{"docs", "store"}}, &stats); err != nil {
		return nil, err
	}
	var aliases map[string]struct{ Aliases map[string]any }
	if err := c.send(ctx, esapi.IndicesGetAliasRequest{Index: []string{c.Prefix + "-*"}}, &aliases); err != nil {
		return nil, err
	}
	for name := range aliases {
		month, generation, ok := c.parseName(name)
		if !ok {
			continue
		}
		_, isLive := aliases[name].Aliases[c.Prefix]
		s := stats.Indices[name].Primaries
		all = append(all, Index{Name: name, Month: month, Generation: generation, Docs: s.Docs.Count, Bytes: s.Store.Bytes, Live: isLive})
	}
	return all, nil
}

// made remembers which indices are there.
type made struct {
	mu    sync.Mutex
	names map[string]bool
}

// ensure makes the index of a month in a generation, when it is not there.
func (f *Filler) ensure(ctx context.Context, month string, generation int32) (string, error) {
	name := f.Client.indexName(month, generation)
	f.made.mu.Lock()
	defer f.made.mu.Unlock()
	if f.made.names[name] {
		return name, nil
	}
	err := f.DB.Tx(ctx, 0, func(q *db.Queries, _ pgx.Tx) error {
		if err := q.SearchIndexLock(ctx); err != nil { // an index that is made while aliases move would be forgotten
			return err
		}
		all, err := q.SearchGenerations(ctx)
		if err != nil {
			return err
		}
		known := false
		for _, g := range all {
			if g.Generation == generation {
				known = true
				err = f.Client.create(ctx, name, month, g.State == live)
			}
		}
		if !known {
			return errRetired
		}
		return err
	})
	if err != nil {
		return "", err
	}
	if f.made.names == nil {
		f.made.names = map[string]bool{}
	}
	f.made.names[name] = true
	return name, nil
}

// errRetired means that a generation went out of use.
var errRetired = errors.New("elasticsearch: this generation is retired")

// forget makes ensure look again.
func (m *made) forget() {
	m.mu.Lock()
	defer m.mu.Unlock()
	clear(m.names)
}

func (c *Client) create(ctx context.Context, name, month string, isLive bool) error {
	request := object{}
	if err := unmarshal(layout, &request); err != nil {
		return err
	}
	if isLive {
		request["aliases"] = object{c.Prefix: object{}, c.writeAlias(month): object{"is_write_index": true}}
	}
	err := c.send(ctx, esapi.IndicesCreateRequest{Index: name, Body: body(request)}, nil)
	if isType(err, "resource_already_exists_exception") {
		return nil
	}
	return err
}

// Refresh makes what was written findable at once.
func (c *Client) Refresh(ctx context.Context) error {
	return c.send(ctx, esapi.IndicesRefreshRequest{Index: []string{c.Prefix + "-*"}}, nil)
}

// Drop deletes all our indices by name.
func (c *Client) Drop(ctx context.Context) error {
	all, err := c.indices(ctx)
	if err != nil {
		return err
	}
	for _, x := range all {
		if err := c.send(ctx, esapi.IndicesDeleteRequest{Index: []string{x.Name}}, nil); err != nil {
			return err
		}
	}
	return nil
}

// Ping tells whether the cluster answers.
func (c *Client) Ping(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	return c.send(ctx, esapi.ClusterHealthRequest{}, nil)
}

// Off ends what Begin began: no change is noted any more, and no index is read. The indices stay until they are pruned.
func (f *Filler) Off(ctx context.Context) error {
	all, err := f.DB.SearchGenerations(ctx)
	if err != nil {
		return err
	}
	for _, g := range all {
		if err := f.DB.SearchGenerationRetire(ctx, g.Generation); err != nil {
			return err
		}
	}
	return f.DB.SearchForget(ctx, nil)
}

// A Generation is one that is in use or on its way.
type Generation struct {
	Number int32
	State  string // noting, building, live
	Mails  int64  // that were there to be filled in
}

// Unfinished returns the newest generation that is not live, finishing the noting of one that was interrupted; nil for
// none.
func (f *Filler) Unfinished(ctx context.Context) (*Generation, error) {
	all, err := f.DB.SearchGenerations(ctx)
	if err != nil || len(all) == 0 || all[len(all)-1].State == live {
		return nil, err
	}
	last := all[len(all)-1]
	if last.State == noting {
		if err := f.note(ctx, last.Generation); err != nil {
			return nil, err
		}
	}
	return &Generation{last.Generation, last.State, last.Mails}, nil
}

// Live returns the number of the generation that is read, 0 for none.
func (f *Filler) Live(ctx context.Context) (int32, error) {
	all, err := f.DB.SearchGenerations(ctx)
	for _, g := range all {
		if g.State == live {
			return g.Generation, nil
		}
	}
	return 0, err
}

// Mails returns how many mails a generation had to be filled with.
func (f *Filler) Mails(ctx context.Context, generation int32) (int64, error) {
	all, err := f.DB.SearchGenerations(ctx)
	for _, g := range all {
		if g.Generation == generation {
			return g.Mails, nil
		}
	}
	return 0, err
}
