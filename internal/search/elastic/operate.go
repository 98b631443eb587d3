package elastic

import (
	"context"
	"fmt"

	"applylens/internal/errs"
)

// Names of operations on the indices.
const (
	OpBuild  = "build"
	OpVerify = "verify"
	OpSwap   = "swap"
	OpPrune  = "prune"
	OpOff    = "off"
)

// Operations lists their names in the order in which one needs them.
func Operations() []string { return []string{OpBuild, OpVerify, OpSwap, OpPrune, OpOff} }

// An Operation is what an operator does with the indices, as it is asked for and kept in the journal.
type Operation struct {
	Name       string `json:"operation"`
	KeepMonths int    `json:"keep_months,omitempty"` // of prune: months whose indices stay in any case
	DryRun     bool   `json:"dry_run"`               // tell what would be done, and do nothing
}

// An Outcome is what an operation did, or in a dry run would do.
type Outcome struct {
	Text    string   `json:"text"`
	Report  *Report  `json:"report,omitempty"`  // of verify
	Indices []Pruned `json:"indices,omitempty"` // of prune
	Nothing bool     `json:"nothing,omitempty"` // there is nothing to do
}

// maxListed bounds the differences that an outcome holds.
const maxListed = 200

// Operate does an operation, or tells what it would do. progress is called with how much is done of how much. An error of
// errs says why it cannot be done.
func (f *Filler) Operate(ctx context.Context, o Operation, progress func(done, all int64)) (Outcome, error) {
	if f.Client == nil && o.Name != OpOff {
		return Outcome{}, errs.BadInput("Elasticsearch is not set up here: set ELASTICSEARCH_URL.")
	}
	switch o.Name {
	case OpBuild:
		return f.operateBuild(ctx, o.DryRun, progress)
	case OpVerify:
		return f.operateVerify(ctx, o.DryRun, progress)
	case OpSwap:
		return f.operateSwap(ctx, o.DryRun)
	case OpPrune:
		return f.operatePrune(ctx, o)
	case OpOff:
		return f.operateOff(ctx, o.DryRun)
	}
	return Outcome{}, errs.BadInput("There is no such operation.")
}

func (f *Filler) operateBuild(ctx context.Context, dry bool, progress func(done, all int64)) (out Outcome, err error) {
	if dry {
		return f.wouldBuild(ctx)
	}
	g, err := f.Unfinished(ctx)
	if err != nil {
		return out, err
	}
	if g == nil {
		made, err := f.Begin(ctx)
		if err != nil {
			return out, err
		}
		g = &Generation{Number: made}
	}
	mails, err := f.Mails(ctx, g.Number)
	if err != nil {
		return out, err
	}
	if err := f.Fill(ctx, 2, func(left int64) { progress(max(0, mails-left), mails) }); err != nil {
		return out, err
	}
	out.Text = fmt.Sprintf("Generation %d is filled: %d mails. Verify it, then swap.", g.Number, mails)
	return out, nil
}

// wouldBuild tells what a build would do. It does not finish what an interrupted one began.
func (f *Filler) wouldBuild(ctx context.Context) (out Outcome, err error) {
	all, err := f.DB.SearchGenerations(ctx)
	if err != nil {
		return out, err
	}
	mails, months, err := f.mails(ctx)
	if err != nil {
		return out, err
	}
	beside := "No generation is read meanwhile: Postgres answers."
	for _, g := range all {
		if g.State == live {
			beside = fmt.Sprintf("Searches go on reading generation %d.", g.Generation)
		}
	}
	if n := len(all); n > 0 && all[n-1].State != live {
		state, err := f.DB.SearchState(ctx)
		if err != nil {
			return out, err
		}
		out.Text = fmt.Sprintf("Goes on with generation %d, which was begun: %d of %d mails are still to be filled in. %s", all[n-1].Generation, state.Filling, mails, beside)
		return out, nil
	}
	out.Text = fmt.Sprintf("Makes a new generation and fills it with %d mails, in %d indices of a month each. %s", mails, months, beside)
	return out, nil
}

// mails counts the mail of all owners, and the indices that it takes.
func (f *Filler) mails(ctx context.Context) (mails int64, indices int, err error) {
	rows, err := f.DB.SearchMonths(ctx)
	names := map[string]bool{}
	for _, r := range rows {
		mails += r.Mails
		names[monthOf(r.Month)] = true
	}
	return mails, len(names), err
}

