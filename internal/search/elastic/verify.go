package elastic

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/elastic/go-elasticsearch/v8/esapi"
	"golang.org/x/sync/errgroup"

	"applylens/internal/db"
)

// A Difference is a month of an owner in which the indices and Postgres differ.
type Difference struct {
	UserID   int64  `json:"user"`
	Month    string `json:"month"`
	Postgres int64  `json:"postgres"` // mails
	Index    int64  `json:"index"`
	Wrong    int    `json:"wrong"` // mails that one side lacks, or whose state differs
}

// sums are the number of an owner's mails in a month and the sum of their digests.
type sums struct{ mails, digests int64 }

// Verify compares the indices of a generation with Postgres: counts and digests by owner and month, and where these
// differ mail by mail. What differs is noted in the outbox, to be written anew, when mend is set. News that wait in the
// outbox differ; empty it first. report is called with each owner that was compared.
func (f *Filler) Verify(ctx context.Context, generation int32, mend bool, report func(done, all int)) (all []Difference, err error) {
	if err := f.Client.Refresh(ctx); err != nil {
		return nil, err
	}
	known, err := f.DB.UserIDs(ctx)
	if err != nil {
		return nil, err
	}
	indexed, err := f.owners(ctx, generation)
	if err != nil {
		return nil, err
	}
	owners := slices.Compact(slices.Sorted(slices.Values(append(known, indexed...))))
	for i, userID := range owners {
		more, err := f.verifyOwner(ctx, userID, generation, mend)
		if err != nil {
			return all, fmt.Errorf("verify the index of user %d: %w", userID, err)
		}
		all = append(all, more...)
		report(i+1, len(owners))
	}
	return all, nil
}

func (f *Filler) pattern(generation int32) string {
	return fmt.Sprintf("%s-*-g%d", f.Client.Prefix, generation)
}

// owners lists whose mail is in a generation.
func (f *Filler) owners(ctx context.Context, generation int32) (owners []int64, err error) {
	const page = 1000
	composite := object{"size": page, "sources": []object{{"user": object{"terms": object{"field": "user"}}}}}
	for {
		var answer struct {
			Aggregations struct {
				Owners struct {
					After   map[string]any `json:"after_key"`
					Buckets []struct{ Key struct{ User string } }
				}
			}
		}
		request := object{"size": 0, "aggs": object{"owners": object{"composite": composite}}}
		if err := f.Client.send(ctx, esapi.SearchRequest{Index: []string{f.pattern(generation)}, Body: body(request)}, &answer); err != nil {
			return nil, err
		}
		for _, b := range answer.Aggregations.Owners.Buckets {
			id, err := strconv.ParseInt(b.Key.User, 10, 64)
			if err != nil {
				return nil, err
			}
			owners = append(owners, id)
		}
		if len(answer.Aggregations.Owners.Buckets) < page {
			return owners, nil
		}
		composite["after"] = answer.Aggregations.Owners.After
	}
}

func (f *Filler) verifyOwner(ctx context.Context, userID int64, generation int32, mend bool) (all []Difference, err error) {
	rows, err := f.DB.As(userID).SearchSums(ctx, userID)
	if err != nil {
		return nil, err
	}
	want := map[string]sums{}
	for _, r := range rows {
		s := want[monthOf(r.Month)]
		want[monthOf(r.Month)] = sums{s.mails + r.Mails, s.digests + r.Digests}
	}
	have, err := f.indexSums(ctx, userID, generation)
	if err != nil {
		return nil, err
	}
	months := maps.Clone(want)
	maps.Copy(months, have)
	for _, month := range slices.Sorted(maps.Keys(months)) {
		if want[month] == have[month] {
			continue
		}
		wrong, err := f.verifyMonth(ctx, userID, month, generation, mend)
		if err != nil {
			return nil, err
		}
		all = append(all, Difference{UserID: userID, Month: month, Postgres: want[month].mails, Index: have[month].mails, Wrong: wrong})
	}
	return all, nil
}

// indexSums sums up an owner's documents by index, and so by month. Digests have 30 bits: their sums are exact in a double.
func (f *Filler) indexSums(ctx context.Context, userID int64, generation int32) (map[string]sums, error) {
	var answer struct {
		Aggregations struct {
			Months struct {
				Buckets []struct {
					Key    string
					Docs   int64 `json:"doc_count"`
					Digest struct{ Value float64 }
				}
			}
		}
	}
	request := object{"size": 0, "query": term("user", owner(userID)), "aggs": object{"months": object{
		"terms": object{"field": "_index", "size": 10_000}, "aggs": object{"digest": object{"sum": object{"field": "digest"}}}}}}
	no := false
	err := f.Client.send(ctx, esapi.SearchRequest{Index: []string{f.pattern(generation)}, Routing: []string{owner(userID)}, AllowPartialSearchResults: &no, Body: body(request)}, &answer)
	all := map[string]sums{}
	for _, b := range answer.Aggregations.Months.Buckets {
		if month, _, ok := f.Client.parseName(b.Key); ok {
			all[month] = sums{b.Docs, int64(b.Digest.Value)}
		}
	}
	return all, err
}

