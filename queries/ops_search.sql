-- name: OpsSearchModes :many
-- OpsSearchModes is how searches were answered since a time: by what, instead of what, how often, and how fast. For
-- operators.
select split_part(coalesce(detail ->> 'mode', ''), ' (', 1)::text as mode, coalesce(detail ->> 'instead', '')::text as instead, count(*) as runs,
	percentile_disc(0.5) within group (order by duration_us)::bigint as median_us, percentile_disc(0.95) within group (order by duration_us)::bigint as p95_us
from runs where agent = 'inbox.search' and started_at >= @since and not dry_run and outcome = 'ok'
group by 1, 2 order by 3 desc limit 20;

-- name: OpsSearchSlow :many
-- OpsSearchSlow lists the searches that took longest since a time. What was searched for is not known. For operators.
select id, started_at, duration_us, outcome, detail from runs
where agent = 'inbox.search' and started_at >= @since and not dry_run
order by duration_us desc limit @max_rows;
