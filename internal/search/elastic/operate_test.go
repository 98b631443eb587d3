package elastic_test

import (
	"errors"
	"log/slog"
	"slices"
	"strings"
	"testing"

	"applylens/internal/errs"
	"applylens/internal/search"
	"applylens/internal/search/elastic"
	"applylens/internal/search/elastictest"
)

// TestOperate goes the way of an operator: each operation tells in a dry run what it would do, changes nothing, and
// then does it.
func TestOperate(t *testing.T) {
	d, me := newDB(t)
	w := newWorld(t, d, elastictest.New(t))
	w.importMails(t, me, madeUp(20))
	do := func(name string, dry bool, want string) elastic.Outcome {
		t.Helper()
		out, err := w.filler.Operate(t.Context(), elastic.Operation{Name: name, KeepMonths: 84, DryRun: dry}, func(int64, int64) {})
		if err != nil || !strings.Contains(out.Text, want) {
			t.Fatalf("%s, dry %v: %q, %v, want %q", name, dry, out.Text, err, want)
		}
		return out
	}
	refused := func(name, want string) {
		t.Helper()
		_, err := w.filler.Operate(t.Context(), elastic.Operation{Name: name}, func(int64, int64) {})
		var safe *errs.Error
		if !errors.As(err, &safe) || !strings.Contains(safe.Msg, want) {
			t.Fatalf("%s: %v, want a refusal with %q", name, err, want)
		}
	}
	refused("verify", "build one first")
	refused("prune", "Keep between")
	refused("format", "no such operation")
	do("build", true, "Makes a new generation and fills it with 20 mails")
	if all, err := w.db.SearchGenerations(t.Context()); err != nil || len(all) != 0 {
		t.Fatalf("a dry run made %v, %v", all, err)
	}
	do("build", false, "Generation 1 is filled: 20 mails")
	do("verify", true, "Generation 1 and Postgres agree")
	do("swap", true, "would read generation 1")
	if live, err := w.filler.Live(t.Context()); err != nil || live != 0 {
		t.Fatalf("a dry run let generation %d be read, %v", live, err)
	}
	do("swap", false, "Searches read generation 1 now")
	do("build", false, "Generation 2 is filled")
	do("swap", false, "instead of generation 1")
	if out := do("prune", true, "to be deleted"); !slices.ContainsFunc(out.Indices, func(p elastic.Pruned) bool { return p.Gone && p.Generation == 1 }) {
		t.Fatalf("a prune would delete %+v", out.Indices)
	}
	cluster, err := w.client.Cluster(t.Context())
	if err != nil || cluster.Status == "" || len(cluster.Nodes) != 1 || cluster.Nodes[0].HeapMax == 0 || cluster.Nodes[0].DiskSize == 0 || cluster.Shards.Active == 0 {
		t.Fatalf("the cluster tells %+v, %v", cluster, err)
	}
	docs := map[int32]int64{}
	for _, x := range cluster.Indices {
		docs[x.Generation] += x.Docs
	}
	if docs[1] != 20 || docs[2] != 20 {
		t.Fatalf("the indices hold %v mails by generation", docs)
	}
	f := elastic.NewFailover(w.client, w.postgres, w.db, slog.New(slog.DiscardHandler))
	for query, why := range map[string]string{`~"money to move house"`: "meaning", "like:1": "meaning", "company:secret": "company:", "offer": ""} {
		r, err := f.Search(t.Context(), w.db.Owner(me), search.Parse(query, now), search.Request{UserID: me})
		if err != nil || !strings.HasSuffix(r.Instead, why) || (why == "") != (r.Instead == "") {
			t.Errorf("%s: answered by %q instead because %q, %v", query, r.Mode, r.Instead, err)
		}
	}
	do("prune", false, "deleted")
	if out := do("prune", true, "No index is out of use"); !out.Nothing {
		t.Error("there is something left to prune")
	}
	do("off", true, "Retires 1 generations")
	do("off", false, "Postgres answers all searches")
	if out := do("off", true, "No changes are noted"); !out.Nothing {
		t.Error("there is something left to turn off")
	}
}
