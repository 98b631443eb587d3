package gather

import (
	"context"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"applylens/internal/db"
	"applylens/internal/telemetry"
)

// agents reads the 95th percentile of the time of runs, of this hour and the one before.
func agents(ctx context.Context, r *reading) error {
	rows, err := r.DB.MetricsRuns(ctx, r.now.Truncate(time.Hour).Add(-time.Hour))
	if err != nil {
		return err
	}
	byAgent := map[string][]db.MetricsRunsRow{}
	for _, row := range rows {
		byAgent[row.Agent] = append(byAgent[row.Agent], row)
	}
	for _, agent := range r.Agents {
		if p95, ok := quantile(byAgent[agent], 0.95); ok {
			r.gauge("agent_latency_p95_seconds", "95 % of an agent's runs of this hour and the one before took at most so long an item.", p95, "agent", agent)
		}
	}
	return nil
}

// quantile returns the time an item that a share of the runs stayed within, in seconds. Within a bucket, runs are taken
// to lie evenly between its edges, as Prometheus does; the time of a run is shared by its items.
func quantile(rows []db.MetricsRunsRow, share float64) (seconds float64, ok bool) {
	edges := telemetry.RunEdges()
	buckets := make([]float64, len(edges)+1)
	var total float64
	for _, r := range rows {
		if r.Runs == 0 || int(r.Bucket) >= len(buckets) {
			continue
		}
		buckets[bucketOf(edges, int(r.Bucket), r)] += float64(r.Runs)
		total += float64(r.Runs)
	}
	var below float64
	for i, n := range buckets {
		if n > 0 && below+n >= share*total {
			low, high := 0.0, edges[len(edges)-1]
			if i > 0 {
				low = edges[i-1]
			}
			if i < len(edges) {
				high = edges[i]
			}
			return low + (high-low)*(share*total-below)/n, true
		}
		below += n
	}
	return 0, false
}

// bucketOf is the bucket of the time an item of a row: the row's own when its runs are of one item.
func bucketOf(edges []float64, own int, r db.MetricsRunsRow) int {
	if r.Items <= r.Runs {
		return own
	}
	each, i := float64(r.DurationUs)/1e6/float64(r.Items), 0
	for i < len(edges) && each >= edges[i] {
		i++
	}
	return min(i, own)
}

// jobs reads how many jobs wait, run and are to be tried again, and how long the first that is due waits.
func jobs(ctx context.Context, r *reading) error {
	rows, err := r.DB.Conn.Query(ctx, `select queue, state::text, count(*), coalesce(extract(epoch from now() - min(scheduled_at)), 0)::float8
		from river_job where state in ('available', 'running', 'retryable', 'scheduled', 'discarded') group by 1, 2`)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var queue, state string
		var n int64
		var age float64
		if err := rows.Scan(&queue, &state, &n, &age); err != nil {
			return err
		}
		r.gauge("jobs", "Jobs by queue and state.", float64(n), "queue", queue, "state", state)
		if state == "available" {
			r.gauge("job_oldest_waiting_seconds", "How long the job that is due for longest waits.", max(0, age), "queue", queue)
		}
	}
	return rows.Err()
}

// accounts reads how far the copies of Gmail are behind, and how soon news of the last hour was there.
func accounts(ctx context.Context, r *reading) error {
	rows, err := r.DB.MetricsAccounts(ctx)
	if err != nil || len(rows) == 0 {
		return err
	}
	for _, row := range rows {
		r.gauge("gmail_accounts", "Connected Gmail accounts by state.", float64(row.Accounts), "state", row.State)
		if row.State == "live" && row.SyncedAt.Unix() > 0 {
			r.gauge("gmail_sync_age_seconds", "How long ago the live account that is furthest behind was equal to Gmail.", r.now.Sub(row.SyncedAt).Seconds())
		}
	}
	news, err := r.DB.GmailFreshness(ctx, r.now.Add(-time.Hour))
	if err != nil {
		return err
	}
	r.gauge("gmail_news", "New mail of the last hour.", float64(news.News))
	if news.News > 0 {
		r.gauge("gmail_news_within_ratio", "Share of the new mail of the last hour that was stored within so long.", float64(news.WithinMinute)/float64(news.News), "within", "1m")
		r.gauge("gmail_news_within_ratio", "Share of the new mail of the last hour that was stored within so long.", float64(news.WithinHalfHour)/float64(news.News), "within", "30m")
	}
	return nil
}

// index reads what waits to be written to Elasticsearch. In Postgres, words are written with the mail.
func index(ctx context.Context, r *reading) error {
	generations, err := r.DB.SearchGenerations(ctx)
	if err != nil || len(generations) == 0 {
		return err
	}
	state, err := r.DB.SearchState(ctx)
	if err != nil {
		return err
	}
	lag := 0.0
	if state.News > 0 {
		lag = max(0, r.now.Sub(state.Oldest).Seconds())
	}
	r.gauge("index_waiting", "Changes of mail that wait to be written to Elasticsearch.", float64(state.News))
	r.gauge("index_lag_seconds", "How long the oldest of them waits.", lag)
	r.gauge("index_parked", "Changes that Elasticsearch refused again and again.", float64(state.Parked))
	return nil
}

// alerts reads what waits to be told, and by which channels.
func alerts(ctx context.Context, r *reading) error {
	rows, err := r.DB.AlertChannels(ctx)
	if err != nil {
		return err
	}
	for _, row := range rows {
		r.gauge("alert_deliveries_waiting", "Changes of alerts that wait to be told.", float64(row.Waiting), "channel", row.Channel)
		r.gauge("alert_channel_failures", "Attempts in a row that failed.", float64(row.Failures), "channel", row.Channel)
	}
	return nil
}

// pool gives the state of the pool of connections; it is in memory.
func (c *Collector) pool(out chan<- prometheus.Metric) {
	if c.DB.Pool == nil {
		return
	}
	s := c.DB.Pool.Stat()
	for state, n := range map[string]int32{"used": s.AcquiredConns(), "idle": s.IdleConns(), "opening": s.ConstructingConns()} {
		out <- metric("db_connections", "Connections to Postgres by state.", prometheus.GaugeValue, float64(n), "state", state)
	}
	out <- metric("db_connections_max", "The most connections there may be.", prometheus.GaugeValue, float64(s.MaxConns()))
	out <- metric("db_acquires_total", "How often a connection was taken.", prometheus.CounterValue, float64(s.AcquireCount()))
	out <- metric("db_acquires_waited_total", "How often one had to be waited for.", prometheus.CounterValue, float64(s.EmptyAcquireCount()))
	out <- metric("db_acquire_wait_seconds_total", "What that waiting took.", prometheus.CounterValue, s.EmptyAcquireWaitTime().Seconds())
}
