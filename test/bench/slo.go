package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"applylens/internal/db"
	"applylens/internal/db/embedded"
	"applylens/internal/slo"
	"applylens/internal/slo/watch"
	"applylens/test/program"
)

const (
	runsPerDay = 1_000_000
	chartDays  = 90
	sloMinutes = 120 // that are counted and evaluated one by one
)

// fillDay writes a day of runs of the six agents as Postgres makes them up, in the order of time. Indexes that neither
// counting nor evaluation reads are dropped before, so that the disk holds a month.
const fillDay = `
insert into runs (id, agent, version, release, trigger, dry_run, started_at, duration_us, outcome, items, cost_microusd, tokens_in, tokens_out,
	input_digest, detail, error, recorded_at)
select gen_random_uuid(), (array['inbox.triage','inbox.triage','inbox.triage','inbox.triage','inbox.search','inbox.search','knowledge.search','warehouse.health','analytics.insights','planner.deploy'])[1 + n % 10],
	'1.4.2', '2026.11.3', 'push', false, at, (20000 * exp(2 * random()))::bigint, case when random() < 0.004 then 'failed' else 'ok' end, 1, (900 * random())::bigint, 0, 0,
	'\x9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08', '{"mode":"rules","coverage":1}', '', at + interval '1 second'
from generate_series(0, $2::bigint - 1) n, lateral (select $1::timestamptz + n * (interval '1 day' / $2::bigint) as at) t`

// objectives measures the watch over the objectives on as many days of a million runs as b.sloDays says.
func objectives(ctx context.Context, b *bench) (t table, err error) {
	t = table{title: fmt.Sprintf("Objectives: %d days of %d runs", b.sloDays, runsPerDay), columns: []string{"what", "p50", "p95", "bar"}}
	data, err := program.NewFolder("applylens-bench-slo")
	if err != nil {
		return t, err
	}
	defer os.RemoveAll(filepath.Dir(data))
	server, err := embedded.Start(ctx, data, slog.New(slog.DiscardHandler))
	if err != nil {
		return t, err
	}
	defer func() { err = errors.Join(err, server.Stop()) }()
	m, err := db.NewMigrator(server.OwnerURL)
	if err != nil {
		return t, err
	}
	_, err = m.Up(ctx)
	if err = errors.Join(err, m.Close()); err != nil {
		return t, err
	}
	owner, err := pgxpool.New(ctx, server.OwnerURL)
	if err != nil {
		return t, err
	}
	defer owner.Close()
	d, err := db.Open(ctx, server.AppURL)
	if err != nil {
		return t, err
	}
	defer d.Close()
	now := time.Now().UTC().Truncate(24 * time.Hour)
	if err := fillRuns(ctx, owner, &t, now, b.sloDays); err != nil {
		return t, err
	}
	return t, measureWatch(ctx, d, owner, &t, now, b.sloDays)
}

// fillRuns writes days of runs that end with now, a day at a time.
func fillRuns(ctx context.Context, owner *pgxpool.Pool, t *table, now time.Time, days int) error {
	began := time.Now()
	for _, sql := range []string{
		"drop index runs_version, runs_user, runs_trigger, runs_dry, runs_bad, runs_bad_agent, runs_id, runs_parent, runs_agent",
		fmt.Sprintf("select run_months('%s', 3)", now.AddDate(0, 0, -days).Format(time.RFC3339)),
	} {
		if _, err := owner.Exec(ctx, sql); err != nil {
			return err
		}
	}
	for day := days; day > 0; day-- {
		if _, err := owner.Exec(ctx, fillDay, now.AddDate(0, 0, -day), runsPerDay); err != nil {
			return err
		}
	}
	if _, err := owner.Exec(ctx, "vacuum analyze runs"); err != nil {
		return err
	}
	var size int64
	if err := owner.QueryRow(ctx, "select sum(pg_total_relation_size(inhrelid)) from pg_inherits where inhparent = 'runs'::regclass").Scan(&size); err != nil {
		return err
	}
	t.note("Runs are made up by Postgres (generate_series), a day at a time: %s in all, %.1f GB with the two indexes that counting reads; the others are dropped for the disk's sake.",
		time.Since(began).Round(time.Second), float64(size)/1e9)
	return nil
}

