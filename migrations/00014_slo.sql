-- +goose Up
-- Service-level objectives: what is promised and since when, what was counted, how each stands, and what fired. None of it
-- belongs to a person or tells of one: these are counts over everybody, for operators.

-- Versions of objectives: events are judged by the version of their minute. What is promised is in internal/slo.
create table slo_objectives (
	objective   text not null,
	version     integer not null,
	valid_from  timestamptz not null, -- a full minute
	target_bp   integer not null check (target_bp between 1 and 9999),
	limit_value bigint not null, -- in the unit of the indicator; 0: none
	period_days integer not null check (period_days between 0 and 366), -- rolling; 0 is the calendar month
	source      text not null check (source in ('file', 'person')),
	reason      text not null,
	changed_by  bigint references users on delete set null,
	changed_at  timestamptz not null default now(),
	primary key (objective, version)
);

-- Counts by the minute, sixty to a row: a row for each minute would take a gigabyte a year.
create table slo_hours (
	objective     text not null,
	hour          timestamptz not null,
	good          bigint not null, -- sums of the hour
	total         bigint not null,
	cost_microusd bigint not null,
	counts        bytea not null,  -- of its minutes: internal/slo, Pack
	primary key (objective, hour)
);
create index slo_hours_hour on slo_hours (hour);

-- How far the counting and the evaluation have come; one row.
create table slo_progress (
	only_one        boolean primary key default true check (only_one),
	counted_until   timestamptz not null, -- minutes before it are counted
	recorded_until  timestamptz not null, -- runs that were recorded before it are counted
	evaluated_until timestamptz not null  -- minutes before it are evaluated
);

-- Stretches that are taken out of the counts: a maintenance that was agreed, a fault of the measuring.
create table slo_corrections (
	id           bigint generated always as identity primary key,
	objective    text, -- null: all
	from_at      timestamptz not null,
	until_at     timestamptz not null check (until_at > from_at),
	reason       text not null check (reason <> ''),
	made_by      bigint references users on delete set null,
	made_at      timestamptz not null default now(),
	withdrawn_by bigint references users on delete set null,
	withdrawn_at timestamptz
);
create index slo_corrections_until on slo_corrections (until_at) where withdrawn_at is null;

-- How each objective stood when it was last evaluated: slo.Report as JSON.
create table slo_states (
	objective text primary key,
	minute    timestamptz not null, -- the last that is in it
	report    jsonb not null
) with (fillfactor = 50);

-- An alert is one spell in which a class of an objective fires.
create table alerts (
	id              bigint generated always as identity primary key,
	key             text not null unique, -- the same for each event, stable for ever
	objective       text not null,
	class           text not null,
	pair            text not null, -- the windows that decided, such as 1h/5m; empty of a class that is no pair
	fired_at        timestamptz not null, -- the minute whose end made the rule true
	resolved_at     timestamptz,
	acknowledged_at timestamptz,
	acknowledged_by bigint references users on delete set null,
	silenced        boolean not null default false,
	sequence        integer not null default 0 -- of the last event
);
create unique index alerts_open on alerts (objective, class) where resolved_at is null;
create index alerts_fired on alerts (fired_at desc, id desc);
create index alerts_objective on alerts (objective, fired_at desc, id desc);

-- What became of alerts, in order. Whoever tells people reads them by id, and keeps the order of each alert by sequence.
create table alert_events (
	id         bigint generated always as identity primary key,
	alert_id   bigint not null references alerts on delete cascade,
	sequence   integer not null,
	state      text not null check (state in ('firing', 'resolved', 'acknowledged', 'silenced', 'unsilenced')),
	minute     timestamptz not null, -- of which it is true
	silenced   boolean not null, -- nobody is to be told
	long_burn  double precision, -- burn rates of the windows; null when nothing happened in them
	short_burn double precision,
	text       text not null, -- plain sentences; of a person's act the reason
	made_by    bigint references users on delete set null,
	made_at    timestamptz not null default now(),
	unique (alert_id, sequence)
);

-- Alerts that are kept from people for a time; they are evaluated and shown all the same.
create table alert_silences (
	id        bigint generated always as identity primary key,
	objective text, -- null: all
	class     text, -- null: all
	from_at   timestamptz not null,
	until_at  timestamptz not null check (until_at > from_at),
	reason    text not null check (reason <> ''),
	made_by   bigint references users on delete set null,
	made_at   timestamptz not null default now(),
	ended_by  bigint references users on delete set null,
	ended_at  timestamptz
);
create index alert_silences_until on alert_silences (until_at) where ended_at is null;

create index gmail_messages_news on gmail_messages (stored_at) where live and stored_at is not null;