func (f *Filler) operateVerify(ctx context.Context, dry bool, progress func(done, all int64)) (out Outcome, err error) {
	generation, err := f.Live(ctx)
	if err != nil {
		return out, err
	}
	if g, err := f.Unfinished(ctx); err != nil {
		return out, err
	} else if g != nil { // the one that is about to be read
		generation = g.Number
	}
	if generation == 0 {
		return out, errs.BadInput("There is no generation of indices yet: build one first.")
	}
	report, err := f.Check(ctx, generation, !dry, func(done, all int) { progress(int64(done), int64(all)) })
	if err != nil {
		return out, err
	}
	out.Report, out.Nothing = &report, len(report.Found) == 0
	wrong := 0
	for _, d := range report.Found {
		wrong += d.Wrong
	}
	switch {
	case out.Nothing:
		out.Text = fmt.Sprintf("Generation %d and Postgres agree: counts and digests of each owner and month.", generation)
	case dry:
		out.Text = fmt.Sprintf("Generation %d differs from Postgres by %d mails, in %d months of owners. Nothing was mended.", generation, wrong, len(report.Found))
	case len(report.Left) == 0:
		out.Text = fmt.Sprintf("%d mails differed in generation %d, and were written anew; now it agrees with Postgres.", wrong, generation)
	default:
		out.Text = fmt.Sprintf("%d months of owners differ still in generation %d after %d mails were written anew.", len(report.Left), generation, wrong)
	}
	report.Found, report.Left = report.Found[:min(len(report.Found), maxListed)], report.Left[:min(len(report.Left), maxListed)]
	return out, nil
}

func (f *Filler) operateSwap(ctx context.Context, dry bool) (out Outcome, err error) {
	all, err := f.DB.SearchGenerations(ctx)
	if err != nil {
		return out, err
	}
	if len(all) == 0 || all[len(all)-1].State == live {
		out.Nothing, out.Text = true, "No generation waits to be read: build one first."
		return out, nil
	}
	next := all[len(all)-1]
	state, err := f.DB.SearchState(ctx)
	switch {
	case err != nil:
		return out, err
	case next.State == noting || state.Filling > 0:
		return out, errs.BadInput(fmt.Sprintf("Generation %d is not filled yet: %d mails are missing.", next.Generation, state.Filling))
	}
	was, err := f.Live(ctx)
	if err != nil {
		return out, err
	}
	out.Text = fmt.Sprintf("Searches read generation %d now", next.Generation)
	if dry {
		out.Text = fmt.Sprintf("Searches would read generation %d from the next one on", next.Generation)
	}
	if was > 0 {
		out.Text += fmt.Sprintf(", instead of generation %d, whose indices stay until they are pruned", was)
	}
	out.Text += "."
	if dry {
		return out, nil
	}
	return out, f.Swap(ctx, next.Generation)
}

func (f *Filler) operatePrune(ctx context.Context, o Operation) (out Outcome, err error) {
	if o.KeepMonths < 1 || o.KeepMonths > 1200 {
		return out, errs.BadInput("Keep between 1 and 1200 months.")
	}
	if out.Indices, err = f.Prune(ctx, o.KeepMonths, o.DryRun); err != nil {
		return out, err
	}
	n, bytes := 0, int64(0)
	for _, p := range out.Indices {
		if p.Gone {
			n++
			bytes += p.Bytes
		}
	}
	out.Nothing = n == 0
	did := "deleted, each by its name"
	if o.DryRun {
		did = "to be deleted, each by its name"
	}
	if out.Text = fmt.Sprintf("%d indices of %.1f MB %s.", n, float64(bytes)/1e6, did); n == 0 {
		out.Text = "No index is out of use."
	}
	return out, nil
}

func (f *Filler) operateOff(ctx context.Context, dry bool) (out Outcome, err error) {
	all, err := f.DB.SearchGenerations(ctx)
	if err != nil {
		return out, err
	}
	if out.Nothing = len(all) == 0; out.Nothing {
		out.Text = "No changes are noted for Elasticsearch."
		return out, nil
	}
	state, err := f.DB.SearchState(ctx)
	if err != nil {
		return out, err
	}
	if dry {
		out.Text = fmt.Sprintf("Retires %d generations and drops %d notes. Postgres answers all searches then; the indices stay until they are pruned, and turning it on again fills new ones.",
			len(all), state.News+state.Filling+state.Parked)
		return out, nil
	}
	out.Text = fmt.Sprintf("Retired %d generations. Changes are noted no more, and Postgres answers all searches.", len(all))
	return out, f.Off(ctx)
}