func measureWatch(ctx context.Context, d *db.DB, owner *pgxpool.Pool, t *table, now time.Time, days int) error {
	first := now.Add(-sloMinutes * time.Minute)
	began := time.Now()
	if err := watch.Tick(ctx, d, first); err != nil {
		return err
	}
	t.note("Counting all %d days that were not counted yet, then evaluating them: %s.", days, time.Since(began).Round(100*time.Millisecond))
	if err := fillHours(ctx, d, first, chartDays+31-days); err != nil {
		return err
	}
	packed, err := tableSize(ctx, owner, "slo_hours")
	if err != nil {
		return err
	}
	count, err := repeat(100, func(int) error {
		return countMinute(ctx, d, now.Add(-time.Duration(rand.IntN(days*24*60))*time.Minute))
	})
	if err != nil {
		return err
	}
	tick, err := repeat(sloMinutes, func(i int) error { return watch.Tick(ctx, d, first.Add(time.Duration(i+1)*time.Minute)) })
	if err != nil {
		return err
	}
	dashboard, err := repeat(200, func(int) error { _, err := watch.Reports(ctx, d.Queries); return err })
	if err != nil {
		return err
	}
	one, err := repeat(100, func(int) error {
		r, err := watch.Report(ctx, d.Queries, "inbox.triage/success")
		if err == nil {
			_, err = watch.Chart(ctx, d.Queries, r, chartDays, 400)
		}
		return err
	})
	if err != nil {
		return err
	}
	t.add("counting the runs of one minute", ms(count, 50), ms(count, 95), "50 ms")
	t.add("a minute's work: counting it and those with late runs, evaluating all objectives, writing what changed", ms(tick, 50), ms(tick, 95), "60 s")
	t.add("the dashboard's data: all objectives", ms(dashboard, 50), ms(dashboard, 95), "150 ms")
	t.add("one objective with 90 days in 400 points", ms(one, 50), ms(one, 95), "200 ms")
	after, err := tableSize(ctx, owner, "slo_hours")
	if err != nil {
		return err
	}
	var rows int
	if err := owner.QueryRow(ctx, "select count(*) from slo_hours").Scan(&rows); err != nil {
		return err
	}
	objectives, err := slo.Objectives()
	if err != nil {
		return err
	}
	year := float64(packed) / 1e6 / float64(chartDays+31) * 365
	t.note("Counts: %d rows of an hour, %.1f MB with indexes for %d days, which is %.0f MB a year (bar: 200 MB) of %d objectives, those without a source among them; %d minutes written one by one added %.1f MB.",
		rows, float64(packed)/1e6, chartDays+31, year, len(objectives), sloMinutes, float64(after-packed)/1e6)
	return nil
}

// countMinute counts one minute of all agents with the limits of the handbook.
func countMinute(ctx context.Context, d *db.DB, minute time.Time) error {
	rows, err := d.SLORuns(ctx, db.SLORunsParams{Minutes: []time.Time{minute.Truncate(time.Minute)},
		Subjects:  []string{"inbox.triage", "inbox.search", "knowledge.search", "planner.deploy", "warehouse.health", "analytics.insights"},
		LatencyUs: []int64{1_500_000, 800_000, 1_000_000, 5_000_000, 2_000_000, 3_000_000}, CostMicrousd: []int64{50_000, 20_000, 30_000, 200_000, 100_000, 150_000},
		InBulk: []bool{true, false, false, false, false, false}})
	if err == nil && minute.Minute() != 0 && len(rows) != 6 {
		err = fmt.Errorf("%d agents counted in %s", len(rows), minute)
	}
	return err
}

// fillHours makes up counts of the days before those of the runs, and of the objectives without a source, for a chart of
// 90 days with a budget of 30 at its first point.
func fillHours(ctx context.Context, d *db.DB, before time.Time, days int) error {
	objectives, err := slo.Objectives()
	if err != nil {
		return err
	}
	for day := range max(days, 0) + 31 {
		var put db.SLOHoursPutParams
		for _, o := range objectives {
			if day < 31 && o.SLI != slo.Availability && o.SLI != slo.Lag && o.Subject != "sync" {
				continue
			}
			for h := range 24 {
				at := before.Truncate(time.Hour).Add(-time.Duration(day*24+h+1) * time.Hour)
				var packed slo.Hour
				for m := range slo.Minute(60) {
					packed.Set(slo.Count{Minute: slo.MinuteOf(at) + m, Total: 347, Good: 347 - rand.Int64N(4), CostMicroUSD: 1000 * int64(len(o.SLI)%2)})
				}
				good, total, cost := packed.Sums()
				put.Objectives, put.Hours, put.Counts = append(put.Objectives, o.Name), append(put.Hours, at), append(put.Counts, packed.Pack())
				put.Good, put.Total, put.CostMicrousd = append(put.Good, good), append(put.Total, total), append(put.CostMicrousd, cost)
			}
		}
		if err := d.SLOHoursPut(ctx, put); err != nil {
			return err
		}
	}
	return nil
}

func tableSize(ctx context.Context, owner *pgxpool.Pool, name string) (size int64, err error) {
	err = owner.QueryRow(ctx, "select pg_total_relation_size($1::text::regclass)", name).Scan(&size)
	return size, err
}

// repeat runs fn n times and returns how long each took, the shortest first.
func repeat(n int, fn func(i int) error) ([]time.Duration, error) {
	took := make([]time.Duration, n)
	for i := range took {
		began := time.Now()
		if err := fn(i); err != nil {
			return nil, err
		}
		took[i] = time.Since(began)
	}
	slices.Sort(took)
	return took, nil
}
