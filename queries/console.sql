-- name: ConsoleTrend :many
-- ConsoleTrend returns what was counted of every objective, day by day (UTC).
select objective, date_trunc('day', hour, 'UTC')::timestamptz as day, sum(good)::bigint as good, sum(total)::bigint as total, sum(cost_microusd)::bigint as cost_microusd
from slo_hours where hour >= @since and hour < @before
group by 1, 2 order by 1, 2;

-- name: ConsoleChanges :many
-- ConsoleChanges returns what changed since a time, the newest first: alerts, silences and the switches of agents.
(select e.made_at as at, 'alert'::text as kind, a.id as ref, a.objective::text as subject, a.class::text as class, e.state::text as state, e.text::text as text, e.made_by
	from alert_events e join alerts a on a.id = e.alert_id where e.made_at >= @since order by e.made_at desc, e.id desc limit @max_rows)
union all
(select s.made_at, 'silence', s.id, coalesce(s.objective, ''), coalesce(s.class, ''), 'made', s.reason, s.made_by
	from alert_silences s where s.made_at >= @since order by s.made_at desc, s.id desc limit @max_rows)
union all
(select w.changed_at, 'switch', w.id, w.agent, '', w.state, w.reason, w.changed_by
	from agent_switches w where w.changed_at >= @since order by w.changed_at desc, w.id desc limit @max_rows)
order by 1 desc limit @max_rows;

-- name: ConsoleLedger :many
-- ConsoleLedger returns what each spell of an alert cost, the newest first: the bad events of the hours that it touched.
-- Spells without events of their own (no data, overcount) cost nothing and are left out.
select a.id, a.objective, a.class, a.fired_at, a.resolved_at, c.good::bigint as good, c.total::bigint as total
from alerts a
cross join lateral (
	select coalesce(sum(h.good), 0) as good, coalesce(sum(h.total), 0) as total from slo_hours h
	where h.objective = a.objective and h.hour >= date_trunc('hour', a.fired_at, 'UTC') and h.hour <= coalesce(a.resolved_at, @now) and h.total >= h.good
) c
where a.fired_at >= @since and a.class not in ('no_data', 'overcount') and (@before_id::bigint = 0 or a.id < @before_id::bigint)
order by a.id desc limit @max_rows;

-- name: ConsoleAlerts :many
-- ConsoleAlerts returns the spells of an objective that reach past a time, for the marks of its charts.
select id, class, pair, fired_at, resolved_at from alerts
where objective = @objective and (resolved_at is null or resolved_at >= @since) order by fired_at desc, id desc limit 200;

-- name: ConsoleAlertHistory :many
-- ConsoleAlertHistory returns the alerts that are over, the newest first; before_id pages on.
select * from alerts where resolved_at is not null and (@before_id::bigint = 0 or id < @before_id::bigint) order by id desc limit @max_rows;

-- name: ConsoleVersions :many
-- ConsoleVersions returns the versions of one objective, the newest first.
select * from slo_objectives where objective = @objective order by version desc limit 50;

-- name: ConsoleCorrections :many
-- ConsoleCorrections returns the corrections of one objective, the newest first, withdrawn ones too.
select c.* from slo_corrections c where c.objective = @objective or c.objective is null order by c.id desc limit 50;

-- name: ConsoleOvernight :one
-- ConsoleOvernight counts the alerts that fired since a time, and those of them that nobody has taken on and that still fire.
select count(*) as fired, count(*) filter (where resolved_at is null and acknowledged_at is null) as untaken from alerts where fired_at >= @since;

-- name: ConsoleTicks :many
-- ConsoleTicks returns what was ticked for the stretches of the checklists that run now.
select list, line, note, done_by, done_name, done_at from checklist_ticks
where (list = 'daily' and begins = @day) or (list = 'weekly' and begins = @week) or (list = 'monthly' and begins = @month);

-- name: ConsoleTick :execrows
-- ConsoleTick ticks a line; the first who does stays.
insert into checklist_ticks (list, begins, line, note, done_by, done_name) values (@list, @begins, @line, @note, @done_by::bigint, @done_name)
on conflict (list, begins, line) do nothing;

-- name: ConsoleDatabase :one
-- ConsoleDatabase tells how the database stands: its size in bytes, the connections of all programs, and its age.
select d.version::text as version, d.bytes::bigint as bytes, d.connections::bigint as connections, d.max_connections::bigint as max_connections,
	d.started_at::timestamptz as started_at, coalesce(d.cache_hits, -1)::float8 as cache_hits, d.deadlocks::bigint as deadlocks
from console_database() d;

-- name: ConsoleTables :many
-- ConsoleTables returns the largest tables with the rows that Postgres estimates; partitions are summed.
select t.name::text as name, t.bytes::bigint as bytes, t.rows::bigint as rows from console_tables(8) t;

-- name: ConsoleQueries :many
-- ConsoleQueries returns what has run in the database for longer than a second: never its text, which may hold mail.
select x.pid::integer as pid, x.state::text as state, x.waits::text as waits, x.seconds::bigint as seconds, x.program::text as program from console_queries(20) x;