-- Counting needs the runs and mail of everybody. These functions give numbers only.
-- +goose StatementBegin
-- slo_runs counts the runs that began in each of the minutes, dry runs apart, by agent. Limits are given for each agent.
-- answered: ended well or timed out; tried: let run. worse: over 1.5 times the limit. Of an agent that works in bulk,
-- latency and cost are those of one item.
create function slo_runs(minutes timestamptz[], subjects text[], latency_limits bigint[], cost_limits bigint[], in_bulk boolean[])
	returns table (minute timestamptz, subject text, tried bigint, succeeded bigint, answered bigint, quick bigint, worse bigint, cheap bigint, cost bigint)
	language sql stable security definer set search_path = pg_catalog, public, pg_temp set enable_seqscan = off as $$ -- a minute is little of a partition
	select m.minute, s.subject,
		count(*) filter (where r.outcome <> 'denied'),
		count(*) filter (where r.outcome = 'ok'),
		count(*) filter (where r.outcome in ('ok', 'timeout')),
		count(*) filter (where r.outcome = 'ok' and r.duration_us < s.latency * s.parts),
		count(*) filter (where r.outcome = 'timeout' or r.outcome = 'ok' and 2 * r.duration_us > 3 * s.latency * s.parts),
		count(*) filter (where r.outcome not in ('denied', 'over_budget') and r.cost_microusd < s.price * s.parts),
		coalesce(sum(r.cost_microusd) filter (where r.outcome <> 'denied'), 0)::bigint
	from unnest(minutes) m(minute)
	cross join lateral (
		select x.agent, x.outcome, x.duration_us, x.cost_microusd, x.items from public.runs x
		where x.started_at >= m.minute and x.started_at < m.minute + interval '1 minute' and not x.dry_run
	) r
	cross join lateral (
		select r.agent as subject, u.latency, u.price, case when u.bulk then greatest(r.items, 1) else 1 end as parts
		from unnest(subjects, latency_limits, cost_limits, in_bulk) u(name, latency, price, bulk) where u.name = r.agent
	) s
	group by 1, 2 $$;
-- slo_late names the minutes before a time in which runs began that were recorded since another.
create function slo_late(since timestamptz, before timestamptz) returns setof timestamptz
	language plpgsql stable security definer set search_path = pg_catalog, public, pg_temp as $$
begin
	-- Planned for these times: for any times, Postgres expects a third of all runs and reads all of them.
	return query execute 'select distinct date_trunc(''minute'', r.started_at, ''UTC'') from public.runs r where r.recorded_at >= $1 and r.started_at < $2'
		using since, before;
end
$$;
-- slo_first is when the first run began that is still there.
create function slo_first() returns timestamptz
	language sql stable security definer set search_path = pg_catalog, public, pg_temp as $$
	select min(started_at) from public.runs $$;
-- slo_news counts the mail that came as news and was stored, and so judged, in each of the minutes, and of it that which
-- was no older than a limit.
create function slo_news(minutes timestamptz[], young interval) returns table (minute timestamptz, good bigint, total bigint)
	language sql stable security definer set search_path = pg_catalog, public, pg_temp as $$
	select m.minute, n.good, n.total from unnest(minutes) m(minute) cross join lateral (
		select count(*) filter (where g.stored_at - g.received_at < young) as good, count(*) as total from public.gmail_messages g
		where g.live and g.stored_at >= m.minute and g.stored_at < m.minute + interval '1 minute') n $$;
-- slo_sync counts the accounts that should be equal to Gmail, and those that were since a time.
create function slo_sync(since timestamptz) returns table (good bigint, total bigint)
	language sql stable security definer set search_path = pg_catalog, public, pg_temp as $$
	select count(*) filter (where a.synced_at >= since), count(*) from public.accounts a where a.state in ('live', 'resyncing', 'error') $$;
-- +goose StatementEnd
revoke execute on function slo_runs(timestamptz[], text[], bigint[], bigint[], boolean[]), slo_late(timestamptz, timestamptz), slo_first(),
	slo_news(timestamptz[], interval), slo_sync(timestamptz) from public;
grant execute on function slo_runs(timestamptz[], text[], bigint[], bigint[], boolean[]), slo_late(timestamptz, timestamptz), slo_first(),
	slo_news(timestamptz[], interval), slo_sync(timestamptz) to applylens_app;
-- What was promised and what happened is never rewritten.
revoke update, delete on slo_objectives, alert_events from applylens_app;

-- +goose Down
drop function slo_runs(timestamptz[], text[], bigint[], bigint[], boolean[]), slo_late(timestamptz, timestamptz), slo_first(),
	slo_news(timestamptz[], interval), slo_sync(timestamptz);
drop index gmail_messages_news;
drop table alert_silences, alert_events, alerts, slo_states, slo_corrections, slo_progress, slo_hours, slo_objectives;