// verifyMonth compares mail by mail, and returns how many differ.
func (f *Filler) verifyMonth(ctx context.Context, userID int64, month string, generation int32, mend bool) (int, error) {
	from, to := span(month)
	rows, err := f.DB.As(userID).SearchDigests(ctx, db.SearchDigestsParams{UserID: userID, Since: from, Until: to})
	if err != nil {
		return 0, err
	}
	want := make(map[int64]int64, len(rows))
	for _, r := range rows {
		want[r.ID] = r.Digest
	}
	note := db.SearchMendParams{UserID: userID}
	if mend {
		note.Generation = &generation
	}
	wrong := func(id int64) {
		note.Ids, note.ReceivedAts = append(note.Ids, id), append(note.ReceivedAts, from)
	}
	name := f.Client.indexName(month, generation)
	err = f.Client.scan(ctx, name, term("user", owner(userID)), []string{"id", "digest"}, func(fields map[string][]int64) bool {
		id := fields["id"][0]
		if digest, ok := want[id]; !ok || digest != fields["digest"][0] {
			wrong(id)
		}
		delete(want, id)
		return true
	})
	if err != nil {
		return 0, err
	}
	for id := range want {
		wrong(id)
	}
	if !mend || len(note.Ids) == 0 {
		return len(note.Ids), nil
	}
	return len(note.Ids), f.DB.As(userID).SearchMend(ctx, note)
}

// A Pruned index is one that prune looked at.
type Pruned struct {
	Index
	Why  string `json:"why"`  // it is deleted, or kept
	Gone bool   `json:"gone"` // deleted, or to be in a dry run
}

// Prune deletes, by exact name, the indices of retired generations, and those of months older than keep months that hold
// no mail in Postgres any more. With dry it only lists them.
func (f *Filler) Prune(ctx context.Context, keep int, dry bool) ([]Pruned, error) {
	all, err := f.Client.indices(ctx)
	if err != nil {
		return nil, err
	}
	generations, err := f.DB.SearchGenerations(ctx)
	if err != nil {
		return nil, err
	}
	months, err := f.DB.SearchMonths(ctx)
	if err != nil {
		return nil, err
	}
	mails := map[string]int64{}
	for _, m := range months {
		mails[monthOf(m.Month)] += m.Mails
	}
	slices.SortFunc(all, func(a, b Index) int { return strings.Compare(a.Name, b.Name) })
	first := monthOf(firstOfMonth(f.Now()).AddDate(0, -keep, 0))
	var pruned []Pruned
	for _, x := range all {
		p := Pruned{Index: x}
		used := slices.ContainsFunc(generations, func(g db.SearchGeneration) bool { return g.Generation == x.Generation })
		switch {
		case !used && !x.Live:
			p.Why, p.Gone = "its generation is retired", true
		case x.Month >= first:
			continue
		case mails[x.Month] > 0:
			p.Why = fmt.Sprintf("older than %d months, but Postgres has %d mails of it", keep, mails[x.Month])
		default:
			p.Why, p.Gone = fmt.Sprintf("older than %d months, and no mail is left", keep), true
		}
		if p.Gone && !dry {
			if err := f.Client.send(ctx, esapi.IndicesDeleteRequest{Index: []string{x.Name}}, nil); err != nil {
				return pruned, err
			}
		}
		pruned = append(pruned, p)
	}
	f.made.forget()
	return pruned, nil
}

func firstOfMonth(t time.Time) time.Time {
	t = t.UTC()
	return time.Date(t.Year(), t.Month(), 1, 0, 0, 0, 0, time.UTC)
}

// Fill empties the outbox with some workers at once until nothing is left in it, also of what others have in hand.
// report gets the mails that are left.
func (f *Filler) Fill(ctx context.Context, workers int, report func(left int64)) error {
	for {
		group, working := errgroup.WithContext(ctx)
		for range workers {
			group.Go(func() error {
				for {
					n, err := f.Drain(working)
					if err != nil || n == 0 {
						return err
					}
					state, err := f.DB.SearchState(working)
					if err != nil {
						return err
					}
					report(state.News + state.Filling)
				}
			})
		}
		if err := group.Wait(); err != nil {
			return err
		}
		state, err := f.DB.SearchState(ctx)
		if err != nil || state.News+state.Filling == 0 {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(poll):
		}
	}
}

// A Report tells what Check found and what was left after mending.
type Report struct {
	Generation int32        `json:"generation"`
	Found      []Difference `json:"found"`
	Left       []Difference `json:"left"`
}

// Check empties the outbox, verifies a generation (0 is the one that is read), and with mend writes anew what differs and
// verifies again.
func (f *Filler) Check(ctx context.Context, generation int32, mend bool, report func(done, all int)) (r Report, err error) {
	if generation == 0 {
		if generation, err = f.Live(ctx); err != nil {
			return r, err
		}
		if generation == 0 {
			return r, errors.New("no indices are read: “applylens index build”, then “applylens index swap”")
		}
	}
	r.Generation = generation
	quiet := func(int64) {}
	if err := f.Fill(ctx, 2, quiet); err != nil {
		return r, err
	}
	if r.Found, err = f.Verify(ctx, generation, mend, report); err != nil || len(r.Found) == 0 || !mend {
		r.Left = r.Found
		return r, err
	}
	if _, err := f.DB.SearchRetry(ctx); err != nil { // what was parked gets its chance
		return r, err
	}
	if err := f.Fill(ctx, 2, quiet); err != nil {
		return r, err
	}
	r.Left, err = f.Verify(ctx, generation, false, report)
	return r, err
}
