-- What a scrape of the metrics reads: sums over everybody, nothing of a person, each in milliseconds.

-- name: MetricsCounts :many
-- MetricsCounts sums what was counted of the objectives since a time, and of that what was counted since a later one.
select objective, sum(good)::bigint as good, sum(total)::bigint as total,
	coalesce(sum(good) filter (where hour >= @later::timestamptz), 0)::bigint as good_later,
	coalesce(sum(total) filter (where hour >= @later::timestamptz), 0)::bigint as total_later
from slo_hours where hour >= @since group by objective;

-- name: MetricsLast :many
-- MetricsLast returns the last hour of which something was counted, of each objective.
select o.name::text as objective, h.hour, h.counts
from unnest(@objectives::text[]) o (name)
cross join lateral (select x.hour, x.counts from slo_hours x where x.objective = o.name order by x.hour desc limit 1) h;

-- name: MetricsRuns :many
-- MetricsRuns sums the runs of agents since a time, to the hour, as a histogram.
select agent, bucket, sum(runs)::bigint as runs, sum(items)::bigint as items, sum(duration_us)::bigint as duration_us
from run_hours where hour >= @since and outcome in ('ok', 'timeout') group by 1, 2;

-- name: MetricsAccounts :many
-- MetricsAccounts counts the Gmail accounts by state, with when the one that is furthest behind was last equal to Gmail.
select o.state::text as state, count(*) as accounts, coalesce(min(o.synced_at), 'epoch')::timestamptz as synced_at from gmail_overview() o group by 1;
