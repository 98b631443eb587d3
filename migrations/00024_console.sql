-- +goose Up
-- The operators' console: what people ticked on the checklists of the handbook, and the indexes of its pages.

-- A line that a person ticked, for one day, week or month. Ticks are never changed.
create table checklist_ticks (
	id        bigint generated always as identity primary key,
	list      text not null check (list in ('daily', 'weekly', 'monthly')),
	begins    date not null, -- of the day, the week (its Monday) or the month, in UTC
	line      text not null, -- its key in views.Checklists
	note      text not null default '' check (length(note) <= 500),
	done_by   bigint references users on delete set null,
	done_name text not null, -- as the person was called then
	done_at   timestamptz not null default now(),
	unique (list, begins, line)
);
create index checklist_ticks_by on checklist_ticks (done_by);
alter table checklist_ticks enable row level security;
create policy reads on checklist_ticks for select using ((select app_operator()));
create policy operator on checklist_ticks for insert with check (done_by = app_uid() and (select app_operator()));
revoke update, delete on checklist_ticks from applylens_app;

create index alert_events_made on alert_events (made_at desc, id desc);
create index alert_silences_made on alert_silences (made_at desc, id desc);
create index agent_switches_changed on agent_switches (changed_at desc, id desc);

-- How the database stands, from its catalogue.
create function console_database() returns table (version text, bytes bigint, connections bigint, max_connections bigint, started_at timestamptz, cache_hits float8, deadlocks bigint)
	language sql stable set search_path = pg_catalog, public, pg_temp as $$
	select current_setting('server_version'), pg_database_size(d.datid), (select count(*) from pg_stat_activity a where a.datid = d.datid and a.backend_type = 'client backend'),
		current_setting('max_connections')::bigint, pg_postmaster_start_time(), d.blks_hit::float8 / nullif(d.blks_hit + d.blks_read, 0), d.deadlocks
	from pg_stat_database d where d.datname = current_database() $$;
create function console_tables(most integer) returns table (name text, bytes bigint, rows bigint)
	language sql stable set search_path = pg_catalog, public, pg_temp as $$
	select coalesce(p.relname, c.relname)::text, sum(pg_total_relation_size(c.oid))::bigint, sum(greatest(c.reltuples, 0))::bigint
	from pg_class c left join pg_inherits i on i.inhrelid = c.oid left join pg_class p on p.oid = i.inhparent
	where c.relkind = 'r' and c.relnamespace = 'public'::regnamespace
	group by 1 order by 2 desc limit most $$;
create function console_queries(most integer) returns table (pid integer, state text, waits text, seconds bigint, program text)
	language sql stable set search_path = pg_catalog, public, pg_temp as $$
	select a.pid, coalesce(a.state, ''), coalesce(a.wait_event_type, ''), extract(epoch from clock_timestamp() - a.query_start)::bigint, coalesce(a.application_name, '')
	from pg_stat_activity a
	where a.datname = current_database() and a.pid <> pg_backend_pid() and a.backend_type = 'client backend' and a.state <> 'idle' and a.query_start < clock_timestamp() - interval '1 second'
	order by a.query_start limit most $$;

-- +goose Down
drop function console_queries(integer);
drop function console_tables(integer);
drop function console_database();
drop index agent_switches_changed, alert_silences_made, alert_events_made;
drop table checklist_ticks;
